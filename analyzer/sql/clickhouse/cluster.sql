-- SPDX-License-Identifier: GPL-2.0-or-later
-- All servers of the cluster `grvsstp` as one.  At every one of them, once all have tables.sql;
-- certainty.sql comes after it.

CREATE TABLE IF NOT EXISTS grvsstp.points AS grvsstp.points_here
ENGINE = Distributed(grvsstp, grvsstp, points_here, cityHash64(name));
CREATE TABLE IF NOT EXISTS grvsstp.connections AS grvsstp.connections_here
ENGINE = Distributed(grvsstp, grvsstp, connections_here, cityHash64(file, frame));
CREATE TABLE IF NOT EXISTS grvsstp.sessions AS grvsstp.sessions_here
ENGINE = Distributed(grvsstp, grvsstp, sessions_here, cityHash64(file, frame));
CREATE TABLE IF NOT EXISTS grvsstp.findings AS grvsstp.findings_here
ENGINE = Distributed(grvsstp, grvsstp, findings_here, cityHash64(file, frame));
-- All hops of a message have its contents: its journey lies at one server.  Those of which the
-- contents are not known have no journey, and are spread.
CREATE TABLE IF NOT EXISTS grvsstp.messages AS grvsstp.messages_here
ENGINE = Distributed(grvsstp, grvsstp, messages_here,
                     cityHash64(if(contents = '', concat(file, toString(frame)), contents)));

-- Each server groups what it has; only rows of whole journeys come together.
CREATE TABLE IF NOT EXISTS grvsstp.custody AS grvsstp.custody_here
ENGINE = Distributed(grvsstp, grvsstp, custody_here);
CREATE TABLE IF NOT EXISTS grvsstp.branches AS grvsstp.branches_here
ENGINE = Distributed(grvsstp, grvsstp, branches_here);
CREATE TABLE IF NOT EXISTS grvsstp.unseen AS grvsstp.unseen_here
ENGINE = Distributed(grvsstp, grvsstp, unseen_here);
CREATE TABLE IF NOT EXISTS grvsstp.journeys_joined AS grvsstp.journeys_here
ENGINE = Distributed(grvsstp, grvsstp, journeys_here);
