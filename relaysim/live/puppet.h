/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * puppet: one end of a connection that says what its owner has it say, and nothing of its own; it
 * dials, or listens at all the doors that a relay has.
 *
 *     struct live_puppet *a = live_puppet_new(net, recording, handler);
 *     live_puppet_dial(a, &dial, &error)
 *         handler.there(cookie): live_puppet_say(a, bytes)
 *         handler.gone(cookie)
 *     live_puppet_end(a); net_free(net); live_puppet_free(a);
 */
#ifndef RELAYSIM_LIVE_PUPPET_H
#define RELAYSIM_LIVE_PUPPET_H

#include "live/connection.h"

struct live_puppet;

/* All of them may call whatever they like of this but live_puppet_free(). */
struct live_puppet_handler {
    void (*there)(void *cookie);                      /* it has a connection */
    void (*not_there)(void *cookie, const char *why); /* who dialed gets none */
    void (*gone)(void *cookie);                       /* its connection is */
    void *cookie;
};

/* Without a connection.  `recording` may be NULL. */
struct live_puppet *live_puppet_new(struct net *net, const struct recording *recording,
                                    struct live_puppet_handler handler);

/* Ends what it has, and tells nobody; before net_free().  NULL is fine, likewise below. */
void live_puppet_end(struct live_puppet *puppet);
void live_puppet_free(struct live_puppet *puppet);

/* Where it takes one caller at a time, as in struct live_relay_config; `http` are its options over
 * HTTP, services and names among them.  False with *error, a sentence to be freed. */
struct live_puppet_doors {
    const int *sockets; /* taken over, whatever comes of it */
    size_t num_sockets;
    const uint16_t *ports;
    const struct http_options *http;
};
bool live_puppet_listen(struct live_puppet *puppet, const struct live_puppet_doors *doors,
                        char **error);

/* As net_listener_address() says it; to be freed. */
char *live_puppet_address(const struct live_puppet *puppet);

/* False with *error, a sentence to be freed, when the address is none. */
bool live_puppet_dial(struct live_puppet *puppet, const struct live_dial *dial, char **error);

/* From `there` to `gone`. */
bool live_puppet_is_there(const struct live_puppet *puppet);

/* Says bytes, one or more; false without a connection, or without memory. */
bool live_puppet_say(struct live_puppet *puppet, struct sstp_span bytes);

/* Bytes of SSTP on its last connection. */
uint64_t live_puppet_num_said(const struct live_puppet *puppet);
uint64_t live_puppet_num_heard(const struct live_puppet *puppet);

/* Ends the connection when all is said; or by a reset, at once. */
void live_puppet_hang_up(struct live_puppet *puppet);
void live_puppet_reset(struct live_puppet *puppet);

#endif
