/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clock: the store's own time, which nobody sets, and what of it goes to the disk. */
#include "store/internal.h"

/* Two clocks are never read at the same moment: less than that is no step. */
#define JITTER_MS 1000
/* With a batch that is written in any case, and by itself. */
#define NOTE_MS 1000
#define NOTE_ALONE_MS 60000

static bool is_apart(int64_t a_ms, int64_t b_ms)
{
    return a_ms - b_ms >= JITTER_MS || b_ms - a_ms >= JITTER_MS;
}

void sstp_store_start_clock(struct sstp_store *store, const struct sstp_disk_clock *noted,
                            int64_t now_ms, int64_t wall_ms)
{
    struct sstp_store_clock *clock = &store->clock;
    clock->noted = *noted;
    /* Whoever has set the clock back meanwhile makes nothing younger than it was. */
    clock->seen_ms = MAX(wall_ms - noted->correction_ms, noted->seen_ms);
    clock->correction_ms = wall_ms - clock->seen_ms;
    clock->ahead_ms = clock->seen_ms - now_ms;
}

int64_t sstp_store_set_clocks(struct sstp_store *store, int64_t now_ms, int64_t elapsed_ms,
                              int64_t wall_ms)
{
    struct sstp_store_clock *clock = &store->clock;
    const int64_t slept_ms = elapsed_ms - now_ms;
    if (!clock->is_told)
        clock->slept_ms = slept_ms;
    if (is_apart(slept_ms, clock->slept_ms)) {
        clock->ahead_ms += slept_ms - clock->slept_ms;
        clock->slept_ms = slept_ms;
    }
    clock->seen_ms = now_ms + clock->ahead_ms;
    const int64_t correction_ms = wall_ms - clock->seen_ms;
    const int64_t step_ms = correction_ms - clock->correction_ms;
    const bool is_step = is_apart(correction_ms, clock->correction_ms);
    /* Without a disk, it had no time since 1970 to begin with. */
    const bool is_first = store->disk == NULL && !clock->is_told;
    clock->is_told = true;
    if (is_step || is_first)
        clock->correction_ms = correction_ms;
    return is_step && !is_first ? step_ms : 0;
}

int64_t sstp_store_to_own_time(const struct sstp_store *store, int64_t ms)
{
    return ms == SSTP_EP_NEVER ? ms : ms + store->clock.ahead_ms;
}

int64_t sstp_store_from_own_time(const struct sstp_store *store, int64_t ms)
{
    return ms == SSTP_EP_NEVER ? ms : ms - store->clock.ahead_ms;
}

bool sstp_store_clock_has_changed(const struct sstp_store *store)
{
    const struct sstp_store_clock *clock = &store->clock;
    return is_apart(clock->correction_ms, clock->noted.correction_ms) ||
           (store->num_messages > 0 && clock->seen_ms - clock->noted.seen_ms >= NOTE_ALONE_MS);
}

bool sstp_store_take_clock(struct sstp_store *store, bool is_alone, bool is_trial,
                           struct sstp_disk_clock *row)
{
    struct sstp_store_clock *clock = &store->clock;
    *row = (struct sstp_disk_clock){clock->correction_ms, clock->seen_ms};
    if (!is_trial && !sstp_store_clock_has_changed(store) &&
        (is_alone || clock->seen_ms - clock->noted.seen_ms < NOTE_MS))
        return false;
    clock->noted = *row;
    return true;
}

void sstp_store_forget_clock(struct sstp_store *store)
{
    store->clock.noted.seen_ms = 0;
    store->clock.noted.correction_ms = INT64_MIN / 2; /* no clock is so far off */
}
