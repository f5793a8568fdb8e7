/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * header: the TCP header of the frame at hand, as it is in the frame, whatever TCP makes of its
 * data.  First pass only.
 */
#ifndef GRVSSTP_TCP_HEADER_H
#define GRVSSTP_TCP_HEADER_H

#include <epan/dissectors/packet-tcp.h>
#include <epan/packet.h>

enum { GRVSSTP_HEADER_FIN = 0x01, GRVSSTP_HEADER_SYN = 0x02, GRVSSTP_HEADER_ACK = 0x10 };

struct grvsstp_header {
    uint32_t seq, ack; /* on the wire */
    uint8_t flags;
    uint32_t data, len; /* of its data in the frame; more than was captured, perhaps */
};

/* The segment with data, SYN or FIN that TCP's analysis has just entered; NULL where there is none.
 */
const tcp_unacked_t *grvsstp_header_segment(const struct tcp_analysis *analysis,
                                            const packet_info *pinfo);

/* The header of that; `tvb` is the whole frame.  False where it is not there, for it came in
 * pieces. */
bool grvsstp_header_read(const struct tcp_analysis *analysis, tvbuff_t *tvb,
                         const packet_info *pinfo, struct grvsstp_header *header);

#endif
