/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tcp/withheld.h"

#include "tcp/fin.h"
#include "tcp/header.h"
#include "tcp/transport.h"

bool grvsstp_withheld_is_told(const packet_info *pinfo)
{
    return grvsstp_transport_is_carried(pinfo) && !pinfo->fragmented &&
           grvsstp_transport_is_set(GRVSSTP_TCP_ANALYZES) &&
           !grvsstp_transport_is_set(GRVSSTP_TCP_CHECKS);
}

bool grvsstp_withheld(conversation_t *conversation, tvbuff_t *tvb, packet_info *pinfo,
                      struct grvsstp_withheld *withheld)
{
    if (!grvsstp_withheld_is_told(pinfo))
        return false;
    const struct tcp_analysis *analysis = grvsstp_transport_analysis(conversation);
    struct grvsstp_header header;

    if (!grvsstp_header_read(analysis, tvb, pinfo, &header) ||
        (header.flags & GRVSSTP_HEADER_SYN) != 0 || header.len == 0 ||
        header.data + header.len > tvb_captured_length(tvb))
        return false;
    withheld->offset = header.data;
    withheld->len = header.len;
    withheld->seq = header.seq;
    withheld->has_ack = (header.flags & GRVSSTP_HEADER_ACK) != 0;
    withheld->ack = grvsstp_fin_before(analysis->rev, header.ack);
    return true;
}

bool grvsstp_withheld_own_end(const struct tcp_analysis *analysis, const packet_info *pinfo,
                              uint32_t *number)
{
    const tcp_unacked_t *segment = grvsstp_header_segment(analysis, pinfo);

    if (segment != NULL)
        *number = segment->nextseq;
    return segment != NULL;
}

bool grvsstp_withheld_is_suspect(conversation_t *conversation)
{
    /* Of TCP's analysis. */
    enum { RETRANSMISSION = 0x0001, OUT_OF_ORDER = 0x0200, SPURIOUS_RETRANSMISSION = 0x4000 };
    const struct tcp_analysis *analysis = grvsstp_transport_analysis(conversation);

    return analysis != NULL && analysis->server_port != 0 && analysis->ta != NULL &&
           (analysis->ta->flags & (RETRANSMISSION | OUT_OF_ORDER | SPURIOUS_RETRANSMISSION)) != 0;
}

bool grvsstp_withheld_is_after_hole(conversation_t *conversation)
{
    enum { LOST_PACKET = 0x0002 }; /* of TCP's analysis */
    const struct tcp_analysis *analysis = grvsstp_transport_analysis(conversation);

    return analysis != NULL && analysis->ta != NULL && (analysis->ta->flags & LOST_PACKET) != 0;
}

bool grvsstp_withheld_is_first(conversation_t *conversation, const packet_info *pinfo)
{
    const struct tcp_analysis *analysis = grvsstp_transport_analysis(conversation);
    const tcp_unacked_t *segment = grvsstp_header_segment(analysis, pinfo);

    return segment != NULL && grvsstp_withheld_is_suspect(conversation) &&
           segment->seq == analysis->fwd->base_seq + 1;
}

struct grvsstp_transport grvsstp_withheld_transport(conversation_t *conversation,
                                                    const packet_info *pinfo,
                                                    const struct grvsstp_withheld *withheld,
                                                    struct tcpinfo *tcpinfo)
{
    const struct tcp_analysis *analysis = grvsstp_transport_analysis(conversation);
    const bool is_relative = grvsstp_transport_is_set(GRVSSTP_TCP_IS_RELATIVE);
    const uint32_t seq = withheld->seq - (is_relative ? analysis->fwd->base_seq : 0);

    *tcpinfo =
        (struct tcpinfo){.seq = seq,
                         .nxtseq = seq + withheld->len,
                         .lastackseq = withheld->ack - (is_relative ? analysis->rev->base_seq : 0),
                         .flags = withheld->has_ack ? GRVSSTP_HEADER_ACK : 0};
    return (struct grvsstp_transport){.conversation = conversation,
                                      .inner = conversation,
                                      .tcpinfo = tcpinfo,
                                      .analysis = analysis,
                                      .srcport = pinfo->srcport,
                                      .destport = pinfo->destport,
                                      .seq = withheld->seq};
}
