#!/usr/bin/env bash
# Reads datasets of ours with TensorFlow, tensorflow_transform, Pillow and gzip, as a TFRecorder user does.
#
#   tests/interop/run.sh [BUILD_FOLDER] [pytest arguments…]
#
# MILLRACE_BIN: folder of the binary `millrace` (default: BUILD_FOLDER/bin, build/bin). MILLRACE_VENV: virtual
# environment (default .venv in the repository), made at the first run (a minute or two, 1.9 GB from PyPI) and reused
# while requirements.txt stays the same. Last line: "interop: N passed, N failed".
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
if [ $# -gt 0 ] && [ -d "$1" ]; then
  build=$(cd "$1" && pwd)
  shift
fi
export MILLRACE_BIN=${MILLRACE_BIN:-${build:-$root/build}/bin}
venv=${MILLRACE_VENV:-$root/.venv}

stop() {
  echo "error: $1" >&2
  echo "interop: 0 passed, 1 failed"
  exit 1
}

[ -x "$MILLRACE_BIN/millrace" ] || stop "no $MILLRACE_BIN/millrace: build first, or set MILLRACE_BIN"

wanted=$(sha256sum <"$here/requirements.txt")
if [ "$(cat "$venv/millrace-requirements.sha256" 2>/dev/null)" != "$wanted" ]; then
  echo "making $venv"
  [ -x "$venv/bin/python" ] || python3 -m venv "$venv" || stop "python3 -m venv failed (Debian: python3-venv)"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps -r "$here/requirements.txt" ||
    stop "pip could not install tests/interop/requirements.txt"
  echo "$wanted" >"$venv/millrace-requirements.sha256"
fi

export TF_CPP_MIN_LOG_LEVEL=3 TF_ENABLE_ONEDNN_OPTS=0 PYTHONDONTWRITEBYTECODE=1 CUDA_VISIBLE_DEVICES=
cd "$here" || exit 1
"$venv/bin/python" -m pytest -p no:cacheprovider -q -rs "$@" .
status=$?
# 2 and above: pytest itself could not run, and printed no count.
[ $status -le 1 ] || stop "pytest ended with status $status"
exit $status
