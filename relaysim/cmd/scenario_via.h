/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scenario_via: scenarios and ways, as a command line names them; what is wrong is told. */
#ifndef RELAYSIM_CMD_SCENARIO_VIA_H
#define RELAYSIM_CMD_SCENARIO_VIA_H

#include <stdbool.h>

#include "play/player.h"

/* `via` is a row of carrier_ways (carrier/ways.h), and way->is_proxied set; false with a sentence
 * where the two do not go together. */
bool scenario_via_find(unsigned via, struct play_way *way);

/* The scenario of that name; NULL with a sentence for each of its mistakes.  `paths` gets the
 * files that were read, see scenario/load.h. */
struct scenario *scenario_via_load(const char *name, GPtrArray *paths);

/* Whether it can be played over that; false with a sentence. */
bool scenario_via_is_for(const struct scenario *scenario, enum scenario_carrier carrier);

#endif
