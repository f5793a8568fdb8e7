/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "henc/poll_timer.h"

#define SECOND_NS INT64_C(1000000000)

void henc_poll_timer_start(struct henc_poll_timer *timer, const struct henc_polling *answer,
                           int64_t now_ns)
{
    *timer = (struct henc_poll_timer){answer->poll_is_valid && answer->poll_min <= answer->poll_max,
                                      now_ns, answer->poll_min, answer->poll_max};
}

bool henc_poll_timer_request(struct henc_poll_timer *timer, bool has_data, int64_t now_ns)
{
    const bool was_running = timer->is_running;
    const int64_t waited = now_ns - timer->since_ns;

    timer->is_running = false;
    if (!was_running || has_data || waited < 0)
        return false;
    return waited + HENC_POLL_EARLY_NS < (int64_t)timer->min * SECOND_NS ||
           waited - HENC_POLL_LATE_NS > (int64_t)timer->max * SECOND_NS;
}
