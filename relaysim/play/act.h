/* SPDX-License-Identifier: GPL-2.0-or-later */
/* act: the steps of a scenario, and the expectations between them. */
#ifndef RELAYSIM_PLAY_ACT_H
#define RELAYSIM_PLAY_ACT_H

#include "play/player.h"

/* Does a step, or waits for what is expected; false with a failure. */
bool act(struct player *player, const struct scenario_step *step);

#endif
