/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * relay_serve: a relay while it serves, as a process among others: signals, counters, and
 * what a service manager is told.
 *
 * SIGTERM and SIGINT end it in order: ConnectClose to everybody, once what they sent is
 * safe; a second one ends it at once.  SIGHUP opens its files anew; when the terminal is
 * closed, or when it has one and no files, it ends in order.  SIGUSR1 prints the counters.
 */
#ifndef RELAYSIM_CMD_RELAY_SERVE_H
#define RELAYSIM_CMD_RELAY_SERVE_H

#include "net/net.h"
#include "cmd/notify.h"
#include "base/outlet.h"
#include "record/recording.h"
#include "live/relay.h"

enum { RELAY_SERVE_SIGNALS = 4 };

struct relay_server {
    /* The caller's, until relay_serve() has returned. */
    struct net *net;
    struct live_relay *relay;
    struct recording *recording;
    int64_t counters_ms; /* between two lines of counters; 0: none */

    struct notify notify;
    struct outlet results; /* results_file() */
    uv_timer_t end_timer, counters_timer, notify_timer;
    uv_signal_t signals[RELAY_SERVE_SIGNALS];
    bool has_terminal; /* whose closing is to end it */
    bool is_ending, is_cut_short;
    bool has_failed; /* results could not be written */
    int64_t begin_ms;
    char *status; /* as the service manager was told it */
};

/* The first call of all: from here on no signal but those that end it in any case is lost,
 * or does what it does by default. */
void relay_serve_prepare(struct relay_server *server);

/* Belongs into net_config.settled, with the server as the cookie. */
void relay_serve_settled(void *cookie);

/* Prints "ready ADDRESS ...", serves until a signal ends it, and prints the counters.  The
 * exit code, with a sentence when it is not 0. */
int relay_serve(struct relay_server *server);

#endif
