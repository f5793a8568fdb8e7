/* SPDX-License-Identifier: GPL-2.0-or-later */
/* relay_run: what `relaysim relay` does once its options are read. */
#ifndef RELAYSIM_CMD_RELAY_RUN_H
#define RELAYSIM_CMD_RELAY_RUN_H

#include "record/recording.h"
#include "carrier/http_options.h"
#include "carrier/polling_options.h"
#include "relay/relay.h"

/* What is not asked for is NULL or 0; all outlives the call. */
struct relay_run {
    struct sstp_relay_config relay; /* without its store and callbacks */
    const char *const *addresses;   /* to listen on */
    const uint16_t *ports;          /* of each, as a capture shows it: what comes there */
    size_t num_addresses;
    struct http_options http;       /* without names */
    struct polling_options polling; /* likewise, over Polling */
    const char *const *peer_addresses;
    const struct live_peer_way *peer_ways; /* of each, see live/connection.h */
    struct proxy_login *proxy_login;       /* for their proxies */
    size_t max_half_open;
    const char *store;            /* a file; NULL: in memory */
    struct recording_files files; /* what it leaves */
    const char *log;              /* a file beside stderr */
    int64_t counters_ms;          /* between two lines of counters; 0: none */
};

/* Prints "ready ADDRESS ...", and serves until it is ended by a signal, see cmd/relay_serve.h.
 * Returns the exit code, every failure with a sentence on stderr. */
int relay_run(const struct relay_run *config);

#endif
