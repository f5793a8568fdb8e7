/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rest: what TCP has torn (tcp/torn.h), and was ours or watched, goes on in the conversation that
 * has the rest of the connection.  First pass only.
 */
#ifndef GRVSSTP_REST_H
#define GRVSSTP_REST_H

#include "take/opening.h"

/* After a frame of the conversation and before anybody else looks at it: where it has begun with
 * this frame, and is such a rest, it gets all that the one before had. */
void grvsstp_rest_note_frame(conversation_t *conversation, const packet_info *pinfo);

#endif
