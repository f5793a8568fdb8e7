/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "live/keeper.h"

#include "base/log.h"

#include <glib.h>
#include <inttypes.h>
#include <time.h>

/* How often the store is told of the clocks: a step that nobody has noticed by the end of
 * the process counts as time that has passed. */
#define CLOCKS_MS 1000

void live_keeper_init(struct live_keeper *keeper, struct net *net, struct sstp_store *store)
{
    *keeper = (struct live_keeper){.net = net, .store = store};
    keeper->work.data = keeper;
}

static void on_work(uv_work_t *work)
{
    const struct live_keeper *keeper = work->data;
    sstp_store_write(keeper->batch);
}

static void on_worked(uv_work_t *work, int status)
{
    struct live_keeper *keeper = work->data;
    struct sstp_store_batch *batch = keeper->batch;
    (void)status; /* nobody cancels it */
    keeper->batch = NULL;
    keeper->num_written++;
    sstp_store_finish(keeper->store, batch, net_now_ms(keeper->net));
    net_settle(keeper->net);
}

void live_keeper_write(struct live_keeper *keeper)
{
    if (keeper->batch != NULL)
        return;
    keeper->batch = sstp_store_begin(keeper->store, net_now_ms(keeper->net));
    if (keeper->batch == NULL)
        return;
    /* It only fails without a function to call. */
    (void)uv_queue_work(net_loop(keeper->net), &keeper->work, on_work, on_worked);
}

bool live_keeper_is_writing(const struct live_keeper *keeper)
{
    return keeper->batch != NULL;
}

static int64_t clock_ms(clockid_t clock)
{
    struct timespec time = {.tv_sec = 0};
    (void)clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* The loop's clock is the monotonic one, which stands still while the machine sleeps. */
void live_keeper_tell_clocks(struct live_keeper *keeper)
{
    const int64_t now_ms = net_now_ms(keeper->net);
    if (now_ms < keeper->next_clocks_ms)
        return;
    keeper->next_clocks_ms = now_ms + CLOCKS_MS;
    sstp_store_check(keeper->store);
    const int64_t step_ms =
        sstp_store_set_clocks(keeper->store, clock_ms(CLOCK_MONOTONIC), clock_ms(CLOCK_BOOTTIME),
                              clock_ms(CLOCK_REALTIME));
    if (step_ms != 0)
        log_info("the clock has been set %s by %" PRId64 " s; what is stored lives on as it was",
                 step_ms > 0 ? "forward" : "back", (ABS(step_ms) + 500) / 1000);
}

int64_t live_keeper_deadline(const struct live_keeper *keeper)
{
    return keeper->next_clocks_ms;
}
