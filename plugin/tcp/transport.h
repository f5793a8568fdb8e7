/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * transport: what the plugin needs to know of the TCP connection under a chunk.
 */
#ifndef GRVSSTP_TRANSPORT_H
#define GRVSSTP_TRANSPORT_H

#include "fields/compat.h"
#include "tcp/sequence.h"

#include <epan/conversation.h>
#include <epan/dissectors/packet-tcp.h>

/* Where a chunk stands in its TCP connection. */
struct grvsstp_transport {
    conversation_t *conversation;
    const struct tcpinfo *tcpinfo;       /* NULL where bytes come by another way */
    const struct tcp_analysis *analysis; /* NULL likewise, and inside a tunnel */
};

/* `data` is what the dissector was called with. */
struct grvsstp_transport grvsstp_transport(packet_info *pinfo, void *data);

/* TCP's own data of a conversation, as the frame at hand left it; NULL where it has none. */
const struct tcp_analysis *grvsstp_transport_analysis(conversation_t *conversation);

/* Whether the connection carried the bytes of this packet: not so the segment that a
 * router's ICMP error quotes. */
bool grvsstp_transport_is_carried(const packet_info *pinfo);

/* TCP's sequence number of the chunk's first byte as it is on the wire, for what TCP calls
 * relative may change with the passes; 0 where there is none. */
uint32_t grvsstp_transport_seq(const struct grvsstp_transport *transport);

/* TCP's acknowledgement number in the chunk's segment, the last of several; false where there
 * is none. */
bool grvsstp_transport_acknowledged(const struct grvsstp_transport *transport, uint32_t *number);

/* Preferences of TCP's. */
enum grvsstp_tcp_preference {
    GRVSSTP_TCP_ANALYZES,    /* sequence numbers */
    GRVSSTP_TCP_IS_RELATIVE, /* where it does, they begin with 0 */
    GRVSSTP_TCP_REASSEMBLES, /* segments out of order */
    GRVSSTP_TCP_CHECKS,      /* checksums */
    GRVSSTP_TCP_PREFERENCE_COUNT
};

bool grvsstp_transport_is_set(enum grvsstp_tcp_preference which);

/* What TCP takes off the numbers of a flow before it hands them on. */
uint32_t grvsstp_transport_base(const tcp_flow_t *flow);

/* The sequence number of the first byte of a direction, of the chunk's sender or of the other
 * side; false where no captured SYN tells. */
bool grvsstp_transport_first(const struct grvsstp_transport *transport, bool is_senders,
                             uint32_t *number);

/* Whether the chunk begins with the first byte that its sender sent, as far as a
 * captured SYN tells. */
bool grvsstp_transport_is_at_start(const struct grvsstp_transport *transport);

/* Whether the capture holds the SYN of the connection. */
bool grvsstp_transport_has_start(const struct grvsstp_transport *transport);

/* The frame of the SYN with which the connection was opened, where the other side's SYN has
 * been seen as well so far, else 0.  First pass only. */
uint32_t grvsstp_transport_opened_in(const struct grvsstp_transport *transport);

/* Whether the other side has sent something before, as far as TCP's analysis tells. */
bool grvsstp_transport_is_answer(const struct grvsstp_transport *transport);

/* Whether TCP has seen a FIN or RST of a connection so far. */
bool grvsstp_transport_has_ended(conversation_t *conversation);

/* Whether the chunk came through a tunnel of this protocol ("http", "socks"). */
bool grvsstp_transport_is_inside(const packet_info *pinfo, const char *protocol);

/* The sequence number behind the last byte of a flow that the capture tells of: that it brought,
 * or that the other flow acknowledged.  False where TCP's analysis does not say. */
bool grvsstp_transport_end(const tcp_flow_t *flow, const tcp_flow_t *other, uint32_t *number);

/* What was told of a TCP connection's missing bytes; first pass only. */
struct grvsstp_missing {
    bool is_told[2];
    uint32_t number[2]; /* up to which acknowledgement number, for either flow */
    bool has_hole[2];   /* a segment was missing when the last frame was done */
    uint32_t hole[2];   /* that begins with this number */
};

/* Whether TCP's own analysis has seen that bytes of either direction are missing
 * from the capture: acknowledged by who got them, or skipped by a FIN.  True once
 * for each loss. */
bool grvsstp_transport_is_missing(conversation_t *conversation, struct grvsstp_missing *missing);

/* What is missing so far has been noticed without TCP's help. */
void grvsstp_transport_note_told(conversation_t *conversation, struct grvsstp_missing *missing);

/* Registers nothing; looks up what is needed of TCP.  At handoff. */
void grvsstp_transport_init(void);

#endif
