/* SPDX-License-Identifier: GPL-2.0-or-later */
/* relay_run: what `relaysim relay` does once its options are read. */
#ifndef RELAYSIM_RELAY_RUN_H
#define RELAYSIM_RELAY_RUN_H

#include "relay.h"

/* What is not asked for is NULL or 0; all outlives the call. */
struct relay_run {
    struct sstp_relay_config relay; /* without its store and callbacks */
    const char *const *addresses;   /* to listen on */
    size_t num_addresses;
    const char *const *peer_addresses;
    size_t max_half_open;
    const char *store; /* a file; NULL: in memory */
    const char *capture, *truth;
};

/* Prints "ready ADDRESS ...", and serves until SIGTERM or SIGINT; prints the counters as a
 * line of JSON at SIGUSR1 and at the end.  Returns the exit code, every failure with a
 * sentence on stderr. */
int relay_run(const struct relay_run *config);

#endif
