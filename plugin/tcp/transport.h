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

/* Who handed a chunk on. */
enum grvsstp_way {
    GRVSSTP_WAY_TCP,    /* TCP itself */
    GRVSSTP_WAY_PROXY,  /* the PROXY protocol, which took its header off the front */
    GRVSSTP_WAY_HTTP,   /* a CONNECT that Wireshark's HTTP knows of */
    GRVSSTP_WAY_SOCKS,  /* the same for SOCKS */
    GRVSSTP_WAY_WRAPPED /* another protocol, of whose own bytes nobody knows how many there are */
};

/* Where a chunk stands in its TCP connection. */
struct grvsstp_transport {
    conversation_t *conversation;  /* TCP's own, inside a tunnel, too */
    conversation_t *inner;         /* that of pinfo, which inside a tunnel is another */
    const struct tcpinfo *tcpinfo; /* NULL where TCP's numbers say nothing of the chunk */
    const struct tcp_analysis
        *analysis; /* of `conversation`; NULL where bytes come by another way */
    enum grvsstp_way way;
    uint32_t srcport, destport; /* TCP's own: inside a tunnel pinfo has others */
    /* TCP's number of the first byte as it is on the wire, for what TCP calls relative may change
     * with the passes; without `tcpinfo` unique in its frame. */
    uint32_t seq;
};

/* `data` is what the dissector was called with, `tvb` the chunk. */
struct grvsstp_transport grvsstp_transport(packet_info *pinfo, tvbuff_t *tvb, void *data);

/* The ports of a packet's TCP header, whatever became of those of pinfo. */
void grvsstp_transport_ports(packet_info *pinfo, uint32_t *srcport, uint32_t *destport);

/* TCP's own conversation of a packet, whatever became of its ports; NULL where there is none. */
conversation_t *grvsstp_transport_conversation(packet_info *pinfo);

/* Whether a tunnel brought the chunk. */
static inline bool grvsstp_transport_is_in_tunnel(const struct grvsstp_transport *transport)
{
    return transport->way == GRVSSTP_WAY_HTTP || transport->way == GRVSSTP_WAY_SOCKS;
}

/* TCP's own data of a conversation, as the frame at hand left it; NULL where it has none. */
const struct tcp_analysis *grvsstp_transport_analysis(conversation_t *conversation);

/* Whether the connection carried the bytes of this packet: not so the segment that a
 * router's ICMP error quotes. */
bool grvsstp_transport_is_carried(const packet_info *pinfo);

/* What a dissector returns of a chunk that is not carried: 0.  Not so where HTTP has called, for
 * what is in a tunnel: it would ask the owner of the port next, which is itself, without end.
 * Then it is shown as data, as HTTP shows what comes back to it. */
int grvsstp_transport_refuse(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree);

/* Up to which byte the sender of the chunk had received the other direction: TCP's acknowledgement
 * number in its segment, the last of several, without that of a FIN; false where there is none. */
bool grvsstp_transport_acknowledged(const struct grvsstp_transport *transport, uint32_t *number);

/* Preferences of TCP's. */
enum grvsstp_tcp_preference {
    GRVSSTP_TCP_ANALYZES,    /* sequence numbers */
    GRVSSTP_TCP_IS_RELATIVE, /* where it does, they begin with 0 */
    GRVSSTP_TCP_CHECKS,      /* checksums */
    GRVSSTP_TCP_KEEPS,       /* what is out of order, until what is before it comes */
    GRVSSTP_TCP_PREFERENCE_COUNT
};

bool grvsstp_transport_is_set(enum grvsstp_tcp_preference which);

/* What TCP takes off the numbers of a flow before it hands them on. */
uint32_t grvsstp_transport_base(const tcp_flow_t *flow);

/* The sequence number of the first byte of a direction, of the chunk's sender or of the other
 * side; false where no captured SYN tells. */
bool grvsstp_transport_first(const struct grvsstp_transport *transport, bool is_senders,
                             uint32_t *number);

/* The same of a flow, whose own SYN was captured. */
bool grvsstp_transport_flow_first(const tcp_flow_t *flow, uint32_t *number);

/* First pass: how many bytes of a flow there have been up to the frame at hand, from the first
 * one on; false where no captured SYN tells. */
bool grvsstp_transport_count(const tcp_flow_t *flow, uint32_t *first, uint32_t *len);

/* Whether the chunk begins with the first byte that its sender sent, as far as a
 * captured SYN tells. */
bool grvsstp_transport_is_at_start(const struct grvsstp_transport *transport);

/* TCP's number of the first byte that the sender of the chunk can have sent; `analysis` is there.
 */
uint32_t grvsstp_transport_start(const struct grvsstp_transport *transport);

/* Whether the capture holds the SYN of the connection. */
bool grvsstp_transport_has_start(const struct grvsstp_transport *transport);

/* First pass: whether the client's SYN was seen so far. */
bool grvsstp_transport_has_syn(conversation_t *conversation);

/* First pass: the frame of the SYN with which the connection was opened, 0 where it was not
 * seen so far. */
uint32_t grvsstp_transport_begun_in(const struct grvsstp_transport *transport);

/* The frame of the SYN with which a connection was opened, where the other side's SYN has
 * been seen as well so far, else 0.  First pass only. */
uint32_t grvsstp_transport_opened_in(conversation_t *conversation);

/* Whether the other side has sent something before, as far as TCP's analysis tells. */
bool grvsstp_transport_is_answer(const struct grvsstp_transport *transport);

/* Whether TCP has seen a FIN or RST of a connection so far. */
bool grvsstp_transport_has_ended(conversation_t *conversation);

/* First pass: a dissector has asked TCP to keep all bytes of the other direction up to its end,
 * taking them for the body of an answer; from the next segment on they are handed on again. */
void grvsstp_transport_release(const struct grvsstp_transport *transport);

/* The sequence number after the last byte of a flow that the capture tells of without doubt: that
 * it brought, or that the other flow acknowledged.  False where TCP's analysis does not say. */
bool grvsstp_transport_end(const tcp_flow_t *flow, const tcp_flow_t *other, uint32_t *number);

/* Forgets the capture before; for an init routine. */
void grvsstp_transport_reset(void);

/* Registers nothing; looks up what is needed of TCP.  At handoff. */
void grvsstp_transport_init(void);

#endif
