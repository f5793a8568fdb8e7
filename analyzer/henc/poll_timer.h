/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * poll_timer: when a Polling client may ask for data without having any (GRVHENC
 * 2.2.4.2.1.1, 3.5.2.3): not before Min-Poll-Interval after the answer before, nor after
 * Max-Poll-Interval, as that answer has set them.  What lies between is for the back-off.
 */
#ifndef SSTP_HENC_POLL_TIMER_H
#define SSTP_HENC_POLL_TIMER_H

#include "henc/polling.h"

/* What is forgiven: whoever captures stands elsewhere than the client, which may be busy. */
#define HENC_POLL_EARLY_NS INT64_C(1000000000)
#define HENC_POLL_LATE_NS INT64_C(10000000000)

struct henc_poll_timer {
    bool is_running;
    int64_t since_ns;
    uint32_t min, max; /* seconds */
};

/* An answer has come. */
void henc_poll_timer_start(struct henc_poll_timer *timer, const struct henc_polling *answer,
                           int64_t now_ns);

/* A request stops the timer; returns whether it is an empty one at the wrong time. */
bool henc_poll_timer_request(struct henc_poll_timer *timer, bool has_data, int64_t now_ns);

#endif
