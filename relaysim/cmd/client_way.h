/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * client_way: the ways to a relay, of which there is one, or, with --via auto, several in the
 * order of the products (GRVHENC note <11>).
 *
 * A way that leads nowhere is told of, and the next one tried at once; when none is left, they
 * have failed together, as one way fails.  The one that was taken is the first to be tried again
 * when its connection is lost.
 */
#ifndef RELAYSIM_CMD_CLIENT_WAY_H
#define RELAYSIM_CMD_CLIENT_WAY_H

#include <glib.h>

#include "carrier/carrier.h"

#define CLIENT_WAYS_MAX 8u
#define CLIENT_WAY_TRY_MS 15000 /* for one of several, until it is left for the next */

struct client_way {
    const struct carrier_ops *carrier;
    char *address;     /* of the relay, for this way */
    const char *proxy; /* NULL without */
};

struct client_ways {
    struct client_way ways[CLIENT_WAYS_MAX];
    size_t num;
};

/* Where --via auto may lead: to the relay, "HOST:PORT", at its port 443 and at that of HTTP, both
 * NULL for the usual ports of the same host; through a proxy of HTTP and one of SOCKS, NULL for
 * none, or where there is the other one, for that. */
struct client_ways_places {
    const char *relay, *relay_443, *relay_http;
    const char *proxy, *socks_proxy;
};

/* The ways through the proxies that there are, or without any. */
void client_ways_auto(struct client_ways *ways, const struct client_ways_places *places);

void client_ways_clear(struct client_ways *ways);

/* Which one is tried, and which have been. */
struct client_way_state {
    size_t current;
    bool has_tried[CLIENT_WAYS_MAX];
    GString *failures; /* of those; NULL without */
};

/* The way has led nowhere, and why: whether another is to be tried now. */
bool client_way_failed(struct client_way_state *state, const struct client_ways *ways,
                       const char *why);

/* All have: why; to be freed.  All can be tried again. */
char *client_way_all_failed(struct client_way_state *state);

/* The way leads to the relay. */
void client_way_taken(struct client_way_state *state);

#endif
