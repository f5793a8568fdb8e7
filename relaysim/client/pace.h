/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pace: when the next message is due, for who sends so many a second, evenly.  It has
 * no clock.
 *
 * What could not be sent when it was due, because the other side held it back or because it
 * was not there, is not made up for later, but for CLIENT_PACE_LAG_MS: so much a busy machine
 * may be late.
 */
#ifndef RELAYSIM_CLIENT_PACE_H
#define RELAYSIM_CLIENT_PACE_H

#include <stdbool.h>
#include <stdint.h>

#define CLIENT_PACE_LAG_MS 100

/* Zeroed, everything is due at once. */
struct client_pace {
    double interval_ms; /* between two messages */
    double next_ms;     /* when the next one is due */
};

/* How long to wait, in milliseconds from `now_ms` on; 0: it is due. */
int64_t client_pace_wait_ms(const struct client_pace *pace, int64_t now_ms);

/* It was sent. */
void client_pace_sent(struct client_pace *pace, int64_t now_ms);

#endif
