/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ports: whose a port is in Wireshark's table, and ours in it.
 */
#ifndef GRVSSTP_PORTS_H
#define GRVSSTP_PORTS_H

#include "tcp/transport.h"

/* TLS's, on which SSTP comes as well. */
#define GRVSSTP_TLS_PORT 443u

/* Whether the user said whose this port is; then nobody else is asked. */
bool grvsstp_port_is_decided(uint32_t port);

/* Whether the server's port belongs to another protocol than TLS and HTTP, by the user's choice
 * or without; either port, where nobody knows who is the server. */
bool grvsstp_port_is_others(const struct grvsstp_transport *transport);

/* Whether the dissector was called with a chunk on a port that the user gave to SSTP, by Decode
 * As or a preference, or by a dissector that calls it by its name: then there is nothing to
 * look for. */
bool grvsstp_port_is_chosen(const packet_info *pinfo);

/* The handle that a taken connection is bound to, and that Decode As offers. */
extern dissector_handle_t grvsstp_handle;

/* Puts our handles into the table: that of Decode As, and the default of our own port. */
void grvsstp_ports_handoff(dissector_t dissect);

/* Stands a handle of no protocol before whoever owns the ports of TLS and HTTP now.  At each
 * opening of a capture, for preferences move the ports' owners. */
void grvsstp_ports_arm(void);

/* The handle that stands before the owner of a port, and that owner, or NULL. */
extern dissector_handle_t grvsstp_shim_handle;
dissector_handle_t grvsstp_port_owner_behind(uint32_t port);

#endif
