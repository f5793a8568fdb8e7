-- SPDX-License-Identifier: GPL-2.0-or-later
-- One server without a cluster, after tables.sql; certainty.sql comes after it.  Load into the tables
-- themselves: INTO=_here.

CREATE VIEW IF NOT EXISTS grvsstp.points AS SELECT * FROM grvsstp.points_here;
CREATE VIEW IF NOT EXISTS grvsstp.connections AS SELECT * FROM grvsstp.connections_here;
CREATE VIEW IF NOT EXISTS grvsstp.sessions AS SELECT * FROM grvsstp.sessions_here;
CREATE VIEW IF NOT EXISTS grvsstp.findings AS SELECT * FROM grvsstp.findings_here;
CREATE VIEW IF NOT EXISTS grvsstp.messages AS SELECT * FROM grvsstp.messages_here;
CREATE VIEW IF NOT EXISTS grvsstp.custody AS SELECT * FROM grvsstp.custody_here;
CREATE VIEW IF NOT EXISTS grvsstp.branches AS SELECT * FROM grvsstp.branches_here;
CREATE VIEW IF NOT EXISTS grvsstp.unseen AS SELECT * FROM grvsstp.unseen_here;
CREATE VIEW IF NOT EXISTS grvsstp.journeys_joined AS SELECT * FROM grvsstp.journeys_here;
