/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Histories by chance, heard in disorder, are put in the order in which they were told. */
#include "order_fixture.h"
#include "random.h"

#include <string.h>

#define HISTORY_LEN 400u

static void add_said(GArray *history, struct rng *rng, uint64_t ends[2], bool from_initiator,
                     const struct sstp_command *command)
{
    struct said said = {
        .from_initiator = from_initiator, .known = ends[!from_initiator], .command = *command};
    said.position = ends[from_initiator] += 3 + rng_below(rng, 40);
    g_array_append_val(history, said);
}

/* A clean conversation, each command of which knows all before it. */
static GArray *make_history(struct rng *rng)
{
    GArray *history = g_array_new(FALSE, TRUE, sizeof(struct said));
    uint64_t ends[2] = {1, 1};
    unsigned outstanding[2] = {0, 0}, num_sessions[2] = {0, 0};

    add_said(history, rng, ends, true,
             &(struct sstp_command){.id = SSTP_CONNECT, .major_version = 1, .minor_version = 6});
    add_said(history, rng, ends, false,
             &(struct sstp_command){
                 .id = SSTP_CONNECT_RESPONSE, .major_version = 1, .minor_version = 6});
    while (history->len < HISTORY_LEN) {
        const bool from = rng_is_one_in(rng, 2);
        const uint32_t base = from ? 1 : 0x80000001u;
        if (num_sessions[from] == 0 || rng_is_one_in(rng, 20)) {
            const uint32_t id = base + num_sessions[from]++;
            add_said(history, rng, ends, from,
                     &(struct sstp_command){.id = SSTP_OPEN, .session_id = id});
            add_said(history, rng, ends, !from,
                     &(struct sstp_command){.id = SSTP_OPEN_RESPONSE, .session_id = id});
        } else if (outstanding[!from] > 0 && rng_is_one_in(rng, 3)) {
            const unsigned count = 1 + (unsigned)rng_below(rng, outstanding[!from]);
            outstanding[!from] -= count;
            add_said(history, rng, ends, from,
                     &(struct sstp_command){.id = SSTP_NOOP, .message_count = count});
        } else {
            const uint32_t id = base + (uint32_t)rng_below(rng, num_sessions[from]);
            for (uint8_t command = SSTP_MESSAGE; command <= SSTP_END_MESSAGE; command++)
                add_said(history, rng, ends, from,
                         &(struct sstp_command){.id = command, .session_id = id});
            outstanding[from]++;
        }
    }
    return history;
}

/* Has the history heard in an order that keeps that of each direction; `near`: no command more
 * than so many places from its own, in the end. */
static void deliver(struct order_fixture *fixture, const GArray *history, struct rng *rng,
                    unsigned near)
{
    unsigned next[2] = {0, 0};
    const struct said *all = (const struct said *)(const void *)history->data;

    for (;;) {
        bool from = rng_is_one_in(rng, 2);
        for (int i = 0; i < 2; i++)
            while (next[i] < history->len && all[next[i]].from_initiator != (i != 0))
                next[i]++;
        if (next[0] == history->len && next[1] == history->len)
            break;
        if (next[from] == history->len || next[from] > next[!from] + near)
            from = !from;
        const unsigned number = next[from]++;
        const bool has_numbers = !fixture->order.is_by_time;
        order_say(fixture, from, number, has_numbers ? all[number].position : 0,
                  has_numbers ? all[number].known : 0);
    }
}

static void observe_all(const GArray *history, struct sstp_observation *seen)
{
    struct sstp_observer observer;

    sstp_observer_init(&observer, &sstp_mem_libc, SSTP_OBSERVER_FROM_START);
    for (unsigned i = 0; i < history->len; i++) {
        const struct said *said = &g_array_index(history, struct said, i);
        sstp_observer_command(&observer, said->from_initiator, &said->command,
                              (struct sstp_observed_place){i + 1, 0}, &seen[i]);
        g_assert_cmphex(seen[i].findings, ==, 0);
    }
    sstp_observer_clear(&observer);
}

static void check_random(uint64_t seed, bool by_time, unsigned near)
{
    struct rng chance = rng(seed);
    struct order_fixture fixture;
    struct sstp_observer observer;
    struct sstp_observation *wanted;

    GArray *history = make_history(&chance);
    wanted = g_new0(struct sstp_observation, history->len);
    observe_all(history, wanted);

    order_set_up(&fixture);
    sstp_observer_init(&observer, &sstp_mem_libc, SSTP_OBSERVER_FROM_START);
    fixture.hearer.history = (const struct said *)(const void *)history->data;
    fixture.hearer.observer = &observer;
    fixture.hearer.seen = g_array_new(FALSE, TRUE, sizeof(struct sstp_observation));
    g_array_set_size(fixture.hearer.seen, history->len);
    if (by_time)
        sstp_order_by_time(&fixture.order);
    else
        order_start(&fixture);
    deliver(&fixture, history, &chance, near);
    sstp_order_settle(&fixture.order);
    g_assert_cmpuint(fixture.hearer.num_lost, ==, 0);
    g_assert_cmpuint(fixture.hearer.taken->len, ==, history->len);
    for (unsigned i = 0; i < history->len; i++) {
        const struct sstp_observation *seen =
            &g_array_index(fixture.hearer.seen, struct sstp_observation, i);
        if (by_time) { /* of what crosses, the order is anybody's guess; nothing is wrong */
            g_assert_cmphex(seen->findings, ==, 0);
            g_assert_cmpint(seen->connection_state, ==, wanted[i].connection_state);
            g_assert_cmpint(seen->session_state, ==, wanted[i].session_state);
            g_assert_cmpint(seen->has_entry, ==, wanted[i].has_entry);
            g_assert_cmpuint(seen->entry, ==, wanted[i].entry);
        } else if (memcmp(seen, &wanted[i], sizeof *seen) != 0) {
            g_error("seed %" G_GUINT64_FORMAT ": command %u is seen otherwise", seed, i);
        }
    }
    if (!by_time)
        for (unsigned i = 0; i < history->len; i++)
            g_assert_cmpuint(g_array_index(fixture.hearer.taken, unsigned, i), ==, i);
    g_array_unref(fixture.hearer.seen);
    sstp_observer_clear(&observer);
    order_tear_down(&fixture);
    g_array_unref(history);
    g_free(wanted);
}

static void test_random(void)
{
    for (uint64_t seed = 0; seed < 300; seed++)
        check_random(seed, false, seed % 3 == 0 ? HISTORY_LEN : (unsigned)(seed % 50));
}

static void test_random_by_time(void)
{
    for (uint64_t seed = 0; seed < 300; seed++)
        check_random(seed, true, seed % 3 == 0 ? HISTORY_LEN : (unsigned)(seed % 50));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/order_random/random", test_random);
    g_test_add_func("/order_random/random_by_time", test_random_by_time);
    return g_test_run();
}
