-- SPDX-License-Identifier: GPL-2.0-or-later
-- Who spoke with whom, over what, and what was left without acknowledgement.
SET memory_limit = '2GB';
SELECT if(initiator_device = '', initiator, initiator_device) AS "from",
       if(acceptor_device = '', acceptor, acceptor_device) AS "to", encapsulation,
       count(*) AS connections, sum(initiator_messages) AS messages_there,
       sum(acceptor_messages) AS messages_back, sum(initiator_payload + acceptor_payload) AS bytes,
       sum(initiator_unacknowledged + acceptor_unacknowledged) AS unacknowledged,
       sum(findings) AS findings, make_timestamp_ns(min(t_ns)) AS first_utc,
       round((max(last_t_ns) - min(t_ns)) / 1e9, 3) AS seconds
FROM connections
GROUP BY ALL
ORDER BY unacknowledged DESC, findings DESC, messages_there + messages_back DESC, "from", "to",
         encapsulation
LIMIT 1000;
