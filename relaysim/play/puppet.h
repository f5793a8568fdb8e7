/* SPDX-License-Identifier: GPL-2.0-or-later */
/* puppet: what puppets do in a scenario. */
#ifndef RELAYSIM_PLAY_PUPPET_H
#define RELAYSIM_PLAY_PUPPET_H

#include "play/player.h"

/* A step of theirs, which is done when this returns; false with a failure. */
bool puppet_act(struct player *player, const struct scenario_step *step);

/* Waits until each has heard what the other has said; false with a failure. */
bool puppets_await_quiet(struct player *player);

/* Those who are still there hang up. */
void puppets_say_goodbye(struct player *player);

#endif
