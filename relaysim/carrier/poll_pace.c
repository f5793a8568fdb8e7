/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "carrier/poll_pace.h"

#include <glib.h>

static int64_t bounded_ms(uint32_t seconds)
{
    return CLAMP((int64_t)seconds * 1000, POLL_PACE_LEAST_MS, POLL_PACE_MOST_MS);
}

void poll_pace_init(struct poll_pace *pace)
{
    const struct henc_polling defaults = {.poll_is_valid = true,
                                          .poll_max = HENC_POLL_MAX_DEFAULT,
                                          .poll_min = HENC_POLL_MIN_DEFAULT,
                                          .poll_repetitions = HENC_POLL_REPETITIONS_DEFAULT};
    *pace = (struct poll_pace){0};
    poll_pace_set(pace, &defaults);
}

void poll_pace_set(struct poll_pace *pace, const struct henc_polling *answer)
{
    if (!answer->poll_is_valid || answer->poll_max < answer->poll_min)
        return;
    pace->min_ms = bounded_ms(answer->poll_min);
    pace->max_ms = bounded_ms(answer->poll_max);
    pace->repetitions = answer->poll_repetitions;
    pace->interval_ms = CLAMP(pace->interval_ms, pace->min_ms, pace->max_ms);
}

void poll_pace_reset(struct poll_pace *pace)
{
    pace->interval_ms = pace->min_ms;
    pace->num_polls = 0;
}

void poll_pace_polled(struct poll_pace *pace)
{
    if (++pace->num_polls < pace->repetitions)
        return;
    pace->interval_ms = MIN(2 * pace->interval_ms, pace->max_ms);
    pace->num_polls = 0;
}
