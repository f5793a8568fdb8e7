/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * polling_options: what both sides of Polling can be told, with the values that the specification
 * recommends, which are those of the products; the last two are our own.
 */
#ifndef RELAYSIM_CARRIER_POLLING_OPTIONS_H
#define RELAYSIM_CARRIER_POLLING_OPTIONS_H

#include <stdint.h>

#include "henc/polling.h"

struct polling_options {
    /* Both: ConnectionEstablishment timer (GRVHENC 3.5.2.1, 3.6.2.1). */
    int64_t establish_ms;

    /* A client: NetworkReceiveIO timer, for an answer (GRVHENC 3.5.2.2); and how often a request
     * is sent again whose answer was lost. */
    int64_t receive_ms;
    int64_t repeats;

    /* A server: what it tells its clients (GRVHENC 2.2.4.2.1.1), in seconds, seconds and polls;
     * and how long after the greatest interval a client that is silent is given up. */
    int64_t max, min, repetitions; /* each fits into 32 bits */
    int64_t patience_ms;
};

#define POLLING_OPTIONS_DEFAULT                                                                    \
    {                                                                                              \
        .establish_ms = 180000, .receive_ms = 120000, .repeats = 2, .max = HENC_POLL_MAX_DEFAULT,  \
        .min = HENC_POLL_MIN_DEFAULT, .repetitions = HENC_POLL_REPETITIONS_DEFAULT,                \
        .patience_ms = 180000                                                                      \
    }

extern const struct polling_options polling_options_default;

#endif
