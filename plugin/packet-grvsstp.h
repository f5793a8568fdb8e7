/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * packet-grvsstp: the protocol `grvsstp` and its way in from TCP.
 */
#ifndef GRVSSTP_PACKET_GRVSSTP_H
#define GRVSSTP_PACKET_GRVSSTP_H

/* Wireshark's two registration steps; plugin.c hands them over. */
void proto_register_grvsstp(void);
void proto_reg_handoff_grvsstp(void);

#endif
