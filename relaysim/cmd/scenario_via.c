/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/scenario_via.h"

#include "base/log.h"
#include "carrier/ways.h"

#include <string.h>

bool scenario_via_find(unsigned via, enum scenario_carrier *carrier)
{
    for (unsigned i = SCENARIO_CARRIER_TCP; i < SCENARIO_CARRIERS; i++)
        if (strcmp(scenario_carrier_names[i], carrier_ways[via].over) == 0) {
            *carrier = (enum scenario_carrier)i;
            return true;
        }
    log_error("--via %s takes a proxy, and there is none in a scenario", carrier_ways[via].via);
    return false;
}
