/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/pace.h"

#include <glib.h>

int64_t client_pace_wait_ms(const struct client_pace *pace, int64_t now_ms)
{
    const double left_ms = pace->next_ms - (double)now_ms;
    if (pace->interval_ms <= 0 || left_ms <= 0)
        return 0;
    return (int64_t)left_ms + 1; /* timers count whole milliseconds */
}

void client_pace_sent(struct client_pace *pace, int64_t now_ms)
{
    pace->next_ms = MAX(pace->next_ms, (double)(now_ms - CLIENT_PACE_LAG_MS)) + pace->interval_ms;
}
