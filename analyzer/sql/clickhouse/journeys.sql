-- SPDX-License-Identifier: GPL-2.0-or-later
-- The longest journeys, and how sure they are.
SET max_memory_usage = 4000000000, max_bytes_before_external_group_by = 1000000000,
    max_bytes_before_external_sort = 1000000000, distributed_aggregation_memory_efficient = 1;
SELECT toDateTime(intDiv(t_ns, 1000000000)) AS begins_utc, round(duration_ns / 1e9, 6) AS seconds,
       certainty, length, user_ref, sender, length(legs) AS legs, length(branches) AS recipients,
       countEqual(arrayMap(branch -> branch.3, branches), 'delivered') AS delivered, contents
FROM grvsstp.journeys
ORDER BY duration_ns DESC, t_ns, contents
LIMIT 100;
