/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tcp/header.h"

#include "fields/compat.h"

/* Headers before TCP's are shorter than this. */
#define HEADERS_MAX 512u

enum { SEQ = 4, ACK_NUMBER = 8, DATA_OFFSET = 12, FLAGS = 13, HEADER_LEN = 20 };

const tcp_unacked_t *grvsstp_header_segment(const struct tcp_analysis *analysis,
                                            const packet_info *pinfo)
{
    const tcp_analyze_seq_flow_info_t *info =
        analysis != NULL ? analysis->fwd->tcp_analyze_seq_info : NULL;

    return info != NULL && info->segments != NULL && info->segments->frame == pinfo->num
               ? info->segments
               : NULL;
}

/* Where it is, known by its ports and its number. */
static bool find(tvbuff_t *tvb, const packet_info *pinfo, uint32_t seq, uint32_t *offset)
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

bool grvsstp_header_read(const struct tcp_analysis *analysis, tvbuff_t *tvb,
                         const packet_info *pinfo, struct grvsstp_header *header)
{
    const tcp_unacked_t *segment = grvsstp_header_segment(analysis, pinfo);
    uint32_t at;

    if (segment == NULL || !find(tvb, pinfo, segment->seq, &at))
        return false;
    header->seq = segment->seq;
    header->ack = tvb_get_ntohl(tvb, (int)at + ACK_NUMBER);
    header->flags = grvsstp_get_uint8(tvb, (int)at + FLAGS);
    header->data = at + (grvsstp_get_uint8(tvb, (int)at + DATA_OFFSET) >> 4) * 4u;
    header->len = segment->nextseq - segment->seq -
                  ((header->flags & (GRVSSTP_HEADER_FIN | GRVSSTP_HEADER_SYN)) != 0);
    return true;
}
