/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * poll_pace: how long a Polling client waits before it asks without having anything to say
 * (GRVHENC 2.2.4.2.1.1, 3.5.2.3).
 *
 * It begins with the least interval that the server has named, asks so often as the server has
 * named, doubles it, asks as often again, and so on up to the greatest.  Data in either
 * direction has it begin anew.
 */
#ifndef RELAYSIM_CARRIER_POLL_PACE_H
#define RELAYSIM_CARRIER_POLL_PACE_H

#include "henc/polling.h"

/* A server may name 0 seconds, in which nobody asks again, and more than anybody waits. */
#define POLL_PACE_LEAST_MS 50
#define POLL_PACE_MOST_MS 3600000

struct poll_pace {
    int64_t min_ms, max_ms, interval_ms;
    uint32_t repetitions, num_polls; /* of this interval */
};

/* With the defaults of the specification, until the server has named others. */
void poll_pace_init(struct poll_pace *pace);

/* What an answer names.  Where it is none, or the greatest is less than the least, all stays as it
 * was. */
void poll_pace_set(struct poll_pace *pace, const struct henc_polling *answer);

/* There was data. */
void poll_pace_reset(struct poll_pace *pace);

/* A poll without data goes out. */
void poll_pace_polled(struct poll_pace *pace);

#endif
