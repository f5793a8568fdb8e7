/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tcp/withheld.h"

#include "tcp/transport.h"

/* Headers before TCP's are shorter than this. */
#define HEADERS_MAX 512u

enum { PORTS = 0, SEQ = 4, ACK_NUMBER = 8, DATA_OFFSET = 12, FLAGS = 13, HEADER_LEN = 20 };
enum { FIN = 0x01, SYN = 0x02, ACK = 0x10 };

/* The data segment that TCP's analysis has just entered. */
static const tcp_unacked_t *segment_of(const struct tcp_analysis *analysis,
                                       const packet_info *pinfo)
{
    const tcp_analyze_seq_flow_info_t *info =
        analysis != NULL ? analysis->fwd->tcp_analyze_seq_info : NULL;

    return info != NULL && info->segments != NULL && info->segments->frame == pinfo->num
               ? info->segments
               : NULL;
}

/* The TCP header in the frame, known by its ports and its number; false where it is not there,
 * for it came in pieces. */
static bool find_header(tvbuff_t *tvb, const packet_info *pinfo, uint32_t seq, uint32_t *offset)
{
    const uint32_t len = tvb_captured_length(tvb);

    for (uint32_t i = 0; i < HEADERS_MAX && i + HEADER_LEN <= len; i++)
        if (tvb_get_ntohs(tvb, (int)i) == pinfo->srcport &&
            tvb_get_ntohs(tvb, (int)i + 2) == pinfo->destport &&
            tvb_get_ntohl(tvb, (int)i + SEQ) == seq) {
            *offset = i;
            return true;
        }
    return false;
}

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
    const tcp_unacked_t *segment = segment_of(analysis, pinfo);
    uint32_t header;

    if (segment == NULL || !find_header(tvb, pinfo, segment->seq, &header))
        return false;
    const uint8_t flags = grvsstp_get_uint8(tvb, (int)header + FLAGS);
    const uint32_t len = segment->nextseq - segment->seq - ((flags & (FIN | SYN)) != 0);
    const uint32_t data = header + (grvsstp_get_uint8(tvb, (int)header + DATA_OFFSET) >> 4) * 4u;
    if ((flags & SYN) != 0 || len == 0 || data + len > tvb_captured_length(tvb))
        return false;
    withheld->offset = data;
    withheld->len = len;
    withheld->seq = segment->seq;
    withheld->has_ack = (flags & ACK) != 0;
    withheld->ack = tvb_get_ntohl(tvb, (int)header + ACK_NUMBER);
    return true;
}

bool grvsstp_withheld_own_end(const struct tcp_analysis *analysis, const packet_info *pinfo,
                              uint32_t *number)
{
    const tcp_unacked_t *segment = segment_of(analysis, pinfo);

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

bool grvsstp_withheld_is_first(conversation_t *conversation, const packet_info *pinfo)
{
    const struct tcp_analysis *analysis = grvsstp_transport_analysis(conversation);
    const tcp_unacked_t *segment = segment_of(analysis, pinfo);

    return segment != NULL && grvsstp_withheld_is_suspect(conversation) &&
           segment->seq == analysis->fwd->base_seq + 1;
}

struct tcpinfo grvsstp_withheld_tcpinfo(conversation_t *conversation,
                                        const struct grvsstp_withheld *withheld)
{
    const struct tcp_analysis *analysis = grvsstp_transport_analysis(conversation);
    const bool is_relative = grvsstp_transport_is_set(GRVSSTP_TCP_IS_RELATIVE);
    const uint32_t seq = withheld->seq - (is_relative ? analysis->fwd->base_seq : 0);

    return (struct tcpinfo){.seq = seq,
                            .nxtseq = seq + withheld->len,
                            .lastackseq =
                                withheld->ack - (is_relative ? analysis->rev->base_seq : 0),
                            .flags = withheld->has_ack ? ACK : 0};
}
