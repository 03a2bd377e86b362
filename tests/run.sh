#!/usr/bin/env bash
# Runs every test of Millrace, phase by phase, and ends with one line: "N passed, N failed".
set -uo pipefail

usage() {
  cat <<'TEXT'
usage: tests/run.sh [--fast] [--only PHASE]... [--list]

  --fast        build, unit, simulation (1,000 seeds), cluster, format, promises: what to run before a commit
  --only PHASE  this phase only (what it needs is built); may be repeated
  --list        names the phases

Folders: build/ (g++), build-clang/ (sanitizers, fuzzing), build-tsan/; logs of every phase in build/logs/.
Environment: MILLRACE_FUZZ_SECONDS (20) for each fuzz target, MILLRACE_SEEDS (10000) of the simulation, MILLRACE_JOBS (cores).
TEXT
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit 1
all_phases=(install build unit simulation cluster interop clang asan fuzz tsan format scripts package promises)
fast_phases=(install build unit simulation cluster format promises)
phases=()
seeds=${MILLRACE_SEEDS:-10000}
while [ $# -gt 0 ]; do
  case "$1" in
    --fast) phases=("${fast_phases[@]}"); seeds=${MILLRACE_SEEDS:-1000} ;;
    --only) phases+=("${2:?--only needs a phase; see --list}"); shift ;;
    --list) printf '%s\n' "${all_phases[@]}"; exit 0 ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
  shift
done
[ ${#phases[@]} -gt 0 ] || phases=("${all_phases[@]}")
for phase in "${phases[@]}"; do
  [[ " ${all_phases[*]} " == *" $phase "* ]] || { echo "error: no phase $phase; see --list" >&2; exit 2; }
done

jobs=${MILLRACE_JOBS:-$(nproc)}
fuzz_seconds=${MILLRACE_FUZZ_SECONDS:-20}
logs=$root/build/logs
mkdir -p "$logs"
# The cache may serve several clones of this repository.
export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1
export ASAN_OPTIONS=detect_odr_violation=2:detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1 TSAN_OPTIONS=halt_on_error=0
export GRPC_VERBOSITY=NONE

# ---- building ----
configure() {  # FOLDER OPTIONS…
  local folder=$1
  shift
  cmake -G Ninja -S . -B "$folder" "$@"
}
build() {  # FOLDER TARGETS…
  local folder=$1
  shift
  ninja -C "$folder" -j "$jobs" "$@"
}
has_target() { ninja -C "$1" -t query "$2" >/dev/null 2>&1; }
run_ctest() { ctest --test-dir "$1" -V --no-tests=error "${@:2}"; }

# ---- phases: each writes to its log; its exit status and the log decide ----
phase_install() { bash deploy/install_packages.sh --tests; }
phase_build() { configure build && build build all; }
phase_unit() { configure build && build build tests_unit && run_ctest build -L '^unit$' -j "$jobs"; }
phase_simulation() {
  configure build && build build tests_simulation || return
  MILLRACE_SEEDS=$seeds run_ctest build -L '^simulation$'
}
phase_cluster() { configure build && build build all && run_ctest build -L '^cluster$'; }
phase_interop() { configure build && build build all && bash tests/interop/run.sh build; }
# A second compiler over everything, with the thread-safety analysis that g++ lacks. The same build has the fuzz targets and
# the address and undefined-behaviour sanitizers: a build of its own for those would cost a quarter of the whole run.
phase_clang() {
  configure build-clang -DCMAKE_C_COMPILER=clang-14 -DCMAKE_CXX_COMPILER=clang++-14 -DMILLRACE_FUZZ=ON &&
    build build-clang all
}
# One target, with what it found before and the seeds that the repository has for it.
fuzz_one() {
  local name corpus seeds_of_target
  name=$(basename "$1")
  corpus=build-clang/corpus/$name
  mkdir -p "$corpus"
  seeds_of_target=tests/fuzz/corpus/${name%_fuzz}
  [ -d "$seeds_of_target" ] || seeds_of_target=
  # shellcheck disable=SC2086  # an absent seed folder is no argument
  if "$1" -max_total_time="$fuzz_seconds" -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="$corpus-" "$corpus" $seeds_of_target; then
    echo "CASE passed $1"
  else
    echo "CASE failed $1"
    return 1
  fi
}
phase_fuzz() {
  phase_clang || return
  export -f fuzz_one
  export fuzz_seconds
  printf '%s\n' build-clang/fuzz/*_fuzz | xargs -P "$jobs" -I{} bash -c 'fuzz_one {}'
}
phase_asan() { phase_clang && run_ctest build-clang -L '^unit$' -j "$jobs"; }
phase_tsan() {
  configure build-tsan -DMILLRACE_SANITIZE=thread -DMILLRACE_RPC=OFF && build build-tsan tests_unit &&
    run_ctest build-tsan -L '^unit$' -j "$jobs"
}
phase_format() {
  git ls-files '*.cc' '*.h' | xargs clang-format-14 --dry-run -Werror && echo "CASE passed clang-format"
}
phase_scripts() { bash tests/scripts_test.sh; }
phase_package() { configure build && build build all && bash tests/package_test.sh build; }
phase_promises() { bash tests/promises_test.sh; }

# ---- counting: tests, not programs ----
# Understands GoogleTest and Python's unittest inside ctest's output, ctest's own lines, "N passed, N failed" of a script
# and "CASE passed|failed NAME". Prints "passed failed skipped".
count() {
  awk '
    { line = $0; entry = "" }
    match(line, /^[0-9]+: /) { entry = substr(line, 1, RLENGTH - 2); line = substr(line, RLENGTH + 1) }
    line ~ /^\[  PASSED  \] [0-9]+ test/ { split(line, w, " "); passed += w[4]; counted[entry] = 1 }
    line ~ /^\[  FAILED  \] [0-9]+ tests?, listed below/ { split(line, w, " "); failed += w[4]; counted[entry] = told[entry] = 1 }
    line ~ /^\[  SKIPPED \] [0-9]+ tests?, listed below/ { split(line, w, " "); skipped += w[4] }
    line ~ /^Ran [0-9]+ tests? in / { split(line, w, " "); ran[entry] = w[2]; counted[entry] = 1 }
    line ~ /^(OK|FAILED)( \(.*\))?$/ && entry in ran {
      bad = 0; left = 0
      if (match(line, /failures=[0-9]+/)) bad += substr(line, RSTART + 9, RLENGTH - 9)
      if (match(line, /errors=[0-9]+/)) bad += substr(line, RSTART + 7, RLENGTH - 7)
      if (match(line, /skipped=[0-9]+/)) left += substr(line, RSTART + 8, RLENGTH - 8)
      failed += bad; skipped += left; passed += ran[entry] - bad - left
      if (bad) told[entry] = 1
      delete ran[entry]
    }
    line ~ /^([a-z]+: )?[0-9]+ passed, [0-9]+ failed$/ { sub(/^[a-z]+: /, "", line); split(line, w, " "); passed += w[1]; failed += w[3]; counted[entry] = 1; if (w[3]) told[entry] = 1 }
    line ~ /^CASE passed / { ++passed }
    line ~ /^CASE failed / { ++failed }
    # "3/9 Test  #7: io_test ......   Passed    0.01 sec" or "...***Failed", "***Timeout", "***Exception: SegFault"
    match(line, /Test +#[0-9]+: /) && line ~ /sec$/ {
      number = substr(line, RSTART, RLENGTH); gsub(/[^0-9]/, "", number)
      if (line ~ /\*\*\*/) { if (!told[number]) ++failed }
      else if (!counted[number]) ++passed
    }
    END { print passed + 0, failed + 0, skipped + 0 }' "$1"
}

total_passed=0
total_failed=0
summary=()
run_phase() {
  local name=$1 log=$logs/$1.log started=$SECONDS status=0 passed failed skipped
  echo "== $name"
  "phase_$name" </dev/null >"$log" 2>&1 || status=$?
  read -r passed failed skipped < <(count "$log")
  # A phase that fails without a failed test (it did not build, say) is itself a failed test.
  if [ $status -ne 0 ] && [ "$failed" -eq 0 ]; then failed=1; fi
  if [ $status -eq 0 ] && [ "$passed" -eq 0 ] && [ "$failed" -eq 0 ]; then passed=1; fi
  total_passed=$((total_passed + passed))
  total_failed=$((total_failed + failed))
  local verdict=ok
  if [ "$failed" -gt 0 ]; then
    verdict=FAILED
    echo "-- end of $log"
    grep -E '^([0-9]+: )?(\[  FAILED|FAIL:|ERROR:|error:|CASE failed)|\*\*\*|FAILED:|: error:|SUMMARY: |WARNING: ThreadSanitizer' "$log" | head -40
    tail -n 40 "$log"
  fi
  summary+=("$(printf '%-11s %-7s %5d s %6d passed %4d failed %4d skipped' "$name" "$verdict" $((SECONDS - started)) "$passed" "$failed" "$skipped")")
  echo "   ${summary[-1]}"
  [ "$failed" -eq 0 ]
}

for phase in "${phases[@]}"; do
  run_phase "$phase" || case "$phase" in install | build) break ;; esac
done

echo
echo "== summary, $SECONDS s in all"
printf '%s\n' "${summary[@]}"
echo "$total_passed passed, $total_failed failed"
[ "$total_failed" -eq 0 ]
