-- SPDX-License-Identifier: GPL-2.0-or-later
-- Records of grvsstp-analyze --format json in DuckDB, from 1.3 on: one machine, one file.  The
-- variable `reports` has the names of the reports.  What is not known is 0 or empty here, as in
-- the tables for ClickHouse, whose names and columns these have.

SET memory_limit = '2GB';
SET preserve_insertion_order = false;

CREATE OR REPLACE TABLE points AS
SELECT * EXCLUDE (type) FROM read_json(getvariable('reports'), format = 'newline_delimited',
    columns = {type: 'VARCHAR', point: 'UINTEGER', name: 'VARCHAR', files: 'UINTEGER',
        packets: 'UBIGINT', duplicates: 'UBIGINT', used: 'UBIGINT', first_captured_ns: 'BIGINT',
        last_captured_ns: 'BIGINT', offset_ns: 'BIGINT', offset_low_ns: 'BIGINT',
        offset_high_ns: 'BIGINT', drift_ppm: 'DOUBLE', shared_packets: 'UBIGINT',
        clock_steps: 'UINTEGER'})
WHERE type = 'point';

CREATE OR REPLACE TABLE connections AS
SELECT * EXCLUDE (type)
       REPLACE (coalesce(initiator, '') AS initiator, coalesce(acceptor, '') AS acceptor,
                coalesce(initiator_device, '') AS initiator_device,
                coalesce(acceptor_device, '') AS acceptor_device,
                -- In a command it is a list.
                CAST(findings AS UINTEGER) AS findings)
FROM read_json(getvariable('reports'), format = 'newline_delimited',
    columns = {type: 'VARCHAR', file: 'VARCHAR', frame: 'UBIGINT', t_ns: 'BIGINT',
        captured_ns: 'BIGINT', share: 'UINTEGER', connection: 'UINTEGER', initiator: 'VARCHAR',
        initiator_port: 'USMALLINT', acceptor: 'VARCHAR', acceptor_port: 'USMALLINT',
        community_id: 'VARCHAR', last_t_ns: 'BIGINT', duration_ns: 'BIGINT',
        encapsulation: 'VARCHAR', version: 'VARCHAR', state: 'VARCHAR',
        initiator_device: 'VARCHAR', acceptor_device: 'VARCHAR', sessions: 'UINTEGER',
        initiator_messages: 'UBIGINT', initiator_payload: 'UBIGINT',
        initiator_unacknowledged: 'UBIGINT', acceptor_messages: 'UBIGINT',
        acceptor_payload: 'UBIGINT', acceptor_unacknowledged: 'UBIGINT', findings: 'JSON',
        filter: 'VARCHAR'})
WHERE type = 'connection';

CREATE OR REPLACE TABLE sessions AS
SELECT * EXCLUDE (type) FROM read_json(getvariable('reports'), format = 'newline_delimited',
    columns = {type: 'VARCHAR', file: 'VARCHAR', frame: 'UBIGINT', t_ns: 'BIGINT',
        share: 'UINTEGER', connection: 'UINTEGER', initiator: 'VARCHAR', acceptor: 'VARCHAR', session: 'UINTEGER',
        kind: 'VARCHAR', originator: 'VARCHAR', resource_url: 'VARCHAR', identity_url: 'VARCHAR',
        target_device_url: 'VARCHAR', state: 'VARCHAR', "end": 'VARCHAR', commands: 'UBIGINT',
        messages: 'UBIGINT', payload: 'UBIGINT', blocked: 'UINTEGER', destinations: 'UINTEGER',
        active: 'UINTEGER', filter: 'VARCHAR'})
WHERE type = 'session';

CREATE OR REPLACE TABLE findings AS
SELECT * EXCLUDE (type) FROM read_json(getvariable('reports'), format = 'newline_delimited',
    columns = {type: 'VARCHAR', file: 'VARCHAR', frame: 'UBIGINT', t_ns: 'BIGINT',
        share: 'UINTEGER', connection: 'UINTEGER', finding: 'VARCHAR', severity: 'VARCHAR', sentence: 'VARCHAR',
        section: 'VARCHAR', command: 'VARCHAR', session: 'UINTEGER', ordinal: 'UINTEGER',
        filter: 'VARCHAR'})
WHERE type = 'finding';

CREATE OR REPLACE TABLE messages AS
SELECT * EXCLUDE (type)
       REPLACE (coalesce(user_ref, '') AS user_ref, coalesce(end_t_ns, 0) AS end_t_ns,
                coalesce(acked_t_ns, 0) AS acked_t_ns, coalesce(contents, '') AS contents,
                coalesce(sender, '') AS sender, coalesce(receiver, '') AS receiver)
FROM read_json(getvariable('reports'), format = 'newline_delimited',
    columns = {type: 'VARCHAR', file: 'VARCHAR', frame: 'UBIGINT', t_ns: 'BIGINT',
        captured_ns: 'BIGINT', share: 'UINTEGER', connection: 'UINTEGER', initiator: 'VARCHAR', acceptor: 'VARCHAR',
        ordinal: 'UINTEGER', session: 'UINTEGER', resource_url: 'VARCHAR', number: 'UINTEGER',
        user_ref: 'VARCHAR', length: 'UBIGINT', state: 'VARCHAR', end_file: 'VARCHAR',
        end_frame: 'UBIGINT', end_t_ns: 'BIGINT', acked_file: 'VARCHAR', acked_frame: 'UBIGINT',
        acked_t_ns: 'BIGINT', ack_delay_ns: 'BIGINT', contents: 'VARCHAR', sender: 'VARCHAR',
        receiver: 'VARCHAR', passage: 'VARCHAR', recipient_identities: 'VARCHAR[]',
        recipient_devices: 'VARCHAR[]', recipient_relays: 'VARCHAR[]',
        recipient_states: 'VARCHAR[]', filter: 'VARCHAR'})
WHERE type = 'message';

-- ----------------------------------------------------------------------------------------------
-- Who had a message for whom, what has become of it for one recipient, and journeys: as in the
-- tables for ClickHouse, which say how.

CREATE OR REPLACE VIEW ends AS
WITH recipients AS (
    SELECT contents, user_ref, length, sender, receiver,
           {end_t_ns: end_t_ns, name: concat(file, ' ', frame, ' ', ordinal), passage: passage,
            acked_t_ns: acked_t_ns, sender: sender, receiver: receiver} AS leg,
           unnest(CASE WHEN len(coalesce(recipient_states, [])) = 0 THEN [['', '', '']]
                       ELSE list_transform(range(1, len(recipient_states) + 1), lambda i:
                            [recipient_identities[i], recipient_devices[i], recipient_states[i]])
                  END) AS recipient
    FROM messages
    WHERE contents != '' AND end_t_ns != 0
)
SELECT contents, user_ref, length, recipient[1] AS identity, recipient[2] AS device,
       {end_t_ns: leg.end_t_ns, name: leg.name, passage: leg.passage,
        acked_t_ns: leg.acked_t_ns, sender: leg.sender, receiver: leg.receiver,
        state: recipient[3]} AS leg,
       unnest(CASE WHEN recipient[3] IN ('beyond', 'refused') AND receiver != ''
                   THEN [{holder: sender, came: false}, {holder: receiver, came: true}]
                   ELSE [{holder: sender, came: false}] END) AS holding
FROM recipients;

CREATE OR REPLACE VIEW unseen AS
WITH times AS (
    SELECT holding.holder AS holder,
           min(leg.end_t_ns) FILTER (holding.came) AS came_ns,
           list(leg.end_t_ns) FILTER (NOT holding.came) AS went_ns
    FROM ends
    WHERE holding.holder LIKE 'grooveDNS://%'
    GROUP BY contents, holding.holder, identity, device
)
SELECT holder, max(list_max(list_filter(went_ns, lambda t_ns: t_ns < coalesce(came_ns, t_ns + 1))))
               AS last_ns
FROM times
GROUP BY holder
HAVING last_ns IS NOT NULL;

CREATE OR REPLACE VIEW custody AS
WITH held AS (
    SELECT contents, holding.holder AS holder, identity, device, any_value(user_ref) AS user_ref,
           any_value(length) AS length,
           coalesce(list_sort(list(leg) FILTER (holding.came)), []) AS came_by,
           coalesce(list_sort(list(leg) FILTER (NOT holding.came)), []) AS went_by
    FROM ends
    GROUP BY ALL
)
SELECT *, len(list_distinct(list_transform(came_by, lambda leg: leg.sender))) <= 1
          AND len(list_filter(went_by[:-2], lambda leg: leg.passage != 'cut off'))
              <= greatest(len(came_by) - 1, 0)
          AND (len(came_by) = 0 OR len(went_by) = 0
               OR came_by[1].end_t_ns <= went_by[1].end_t_ns) AS is_one,
       len(came_by) > 0 AND (len(went_by) > 0 OR len(came_by) > 1)
       AND came_by[1].end_t_ns < coalesce(last_ns, 0) AS is_doubtful
FROM held LEFT JOIN unseen USING (holder);

CREATE OR REPLACE VIEW branches AS
WITH legs AS (
    SELECT contents, identity, device, any_value(user_ref) AS user_ref,
           any_value(length) AS length, list_sort(flatten(list(went_by))) AS legs,
           coalesce(list(went_by[1].name) FILTER (len(came_by) = 0 AND len(went_by) > 0),
                    []) AS roots,
           bool_and(is_one) AS is_one, bool_or(is_doubtful) AS is_doubtful
    FROM custody
    GROUP BY contents, identity, device
), judged AS (
    SELECT *, legs[-1] AS last,
           list_filter(legs, lambda leg: leg.state = 'there' AND leg.passage = 'acknowledged') AS delivering,
           list_filter(legs, lambda leg: leg.state = 'refused') AS refusing,
           list_filter(legs, lambda leg: leg.passage = 'acknowledged'
                             AND leg.sender = legs[-1].sender
                             AND leg.receiver = legs[-1].receiver) AS acked,
           list_filter(legs, lambda leg: leg.passage = 'acknowledged'
                             AND leg.sender != legs[-1].sender) AS passed
    FROM legs
), followed AS (
    SELECT *, list_filter(passed, lambda leg: leg.sender = passed[-1].sender) AS before
    FROM judged
), told AS (
    SELECT *, CASE
        WHEN len(delivering) > 0 THEN 'delivered'
        WHEN len(refusing) > 0 OR last.passage = 'declined' THEN 'refused'
        WHEN len(acked) > 0 AND last.receiver = '' THEN 'not known'
        WHEN len(acked) > 0 AND last.state = '' AND last.receiver LIKE 'dpp://%' THEN 'delivered'
        WHEN len(acked) > 0 AND last.state = '' AND last.receiver NOT LIKE 'grooveDNS://%'
        THEN 'not known'
        WHEN len(acked) > 0 THEN 'waiting'
        WHEN last.passage = 'sent' THEN 'under way'
        WHEN last.passage = 'not seen' THEN 'not known'
        WHEN len(list_filter(legs, lambda leg: leg.receiver = legs[-1].sender)) > 0
             OR last.sender LIKE 'grooveDNS://%' THEN 'waiting'
        ELSE 'under way' END AS outcome
    FROM followed
)
SELECT * EXCLUDE (last, delivering, refusing, acked, passed, before),
       len(delivering) AS deliveries,
       CASE WHEN outcome = 'not known' THEN ''
            WHEN len(delivering) > 0 THEN delivering[1].receiver
            WHEN len(refusing) > 0 THEN refusing[1].sender
            WHEN len(acked) > 0 THEN last.receiver
            ELSE last.sender END AS holder,
       CASE WHEN outcome = 'not known' THEN 0
            WHEN len(delivering) > 0
            THEN list_min(list_transform(delivering, lambda leg: leg.acked_t_ns))
            WHEN len(refusing) > 0
            THEN coalesce(list_min(list_transform(
                     list_filter(legs, lambda leg: leg.passage = 'acknowledged'
                                       AND leg.receiver = refusing[1].sender),
                     lambda leg: leg.acked_t_ns)), legs[1].end_t_ns)
            WHEN last.passage = 'not seen' THEN 0
            WHEN len(acked) > 0 THEN acked[1].acked_t_ns
            WHEN len(before) > 0 THEN before[1].acked_t_ns
            ELSE legs[1].end_t_ns END AS since_ns
FROM told;

CREATE OR REPLACE VIEW journeys AS
WITH whole AS (
    SELECT contents, any_value(user_ref) AS user_ref, any_value(length) AS length,
           list_sort(list_distinct(list_transform(flatten(list(legs)), lambda leg:
               {end_t_ns: leg.end_t_ns, name: leg.name, passage: leg.passage,
                acked_t_ns: leg.acked_t_ns, sender: leg.sender, receiver: leg.receiver}))) AS legs,
           list({identity: identity, device: device, outcome: outcome, holder: holder,
                 since_ns: since_ns, messages: len(roots), deliveries: deliveries}) AS branches,
           len(list_distinct(flatten(list(roots)))) AS messages, bool_and(is_one) AS is_one,
           bool_or(is_doubtful) AS is_doubtful
    FROM branches
    GROUP BY contents
)
SELECT * EXCLUDE (is_one, is_doubtful),
       CASE WHEN messages != 1 OR NOT is_one THEN 'open'
            WHEN len(legs) = 1 THEN 'single'
            WHEN greatest(length, strlen(user_ref)) >= 16 AND NOT is_doubtful THEN 'certain'
            ELSE 'likely' END AS certainty,
       legs[1].end_t_ns AS t_ns,
       list_max(list_transform(legs, lambda leg: greatest(leg.end_t_ns, leg.acked_t_ns)))
           - legs[1].end_t_ns AS duration_ns,
       legs[1].sender AS sender
FROM whole;
