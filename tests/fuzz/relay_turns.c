/* SPDX-License-Identifier: GPL-2.0-or-later */
/* relay_turns: the loop around the fuzzed relay, what must hold between its turns, and the
 * life of the relay itself. */
#include "relay_world.h"

#include <sqlite3.h>

#include "endpoint/internal.h"
#include "faulty_vfs.h"
#include "quick_sqlite.h"
#include "relay/hop.h"
#include "store/internal.h"

/* ------------------------------------------------------------------------
 * Turns of the loop
 */

void finish_batch(void)
{
    struct sstp_store_batch *batch = world.batch;
    if (batch == NULL)
        return;
    world.batch = NULL;
    sstp_store_finish(sstp_relay_store(world.relay), batch, world.now_ms);
}

static bool write_store(void)
{
    if (world.batch != NULL)
        return false;
    world.batch = sstp_store_begin(sstp_relay_store(world.relay), world.now_ms);
    if (world.batch == NULL)
        return false;
    sstp_store_write(world.batch);
    if (!world.holds_batches)
        finish_batch();
    return true;
}

static bool look_at(struct visitor *visitor)
{
    struct sstp_ep *ep = visitor->watch.ep;
    if (visitor->connection == NULL)
        return false;
    const bool is_closed = sstp_ep_state(ep) == SSTP_CONNECTION_CLOSED;
    if (is_closed && visitor->closed_ms == INT64_MAX)
        visitor->closed_ms = world.now_ms;
    if (is_closed &&
        (sstp_ep_output_len(ep) == 0 || world.now_ms - visitor->closed_ms >= GONE_MS)) {
        disconnect(visitor);
        return true;
    }
    if ((visitor->habits & HABIT_ABSENT) != 0 || sstp_ep_output_len(ep) == 0)
        return false;
    MUST(visitor->is_awake); /* or nobody would have looked */
    (void)watch_take(&visitor->watch, SIZE_MAX);
    visitor->is_awake = false;
    if (sstp_ep_state(ep) != SSTP_CONNECTION_CLOSED)
        sstp_relay_output_is_empty(visitor->connection);
    if (sstp_ep_output_len(ep) > 0)
        visitor->is_awake = true;
    if (visitor->answers_len > 0) {
        const size_t len = visitor->answers_len;
        visitor->answers_len = 0;
        give(visitor, visitor->answers, len);
    }
    return true;
}

static void check_limits(void)
{
    const struct sstp_relay *relay = world.relay;
    const struct sstp_store *store = relay->store;
    size_t waiting = 0;
    for (unsigned i = 0; i < VISITORS_MAX; i++) {
        const struct visitor *visitor = &world.visitors[i];
        if (visitor->connection == NULL)
            continue;
        const struct sstp_ep *ep = visitor->watch.ep;
        const struct sstp_ep_limits *limits = &ep->config.limits;
        MUST(ep->num_sessions <= limits->max_sessions + visitor->connection->has_probe);
        MUST(ep->num_attaches <= limits->max_attaches);
        MUST(ep->num_assembling <= limits->max_assembling);
        MUST(sstp_ep_ledger_num(&ep->inbound) <= limits->max_unacknowledged);
        MUST(sstp_ep_ledger_num(&ep->outbound) <= limits->max_unacknowledged);
        waiting += visitor->connection->num_waiting_bytes;
    }
    MUST(relay->num_waiting_bytes == waiting);
    MUST(sstp_relay_num_established(relay) <= relay->config.max_connections);
    /* The last message may have made a queue, too. */
    MUST(store->limits.max_bytes == 0 || store->num_bytes <= store->limits.max_bytes + 8192);
}

void settle(void)
{
    bool has_moved = true;
    for (unsigned rounds = 0; has_moved; rounds++) {
        MUST(rounds < ROUNDS_MAX);
        has_moved = false;
        for (unsigned i = 0; i < VISITORS_MAX; i++)
            has_moved = look_at(&world.visitors[i]) || has_moved;
        sstp_relay_tick(world.relay, world.now_ms);
        has_moved = write_store() || has_moved;
    }
    check_limits();
    MUST(world.batch != NULL || sstp_relay_next_deadline(world.relay) > world.now_ms);
}

void tell_clocks(void)
{
    (void)sstp_store_set_clocks(sstp_relay_store(world.relay), world.now_ms,
                                world.now_ms + world.slept_ms,
                                WALL_MS + world.now_ms + world.slept_ms + world.step_ms);
}

void pass(int64_t ms)
{
    world.now_ms += ms;
    tell_clocks();
    for (unsigned i = 0; i < VISITORS_MAX; i++)
        if (world.visitors[i].connection != NULL) {
            sstp_ep_tick(world.visitors[i].watch.ep, world.now_ms);
            world.visitors[i].is_awake = true;
        }
    sstp_relay_tick(world.relay, world.now_ms);
}

/* ------------------------------------------------------------------------
 * The relay's life
 */

static struct sstp_store *open_store(void)
{
    char *error = NULL;
    struct sstp_store *store =
        sstp_store_open("s", FAULTY_VFS, world.now_ms,
                        WALL_MS + world.now_ms + world.slept_ms + world.step_ms, &error);
    if (store == NULL) {
        /* The disk has failed in between, and is well again. */
        MUST(error != NULL && faulty.num_calls > 0);
        g_free(error);
        faulty_vfs_reboot(0);
        error = NULL;
        store = sstp_store_open("s", FAULTY_VFS, world.now_ms,
                                WALL_MS + world.now_ms + world.slept_ms + world.step_ms, &error);
        MUST(store != NULL);
    }
    sstp_disk_set_checkpoint(store->disk, 20);
    return store;
}

void start_relay(void)
{
    struct sstp_relay_config config = world.config;
    if (world.is_durable)
        config.store = open_store();
    world.relay = sstp_relay_new(&config, world.now_ms);
}

void stop_relay(void)
{
    finish_batch();
    sstp_relay_free(world.relay);
    world.relay = NULL;
    for (unsigned i = 0; i < VISITORS_MAX; i++)
        if (world.visitors[i].connection != NULL)
            leave(&world.visitors[i]);
    memset(world.num_dials, 0, sizeof world.num_dials);
    world.is_full = false;
}

void restart(bool is_crash, uint64_t seed)
{
    if (is_crash && world.is_durable)
        faulty.is_cut = true;
    stop_relay();
    if (is_crash && world.is_durable)
        faulty_vfs_reboot(seed);
    if (!world.is_durable)
        model_forget(&world.model);
    start_relay();
}

void configure(const uint8_t *bytes)
{
    static const char *const locked_out[] = {"dpp:///d", "grooveIdentity://d", "grooveAccount://c"};
    static const char *const *const urls = maker_relays;
    const uint8_t limits = bytes[3], times = bytes[4];
    world.is_durable = bytes[0] % 8 == 3;
    world.is_in_bulk = (bytes[0] & 0x40) != 0;
    world.config = (struct sstp_relay_config){
        .urls = urls,
        .num_urls = 1,
        .product_version = "Groove Relay",
        .minor_version = (bytes[1] & 1) != 0 ? 5 : 6,
        .auth =
            (enum sstp_relay_auth)PICK(bytes[1] >> 1, SSTP_RELAY_AUTH_OFF, SSTP_RELAY_AUTH_OPTIONAL,
                                       SSTP_RELAY_AUTH_REQUIRED, SSTP_RELAY_AUTH_OFF),
        .quota = (uint64_t)PICK(bytes[2], 0, 0, 2000, 20000),
        .max_bytes = (size_t)PICK(bytes[2] >> 2, 0, 0, 6000, 50000),
        .max_cached = (size_t)PICK(bytes[2] >> 4, 0, 1, 3000, 0),
        .max_assembling = (size_t)PICK(bytes[2] >> 5, 0, 70000, 0, 0),
        .max_queues = (size_t)PICK(bytes[2] >> 6, 0, 0, 1, 3),
        .supports_multi_drop = (bytes[1] & 0x10) == 0,
        .supports_single_hop = (bytes[1] & 0x20) == 0,
        .peer_urls = maker_relays + 1,
        .num_peers = (size_t)PICK(bytes[1] >> 6, 2, 2, 1, 0),
        .max_connections = (size_t)PICK(bytes[5], 0, 0, 3, 5),
        .max_connections_per_device = (size_t)PICK(bytes[5] >> 2, 0, 0, 1, 2),
        .locked_out = locked_out,
        .num_locked_out = (bytes[5] & 0x10) != 0 ? G_N_ELEMENTS(locked_out) : 0,
        .transport_timeout_ms = PICK(times, 0, 1000),
        .connect_timeout_ms = PICK(times >> 1, 0, 2000),
        .open_timeout_ms = PICK(times >> 2, 0, 3000),
        .outbound_idle_ms = PICK(times >> 3, 0, 4000),
        .inbound_idle_ms = PICK(times >> 4, 0, 5000),
        .idle_ms = PICK(times >> 5, 0, 100),
        .ack_delay_ms = PICK(times >> 6, 0, 1),
        .hung_ms = PICK(bytes[6], 0, 500),
        .auth_timeout_ms = PICK(bytes[6] >> 1, 0, 1500),
        .offline_ttl_ms = PICK(bytes[6] >> 2, 0, 2000),
        .peer_idle_ms = PICK(times >> 7, 0, 1000),
        .limits = {.max_sessions = (size_t)PICK(limits, 0, 3),
                   .max_attaches = (size_t)PICK(limits >> 1, 0, 2),
                   .max_fanout_entries = (size_t)PICK(limits >> 2, 0, 3),
                   .max_message = (size_t)PICK(limits >> 3, 0, 2500),
                   .max_unacknowledged = (size_t)PICK(limits >> 4, 0, 4),
                   .max_queued = (size_t)PICK(limits >> 5, 0, 3000),
                   .max_unread = (size_t)PICK(limits >> 6, 0, 5000),
                   .max_assembling = (size_t)PICK(limits >> 7, 0, 4000)},
        .random = {fill, NULL},
        .wake = on_wake,
        .hold = on_hold,
        .dial = on_dial,
        .log = on_log,
        .tell = on_log,
        .store_failing = on_store_failing,
        .store_full = on_store_full,
        .mem = &relay_world_memory,
        .witness = {.sent = on_sent, .noted = on_noted},
        .discarded = on_discarded,
        .label = on_label};
}
