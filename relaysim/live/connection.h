/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * connection: one SSTP connection, live: an endpoint on a socket (net/net.h), and what the
 * truth file (record/truth.h) is told of it.
 *
 * Once started, it frees itself when the socket is gone, after `gone` has been called.  The
 * endpoint belongs to the caller, who keeps it until then.
 */
#ifndef RELAYSIM_LIVE_CONNECTION_H
#define RELAYSIM_LIVE_CONNECTION_H

#include "endpoint/endpoint.h"
#include "net/net.h"
#include "record/recording.h"

struct live_connection;

struct live_handler {
    void (*output_is_empty)(void *cookie); /* or NULL */
    /* The socket is gone, and the endpoint has been told. */
    void (*gone)(void *cookie);
    void *cookie;
};

/* On a socket, for an endpoint that may already send.  Without a recording, NULL, nobody is
 * told the truth. */
struct live_connection *live_connection_new(struct net_connection *socket,
                                            const struct recording *recording);

/* Joins the socket and its endpoint. */
void live_connection_start(struct live_connection *connection, struct sstp_ep *ep,
                           struct live_handler handler);

/* For one that has not been started. */
void live_connection_free(struct live_connection *connection);

struct net_connection *live_connection_socket(struct live_connection *connection);

/* The endpoint may have output, or another deadline. */
void live_connection_wake(struct live_connection *connection);

/* For the truth file: the endpoint sent a command, or took a note. */
void live_connection_sent(struct live_connection *connection, const struct sstp_command *command);
void live_connection_noted(struct live_connection *connection, const struct sstp_ep_note *note);

/* See truth_label(); only with a truth file. */
uint64_t live_connection_label(const struct live_connection *connection);

#endif
