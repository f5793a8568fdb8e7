/* SPDX-License-Identifier: GPL-2.0-or-later */
/* message: a whole message in the tree of its EndMessage. */
#ifndef GRVSSTP_SHOW_MESSAGE_H
#define GRVSSTP_SHOW_MESSAGE_H

#include "follow/message.h"
#include "show/payload.h"

/* Adds length, payload and frames of a message to the tree of its EndMessage, and
 * hands it on. */
void grvsstp_show_message(const struct grvsstp_envelope *envelope,
                          const struct grvsstp_message *message);

/* The same for one that lies in this chunk. */
void grvsstp_show_local_message(const struct grvsstp_envelope *envelope,
                                const struct grvsstp_local *local);

#endif
