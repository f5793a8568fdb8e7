/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "transport.h"

static int proto_tcp;

void grvsstp_transport_init(void)
{
    proto_tcp = proto_get_id_by_filter_name("tcp");
}

struct grvsstp_transport grvsstp_transport(packet_info *pinfo, void *data)
{
    struct grvsstp_transport transport = {find_or_create_conversation(pinfo), data, NULL};
    /* Asking for the data of a conversation that TCP itself never saw (inside a
     * tunnel) would make some, and shift the numbers of the streams behind it. */
    if (data != NULL && conversation_get_proto_data(transport.conversation, proto_tcp) != NULL)
        transport.analysis = get_tcp_conversation_data(transport.conversation, pinfo);
    return transport;
}

uint32_t grvsstp_transport_seq(const struct grvsstp_transport *transport)
{
    return transport->tcpinfo != NULL ? transport->tcpinfo->seq : 0;
}

bool grvsstp_transport_is_at_start(const struct grvsstp_transport *transport)
{
    if (transport->tcpinfo == NULL || transport->analysis == NULL ||
        transport->analysis->server_port == 0) /* set by a SYN */
        return false;
    /* The number is relative or absolute, as TCP's preference says. */
    return transport->tcpinfo->seq == 1 ||
           transport->tcpinfo->seq == transport->analysis->fwd->base_seq + 1;
}

bool grvsstp_transport_is_inside(const packet_info *pinfo, const char *protocol)
{
    return proto_is_frame_protocol(pinfo->layers, protocol);
}

struct grvsstp_join grvsstp_sequence_join(struct grvsstp_sequence *sequence, uint32_t seq,
                                          uint32_t len)
{
    struct grvsstp_join join = {!sequence->is_known, 0, 0};

    if (sequence->is_known) {
        const int32_t ahead = (int32_t)(seq - sequence->next);
        if (ahead > 0)
            join.lost = (uint32_t)ahead;
        else if (ahead < 0)
            join.skip = MIN((uint32_t)-ahead, len);
    }
    if (join.skip < len || join.is_first)
        sequence->next = seq + len;
    sequence->is_known = true;
    return join;
}
