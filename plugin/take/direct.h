/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * direct: SSTP commands straight on a TCP connection: on 2492 or any other port,
 * in the clear on 443, and behind HTTP CONNECT or SOCKS.
 */
#ifndef GRVSSTP_DIRECT_H
#define GRVSSTP_DIRECT_H

#include "take/recognise.h"

/* Looks at a chunk of a connection and takes the connection if it is ours;
 * returns what a dissector returns (0: not ours). */
int grvsstp_direct_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data,
                           int bits_wanted);

/* Forgets the capture before; for an init routine. */
void grvsstp_direct_reset(void);

/* The short name of the heuristic, by which users switch it off. */
#define GRVSSTP_HEURISTIC "grvsstp_tcp"

/* The handle that a taken connection is bound to. */
extern dissector_handle_t grvsstp_handle;

/* Behind the dissection of a TCP frame, which is tvb: binds what the frame began to its TCP
 * connection, shows what TCP withheld, and notes the end of the connection. */
void grvsstp_direct_note_end(conversation_t *conversation, tvbuff_t *tvb, packet_info *pinfo,
                             proto_tree *tree);

/* Behind the first pass: nothing waits any more, and what is missing is known. */
void grvsstp_direct_finish(void);

#endif
