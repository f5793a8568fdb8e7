/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * play: plays a scenario (scenario/scenario.h) with a cast on live sockets (play/cast.h).
 *
 * Step after step: a step does something at once, an expectation lets the loop run until
 * it holds.  After the last one nothing may be left of what anybody was told.  Then
 * everybody leaves.
 */
#ifndef RELAYSIM_PLAY_PLAY_H
#define RELAYSIM_PLAY_PLAY_H

#include "record/recording.h"
#include "scenario/scenario.h"

/* Plays it into the recording, with the scenario's faults and `more`, by a seed; connections to
 * relays travel `via` that, where the scenario does not say how.  NULL, or the sentences on what
 * went wrong, to be freed. */
GPtrArray *scenario_play(const struct scenario *scenario, const struct recording *recording,
                         const struct fault_plan *more, enum scenario_carrier via, uint64_t seed);

#endif
