#!/usr/bin/env bash
# package_test.sh BUILD: packs the .tar.gz and the .deb, and runs the programs from them: the tarball in a root that holds
# nothing but glibc (or, without root rights, in a moved folder with an empty environment).
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
build=$(cd "${1:?usage: package_test.sh BUILD}" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
failed=0
check() {  # NAME COMMAND…
  local name=$1
  shift
  if "$@"; then
    passed=$((passed + 1))
    echo "ok: $name"
  else
    failed=$((failed + 1))
    echo "error: $name"
  fi
}

(cd "$build" && cpack -B "$work/packages") || { echo "0 passed, 1 failed"; exit 1; }
tarball=$(echo "$work"/packages/*.tar.gz)
package=$(echo "$work"/packages/*.deb)
limit=$((64 * 1024 * 1024))
for file in "$tarball" "$package"; do
  echo "$(basename "$file"): $(stat -c %s "$file") bytes"
  check "$(basename "$file") is below 64 MiB" test "$(stat -c %s "$file")" -lt $limit
done

# ---- the tarball, moved to a folder that nobody knew when it was built ----
inside=$work/root
moved=$inside/opt/some/where
mkdir -p "$moved" "$inside/tmp" "$inside/data"
tar -xzf "$tarball" -C "$moved" --strip-components=1
"$build/bin/make_images" --output "$inside/data" --count 40

not_relocatable() {
  local file
  for file in "$moved"/lib/millrace/*; do
    # shellcheck disable=SC2016
    [ "$(patchelf --print-rpath "$file")" = '$ORIGIN' ] || { echo "$file has no \$ORIGIN"; return 0; }
  done
  for file in "$moved"/bin/*; do
    # shellcheck disable=SC2016
    [ "$(patchelf --print-rpath "$file")" = '$ORIGIN/../lib/millrace' ] || { echo "$file has no \$ORIGIN"; return 0; }
  done
  return 1
}
check "every library and program finds its neighbours" eval '! not_relocatable'
check "every bundled library has its licence" test -n "$(ls "$moved/share/doc/millrace/licences")"

if [ "$(id -u)" -eq 0 ]; then
  # The files of glibc alone, from its package.
  dpkg -L libc6 | grep -E '\.so' | while read -r file; do
    if [ -f "$file" ]; then mkdir -p "$inside$(dirname "$file")" && cp -L "$file" "$inside$file"; fi
  done
  mkdir -p "$inside/lib64" "$inside/proc"
  cp -L /lib64/ld-linux-x86-64.so.2 "$inside/lib64/"
  # $ORIGIN comes from /proc/self/exe. The mount lives in a name space of its own and ends with the command.
  # shellcheck disable=SC2016
  inside_root='mount -t proc proc "$0/proc" && exec env -i HOME=/tmp "$(command -v chroot)" "$0" "$@"'
  run() { unshare --mount bash -c "$inside_root" "$inside" "$@"; }
  home=/opt/some/where
  data=/data
else
  run() { env -i HOME="$work" "$@"; }
  home=$moved
  data=$inside/data
fi
for program in millrace millrace-coordinator millrace-worker; do
  check "$program --version, from the tarball" run "$home/bin/$program" --version
done
convert() {
  run "$home/bin/millrace" convert --local --input "$data/images.csv" --output "$data/$1" --num-shards 2 --progress none --format json
}
check "convert, from the tarball" convert out
check "verify, from the tarball" run "$home/bin/millrace" datasets verify "$data/out"
check "the dataset is complete" test -e "$inside/data/out/_SUCCESS"

# ---- the .deb ----
mkdir "$work/deb"
dpkg-deb -x "$package" "$work/deb"
for program in millrace millrace-coordinator millrace-worker; do
  check "$program --version, from the .deb" "$work/deb/usr/bin/$program" --version
done
check "the units of the .deb name its programs" \
  grep -q '^ExecStart=/usr/bin/millrace-worker ' "$work/deb/usr/lib/systemd/system/millrace-worker.service"
depends_on_grpc() { dpkg-deb -f "$package" Depends | grep -q libgrpc; }
bundles_a_library() { dpkg-deb -c "$package" | grep -q '\.so'; }
check "the .deb names the libraries it needs" depends_on_grpc
check "the .deb bundles no library" eval '! bundles_a_library'

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
