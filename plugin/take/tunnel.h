/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tunnel: what Wireshark's HTTP and SOCKS know of a tunnel through a TCP connection.
 */
#ifndef GRVSSTP_TUNNEL_H
#define GRVSSTP_TUNNEL_H

#include "tcp/transport.h"

struct grvsstp_tunnel {
    bool is_asked_for; /* by a CONNECT, the last request that there was */
    /* What comes out of it they hand on themselves, and say that it came out of a tunnel. */
    bool is_handed_on;
};

struct grvsstp_tunnel grvsstp_tunnel_of(const struct grvsstp_transport *transport,
                                        const packet_info *pinfo);

/* The first half of that, for whoever has no chunk. */
bool grvsstp_tunnel_is_asked_for(conversation_t *conversation);

/* Whether SOCKS has taken the connection. */
bool grvsstp_tunnel_is_socks(conversation_t *conversation);

/* Whether this is Wireshark's SOCKS; NULL is not. */
bool grvsstp_tunnel_is_socks_itself(dissector_handle_t handle);

/* Whether this is Wireshark's HTTP, over TCP or in TLS; NULL is not. */
bool grvsstp_tunnel_is_http(dissector_handle_t handle);

/* First pass: from this frame on HTTP is not asked any more.  Else it would take frames before
 * that, on a later pass, for the tunnel's. */
void grvsstp_tunnel_begins(conversation_t *conversation, uint32_t frame);

/* At handoff. */
void grvsstp_tunnel_init(void);

#endif
