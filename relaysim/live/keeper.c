/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "live/keeper.h"

#include "base/log.h"

#include <glib.h>
#include <inttypes.h>

/* How often the store is told of the clocks: a step that nobody has noticed by the end of
 * the process counts as time that has passed. */
#define CLOCKS_MS 1000

static void write_batch(void *cookie)
{
    const struct live_keeper *keeper = cookie;
    sstp_store_write(keeper->batch);
}

static void on_written(void *cookie)
{
    struct live_keeper *keeper = cookie;
    struct sstp_store_batch *batch = keeper->batch;
    keeper->batch = NULL;
    keeper->num_written++;
    sstp_store_finish(keeper->store, batch, net_now_ms(keeper->net));
}

void live_keeper_init(struct live_keeper *keeper, struct net *net, struct sstp_store *store)
{
    *keeper = (struct live_keeper){.net = net, .store = store};
    keeper->work = (struct net_work){.work = write_batch, .done = on_written, .cookie = keeper};
}

void live_keeper_write(struct live_keeper *keeper)
{
    if (keeper->batch != NULL)
        return;
    keeper->batch = sstp_store_begin(keeper->store, net_now_ms(keeper->net));
    if (keeper->batch != NULL)
        net_begin_work(keeper->net, &keeper->work);
}

bool live_keeper_is_writing(const struct live_keeper *keeper)
{
    return keeper->batch != NULL;
}

void live_keeper_tell_clocks(struct live_keeper *keeper)
{
    const int64_t now_ms = net_now_ms(keeper->net);
    if (now_ms < keeper->next_clocks_ms)
        return;
    keeper->next_clocks_ms = now_ms + CLOCKS_MS;
    sstp_store_check(keeper->store);
    const struct net_clocks clocks = net_clocks(keeper->net);
    const int64_t step_ms =
        sstp_store_set_clocks(keeper->store, clocks.now_ms, clocks.elapsed_ms, clocks.wall_ms);
    if (step_ms != 0)
        log_info("the clock has been set %s by %" PRId64 " s; what is stored lives on as it was",
                 step_ms > 0 ? "forward" : "back", (ABS(step_ms) + 500) / 1000);
}

int64_t live_keeper_deadline(const struct live_keeper *keeper)
{
    return keeper->next_clocks_ms;
}
