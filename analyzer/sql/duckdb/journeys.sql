-- SPDX-License-Identifier: GPL-2.0-or-later
-- The longest journeys, and how sure they are.
SET memory_limit = '2GB';
SELECT make_timestamp_ns(t_ns) AS begins_utc, round(duration_ns / 1e9, 6) AS seconds, certainty,
       length, user_ref, sender, len(legs) AS legs, len(branches) AS recipients,
       len(list_filter(branches, lambda branch: branch.outcome = 'delivered')) AS delivered,
       contents
FROM journeys
ORDER BY duration_ns DESC, t_ns, contents
LIMIT 100;
