#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs all tests: the release build and what ctest has for it, the build with the
# address and undefined-behaviour sanitizers and what ctest has for that, and the unit
# tests and a demo under valgrind.  The last line is "N passed, N failed"; a test that
# did not run has failed, and so has a run without tests.  Before it is what those that
# failed said, in short.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
# shellcheck source=tests/lib/prepare.sh
. "$root/tests/lib/prepare.sh"

# The compiled Python of the test scripts would lie beside them.
export PYTHONDONTWRITEBYTECODE=1

release=$root/build/release
asan=$root/build/asan
passed=0
failed=0
is_complete=false
failures=$root/build/log/failures
mkdir -p "$root/build/log"
: >"$failures"

finish()
{
    status=$?
    trap - EXIT
    if ! $is_complete; then
        failed=$((failed + 1))
    fi
    if [ "$failed" -gt 0 ] && [ "$status" -eq 0 ]; then
        status=1
    fi
    if [ -s "$failures" ]; then
        printf '\n'
        cat "$failures"
    fi
    printf '\n%d passed, %d failed\n' "$passed" "$failed"
    exit "$status"
}
trap finish EXIT
trap 'exit 130' HUP INT TERM

count_failure()
{
    echo "FAILED: $*"
    failed=$((failed + 1))
}

# build FOLDER PRESET: configures and builds all of it, warnings being errors.
build()
{
    say "Building in $1"
    logged "configure-$2" cmake --preset "$2" -S "$root" -B "$1" \
        -DGRVSSTP_PLUGIN=ON -DGRVSSTP_RELAYSIM=ON -DGRVSSTP_TESTS=ON
    logged "build-$2" cmake --build "$1" --parallel "$jobs"
}

# run_ctest FOLDER
run_ctest()
{
    results=$1/results.xml
    rm -f "$results"
    ctest_status=0
    # One more at a time than there are processors: the live ones mostly wait.
    ctest --test-dir "$1" --output-on-failure --no-tests=error --parallel "$((jobs + 1))" \
        --output-junit "$results" </dev/null || ctest_status=$?
    if [ ! -f "$results" ]; then
        count_failure "ctest in $1 left no results"
        return
    fi
    tests=$(grep -c '^[[:space:]]*<testcase ' "$results") || true
    run=$(grep -c '^[[:space:]]*<testcase .* status="run"' "$results") || true
    passed=$((passed + run))
    failed=$((failed + tests - run))
    python3 "$root/tests/lib/failures.py" "$results" >>"$failures"
    if [ "$tests" -eq 0 ]; then
        count_failure "no test in $1"
    elif [ "$ctest_status" -ne 0 ] && [ "$run" -eq "$tests" ]; then
        count_failure "ctest in $1 ended with $ctest_status"
    fi
}

# require_labels FOLDER LABEL...: a part of the tests that is not there has failed.
require_labels()
{
    folder=$1
    shift
    for label in "$@"; do
        ctest --test-dir "$folder" -N -L "^$label\$" | grep -q '^Total Tests: [1-9]' ||
            count_failure "no test with the label $label in $folder"
    done
}

# memcheck NAME COMMAND...
memcheck()
{
    name=$1
    log=$root/build/log/valgrind-$1.log
    shift
    # relaysim has its allocator from jemalloc: valgrind is to replace that one, too.
    if valgrind -q --error-exitcode=99 --leak-check=full \
        --soname-synonyms='somalloc=libjemalloc.so*' \
        --errors-for-leak-kinds=definite,indirect "$@" >"$log" 2>&1 </dev/null; then
        passed=$((passed + 1))
        echo "valgrind $name: passed"
    else
        tail -n 60 "$log"
        count_failure "valgrind $name"
    fi
}

# shellcheck disable=SC2086  # lists of words
install_packages $build_packages $test_packages
# shellcheck disable=SC2086
unpack_packages $unpacked_packages
for program in tshark sharkd capinfos editcap valgrind python3; do
    command -v "$program" >/dev/null || fail "no $program here, and the tests need it"
done

build "$release" release
found=$(find "$release/plugins" -name grvsstp.so -path '*/epan/*')
[ -n "$found" ] || fail "the build left no plugin in $release/plugins"
run_ctest "$release"
require_labels "$release" house unit oom fuzz relaysim random dissect encapsulation conversation statistics analyze

build "$asan" asan
run_ctest "$asan"
require_labels "$asan" unit oom fuzz relaysim random dissect encapsulation analyze

for program in "$release"/tests/core/test_* "$release"/tests/henc/test_* \
    "$release"/tests/state/test_* "$release"/tests/story/test_* \
    "$release"/tests/plugin/tcp/test_* "$release"/tests/cli/test_*; do
    memcheck "$(basename "$program")" "$program" --tap
done
memcheck demo "$release/relaysim/relaysim" demo -w "$root/build/valgrind-demo.pcapng"

is_complete=true
