#!/usr/bin/env bash
# The shell scripts, units and rules that we ship are checked by the tools of their makers.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
passed=0
failed=0
check() {  # NAME COMMAND…: passes if the command succeeds and prints nothing to stderr
  local name=$1
  shift
  if "$@" >"$temporary/out" 2>"$temporary/err" && [ ! -s "$temporary/err" ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "error: $name"
    cat "$temporary/out" "$temporary/err"
  fi
}

mapfile -t scripts < <(git ls-files '*.sh' .ci/run deploy/packaging/postinst)
for script in "${scripts[@]}"; do check "$script" shellcheck -x "$script"; done

# systemd-analyze answers 0 for an unknown key and only warns; the programs that the units name need not be installed here.
mkdir -p "$temporary/units"
for unit in coordinator worker; do
  sed "s|/usr/bin/millrace-$unit|/bin/true|" "deploy/systemd/millrace-$unit.service" >"$temporary/units/millrace-$unit.service"
done
for unit in coordinator worker; do
  check "millrace-$unit.service" systemd-analyze verify --man=no "$temporary/units/millrace-$unit.service"
  check "millrace-$unit.service: exposure" \
    systemd-analyze security --offline=true --no-pager --threshold=20 "$temporary/units/millrace-$unit.service"
done

# Every alert's runbook exists, and every family that an alert reads is one that we show.
while read -r anchor; do
  check "alert $anchor: no section in docs/operations.md" grep -qiE "^#+ $anchor\$" docs/operations.md
done < <(grep -oE 'operations.md#[a-z]+' deploy/prometheus/millrace_alerts.yml | cut -d'#' -f2)
while read -r family; do
  check "alert reads $family, which docs/metrics.md does not know" grep -qE "\`${family}[\`{]" docs/metrics.md
done < <(grep -oE '\bmillrace_[a-z_]+' deploy/prometheus/millrace_alerts.yml | sort -u | grep -v _alerts)

# Pages point to pages that exist.
while IFS=: read -r page link; do
  check "$page links to $link, which does not exist" test -e "$(dirname "$page")/$link"
done < <(git ls-files '*.md' | xargs grep -oE '\]\([A-Za-z0-9_./-]+\.md' /dev/null | sed 's/](//')

# Both lists of packages: sorted, no duplicates, each known to Debian.
for list in deploy/packages.txt deploy/packages-tests.txt; do
  check "$list: not sorted" sort -C -u <(grep -v '^#' "$list")
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
