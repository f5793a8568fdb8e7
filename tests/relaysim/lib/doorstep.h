/* SPDX-License-Identifier: GPL-2.0-or-later */
/* doorstep: a server for HTTP, and whoever comes to its door, in memory. */
#ifndef TESTS_RELAYSIM_DOORSTEP_H
#define TESTS_RELAYSIM_DOORSTEP_H

#include "carrier/door.h"
#include "pair.h"

struct doorstep {
    struct http_server *http;
    struct pair *pair;   /* whose B is the endpoint of the first virtual connection */
    GPtrArray *carriers; /* all that there were */
};

/* The encapsulations are all; what else is not set in the options is as usual. */
void doorstep_begin(struct doorstep *doorstep, struct http_options options);
void doorstep_end(struct doorstep *doorstep);

/* Somebody connects, from an address that ends so; without one always from the same. */
struct carrier_transport *doorstep_visit_from(struct doorstep *doorstep, uint8_t peer);
struct carrier_transport *doorstep_visit(struct doorstep *doorstep);

/* And says this; a virtual connection that is there with it gets its endpoint. */
void doorstep_say(struct doorstep *doorstep, struct carrier_transport *transport, const char *text);

/* What a visitor hears begins with this status, or is nothing (NULL). */
void doorstep_assert_status(struct carrier_transport *transport, const char *status);

#endif
