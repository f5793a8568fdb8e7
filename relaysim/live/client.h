/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * client: a client (client/client.h) on a connection of its own (live/connection.h).
 *
 * It makes the client and its keys, dials or is accepted, tells the truth file, and says
 * when it is there and when it is gone.  What the client has to say, and whether there will be
 * another one after it, is its owner's.
 *
 *     struct live_client *client = live_client_new(&config, handler);
 *     live_client_dial(client, &(struct live_dial){.address = "127.0.0.1:2492"}, &error)
 *         handler.connected(cookie): live_client_start(client)
 *         handler.ready(cookie)
 *         handler.gone(cookie): live_client_free(client)
 */
#ifndef RELAYSIM_LIVE_CLIENT_H
#define RELAYSIM_LIVE_CLIENT_H

#include "client/client.h"
#include "live/connection.h"

struct live_client;

struct live_client_config {
    struct net *net;
    const struct recording *recording; /* NULL for none */
    const char *secret;                /* that the keys of device and account are made of */
    /* Keys, time and callbacks are set here.  Without a product it is Groove 2010, without
     * randomness it has the net's. */
    struct sstp_client_config client;
};

/* In each of them but `gone` and `not_connected` the client stays. */
struct live_client_handler {
    /* There is a connection: the time for live_client_start(), or to say nothing. */
    void (*connected)(void *cookie);
    /* There is none, as it could not be had: the last call. */
    void (*not_connected)(void *cookie, const char *why);
    /* As in client/client.h. */
    void (*ready)(void *cookie);
    void (*failed)(void *cookie, const char *why);
    void (*event)(void *cookie, struct sstp_ep *ep, const struct sstp_ep_event *event);
    void (*output_is_empty)(void *cookie); /* or NULL */
    /* The connection is gone: the last call. */
    void (*gone)(void *cookie);
    void *cookie;
};

/* NULL without memory.  The strings of the configuration outlive it. */
struct live_client *live_client_new(const struct live_client_config *config,
                                    struct live_client_handler handler);

/* With its connection, if it has one, or is waiting for it; nobody is called.  NULL is fine. */
void live_client_free(struct live_client *client);

/* False with *error, a sentence to be freed, when the address is none.  Without a carrier it
 * is carrier/direct.h. */
bool live_client_dial(struct live_client *client, const struct live_dial *dial, char **error);

/* Somebody has connected; within net_accepted(). */
void live_client_accept(struct live_client *client, struct net_connection *socket);

/* Sends Connect; only for the originator. */
enum sstp_ep_err live_client_start(struct live_client *client);

struct sstp_ep *live_client_ep(const struct live_client *client);

/* NULL before `connected`, and from `gone` on. */
struct live_connection *live_client_connection(const struct live_client *client);

/* The endpoint was used from outside a callback.  Harmless without a connection. */
void live_client_wake(struct live_client *client);

#endif
