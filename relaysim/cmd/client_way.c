/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/client_way.h"

#include "carrier/connect.h"
#include "carrier/direct.h"
#include "carrier/keepalive_client.h"
#include "carrier/longlived_client.h"
#include "carrier/polling.h"
#include "carrier/socks.h"

#include <string.h>

enum door { DOOR_SSTP, DOOR_443, DOOR_HTTP };

/* clang-format off */
static const struct {
    const struct carrier_ops *carrier;
    bool is_without_proxy, is_with_proxy;
    enum door door;
} order[] = {
    {&carrier_direct,     true,  false, DOOR_SSTP},
    {&carrier_direct_443, true,  false, DOOR_443},
    {&carrier_connect,    false, true,  DOOR_443},
    {&carrier_socks,      false, true,  DOOR_SSTP},
    {&carrier_longlived,  true,  true,  DOOR_HTTP},
    {&carrier_keepalive,  false, true,  DOOR_HTTP},
    {&carrier_polling,    false, true,  DOOR_HTTP},
};
/* clang-format on */

/* The same host at another port. */
static char *at_port(const char *address, unsigned port)
{
    const char *colon = strrchr(address, ':');
    const int len = colon != NULL ? (int)(colon - address) : (int)strlen(address);
    return g_strdup_printf("%.*s:%u", len, address, port);
}

/* Through which proxy a row leads; NULL for none.  One that speaks HTTP may speak SOCKS, too. */
static const char *proxy_of(const struct client_ways_places *places,
                            const struct carrier_ops *carrier)
{
    return carrier == &carrier_socks && places->socks_proxy != NULL ? places->socks_proxy
                                                                    : places->proxy;
}

static char *address_of(const struct client_ways_places *places, enum door door)
{
    switch (door) {
    case DOOR_SSTP:
        return g_strdup(places->relay);
    case DOOR_443:
        return places->relay_443 != NULL ? g_strdup(places->relay_443)
                                         : at_port(places->relay, 443);
    case DOOR_HTTP:
        return places->relay_http != NULL ? g_strdup(places->relay_http)
                                          : at_port(places->relay, 80);
    }
    g_assert_not_reached();
}

void client_ways_auto(struct client_ways *ways, const struct client_ways_places *places)
{
    const bool has_proxy = places->proxy != NULL || places->socks_proxy != NULL;
    G_STATIC_ASSERT(G_N_ELEMENTS(order) <= CLIENT_WAYS_MAX);
    ways->num = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(order); i++) {
        const char *proxy = proxy_of(places, order[i].carrier);
        if (has_proxy ? !order[i].is_with_proxy || proxy == NULL : !order[i].is_without_proxy)
            continue;
        ways->ways[ways->num++] = (struct client_way){.carrier = order[i].carrier,
                                                      .address = address_of(places, order[i].door),
                                                      .proxy = proxy};
    }
}

void client_ways_clear(struct client_ways *ways)
{
    for (size_t i = 0; i < ways->num; i++)
        g_free(ways->ways[i].address);
    ways->num = 0;
}

bool client_way_failed(struct client_way_state *state, const struct client_ways *ways,
                       const char *why)
{
    if (ways->num == 1)
        return false;
    if (state->failures == NULL)
        state->failures = g_string_new(NULL);
    g_string_append_printf(state->failures, "%s%s: %s", state->failures->len > 0 ? "; " : "",
                           ways->ways[state->current].carrier->name, why);
    state->has_tried[state->current] = true;
    for (size_t i = 0; i < ways->num; i++)
        if (!state->has_tried[i]) {
            state->current = i;
            return true;
        }
    return false;
}

static void begin_anew(struct client_way_state *state)
{
    memset(state->has_tried, 0, sizeof state->has_tried);
    if (state->failures != NULL)
        g_string_free(state->failures, TRUE);
    state->failures = NULL;
}

char *client_way_all_failed(struct client_way_state *state)
{
    char *why = g_strdup(state->failures->str);
    begin_anew(state);
    state->current = 0;
    return why;
}

void client_way_taken(struct client_way_state *state)
{
    begin_anew(state);
}
