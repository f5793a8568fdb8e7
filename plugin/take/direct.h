/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * direct: SSTP commands straight on a TCP connection: on 2492 or any other port,
 * in the clear on 443, after HTTP CONNECT or SOCKS, and inside a protocol that calls us.
 */
#ifndef GRVSSTP_DIRECT_H
#define GRVSSTP_DIRECT_H

#include "take/recognise.h"

/* Looks at a chunk of a connection and takes the connection if it is ours;
 * returns what a dissector returns (0: not ours). */
int grvsstp_direct_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data,
                           int bits_wanted);

/* Whether the connection is ours, and was before this frame or in it. */
bool grvsstp_direct_has(const struct grvsstp_transport *transport, const packet_info *pinfo);

/* First pass: takes a connection from this chunk on, of which `prefix` stands before the
 * first command. */
void grvsstp_direct_take(const struct grvsstp_transport *transport, tvbuff_t *tvb,
                         packet_info *pinfo, struct grvsstp_prefix prefix);

/* The short name of the heuristic, by which users switch it off. */
#define GRVSSTP_HEURISTIC "grvsstp_tcp"

#endif
