/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * watch: a look at the first bytes of each connection whose SYN was captured, before those
 * who own its ports.  Handles of no protocol are bound to the connection, take it if it is
 * ours, and leave every byte to the others if not.
 */
#ifndef GRVSSTP_WATCH_H
#define GRVSSTP_WATCH_H

#include "take/opening.h"
#include "take/recognise.h"

/* Takes the connection of the chunk if it is ours, or asks for more; 0 if it is not. */
int grvsstp_watch_look(const struct grvsstp_transport *transport, tvbuff_t *tvb, packet_info *pinfo,
                       proto_tree *tree, void *data, int bits_wanted);

/* Hands the chunk to another dissector in our place: every call costs a level of
 * desegmentation, and that one gets its own back. */
int grvsstp_watch_hand_on(dissector_handle_t handle, tvbuff_t *tvb, packet_info *pinfo,
                          proto_tree *tree, void *data);

/* After the dissection of a frame, first pass: the same for a segment of it that TCP handed to
 * nobody, of a connection that is watched. */
void grvsstp_watch_withheld(const struct grvsstp_transport *transport, tvbuff_t *tvb,
                            packet_info *pinfo);

/* The same for a piece of a request that TCP keeps, to hand it on with the rest.  It completes the
 * request only where TCP has withheld another, and so never has all of it. */
void grvsstp_watch_piece(const struct grvsstp_transport *transport, tvbuff_t *tvb,
                         packet_info *pinfo);

/* After the dissection of a frame, first pass, which is the client's SYN, captured after other
 * frames of its conversation; `first` is the number of its first byte.  What was kept as early is
 * of this connection, and takes it if the request is there. */
void grvsstp_watch_late_syn(struct grvsstp_opening *opening, conversation_t *conversation,
                            packet_info *pinfo, uint32_t first);

/* After the dissection of a frame, first pass: watches its connection from the next one on,
 * where that has just begun, or has to be looked at again. */
void grvsstp_watch_note_frame(conversation_t *conversation, packet_info *pinfo);

void grvsstp_watch_handoff(void);

#endif
