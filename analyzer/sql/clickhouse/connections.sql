-- SPDX-License-Identifier: GPL-2.0-or-later
-- Who spoke with whom, over what, and what was left without acknowledgement.
SET max_memory_usage = 4000000000, max_bytes_before_external_group_by = 1000000000,
    max_bytes_before_external_sort = 1000000000, distributed_aggregation_memory_efficient = 1;
SELECT if(initiator_device = '', initiator, initiator_device) AS from,
       if(acceptor_device = '', acceptor, acceptor_device) AS to, encapsulation,
       count() AS connections, sum(initiator_messages) AS messages_there,
       sum(acceptor_messages) AS messages_back, sum(initiator_payload + acceptor_payload) AS bytes,
       sum(initiator_unacknowledged + acceptor_unacknowledged) AS unacknowledged,
       sum(findings) AS findings, toDateTime(intDiv(min(t_ns), 1000000000)) AS first_utc,
       round((max(last_t_ns) - min(t_ns)) / 1e9, 3) AS seconds
FROM grvsstp.connections
GROUP BY from, to, encapsulation
ORDER BY unacknowledged DESC, findings DESC, messages_there + messages_back DESC, from, to,
         encapsulation
LIMIT 1000;
