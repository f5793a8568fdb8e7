/* SPDX-License-Identifier: GPL-2.0-or-later */
/* travel: how the connections of a scenario travel. */
#include "scenario/parser.h"

#include <string.h>

const char *const scenario_carrier_names[SCENARIO_CARRIERS] = {
    [SCENARIO_CARRIER_TCP] = "TCP",
    [SCENARIO_CARRIER_443] = "443",
    [SCENARIO_CARRIER_CONNECT] = "CONNECT",
    [SCENARIO_CARRIER_SOCKS] = "SOCKS",
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
           parser_fail(p,
                       "one travels over TCP, 443, CONNECT, SOCKS, LongLived, KeepAlive or "
                       "Polling, not \"%s\"",
                       word);
}

bool parser_proxy(struct parser *p, unsigned *proxy)
{
    struct name name;
    if (!parser_name(p, NAME_PROXY, &name))
        return false;
    *proxy = name.index;
    return true;
}

static bool goes_straight(enum scenario_carrier carrier)
{
    return carrier == SCENARIO_CARRIER_TCP || carrier == SCENARIO_CARRIER_443;
}

bool parser_way(struct parser *p, enum scenario_carrier *carrier, unsigned *proxy)
{
    if (parser_accept(p, "over")) {
        if (!parser_carrier(p, carrier))
            return false;
        if (goes_straight(*carrier))
            *proxy = SCENARIO_NONE;
    }
    return !parser_accept(p, "through") || parser_proxy(p, proxy);
}

bool parser_check_way(struct parser *p, enum scenario_carrier carrier, unsigned proxy)
{
    const bool needs = carrier == SCENARIO_CARRIER_CONNECT || carrier == SCENARIO_CARRIER_SOCKS;
    if (needs && proxy == SCENARIO_NONE)
        return parser_fail(p, "%s needs a proxy, which \"through\" names",
                           scenario_carrier_names[carrier]);
    return !goes_straight(carrier) || proxy == SCENARIO_NONE ||
           parser_fail(p, "%s goes through no proxy", scenario_carrier_names[carrier]);
}

/* "USER PASSWORD" */
static bool proxy_login(struct parser *p, void *target, const struct parser_option *option)
{
    struct scenario_proxy *proxy = target;
    const char *user, *password;
    char *error = NULL;
    if (proxy->login != NULL)
        return parser_fail(p, "a proxy lets in one user");
    if (!parser_text(p, option->what, &user) || !parser_text(p, "a password", &password))
        return false;
    proxy->login = proxy_login_new((enum proxy_scheme)option->min, user, password, &error);
    if (proxy->login == NULL)
        (void)parser_fail(p, "%s", error);
    g_free(error);
    return proxy->login != NULL;
}

static const struct parser_option proxy_options[] = {
    {"basic", proxy_login, 0, "the name of a user", PROXY_BASIC, 0},
    {"ntlm", proxy_login, 0, "the name of a user", PROXY_NTLM, 0},
};

bool declare_proxy(struct parser *p)
{
    struct scenario *s = p->scenario;
    if (s->num_proxies == SCENARIO_PROXIES_MAX)
        return parser_fail_full(p, NAME_PROXY, SCENARIO_PROXIES_MAX, "proxies");
    struct scenario_proxy *proxy = &s->proxies[s->num_proxies];
    if (!parser_new_name(p, NAME_PROXY, s->num_proxies, &proxy->name))
        return false;
    s->num_proxies++;
    return parser_options(p, proxy_options, G_N_ELEMENTS(proxy_options), proxy);
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
    bool has_relay = false, has_proxy = false;
    for (guint i = 0; i < scenario->steps->len; i++) {
        const struct scenario_step *step = &g_array_index(scenario->steps, struct scenario_step, i);
        if (step->kind != SCENARIO_CONNECT && step->kind != SCENARIO_DIAL &&
            step->kind != SCENARIO_CALL)
            continue;
        has_relay = has_relay || step->relay != SCENARIO_NONE || step->kind == SCENARIO_CALL;
        has_proxy =
            has_proxy || (step->carrier == SCENARIO_CARRIER_ANY && step->proxy != SCENARIO_NONE);
    }
    if (has_proxy && carrier == SCENARIO_CARRIER_443)
        return "there is a proxy in the way";
    return has_relay ? NULL : "nobody connects to a relay in it, and devices serve nothing but TCP";
}
