/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * withheld: segments that TCP takes for sent again or out of order, and hands to nobody.
 *
 * Such is one that was acknowledged before, by TCP's judgement, also where it was only captured
 * after its acknowledgement, and fills a hole.  Its bytes are in the frame all the same;
 * whether they are new says the connection's own count.
 */
#ifndef GRVSSTP_TCP_WITHHELD_H
#define GRVSSTP_TCP_WITHHELD_H

#include <epan/conversation.h>
#include <epan/dissectors/packet-tcp.h>
#include <epan/packet.h>

#include "tcp/transport.h"

struct grvsstp_withheld {
    uint32_t offset, len; /* of its data in the frame */
    uint32_t seq;         /* as of struct grvsstp_transport */
    bool has_ack;
    uint32_t ack; /* as of grvsstp_transport_acknowledged() */
};

/* Whether it can be said at the end of a frame, by TCP's preferences and this packet. */
bool grvsstp_withheld_is_told(const packet_info *pinfo);

/* First pass, after a frame of the conversation that handed nothing on: whether it holds such
 * a segment.  `tvb` is the whole frame. */
bool grvsstp_withheld(conversation_t *conversation, tvbuff_t *tvb, packet_info *pinfo,
                      struct grvsstp_withheld *withheld);

/* First pass: TCP's number after the last byte of the segment at hand.  What TCP hands on beyond
 * that it had kept, and nobody knows any more what came with it.  False where TCP's analysis does
 * not say. */
bool grvsstp_withheld_own_end(const struct tcp_analysis *analysis, const packet_info *pinfo,
                              uint32_t *number);

/* First pass, after a frame of the conversation: whether TCP has taken it for sent again or out
 * of order, from its SYN on, and so has withheld it, most likely. */
bool grvsstp_withheld_is_suspect(conversation_t *conversation);

/* First pass, after a frame of the conversation: whether bytes before it have not come so far.
 * Where a dissector has asked for so many more, TCP keeps what is among them, and hands it on with
 * no frame if the hole is filled by a segment that it withholds. */
bool grvsstp_withheld_is_after_hole(conversation_t *conversation);

/* First pass, after a frame: whether TCP withheld the first data of a direction whose SYN was
 * captured, so that nobody was asked yet whose the connection is. */
bool grvsstp_withheld_is_first(conversation_t *conversation, const packet_info *pinfo);

/* How TCP would have handed the segment of the frame at hand on; `tcpinfo` becomes what it would
 * have said of it, and has to outlive the result. */
struct grvsstp_transport grvsstp_withheld_transport(conversation_t *conversation,
                                                    const packet_info *pinfo,
                                                    const struct grvsstp_withheld *withheld,
                                                    struct tcpinfo *tcpinfo);

#endif
