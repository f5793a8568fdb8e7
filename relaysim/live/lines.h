/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lines: the sockets of one carrier, there and being opened: each is the owner of a transport of
 * the carrier (carrier/carrier.h), and the user of its socket (net/net.h).
 *
 * They know neither an endpoint nor what becomes of it all: their owner does, which embeds them,
 * and is called when what was under way is over.
 */
#ifndef RELAYSIM_LIVE_LINES_H
#define RELAYSIM_LIVE_LINES_H

#include "carrier/carrier.h"
#include "net/net.h"

struct live_lines;

struct live_lines_owner {
    /* No call is under way any more; the owner may end, with its lines. */
    void (*settle)(struct live_lines *lines);
    /* As net_user.passed. */
    void (*passed)(struct live_lines *lines);
    /* A line has nothing more to send: where it was a request, that is whole. */
    void (*said)(struct live_lines *lines);
    /* Output is taken, and the carrier knows. */
    void (*taken)(struct live_lines *lines);
    /* As net_user.broken. */
    void (*broken)(struct live_lines *lines, const char *kind, const char *text);
};

struct live_lines {
    const struct live_lines_owner *owner;
    struct net *net;
    struct carrier *carrier; /* whose carrier_owner() this is */
    char *address, *proxy;   /* that its transports are opened to; NULL */
    struct net_hosts hosts;  /* of all of them */
    int64_t timeout_ms;      /* likewise */
    bool is_held;
    unsigned num_calls; /* into the carrier or the owner's, that are under way */
    unsigned number;    /* of the first socket */
};

/* Frees what they have, the carrier and all that is said with it; no line is open. */
void live_lines_clear(struct live_lines *lines);

/* Around each call into the carrier, or to whoever may end the owner: settle() comes after the
 * outermost. */
void live_lines_enter(struct live_lines *lines);
void live_lines_leave(struct live_lines *lines);

/* Opens a transport.  False with *error when the address is none. */
bool live_lines_open(struct live_lines *lines, struct carrier_transport *transport, char **error);

/* All transports that the carrier wants. */
void live_lines_open_wanted(struct live_lines *lines);

/* Somebody has connected, for the carrier's first transport. */
void live_lines_accept(struct live_lines *lines, struct net_connection *socket);

/* The socket of the first; NULL. */
struct net_connection *live_lines_first(const struct live_lines *lines);

/* Whether there is a socket that looks after the carrier's deadlines: one that is open, and, with
 * `has_begun`, not only for its last words. */
bool live_lines_are_working(const struct live_lines *lines, bool has_begun);

/* As net_wake(), net_hold() and net_has_unread(), for all that are open. */
void live_lines_wake(const struct live_lines *lines);
void live_lines_hold(struct live_lines *lines, bool is_held);
bool live_lines_have_unread(const struct live_lines *lines);

/* Closes the socket of one that is open, by its transport's number; false where there is none. */
bool live_lines_drop(struct live_lines *lines, unsigned number);

/* Closes the sockets; those that were being opened say nothing more. */
void live_lines_close(struct live_lines *lines, void (*close)(struct net_connection *));

#endif
