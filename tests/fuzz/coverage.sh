#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What the corpora of the relay and the client reach: coverage.sh build/coverage [PATTERN]
#
# Says how much of each source file whose name matches PATTERN was run, and with `-m` as a
# third argument which lines were not.
set -e
build=$(cd "$1" && pwd)
pattern=${2:-'^(relay|client)/'}
tests=$(cd "$(dirname "$0")" && pwd)
find "$build/relaysim" -name '*.gcda' -exec rm -f {} +
for name in relay client; do
    "$build/tests/fuzz/replay_$name" "$tests/corpus/$name" >&2
done
# The paths of the sources are relative to the build folder.
cd "$build"
find relaysim/CMakeFiles -name '*.gcda' | while read -r data; do
    printf '%s\n' "${data#*.dir/}" | grep -Eq "$pattern" || continue
    gcov --stdout "$data" 2>/dev/null | awk -v misses="$3" '
        $0 ~ /^ *-: *0:Source:/ { sub(/.*Source:/, ""); is_kept = /\.c$/; if (is_kept) name = $0; next }
        !is_kept { next }
        $1 ~ /^[0-9]+\*?:/ { num++; run++ }
        $1 ~ /^(#+|=+):/ { num++; if (misses == "-m") print name ":" $0 }
        END { printf "%5.1f%% of %4d lines  %s\n", 100 * run / num, num, name }'
done
