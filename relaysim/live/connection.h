/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * connection: one SSTP connection, live: an endpoint, the carrier that its bytes travel by
 * (carrier/carrier.h), the sockets of that carrier (net/net.h), and what the truth file
 * (record/truth.h) is told.
 *
 * Dialed or accepted, it asks for its endpoint when the way is free, and carries its bytes
 * until both are over.  It frees itself after the last call of its handler.
 *
 *     live_connection_dial(net, &dial, recording, handler)
 *         handler.ready(cookie, connection)      an endpoint, or handler.failed(cookie, why)
 *         handler.gone(cookie)
 *
 * Several accepted ones may turn out to be one, as those of a virtual connection over HTTP are
 * (carrier/door.h): it is the first of them, and the others fail without a word.
 */
#ifndef RELAYSIM_LIVE_CONNECTION_H
#define RELAYSIM_LIVE_CONNECTION_H

#include "carrier/carrier.h"
#include "net/net.h"
#include "record/recording.h"

struct live_connection;

struct live_handler {
    /* SSTP may begin, with the endpoint that is returned, which may send already; it belongs to
     * the handler, and stays until `gone`.  NULL: there is none, and this was the last call. */
    struct sstp_ep *(*ready)(void *cookie, struct live_connection *connection);
    /* The way is not free; the last call.  Of who was accepted it may turn out that it belongs to
     * another connection, or to none: `why` is NULL then. */
    void (*failed)(void *cookie, const char *why);
    void (*output_is_empty)(void *cookie); /* or NULL */
    /* The last socket is gone, and the endpoint has been told; the last call. */
    void (*gone)(void *cookie);
    void *cookie;
};

/* How another relay is reached. */
struct live_peer_way {
    const struct carrier_ops *carrier; /* NULL: carrier/direct.h */
    const char *proxy;                 /* "ADDR:PORT"; NULL without */
    const struct http_options *http;   /* as in struct live_dial */
};

/* Whom to connect to, and how.  Strings need not outlive the call. */
struct live_dial {
    const struct carrier_ops *carrier;
    const char *address;       /* "ADDRESS:PORT"; with a proxy "HOST:PORT", which it is asked for */
    const char *proxy;         /* "ADDRESS:PORT"; NULL without */
    struct proxy_login *login; /* for the proxy (carrier/proxy_login.h), outlives it; or NULL */
    struct net_hosts hosts;    /* the port is the carrier's */
    /* For each transport; 0: as long as the system waits.  And for the proxy's answer; 0:
     * CARRIER_PROXY_TIMEOUT_MS. */
    int64_t timeout_ms;
    const struct http_options *http; /* as in carrier/carrier.h; outlives the connection */
};

/* Connects; the handler is called later.  NULL with *error, a sentence to be freed, where the
 * address is none.  Without a recording, NULL, nobody is told the truth. */
struct live_connection *live_connection_dial(struct net *net, const struct live_dial *dial,
                                             const struct recording *recording,
                                             struct live_handler handler, char **error);

/* Somebody has connected; within net_accepted().  The handler may be called at once.  `shared` is
 * the carrier's, or NULL.  Returns NULL where the connection is over within the call. */
struct live_connection *live_connection_accept(struct net_connection *socket,
                                               const struct carrier_ops *carrier, void *shared,
                                               const struct recording *recording,
                                               struct live_handler handler);

/* The endpoint may have output, or another deadline. */
void live_connection_wake(struct live_connection *connection);

/* As net_hold(), net_has_unread() and net_connection_number(), for all its sockets. */
void live_connection_hold(struct live_connection *connection, bool is_held);
bool live_connection_has_unread(const struct live_connection *connection);
unsigned live_connection_number(const struct live_connection *connection);

/* Closes its sockets at once, or does not wait for them any more.  `gone` follows, within the
 * call, for one that was ready; nothing for any other. */
void live_connection_drop(struct live_connection *connection);

/* The same by a reset, which overtakes what is under way. */
void live_connection_reset(struct live_connection *connection);

/* Closes the socket of the transport that its carrier calls so (carrier/carrier.h), as a network
 * does that loses it: the carrier goes on or not, as it can.  False where no such one is open. */
bool live_connection_lose(struct live_connection *connection, unsigned transport);

/* The socket that carries what the endpoint sends, for illegal acts. */
struct net_connection *live_connection_socket(const struct live_connection *connection);

/* For the truth file: the endpoint sent a command, or took a note. */
void live_connection_sent(struct live_connection *connection, const struct sstp_command *command);
void live_connection_noted(struct live_connection *connection, const struct sstp_ep_note *note);

/* See truth_label(); only with a truth file. */
uint64_t live_connection_label(const struct live_connection *connection);

#endif
