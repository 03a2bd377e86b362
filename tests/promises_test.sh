#!/usr/bin/env bash
# Every promise of docs/promises.md names the tests that prove it; each named test must exist.
#   `Suite.Test`             a GoogleTest test below tests/
#   `tests/path.py::name`    a function of a Python test
#   `tests/path`             a file
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

exists() {
  case "$1" in
    tests/*::*) grep -q "def ${1##*::}(" "${1%%::*}" ;;
    tests/*) [ -e "$1" ] ;;
    *) grep -rqEz "TEST(_F|_P)?\(${1%%.*},[[:space:]]*${1##*.}\)" tests --include='*.cc' --include='*.h' ;;
  esac
}

passed=0
failed=0
for promise in P1 P2 P3 P4 P5 P6 P7 P8 S1 S2 R1 I1; do
  row=$(grep -E "^\| $promise " docs/promises.md)
  # shellcheck disable=SC2016  # the backticks are Markdown's
  mapfile -t names < <(grep -oE '`(tests/[A-Za-z0-9_./:]+|[A-Z][A-Za-z0-9]+\.[A-Za-z0-9]+)`' <<<"$row" | tr -d '\`')
  if [ ${#names[@]} -eq 0 ]; then
    echo "error: docs/promises.md: $promise names no test" >&2
    failed=$((failed + 1))
    continue
  fi
  for name in "${names[@]}"; do
    if exists "$name"; then
      passed=$((passed + 1))
    else
      echo "error: docs/promises.md: $promise names $name, which does not exist" >&2
      failed=$((failed + 1))
    fi
  done
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
