/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * statistics: what Wireshark's menus and `tshark -z` offer beside the packets.
 *
 * They look at nothing but what the taps tell (show/tap.h, show/payload.h).  A tap is told of a
 * frame once a listing: in one pass with what was known by then, on a later pass with all that came
 * to be known.  So a number is made of what each command says of itself, never of what the observer
 * knows at its end.
 */
#ifndef GRVSSTP_STATISTICS_H
#define GRVSSTP_STATISTICS_H

/* Registers all of them; at registration, after the taps. */
void grvsstp_statistics_register(void);

/* What can be registered at handoff only. */
void grvsstp_statistics_handoff(void);

/* After the first pass. */
void grvsstp_statistics_finish(void);

#endif
