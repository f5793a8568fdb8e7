/* SPDX-License-Identifier: GPL-2.0-or-later */
/* judge: what is expected against what there is. */
#ifndef RELAYSIM_PLAY_JUDGE_H
#define RELAYSIM_PLAY_JUDGE_H

#include "play/player.h"

/* Waits until an expectation holds; false, with a failure, if it does not. */
bool judge(struct player *player, const struct scenario_step *step);

/* What is left at the end; false, with failures, if anything is. */
bool judge_leftovers(struct player *player);

#endif
