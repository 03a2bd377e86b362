#!/usr/bin/env bash
# From a fresh Debian 12 to a converted, verified dataset, with a worker killed on the way. See --help.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: deploy/quickstart.sh [--build DIR] [--work DIR] [--images N]

Shows Millrace at work on this machine, with real processes:
  1. installs Debian packages (sudo if you are not root) and builds the programs into build/
  2. makes JPEG images and a CSV that names them
  3. starts a coordinator and three workers on free ports of 127.0.0.1
  4. converts the images to gzip TFRecords, and kills one worker with SIGKILL while it works on a shard
  5. verifies the dataset and takes an image back out of it
Everything it makes lies in build/ and in a new folder below /tmp; its processes end with it.

  --build DIR   where to build (default: build/ in the source folder)
  --work DIR    where to put images, dataset and logs; must not exist yet
  --images N    how many images to make (default: 200)
TEXT
}

source_folder=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$source_folder/build
work=
images=200
while [ $# -gt 0 ]; do
  case "$1" in
    --build) build=${2:?--build needs a folder}; shift ;;
    --work) work=${2:?--work needs a folder}; shift ;;
    --images) images=${2:?--images needs a number}; shift ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
  shift
done

say() { printf '[%4d s] %s\n' "$SECONDS" "$*"; }
fail() {
  echo "error: $1" >&2
  [ -z "${2:-}" ] || { echo "  the end of $2:" >&2; tail -n 15 "$2" >&2; }
  exit 1
}

# ---- 1. packages and programs ----
say "1/5 packages"
bash "$source_folder/deploy/install_packages.sh" >"${TMPDIR:-/tmp}/millrace-packages.$$" 2>&1 ||
  fail "the packages could not be installed" "${TMPDIR:-/tmp}/millrace-packages.$$"
rm -f "${TMPDIR:-/tmp}/millrace-packages.$$"
if [ -z "$work" ]; then
  work=$(mktemp -d "${TMPDIR:-/tmp}/millrace-quickstart.XXXXXX")
else
  mkdir -- "$work" || fail "$work exists already"
  work=$(cd "$work" && pwd)
fi
mkdir "$work/logs"
say "    building into $build (the first time takes minutes)"
build_programs() {
  cmake -G Ninja -S "$source_folder" -B "$build" && ninja -C "$build" millrace millrace_coordinator millrace_worker make_images
}
build_programs >"$work/logs/build.log" 2>&1 || fail "the build failed" "$work/logs/build.log"
export PATH=$build/bin:$PATH

# ---- 2. images ----
say "2/5 making $images JPEG images in $work/images"
make_images --output "$work/images" --count "$images"

# ---- 3. daemons ----
processes=()
end_processes() {
  local process
  for process in "${processes[@]}"; do kill -KILL "$process" 2>/dev/null || true; done
  wait 2>/dev/null || true
}
trap end_processes EXIT
wait_for() {  # FILE PROCESS LOG: until the process has written its address
  local i
  for ((i = 0; i < 300; ++i)); do
    [ ! -s "$1" ] || return 0
    kill -0 "$2" 2>/dev/null || fail "a daemon ended at once" "$3"
    sleep 0.1
  done
  fail "a daemon did not start within 30 s" "$3"
}

say "3/5 starting a coordinator and three workers"
millrace-coordinator --listen 127.0.0.1:0 --http 127.0.0.1:0 --data-dir "$work/coordinator" --lease 3 \
  --address-file "$work/coordinator.address" >"$work/logs/coordinator.log" 2>&1 &
processes+=($!)
wait_for "$work/coordinator.address" $! "$work/logs/coordinator.log"
{ read -r MILLRACE_COORDINATOR; read -r coordinator_http; } <"$work/coordinator.address"
export MILLRACE_COORDINATOR
# Worker w2 stops itself in the middle of its first shard, so that there is a middle in which it can be killed.
for worker in w1 w2 w3; do
  failpoint=
  [ $worker != w2 ] || failpoint='write/row=stop@3'
  MILLRACE_FAILPOINT=$failpoint millrace-worker --name $worker --http 127.0.0.1:0 \
    --address-file "$work/$worker.address" >"$work/logs/$worker.log" 2>&1 &
  processes+=($!)
  [ $worker != w2 ] || victim=$!
  wait_for "$work/$worker.address" $! "$work/logs/$worker.log"
done
say "    coordinator $MILLRACE_COORDINATOR, its numbers at http://$coordinator_http/metrics"

# ---- 4. convert ----
job=quickstart
say "4/5 millrace convert --input $work/images/images.csv --output $work/dataset --num-shards 6"
millrace convert --input "$work/images/images.csv" --output "$work/dataset" --num-shards 6 --job-id $job --detach >/dev/null
for ((i = 0; i < 300; ++i)); do
  state=$(awk '/^State:/ {print $2}' "/proc/$victim/status")
  [ "$state" != T ] || break
  sleep 0.1
done
[ "$state" = T ] || fail "worker w2 got no work within 30 s" "$work/logs/w2.log"
kill -KILL "$victim"
wait "$victim" 2>/dev/null || true
say "    killed worker w2 in the middle of a shard; its rows go to the others"
millrace jobs wait $job
say "    what the job's log says of w2 (millrace jobs logs $job):"
millrace jobs logs $job | grep ' w2 ' || true

# ---- 5. look ----
say "5/5 millrace datasets verify $work/dataset"
millrace datasets verify "$work/dataset"
millrace datasets inspect "$work/dataset" --split TRAIN --records 1 --output "$work/inspected" >/dev/null
picture=$(find "$work/inspected" -type f \( -name '*.png' -o -name '*.ppm' -o -name '*.pgm' \) | head -1)
[ -n "$picture" ] || fail "no image came back out of the dataset"

cat <<TEXT

What was done: $images JPEG images became gzip TFRecords by a coordinator and three workers. One worker was killed with
SIGKILL in the middle of a shard; every row is in the dataset exactly once, and every file was verified.

  the dataset     $work/dataset
  an image of it  $picture
  the input       $work/images/images.csv
  logs            $work/logs

Your own data: a CSV with the columns split,image_uri,label (a header line; extra columns are ignored), then
  export PATH=$build/bin:\$PATH
  millrace convert --input YOUR.csv --output YOUR_DATASET
  millrace datasets verify YOUR_DATASET
That runs in one process on this machine. For daemons and more machines: docs/operations.md.
Finished in $SECONDS s. Remove what it left with: rm -r $work
TEXT
