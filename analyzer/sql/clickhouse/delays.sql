-- SPDX-License-Identifier: GPL-2.0-or-later
-- How long acknowledgements took on each hop, and messages until they were with their recipient.
SET max_memory_usage = 4000000000, max_bytes_before_external_group_by = 1000000000,
    max_bytes_before_external_sort = 1000000000, distributed_aggregation_memory_efficient = 1;
SELECT what, from, to, count() AS messages,
       round(quantileTDigest(0.5)(delay_ns) / 1e6, 3) AS median_ms,
       round(quantileTDigest(0.95)(delay_ns) / 1e6, 3) AS most_ms,
       round(max(delay_ns) / 1e6, 3) AS longest_ms
FROM (
    SELECT 'hop' AS what, sender AS from, receiver AS to, ack_delay_ns AS delay_ns
    FROM grvsstp.messages
    WHERE state = 'acknowledged' AND acked_t_ns != 0
    UNION ALL
    SELECT 'journey' AS what, sender AS from, branch.1 AS to, branch.5 - t_ns AS delay_ns
    FROM grvsstp.journeys
    ARRAY JOIN branches AS branch
    WHERE branch.3 = 'delivered' AND certainty != 'open'
)
GROUP BY what, from, to
ORDER BY what, longest_ms DESC, from, to
LIMIT 1000;
