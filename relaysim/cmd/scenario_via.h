/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scenario_via: what --via is in a scenario. */
#ifndef RELAYSIM_CMD_SCENARIO_VIA_H
#define RELAYSIM_CMD_SCENARIO_VIA_H

#include <stdbool.h>

#include "scenario/scenario.h"

/* `via` is a row of carrier_ways (carrier/ways.h); false with a sentence. */
bool scenario_via_find(unsigned via, enum scenario_carrier *carrier);

#endif
