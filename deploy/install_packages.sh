#!/usr/bin/env bash
# Installs the Debian packages that Millrace needs. Does nothing, and needs no root, if they are all there.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: deploy/install_packages.sh [--tests]

Installs what building Millrace on Debian 12 needs (deploy/packages.txt), with --tests also what tests/run.sh needs
(deploy/packages-tests.txt). Uses sudo if you are not root.
TEXT
}

lists=(packages.txt)
for argument in "$@"; do
  case "$argument" in
    --tests) lists+=(packages-tests.txt) ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
done

if ! command -v apt-get >/dev/null; then
  echo "error: this is not a Debian system; Millrace is built on Debian 12" >&2
  echo "  try: the relocatable .tar.gz (docs/operations.md), which runs on any Linux with glibc 2.36 or newer" >&2
  exit 1
fi

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
missing=()
for list in "${lists[@]}"; do
  while read -r package; do
    case "$package" in '' | '#'*) continue ;; esac
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing+=("$package")
  done <"$here/$list"
done
if [ ${#missing[@]} -eq 0 ]; then
  echo "all packages are installed"
  exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "error: ${#missing[@]} packages are missing, you are not root and there is no sudo" >&2
    echo "  try: as root: apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi
echo "installing ${#missing[@]} packages: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -q
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
