/* SPDX-License-Identifier: GPL-2.0-or-later */
/* travel: how the connections of a scenario travel. */
#include "scenario/parser.h"

#include <string.h>

const char *const scenario_carrier_names[SCENARIO_CARRIERS] = {
    [SCENARIO_CARRIER_TCP] = "TCP",
    [SCENARIO_CARRIER_443] = "443",
    [SCENARIO_CARRIER_LONGLIVED] = "LongLived",
    [SCENARIO_CARRIER_KEEPALIVE] = "KeepAlive",
    [SCENARIO_CARRIER_POLLING] = "Polling",
};

static bool find(const char *word, enum scenario_carrier *carrier)
{
    for (unsigned i = 0; i < SCENARIO_CARRIERS; i++)
        if (scenario_carrier_names[i] != NULL && strcmp(scenario_carrier_names[i], word) == 0) {
            *carrier = (enum scenario_carrier)i;
            return true;
        }
    return false;
}

bool parser_carrier(struct parser *p, enum scenario_carrier *carrier)
{
    const char *word = parser_next(p);
    if (word == NULL)
        return parser_fail(p, "a way to travel is needed at the end of the line, such as Polling");
    return find(word, carrier) ||
           parser_fail(p, "one travels over TCP, 443, LongLived, KeepAlive or Polling, not \"%s\"",
                       word);
}

/* "not-over CARRIER ... because TEXT" */
bool declare_not_over(struct parser *p)
{
    struct scenario *s = p->scenario;
    bool is_not_over[SCENARIO_CARRIERS] = {false};
    do {
        enum scenario_carrier carrier;
        if (!parser_carrier(p, &carrier))
            return false;
        if (carrier == SCENARIO_CARRIER_TCP)
            return parser_fail(p, "every scenario is played over TCP");
        if (is_not_over[carrier] || s->not_over[carrier] != NULL)
            return parser_fail(p, "\"%s\" is said twice", scenario_carrier_names[carrier]);
        is_not_over[carrier] = true;
    } while (parser_has_more(p) && !parser_accept(p, "because"));
    if (!parser_has_more(p))
        return parser_fail(p, "\"because\" and a reason are needed at the end of the line");
    GString *why = g_string_new(NULL);
    while (parser_has_more(p))
        g_string_append_printf(why, "%s%s", why->len > 0 ? " " : "", parser_next(p));
    for (unsigned i = 0; i < SCENARIO_CARRIERS; i++)
        if (is_not_over[i])
            s->not_over[i] = parser_keep(p, why->str);
    g_string_free(why, TRUE);
    return true;
}

const char *scenario_not_over(const struct scenario *scenario, enum scenario_carrier carrier)
{
    if (carrier == SCENARIO_CARRIER_TCP || scenario->not_over[carrier] != NULL)
        return scenario->not_over[carrier];
    for (guint i = 0; i < scenario->steps->len; i++) {
        const struct scenario_step *step = &g_array_index(scenario->steps, struct scenario_step, i);
        if ((step->kind == SCENARIO_CONNECT || step->kind == SCENARIO_DIAL) &&
            step->relay != SCENARIO_NONE)
            return NULL;
    }
    return "nobody connects to a relay in it, and devices serve nothing but TCP";
}
