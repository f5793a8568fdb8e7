#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# load.sh REPORT...: puts records of grvsstp-analyze --format json into the tables, from where they
# are spread over the cluster.  CLICKHOUSE_CLIENT says how to reach one of its servers:
#
#     CLICKHOUSE_CLIENT="clickhouse-client --host db1" sh load.sh share-*.json
#
# On a server without a cluster INTO=_here names its own tables.
# Commands are left out, and so are journeys, which the tables join themselves.
set -eu

client=${CLICKHOUSE_CLIENT:-clickhouse-client}
into=${INTO:-}

if [ $# -eq 0 ]; then
    echo "load.sh: name the reports to load" >&2
    exit 2
fi
for report in "$@"; do
    # A share may have nothing.
    [ ! -f "$report" ] || [ -s "$report" ] || continue
    head -n 1 "$report" 2>/dev/null | grep -aq '^{"type":"[a-z]*","schema":1,' || {
        echo "load.sh: $report: no report of grvsstp-analyze --format json, schema 1" >&2
        exit 2
    }
done
for type in point connection session message finding; do
    # The type comes first in a record, and nobody's text begins a line.
    records="^{\"type\":\"$type\","
    if grep -ahq "$records" "$@"; then
        grep -ah "$records" "$@" |
            $client --input_format_skip_unknown_fields=1 --insert_distributed_sync=1 \
                --query "INSERT INTO grvsstp.${type}s$into FORMAT JSONEachRow"
    fi
done
