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

/* The handshake of an encapsulation with two halves, GET's request before POST's or after it; its
 * answers are checked. */
typedef void doorstep_shake(struct doorstep *doorstep, struct carrier_transport **get,
                            struct carrier_transport **post, bool get_first);

/* A server, and a client that is ready. */
void doorstep_enter(struct doorstep *doorstep, doorstep_shake *shake,
                    struct carrier_transport **get, struct carrier_transport **post);

/* The handshake in either order, each with a server of its own; `then`, unless NULL, is what comes
 * right after it. */
void doorstep_enter_in_any_order(doorstep_shake *shake,
                                 void (*then)(struct doorstep *doorstep,
                                              struct carrier_transport *get,
                                              struct carrier_transport *post));

/* What may come in a state, and on which transport: 0 GET's, 1 POST's, 2 a new one, 3 a new one
 * from another address. */
struct doorstep_request {
    const char *name;
    bool is_ready;
    unsigned on;
    const char *bytes;
    const char *status; /* of the answer; NULL: none */
    bool is_closed;     /* the virtual connection is, and not only the transport */
};

/* A server in the state that a request is for: a client that is ready, or one whose GET has come,
 * with these words, and no POST (NULL). */
void doorstep_reach(struct doorstep *doorstep, const struct doorstep_request *request,
                    doorstep_shake *shake, const char *get_words, struct carrier_transport **get,
                    struct carrier_transport **post);

/* It comes where GET's transport, and with `is_ready` POST's, are these; returns its own. */
struct carrier_transport *doorstep_ask(struct doorstep *doorstep,
                                       const struct doorstep_request *request,
                                       struct carrier_transport *get,
                                       struct carrier_transport *post);

/* Both transports are of one virtual connection, which has this name and the endpoint. */
void doorstep_assert_joined(const struct doorstep *doorstep, const struct carrier_transport *get,
                            const struct carrier_transport *post, const char *guid);

/* What a visitor hears begins with this status, or is nothing (NULL). */
void doorstep_assert_status(struct carrier_transport *transport, const char *status);

#endif
