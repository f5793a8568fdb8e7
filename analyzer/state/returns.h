/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * returns: who was asked to stay away, and until when (GRVSSTP 2.2.2.1, RetryTime; 2.2.4.1,
 * ReturnTime), over all connections: a device that comes back too soon comes on another one.
 *
 * Devices are known by their URLs.  Only the last SSTP_RETURNS_MAX requests are kept.
 *
 *     sstp_returns_ask(&returns, who, target, now + 60 s);
 *     if (sstp_returns_is_early(&returns, who, target, now)) ...
 */
#ifndef SSTP_STATE_RETURNS_H
#define SSTP_STATE_RETURNS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/wire.h"

#define SSTP_RETURNS_MAX 64u
/* No URL that matters is longer; of a longer one the beginning has to do. */
#define SSTP_RETURNS_URL_MAX 256u

/* Who judges it elsewhere, because others have to be heard, too: is told in order what is asked,
 * and of each Connect that is looked up. */
struct sstp_returns_judge {
    void (*asked)(void *cookie, struct sstp_span who, struct sstp_span target, int64_t now_ns,
                  uint32_t seconds);
    void (*looked)(void *cookie);
    void *cookie;
};

/* The members are private, but for `judge`; all zero is one that knows nothing. */
struct sstp_returns {
    /* NULL: nobody; else sstp_returns_is_early() knows of none. */
    const struct sstp_returns_judge *judge;
    struct sstp_returns_request {
        char who[SSTP_RETURNS_URL_MAX], target[SSTP_RETURNS_URL_MAX]; /* 0-terminated */
        int64_t since_ns, until_ns;
    } requests[SSTP_RETURNS_MAX];
    uint32_t num; /* ever */
};

/* `who` was asked at `now_ns` not to connect to `target` for so many seconds. */
void sstp_returns_ask(struct sstp_returns *returns, struct sstp_span who, struct sstp_span target,
                      int64_t now_ns, uint32_t seconds);

/* Whether a Connect of `who` to `target` comes before its time. */
bool sstp_returns_is_early(const struct sstp_returns *returns, struct sstp_span who,
                           struct sstp_span target, int64_t now_ns);

#endif
