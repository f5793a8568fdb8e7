/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * retry: whether a client connects again after a loss, and when.  It has neither
 * sockets, a clock nor chance.
 *
 * Who has never been ready tries for as long as it was told to, and no more; after that,
 * everything is tried again that may go better the next time.  The pause doubles with each
 * attempt that brought nothing; a message that came or was acknowledged, or half a minute of
 * being ready, begins anew with the first pause.  Chance takes up to half of each pause off,
 * so that clients that a relay has lost at one moment do not all come back at another.
 */
#ifndef RELAYSIM_CLIENT_RETRY_H
#define RELAYSIM_CLIENT_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#define CLIENT_RETRY_PAUSE_FIRST_MS 250
#define CLIENT_RETRY_PAUSE_LAST_MS 30000
#define CLIENT_RETRY_STEADY_MS 30000

/* So often in a row the other side may say that a rule was broken.  It may have come up
 * anew, without what it knew; but two that never understand each other have to end. */
#define CLIENT_RETRY_ERRORS_MAX 5u

/* Zeroed, it is that of a client that has not connected yet, and tries once. */
struct client_retry {
    int64_t first_until_ms; /* until when it tries to be ready for the first time */
    int64_t first_pause_ms; /* 0: CLIENT_RETRY_PAUSE_FIRST_MS; at most ..._LAST_MS */
    bool has_been_ready;
    bool is_ready;
    int64_t ready_ms; /* since when */
    int64_t pause_ms; /* the last one in full; 0: none since something was brought about */
    unsigned num_errors;
};

void client_retry_ready(struct client_retry *retry, int64_t now_ms);

/* A message came: perhaps one that has come before. */
void client_retry_received(struct client_retry *retry);

/* A message was acknowledged, and will not be sent again. */
void client_retry_acknowledged(struct client_retry *retry);

/* The other side has closed the connection for `reason_id`: whether to try again. */
bool client_retry_may_go_on(struct client_retry *retry, uint8_t reason_id, int64_t now_ms);

/* A connection is over, or could not be had, for a reason that may pass: whether to try
 * again, where the other side asked for `wait_time` seconds. */
bool client_retry_is_worth(const struct client_retry *retry, uint32_t wait_time, int64_t now_ms);

/* How many milliseconds to wait for that attempt: at least `wait_time` seconds and half the
 * pause, at most the pause, or five quarters of `wait_time` where that is longer; `chance`,
 * any number, decides.  Who has never been ready makes its last attempt when its time is
 * up. */
int64_t client_retry_pause(struct client_retry *retry, uint32_t wait_time, int64_t now_ms,
                           uint32_t chance);

#endif
