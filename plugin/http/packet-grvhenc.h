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

#include "henc/http.h"
#include "tcp/transport.h"
#include "tcp/withheld.h"

struct grvhenc_chunk;

void proto_register_grvhenc(void);
void proto_reg_handoff_grvhenc(void);

/* The handle that a taken connection is bound to. */
extern dissector_handle_t grvhenc_handle;

/* Dissects a chunk of a taken connection.  Returns what a dissector does. */
int grvhenc_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data);

/* Wireshark's own HTTP shows these bytes, and asks for no more of them.  Without `has_columns`
 * the columns stay as they are. */
void grvhenc_show_http(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, bool has_columns);

/* First pass: keeps a chunk of a connection that may turn out to be ours, for grvhenc_take(). */
struct grvhenc_chunk *grvhenc_hold(const struct grvsstp_transport *transport, tvbuff_t *tvb,
                                   packet_info *pinfo);

/* First pass: its bytes from this number on, if it has that. */
struct sstp_span grvhenc_held_bytes(const struct grvhenc_chunk *chunk, uint32_t seq);

/* First pass: how many it has, and whether it goes on from the first byte of a client with this
 * port, which has the number `first`: by its own number, or by what it acknowledges. */
size_t grvhenc_held_len(const struct grvhenc_chunk *chunk);
bool grvhenc_held_goes_on(const struct grvhenc_chunk *chunk, uint32_t client_port, uint32_t first);

/* First pass: forgets it. */
void grvhenc_let_go(struct grvhenc_chunk *chunk);

/* First pass: takes a connection of which `carried` are the bytes that its client sent before
 * this chunk.  `own` and `others` are TCP's numbers of the first byte of the chunk's sender and of
 * the other side that may be ours; NULL where nothing tells.  `head` is that of the message at
 * `head_at` in this chunk, if it was read; or NULL. */
void grvhenc_take(const struct grvsstp_transport *transport, packet_info *pinfo,
                  struct sstp_span carried, const uint32_t *own, const uint32_t *others,
                  const struct henc_http *head, const uint8_t *head_at);

/* First pass, after that: a chunk that was held is one of it. */
void grvhenc_take_held(const struct grvsstp_transport *transport, struct grvhenc_chunk *chunk);

/* First pass: whether that was taken, by an answer before the client's SYN, and a conversation goes
 * on with what it acknowledged, whose client's first byte has this number. */
bool grvhenc_is_followed_by(conversation_t *before, uint32_t first);

/* First pass: what TCP has counted as another conversation, before the SYN, belongs to it. */
void grvhenc_take_early(const struct grvsstp_transport *transport, conversation_t *before);

/* First pass: the frame at hand holds this segment, which later passes show where TCP does not
 * hand it on. */
void grvhenc_keep_withheld(packet_info *pinfo, const struct grvsstp_withheld *segment);

/* That segment, NULL where there is none. */
const struct grvsstp_withheld *grvhenc_withheld_of(packet_info *pinfo);

/* Called after the dissection of every frame: what TCP has handed to nobody of it, and whether it
 * ended the TCP connection of an encapsulation, and what that means. */
void grvhenc_frame_end(conversation_t *conversation, tvbuff_t *tvb, packet_info *pinfo,
                       proto_tree *tree);

#endif
