-- SPDX-License-Identifier: GPL-2.0-or-later
-- What has not come to whom, and who has it since when.  Of contents that repeat it is only known
-- how many are missing.
SET memory_limit = '2GB';
WITH each AS (
    SELECT certainty, length, t_ns, user_ref, unnest(branches) AS branch FROM journeys
), lacking AS (
    SELECT if(certainty = 'open', 'not told apart', branch.outcome) AS outcome,
           if(certainty = 'open', '', branch.holder) AS holder, branch.identity AS identity,
           branch.device AS device,
           if(certainty = 'open', branch.messages - branch.deliveries, 1) AS missing, length,
           if(certainty = 'open', t_ns, branch.since_ns) AS since_ns, user_ref
    FROM each
    WHERE branch.outcome NOT IN ('delivered', 'not known') OR certainty = 'open'
)
SELECT outcome, holder, identity, device, sum(missing) AS messages, sum(missing * length) AS bytes,
       make_timestamp_ns(min(since_ns)) AS oldest_utc, any_value(user_ref) AS for_example
FROM lacking
WHERE missing > 0
GROUP BY outcome, holder, identity, device
ORDER BY messages DESC, outcome, holder, identity, device
LIMIT 1000;
