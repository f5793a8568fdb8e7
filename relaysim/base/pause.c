/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/pause.h"

#include <glib.h>

int64_t pause_spread_ms(int64_t pause_ms, int64_t asked_ms, uint32_t chance)
{
    const int64_t least_ms = MAX(pause_ms / 2, asked_ms);
    const int64_t most_ms = MAX(pause_ms, asked_ms + asked_ms / 4);
    return least_ms + (int64_t)(chance % (uint64_t)(most_ms - least_ms + 1));
}
