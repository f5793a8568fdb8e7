-- SPDX-License-Identifier: GPL-2.0-or-later
-- The journeys, after cluster.sql or single.sql: what a server has joined of its own messages is no more
-- than likely where something left one of its relays later that was not seen to come there, and that
-- any server may know.

CREATE VIEW IF NOT EXISTS grvsstp.journeys AS
WITH (SELECT groupArray((holder, last_ns)) FROM grvsstp.unseen) AS unseen
SELECT contents, user_ref, length, legs, branches, messages,
       if(joined = 'certain' AND
          arrayExists(joint -> arrayExists(left -> left.1 = joint.1 AND joint.2 < left.2, unseen),
                      joints), 'likely', joined) AS certainty,
       t_ns, duration_ns, sender
FROM (SELECT *, certainty AS joined FROM grvsstp.journeys_joined);
