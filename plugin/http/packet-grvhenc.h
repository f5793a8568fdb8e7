/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * packet-grvhenc: the protocol `grvhenc`: TCP connections that carry one of the
 * HTTP encapsulations, taken over from their first such request on.
 *
 * The connection is divided into HTTP messages and, for LongLived, the bodies
 * that do not end.  Each head is shown by Wireshark's own HTTP, the layer of the
 * encapsulation below it, and the SSTP commands below that.
 */
#ifndef GRVHENC_PACKET_GRVHENC_H
#define GRVHENC_PACKET_GRVHENC_H

#include "tcp/transport.h"
#include "henc/http.h"

void proto_register_grvhenc(void);
void proto_reg_handoff_grvhenc(void);

/* The handle that a taken connection is bound to. */
extern dissector_handle_t grvhenc_handle;

/* Dissects a chunk of a taken connection.  Returns what a dissector does. */
int grvhenc_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data);

/* Wireshark's own HTTP shows these bytes, and asks for no more of them.  Without `has_columns`
 * the columns stay as they are. */
void grvhenc_show_http(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, bool has_columns);

/* First pass: takes a connection of which `carried`, in file scope, are the bytes
 * that its client sent before this chunk.  `head` is that of the message at `head_at` in this
 * chunk, if it was read; or NULL. */
void grvhenc_take(const struct grvsstp_transport *transport, packet_info *pinfo,
                  struct sstp_span carried, const struct henc_http *head, const uint8_t *head_at);

/* Called after the dissection of every frame: whether this frame ended the TCP
 * connection of an encapsulation, and what that means. */
void grvhenc_note_end(conversation_t *conversation, tvbuff_t *tvb, packet_info *pinfo,
                      proto_tree *tree);

#endif
