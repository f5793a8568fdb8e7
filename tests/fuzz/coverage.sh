#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What the corpora of the relay and the client reach: coverage.sh build/coverage [PATTERN]
#
# Prints the lines of each source file whose name matches PATTERN that were run, and with
# `-m` as a third argument those that were not.
set -e
build=$(cd "$1" && pwd)
pattern=${2:-'^(relay|client)'}
tests=$(cd "$(dirname "$0")" && pwd)
find "$build/relaysim" -name '*.gcda' -exec rm -f {} +
for name in relay client; do
    "$build/tests/fuzz/replay_$name" "$tests/corpus/$name" >&2
done
cd "$build/relaysim/CMakeFiles/relaysim_engine.dir"
for data in *.gcda; do
    echo "$data" | grep -Eq "$pattern" || continue
    gcov --stdout "$data" 2>/dev/null | awk -v misses="$3" '
        $0 ~ /^ *-: *0:Source:/ { sub(/.*Source:/, ""); name = $0; keep = name ~ /\.c$/; next }
        !keep { next }
        $1 ~ /^[0-9]+\*?:/ { num++; run++ }
        $1 ~ /^(#+|=+):/ { num++; if (misses == "-m") print name ": " $0 }
        END { sub(/.*\//, "", name); if (num) printf "%6.1f%% %4d of %4d lines  %s\n", 100 * run / num, run, num, name }'
done
