/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * journeys: what the packet details show of a message's journey (follow/journeys.h): on its
 * EndMessage, and on later passes its number on Message and Data, too.
 */
#ifndef GRVSSTP_SHOW_JOURNEYS_H
#define GRVSSTP_SHOW_JOURNEYS_H

#include "show/show.h"

/* Whether somebody wants to see it. */
bool grvsstp_journeys_are_wanted(proto_tree *tree);

/* Adds what is known to the command's tree, which is not NULL. */
void grvsstp_journeys_show(const struct grvsstp_place *place, proto_tree *tree,
                           const struct sstp_command *command, const struct sstp_observation *seen);

#endif
