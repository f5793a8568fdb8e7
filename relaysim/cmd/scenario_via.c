/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/scenario_via.h"

#include "base/log.h"
#include "carrier/ways.h"

#include <string.h>

bool scenario_via_find(unsigned via, struct play_way *way)
{
    unsigned i = SCENARIO_CARRIER_TCP;
    while (strcmp(scenario_carrier_names[i], carrier_ways[via].over) != 0)
        i++;
    way->via = (enum scenario_carrier)i;
    if (!way->is_proxied || carrier_ways[via].may_have_proxy)
        return true;
    log_error("--through-proxy is not for --via %s, which goes through none",
              carrier_ways[via].via);
    return false;
}
