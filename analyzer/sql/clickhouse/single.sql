-- SPDX-License-Identifier: GPL-2.0-or-later
-- One server without a cluster, after tables.sql.  Load into the tables themselves: INTO=_here.

CREATE VIEW IF NOT EXISTS grvsstp.points AS SELECT * FROM grvsstp.points_here;
CREATE VIEW IF NOT EXISTS grvsstp.connections AS SELECT * FROM grvsstp.connections_here;
CREATE VIEW IF NOT EXISTS grvsstp.sessions AS SELECT * FROM grvsstp.sessions_here;
CREATE VIEW IF NOT EXISTS grvsstp.findings AS SELECT * FROM grvsstp.findings_here;
CREATE VIEW IF NOT EXISTS grvsstp.messages AS SELECT * FROM grvsstp.messages_here;
CREATE VIEW IF NOT EXISTS grvsstp.custody AS SELECT * FROM grvsstp.custody_here;
CREATE VIEW IF NOT EXISTS grvsstp.branches AS SELECT * FROM grvsstp.branches_here;
CREATE VIEW IF NOT EXISTS grvsstp.unseen AS SELECT * FROM grvsstp.unseen_here;
CREATE VIEW IF NOT EXISTS grvsstp.journeys AS
WITH (SELECT groupArray((holder, last_ns)) FROM grvsstp.unseen) AS unseen
SELECT contents, user_ref, length, legs, branches, messages,
       if(joined = 'certain' AND
          arrayExists(joint -> arrayExists(left -> left.1 = joint.1 AND joint.2 < left.2, unseen),
                      joints), 'likely', joined) AS certainty,
       t_ns, duration_ns, sender
FROM (SELECT *, certainty AS joined FROM grvsstp.journeys_here);
