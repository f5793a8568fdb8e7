/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scenario_via: what --via is in a scenario. */
#ifndef RELAYSIM_CMD_SCENARIO_VIA_H
#define RELAYSIM_CMD_SCENARIO_VIA_H

#include <stdbool.h>

#include "play/player.h"

/* `via` is a row of carrier_ways (carrier/ways.h), and way->is_proxied set; false with a sentence
 * where the two do not go together. */
bool scenario_via_find(unsigned via, struct play_way *way);

#endif
