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

/* A command of a fragment, its last where `is_end`: the whole stream where it was the last to
 * come, else on later passes where that was. */
void grvsstp_show_fragments(const struct grvsstp_place *place, proto_tree *tree,
                            const struct grvsstp_message *message, bool is_end);

#endif
