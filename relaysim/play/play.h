/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * play: plays a scenario (scenario/scenario.h) with a cast (play/cast.h) on sockets, live or
 * simulated.
 *
 * Step after step: a step does something at once, an expectation lets the loop run until
 * it holds.  After the last one nothing may be left of what anybody was told.  Then
 * everybody leaves.
 */
#ifndef RELAYSIM_PLAY_PLAY_H
#define RELAYSIM_PLAY_PLAY_H

#include "play/player.h"
#include "record/recording.h"
#include "scenario/scenario.h"

/*
 * With the fault "proxy-dies" all proxies die once, somewhere in the first so many bytes that
 * sockets send and get, but not while a client of theirs is connecting or leaving; and are there
 * again at once.
 */

/* Plays it into the recording, with the scenario's faults and `more`, by a seed; connections to
 * relays go `way`, where the scenario does not say how.  `stop` ends it at once, in the
 * middle and without a word to anybody; NULL for who wants it whole.  NULL, or the sentences on
 * what went wrong, to be freed: a play that was stopped has not come to what was expected. */
GPtrArray *scenario_play(const struct scenario *scenario, const struct recording *recording,
                         const struct fault_plan *more, struct play_way way, uint64_t seed,
                         const struct cast_stop *stop, struct cast_world world);

#endif
