/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hold: the chunks that an account (opening.h) holds until it is known whose they are.  First
 * pass only.
 */
#ifndef GRVSSTP_HOLD_H
#define GRVSSTP_HOLD_H

#include "take/opening.h"

/* Whether the frame at hand has held a chunk that begins among these bytes. */
bool grvsstp_hold_has(const struct grvsstp_opening *opening, uint32_t frame, uint32_t seq,
                      uint32_t len);

/* Holds a chunk whatever is before it. */
void grvsstp_hold(struct grvsstp_opening *opening, const struct grvsstp_transport *transport,
                  tvbuff_t *tvb, packet_info *pinfo);

/* What is held is neither an encapsulation's nor a Connect: it is forgotten. */
void grvsstp_hold_let_go(struct grvsstp_opening *opening);

#endif
