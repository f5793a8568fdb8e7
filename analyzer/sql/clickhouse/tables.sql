-- SPDX-License-Identifier: GPL-2.0-or-later
-- Records of grvsstp-analyze --format json in ClickHouse, from 18.16 on: what one server has of
-- them.  cluster.sql makes one of several servers, single.sql is for one alone; certainty.sql is for both.
--
-- Columns have the names of the records' members (analyzer/cli/schema.json), but for those that no
-- question asks for.  What is not known is 0 or empty here.  Times are nanoseconds since 1970.

CREATE DATABASE IF NOT EXISTS grvsstp;

CREATE TABLE IF NOT EXISTS grvsstp.points_here (
    point UInt32, name String, files UInt32, packets UInt64, duplicates UInt64, used UInt64,
    first_captured_ns Int64, last_captured_ns Int64, offset_ns Int64, offset_low_ns Int64,
    offset_high_ns Int64, drift_ppm Float64, shared_packets UInt64, clock_steps UInt32
) ENGINE = MergeTree ORDER BY (name, point);

CREATE TABLE IF NOT EXISTS grvsstp.connections_here (
    file String, frame UInt64, t_ns Int64, captured_ns Int64, share UInt32, connection UInt32,
    initiator String, initiator_port UInt16, acceptor String, acceptor_port UInt16,
    community_id String, last_t_ns Int64, duration_ns Int64, encapsulation String, version String,
    state String, initiator_device String, acceptor_device String, sessions UInt32,
    initiator_messages UInt64, initiator_payload UInt64, initiator_unacknowledged UInt64,
    acceptor_messages UInt64, acceptor_payload UInt64, acceptor_unacknowledged UInt64,
    findings UInt32, filter String
) ENGINE = MergeTree ORDER BY (t_ns, file, frame);

CREATE TABLE IF NOT EXISTS grvsstp.sessions_here (
    file String, frame UInt64, t_ns Int64, share UInt32, connection UInt32, initiator String, acceptor String,
    session UInt32, kind String, originator String, resource_url String, identity_url String,
    target_device_url String, state String, end String, commands UInt64, messages UInt64,
    payload UInt64, blocked UInt32, destinations UInt32, active UInt32, filter String
) ENGINE = MergeTree ORDER BY (t_ns, file, frame);

CREATE TABLE IF NOT EXISTS grvsstp.findings_here (
    file String, frame UInt64, t_ns Int64, share UInt32, connection UInt32, finding String, severity String,
    sentence String, section String, command String, session UInt32, ordinal UInt32, filter String
) ENGINE = MergeTree ORDER BY (finding, t_ns);

CREATE TABLE IF NOT EXISTS grvsstp.messages_here (
    file String, frame UInt64, t_ns Int64, captured_ns Int64, share UInt32, connection UInt32,
    initiator String, acceptor String, ordinal UInt32, session UInt32, resource_url String,
    number UInt32, user_ref String, length UInt64, state String, end_file String, end_frame UInt64,
    end_t_ns Int64, acked_file String, acked_frame UInt64, acked_t_ns Int64, ack_delay_ns Int64,
    contents String, sender String, receiver String, passage String,
    recipient_identities Array(String), recipient_devices Array(String),
    recipient_relays Array(String), recipient_states Array(String), filter String
) ENGINE = MergeTree ORDER BY (contents, end_t_ns);

-- ----------------------------------------------------------------------------------------------
-- Legs: one message on one connection, a row for each recipient and for each end of it: who sent it
-- had it, and it came to who received it, where it goes on from.  A leg is
--     (end_t_ns, file frame ordinal, passage, acked_t_ns, sender, receiver, state of the recipient)

CREATE VIEW IF NOT EXISTS grvsstp.ends_here AS
SELECT contents, user_ref, length, end.1 AS holder, end.2 AS has_come, to.1 AS identity,
       to.2 AS device, leg
FROM (
    SELECT contents, user_ref, length, to,
           (end_t_ns, concat(file, ' ', toString(frame), ' ', toString(ordinal)), passage,
            acked_t_ns, sender, receiver, to.3) AS leg,
           arrayJoin(if(to.3 IN ('beyond', 'refused') AND receiver != '',
                        [(sender, 0), (receiver, 1)], [(sender, 0)])) AS end
    FROM (
        SELECT contents, user_ref, length, file, frame, ordinal, end_t_ns, acked_t_ns, passage,
               sender, receiver,
               arrayJoin(if(empty(recipient_states), [('', '', '')],
                            arrayMap((identity, device, state) -> (identity, device, state),
                                     recipient_identities, recipient_devices,
                                     recipient_states))) AS to
        FROM grvsstp.messages_here
        WHERE contents != '' AND end_t_ns != 0
    )
);

-- When something left a relay last that nobody saw come there.  What came before that may be another
-- message than what left of the same contents: that one may have come unseen, too.

CREATE VIEW IF NOT EXISTS grvsstp.unseen_here AS
SELECT holder, max(left_ns) AS last_ns
FROM (
    SELECT holder, groupArrayIf(1000)(leg.1, has_come) AS came,
           arrayReduce('max', arrayFilter(t_ns -> empty(came) OR
                                                  t_ns < arrayReduce('min', came),
                                          groupArrayIf(1000)(leg.1, NOT has_come))) AS left_ns
    FROM grvsstp.ends_here
    WHERE holder LIKE 'grooveDNS://%'
    GROUP BY contents, holder, identity, device
)
WHERE left_ns > 0
GROUP BY holder;

-- Custody: who had a message for whom.  A row is one contents, one holder, one recipient: the legs
-- by which it came to the holder, and those by which the holder sent it on, in the order of time.
-- What was tried again is one hop as long as all attempts but the last were cut off.  More than a
-- thousand legs are contents that repeat, and not looked at.

CREATE VIEW IF NOT EXISTS grvsstp.custody_here AS
SELECT contents, holder, identity, device, user_ref, length, came_by, went_by,
       length(arrayDistinct(arrayMap(leg -> leg.5, came_by))) <= 1
       AND arrayCount(leg -> leg.3 != 'cut off', arraySlice(went_by, 1, length(went_by) - 1))
           <= greatest(toInt64(length(came_by)) - 1, 0)
       AND (empty(came_by) OR empty(went_by) OR came_by[1].1 <= went_by[1].1) AS is_one
FROM (
    SELECT contents, holder, identity, device, any(user_ref) AS user_ref, any(length) AS length,
           arraySort(groupArrayIf(1000)(leg, has_come)) AS came_by,
           arraySort(groupArrayIf(1000)(leg, NOT has_come)) AS went_by
    FROM grvsstp.ends_here
    GROUP BY contents, holder, identity, device
);

-- What has become of it for one recipient, by the last leg that was for it.
CREATE VIEW IF NOT EXISTS grvsstp.branches_here AS
SELECT contents, identity, device, user_ref, length, legs, roots, joints, is_one,
       legs[-1] AS last,
       arrayFilter(leg -> leg.7 = 'there' AND leg.3 = 'acknowledged', legs) AS delivering,
       arrayFilter(leg -> leg.7 = 'refused', legs) AS refusing,
       arrayFilter(leg -> leg.3 = 'acknowledged' AND leg.5 = last.5 AND leg.6 = last.6, legs) AS acked,
       arrayFilter(leg -> leg.3 = 'acknowledged' AND leg.5 != last.5, legs) AS passed,
       arrayFilter(leg -> leg.5 = passed[-1].5, passed) AS before,
       multiIf(notEmpty(delivering), 'delivered',
               notEmpty(refusing) OR last.3 = 'declined', 'refused',
               notEmpty(acked), multiIf(last.6 = '', 'not known',
                                        last.7 = '' AND last.6 LIKE 'dpp://%', 'delivered',
                                        last.7 = '' AND last.6 NOT LIKE 'grooveDNS://%', 'not known',
                                        'waiting'),
               last.3 = 'sent', 'under way',
               last.3 = 'not seen', 'not known',
               arrayExists(leg -> leg.6 = last.5, legs) OR last.5 LIKE 'grooveDNS://%', 'waiting', 'under way') AS outcome,
       multiIf(outcome = 'not known', '',
               notEmpty(delivering), delivering[1].6,
               notEmpty(refusing), refusing[1].5,
               notEmpty(acked), last.6, last.5) AS holder,
       arrayFilter(leg -> leg.3 = 'acknowledged' AND leg.6 = refusing[1].5, legs) AS had,
       multiIf(outcome = 'not known', 0,
               notEmpty(delivering), arrayReduce('min', arrayMap(leg -> leg.4, delivering)),
               notEmpty(refusing), if(empty(had), legs[1].1,
                                      arrayReduce('min', arrayMap(leg -> leg.4, had))),
               last.3 = 'not seen', 0,
               notEmpty(acked), acked[1].4,
               notEmpty(before), before[1].4, legs[1].1) AS since_ns
FROM (
    SELECT contents, identity, device, any(user_ref) AS user_ref, any(length) AS length,
           arraySort(groupArrayArray(went_by)) AS legs,
           groupArrayIf(went_by[1].2, empty(came_by)) AS roots,
           groupArrayIf((holder, came_by[1].1), notEmpty(came_by) AND
                        (notEmpty(went_by) OR length(came_by) > 1)) AS joints,
           min(is_one) AS is_one
    FROM grvsstp.custody_here
    GROUP BY contents, identity, device
);

-- A journey: all legs of one contents.  They are one message, `certain`, where nothing else can be
-- meant: the contents are long enough to tell something, began once, and came to each holder before
-- it sent them on; `likely` where they are short; `single` is a leg alone; else it is `open` what
-- belongs together, and `messages` says how many began.  What is certain here is so for all servers
-- where nothing left its relays unseen after it came there: `joints` has when that was.  A branch is
--     (identity, device, outcome, holder, since_ns, messages for it, how often it was delivered)
CREATE VIEW IF NOT EXISTS grvsstp.journeys_here AS
SELECT contents, user_ref, length, legs, branches, messages, joints,
       multiIf(messages != 1 OR NOT is_one, 'open',
               length(legs) = 1, 'single',
               greatest(length, length(user_ref)) >= 16, 'certain',
               'likely') AS certainty,
       legs[1].1 AS t_ns,
       arrayReduce('max', arrayMap(leg -> greatest(leg.1, leg.4), legs)) - legs[1].1 AS duration_ns,
       legs[1].5 AS sender
FROM (
    SELECT contents, any(user_ref) AS user_ref, any(length) AS length,
           arraySort(arrayDistinct(arrayMap(leg -> (leg.1, leg.2, leg.3, leg.4, leg.5, leg.6),
                                            groupArrayArray(legs)))) AS legs,
           groupArray((identity, device, outcome, holder, since_ns, length(roots),
                       length(delivering))) AS branches,
           uniqExactArray(roots) AS messages,
           groupUniqArrayArray(joints) AS joints,
           min(is_one) AS is_one
    FROM grvsstp.branches_here
    GROUP BY contents
);
