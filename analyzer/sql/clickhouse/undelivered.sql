-- SPDX-License-Identifier: GPL-2.0-or-later
-- What has not come to whom, and who has it since when.  Of contents that repeat it is only known
-- how many are missing.
SET max_memory_usage = 4000000000, max_bytes_before_external_group_by = 1000000000,
    max_bytes_before_external_sort = 1000000000, distributed_aggregation_memory_efficient = 1;
SELECT outcome, holder, identity, device, sum(missing) AS messages, sum(missing * length) AS bytes,
       toDateTime(intDiv(min(since_ns), 1000000000)) AS oldest_utc, any(user_ref) AS for_example
FROM (
    SELECT if(certainty = 'open', 'not told apart', branch.3) AS outcome,
           if(certainty = 'open', '', branch.4) AS holder, branch.1 AS identity,
           branch.2 AS device,
           if(certainty = 'open', toInt64(branch.6) - toInt64(branch.7), toInt64(1)) AS missing,
           length, if(certainty = 'open', t_ns, branch.5) AS since_ns, user_ref
    FROM grvsstp.journeys
    ARRAY JOIN branches AS branch
    WHERE branch.3 NOT IN ('delivered', 'not known') OR certainty = 'open'
)
WHERE missing > 0
GROUP BY outcome, holder, identity, device
ORDER BY messages DESC, outcome, holder, identity, device
LIMIT 1000;
