/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/scenario_via.h"

#include "base/log.h"
#include "carrier/ways.h"
#include "scenario/load.h"

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

struct scenario *scenario_via_load(const char *name, GPtrArray *paths)
{
    GPtrArray *mistakes;
    struct scenario *scenario = scenario_load(name, paths, &mistakes);
    for (guint i = 0; scenario == NULL && i < mistakes->len; i++)
        log_error("%s", (const char *)g_ptr_array_index(mistakes, i));
    if (scenario == NULL)
        g_ptr_array_free(mistakes, TRUE);
    return scenario;
}

bool scenario_via_is_for(const struct scenario *scenario, enum scenario_carrier carrier)
{
    const char *why = scenario_not_over(scenario, carrier);
    if (why != NULL)
        log_error("%s is not played over %s: %s", scenario->name, scenario_carrier_names[carrier],
                  why);
    return why == NULL;
}
