/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * handshake: how much later, by the clocks of the capture, one direction of a TCP connection can
 * have been seen than the other.
 *
 * A server sends its SYN after it has the client's.  Where the two directions were captured at two
 * places, whose clocks differ by so much that the server's is ahead by D, its SYN is seen D and the
 * way there after the client's.  So D is less than the time in between.
 */
#ifndef GRVSSTP_HANDSHAKE_H
#define GRVSSTP_HANDSHAKE_H

#include <epan/conversation.h>
#include <epan/packet.h>

/* First pass, after each frame of TCP's, which was captured at this time. */
void grvsstp_handshake_note_frame(conversation_t *conversation, packet_info *pinfo,
                                  int64_t time_ns);

/* First pass: the time from the client's first SYN to the server's, in nanoseconds, which bounds
 * how far the server's clock is ahead.  False where one of them was not captured, or out of its
 * place: where a frame before it in the file has a later time, or the server's comes first. */
bool grvsstp_handshake_time(const conversation_t *conversation, int64_t *ns);

/* Forgets the capture before; for an init routine. */
void grvsstp_handshake_reset(void);

#endif
