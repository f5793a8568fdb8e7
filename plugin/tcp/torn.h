/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * torn: TCP connections of which Wireshark makes several conversations.
 *
 * Since 4.4 TCP begins another one at a server's SYN that was captured after a segment of its
 * client's which acknowledges more than it, and at any SYN that was captured after an end.  By
 * their numbers they are one connection, and to us they are one, as in releases before.  First pass
 * only, but for what the conversations are.
 */
#ifndef GRVSSTP_TORN_H
#define GRVSSTP_TORN_H

#include <epan/conversation.h>
#include <epan/dissectors/packet-tcp.h>
#include <epan/packet.h>

/* First pass, after a frame of the conversation and before anybody else looks at it: where it
 * begins with this frame and goes on with a connection, the conversation that TCP had of that
 * before; else NULL. */
conversation_t *grvsstp_torn_note_frame(conversation_t *conversation, const packet_info *pinfo);

/* The first conversation that TCP had of the connection of this one: itself, where it is whole. */
conversation_t *grvsstp_torn_first(conversation_t *conversation);

/* What TCP has seen of the connection, as tcp.completeness says it: a SYN of the client's only
 * where it came first. */
unsigned grvsstp_torn_completeness(conversation_t *conversation);

/* What was the flow in the conversation before; NULL where there was none. */
const tcp_flow_t *grvsstp_torn_before(const tcp_flow_t *flow);

/* Adds the data of a protocol of ours to a conversation, and to all others of its connection. */
void grvsstp_torn_add_proto_data(conversation_t *conversation, int protocol, void *data);

#endif
