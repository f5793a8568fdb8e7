-- SPDX-License-Identifier: GPL-2.0-or-later
-- How long acknowledgements took on each hop, and messages until they were with their recipient.
SET memory_limit = '2GB';
WITH each AS (
    SELECT sender, t_ns, certainty, unnest(branches) AS branch FROM journeys
), delays AS (
    SELECT 'hop' AS what, sender AS "from", receiver AS "to", ack_delay_ns AS delay_ns
    FROM messages
    WHERE state = 'acknowledged' AND acked_t_ns != 0
    UNION ALL
    SELECT 'journey', sender, branch.identity, branch.since_ns - t_ns
    FROM each
    WHERE branch.outcome = 'delivered' AND certainty != 'open'
)
SELECT what, "from", "to", count(*) AS messages,
       round(approx_quantile(delay_ns, 0.5) / 1e6, 3) AS median_ms,
       round(approx_quantile(delay_ns, 0.95) / 1e6, 3) AS most_ms,
       round(max(delay_ns) / 1e6, 3) AS longest_ms
FROM delays
GROUP BY what, "from", "to"
ORDER BY what, longest_ms DESC, "from", "to"
LIMIT 1000;
