/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands of two directions come out in an order that what their senders knew allows. */
#include <glib.h>
#include <string.h>

#include "counting_mem.h"
#include "random.h"
#include "state/observer.h"
#include "state/order.h"

#define SECOND_NS INT64_C(1000000000)

/* A command of a history: its bytes are its number in it. */
struct said {
    bool from_initiator;
    uint64_t position, known;
    struct sstp_command command; /* for the observer */
};

/* Takes what comes, and has the observer look at it where there is one. */
struct hearer {
    GArray *taken; /* unsigned: numbers in the history */
    unsigned num_lost, num_told, num_refused;
    const struct said *history;
    struct sstp_observer *observer;
    GArray *seen; /* struct sstp_observation, by number */
};

static unsigned number_of(const struct sstp_order_item *item)
{
    unsigned number;
    g_assert_cmpuint(item->bytes.len, ==, sizeof number);
    memcpy(&number, item->bytes.data, sizeof number);
    return number;
}

static bool take(void *cookie, bool from_initiator, const struct sstp_order_item *item,
                 bool may_wait)
{
    struct hearer *hearer = cookie;

    if (item->kind == SSTP_ORDER_GAP)
        hearer->num_lost++;
    if (item->kind != SSTP_ORDER_COMMAND)
        return true;
    const unsigned number = number_of(item);
    if (hearer->observer != NULL) {
        const struct sstp_observed_knowledge knowledge = {item->position, item->known};
        struct sstp_observation seen;
        if (!sstp_observer_take(hearer->observer, from_initiator, &hearer->history[number].command,
                                (struct sstp_observed_place){number + 1, 0},
                                item->known != 0 ? &knowledge : NULL, may_wait, &seen)) {
            hearer->num_refused++;
            return false;
        }
        g_array_index(hearer->seen, struct sstp_observation, number) = seen;
    }
    g_array_append_val(hearer->taken, number);
    return true;
}

static void lose(void *cookie, const struct sstp_order_item *item)
{
    struct hearer *hearer = cookie;
    hearer->num_told += item != NULL;
    hearer->num_lost++;
    if (hearer->observer != NULL)
        sstp_observer_gap(hearer->observer);
}

struct fixture {
    struct counting_mem counting;
    struct sstp_order_budget budget;
    struct sstp_order order;
    struct hearer hearer;
};

static void set_up(struct fixture *fixture)
{
    memset(fixture, 0, sizeof *fixture);
    counting_mem_init(&fixture->counting);
    fixture->hearer.taken = g_array_new(FALSE, FALSE, sizeof(unsigned));
    sstp_order_init(&fixture->order, &fixture->counting.mem, &fixture->budget,
                    &(struct sstp_order_taker){take, lose, &fixture->hearer});
}

static void tear_down(struct fixture *fixture)
{
    sstp_order_clear(&fixture->order);
    g_assert_cmpuint(fixture->budget.bytes, ==, 0);
    g_assert_cmpuint(fixture->counting.num_blocks, ==, 0);
    g_array_unref(fixture->hearer.taken);
}

static void begin_chunk(struct fixture *fixture, bool from_initiator, int64_t time_ns)
{
    sstp_order_put(&fixture->order, from_initiator,
                   &(struct sstp_order_item){.kind = SSTP_ORDER_CHUNK, .time_ns = time_ns});
}

static void say_at(struct fixture *fixture, bool from_initiator, unsigned number, uint64_t position,
                   uint64_t known, int64_t time_ns)
{
    begin_chunk(fixture, from_initiator, time_ns);
    sstp_order_put(&fixture->order, from_initiator,
                   &(struct sstp_order_item){.kind = SSTP_ORDER_COMMAND,
                                             .time_ns = time_ns,
                                             .position = position,
                                             .known = known,
                                             .bytes = sstp_span(&number, sizeof number)});
}

static void say(struct fixture *fixture, bool from_initiator, unsigned number, uint64_t position,
                uint64_t known)
{
    say_at(fixture, from_initiator, number, position, known, 0);
}

static void start(struct fixture *fixture)
{
    sstp_order_start(&fixture->order, false, 1);
    sstp_order_start(&fixture->order, true, 1);
}

static void check_taken(const struct fixture *fixture, const unsigned *wanted, size_t num)
{
    g_assert_cmpuint(fixture->hearer.taken->len, ==, num);
    for (unsigned i = 0; i < num; i++)
        g_assert_cmpuint(g_array_index(fixture->hearer.taken, unsigned, i), ==, wanted[i]);
}

#define assert_taken(fixture, ...)                                                                 \
    check_taken((fixture), (const unsigned[]){__VA_ARGS__},                                        \
                sizeof((const unsigned[]){__VA_ARGS__}) / sizeof(unsigned))

/* ------------------------------------------------------------------------
 * By hand
 */

static void test_in_order(void)
{
    struct fixture fixture;

    set_up(&fixture);
    start(&fixture);
    say(&fixture, true, 0, 11, 1);
    say(&fixture, false, 1, 11, 11);
    say(&fixture, true, 2, 21, 11);
    assert_taken(&fixture, 0, 1, 2);
    g_assert_cmpuint(fixture.counting.num_requests, ==, 0); /* nothing waited */
    tear_down(&fixture);
}

static void test_answer_first(void)
{
    struct fixture fixture;

    set_up(&fixture);
    start(&fixture);
    say(&fixture, false, 1, 11, 11);
    say(&fixture, false, 3, 21, 21);
    g_assert_cmpuint(fixture.hearer.taken->len, ==, 0);
    say(&fixture, true, 0, 11, 1);
    assert_taken(&fixture, 0, 1);
    say(&fixture, true, 2, 21, 11);
    assert_taken(&fixture, 0, 1, 2, 3);
    g_assert_cmpuint(fixture.hearer.num_lost, ==, 0);
    tear_down(&fixture);
}

/* What neither knew of the other is taken as it comes. */
static void test_crossed(void)
{
    struct fixture fixture;

    set_up(&fixture);
    start(&fixture);
    say(&fixture, false, 1, 11, 1);
    say(&fixture, true, 0, 11, 1);
    assert_taken(&fixture, 1, 0);
    tear_down(&fixture);
}

/* A part of a command is received, too. */
static void test_part(void)
{
    struct fixture fixture;

    set_up(&fixture);
    start(&fixture);
    say(&fixture, false, 0, 11, 5);
    g_assert_cmpuint(fixture.hearer.taken->len, ==, 0);
    sstp_order_put(&fixture.order, true,
                   &(struct sstp_order_item){.kind = SSTP_ORDER_PASSED, .position = 5});
    assert_taken(&fixture, 0);
    tear_down(&fixture);
}

/* Lost, and sent again with what the sender had received meanwhile: the answer to it comes
 * after it all the same. */
static void test_sent_again(void)
{
    struct fixture fixture;

    set_up(&fixture);
    start(&fixture);
    say(&fixture, false, 1, 11, 11);
    say(&fixture, true, 0, 11, 11);
    say(&fixture, true, 2, 21, 11);
    assert_taken(&fixture, 0, 1, 2);
    tear_down(&fixture);
}

/* A number of another kind, as a cut fragment has it, holds nothing up. */
static void test_far_ahead(void)
{
    struct fixture fixture;

    set_up(&fixture);
    start(&fixture);
    say(&fixture, true, 0, 11, 1 + SSTP_ORDER_AHEAD_MAX + 1);
    assert_taken(&fixture, 0);
    tear_down(&fixture);
}

/* Where nothing tells where the other direction begins, what was received was before. */
static void test_midstream(void)
{
    struct fixture fixture;

    set_up(&fixture);
    say(&fixture, true, 0, 1011, 5000);
    say(&fixture, false, 1, 5010, 1011);
    assert_taken(&fixture, 0, 1);
    g_assert_cmpuint(fixture.hearer.num_lost, ==, 0);
    g_assert_true(sstp_order_lacks(&fixture.order, false, 4999));
    g_assert_false(sstp_order_lacks(&fixture.order, false, 5000));
    tear_down(&fixture);
}

/* ------------------------------------------------------------------------
 * What does not come
 */

static void test_one_direction(void)
{
    struct fixture fixture;

    set_up(&fixture);
    start(&fixture);
    for (unsigned i = 0; i < 10; i++)
        say(&fixture, true, i, 11 + 10 * i, 1 + 10 * i);
    assert_taken(&fixture, 0);
    sstp_order_settle(&fixture.order);
    g_assert_cmpuint(fixture.hearer.taken->len, ==, 10);
    g_assert_cmpuint(fixture.hearer.num_lost, ==, 9);
    g_assert_cmpuint(fixture.hearer.num_told, ==, 1);
    tear_down(&fixture);
}

/* Whatever was given up comes after all: it is taken, and nothing is known after it. */
static void test_too_late(void)
{
    struct fixture fixture;

    set_up(&fixture);
    start(&fixture);
    say(&fixture, false, 1, 11, 11);
    sstp_order_settle(&fixture.order);
    assert_taken(&fixture, 1);
    g_assert_cmpuint(fixture.hearer.num_lost, ==, 1);
    say(&fixture, true, 0, 11, 1);
    assert_taken(&fixture, 1, 0);
    g_assert_cmpuint(fixture.hearer.num_lost, ==, 2);
    say(&fixture, true, 2, 21, 11);
    assert_taken(&fixture, 1, 0, 2);
    g_assert_cmpuint(fixture.hearer.num_lost, ==, 2);
    tear_down(&fixture);
}

static void test_bound_of_time(void)
{
    struct fixture fixture;
    unsigned i;

    set_up(&fixture);
    start(&fixture);
    say_at(&fixture, false, 0, 11, 11, 0);
    for (i = 1; i <= SSTP_ORDER_CHUNKS_MIN; i++) /* late, but few */
        say_at(&fixture, false, i, 11 + 10 * i, 11, 10 * SECOND_NS);
    g_assert_cmpuint(fixture.hearer.taken->len, ==, 0);
    say_at(&fixture, false, i, 11 + 10 * i, 11, 10 * SECOND_NS);
    g_assert_cmpuint(fixture.hearer.taken->len, ==, i + 1);
    g_assert_cmpuint(fixture.hearer.num_lost, ==, 1);
    /* It is not waited for again as long as nothing comes. */
    say_at(&fixture, false, i + 1, 11 + 10 * (i + 1), 99, 10 * SECOND_NS);
    g_assert_cmpuint(fixture.hearer.taken->len, ==, i + 2);
    say(&fixture, true, 1000, 101, 1);
    say_at(&fixture, false, i + 2, 11 + 10 * (i + 2), 111, 10 * SECOND_NS);
    g_assert_cmpuint(fixture.hearer.taken->len, ==, i + 3);
    tear_down(&fixture);
}

static void test_bound_of_number(void)
{
    struct fixture fixture;

    set_up(&fixture);
    start(&fixture);
    for (unsigned i = 0; i <= SSTP_ORDER_COMMANDS_MAX; i++)
        say(&fixture, false, i, 11 + 10 * i, 11);
    g_assert_cmpuint(fixture.hearer.taken->len, ==, SSTP_ORDER_COMMANDS_MAX + 1);
    tear_down(&fixture);
}

/* One connection's bytes are at the expense of all. */
static void test_budget(void)
{
    struct fixture fixture;

    set_up(&fixture);
    start(&fixture);
    fixture.budget.bytes = SSTP_ORDER_BUDGET_MAX;
    say(&fixture, false, 0, 11, 11);
    g_assert_cmpuint(fixture.hearer.taken->len, ==, 1);
    fixture.budget.bytes -= SSTP_ORDER_BUDGET_MAX;
    tear_down(&fixture);
}

static void test_no_memory(void)
{
    struct fixture fixture;

    set_up(&fixture);
    start(&fixture);
    fixture.counting.fails_at = 1;
    say(&fixture, false, 0, 11, 11);
    g_assert_cmpuint(fixture.hearer.num_lost, >=, 1);
    tear_down(&fixture);
}

/* ------------------------------------------------------------------------
 * Random histories
 */

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
static void deliver(struct fixture *fixture, const GArray *history, struct rng *rng, unsigned near)
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
        say(fixture, from, number, has_numbers ? all[number].position : 0,
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
    struct fixture fixture;
    struct sstp_observer observer;
    struct sstp_observation *wanted;

    GArray *history = make_history(&chance);
    wanted = g_new0(struct sstp_observation, history->len);
    observe_all(history, wanted);

    set_up(&fixture);
    sstp_observer_init(&observer, &sstp_mem_libc, SSTP_OBSERVER_FROM_START);
    fixture.hearer.history = (const struct said *)(const void *)history->data;
    fixture.hearer.observer = &observer;
    fixture.hearer.seen = g_array_new(FALSE, TRUE, sizeof(struct sstp_observation));
    g_array_set_size(fixture.hearer.seen, history->len);
    if (by_time)
        sstp_order_by_time(&fixture.order);
    else
        start(&fixture);
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
    tear_down(&fixture);
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

/* What is never made right breaks its rule in the end. */
static void test_violation_by_time(void)
{
    static const struct said history[] = {
        {.from_initiator = true, .command = {.id = SSTP_CONNECT, .major_version = 1}},
        {.from_initiator = false, .command = {.id = SSTP_CONNECT_RESPONSE, .major_version = 1}},
        {.from_initiator = false, .command = {.id = SSTP_NOOP, .message_count = 1}},
        {.from_initiator = true, .command = {.id = SSTP_NOOP}}};
    struct fixture fixture;
    struct sstp_observer observer;

    set_up(&fixture);
    sstp_observer_init(&observer, &sstp_mem_libc, SSTP_OBSERVER_FROM_START);
    fixture.hearer.history = history;
    fixture.hearer.observer = &observer;
    fixture.hearer.seen = g_array_new(FALSE, TRUE, sizeof(struct sstp_observation));
    g_array_set_size(fixture.hearer.seen, G_N_ELEMENTS(history));
    sstp_order_by_time(&fixture.order);
    for (unsigned i = 0; i < G_N_ELEMENTS(history); i++)
        say(&fixture, history[i].from_initiator, i, 0, 0);
    assert_taken(&fixture, 0, 1, 3);
    g_assert_cmpuint(fixture.hearer.num_refused, >, 0);
    sstp_order_settle(&fixture.order);
    assert_taken(&fixture, 0, 1, 3, 2);
    g_assert_cmphex(g_array_index(fixture.hearer.seen, struct sstp_observation, 2).findings, ==,
                    SSTP_OBSERVED(SSTP_FINDING_ACK_EXCESS));
    g_array_unref(fixture.hearer.seen);
    sstp_observer_clear(&observer);
    tear_down(&fixture);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/order/in_order", test_in_order);
    g_test_add_func("/order/answer_first", test_answer_first);
    g_test_add_func("/order/crossed", test_crossed);
    g_test_add_func("/order/part", test_part);
    g_test_add_func("/order/sent_again", test_sent_again);
    g_test_add_func("/order/far_ahead", test_far_ahead);
    g_test_add_func("/order/midstream", test_midstream);
    g_test_add_func("/order/one_direction", test_one_direction);
    g_test_add_func("/order/too_late", test_too_late);
    g_test_add_func("/order/bound_of_time", test_bound_of_time);
    g_test_add_func("/order/bound_of_number", test_bound_of_number);
    g_test_add_func("/order/budget", test_budget);
    g_test_add_func("/order/no_memory", test_no_memory);
    g_test_add_func("/order/random", test_random);
    g_test_add_func("/order/random_by_time", test_random_by_time);
    g_test_add_func("/order/violation_by_time", test_violation_by_time);
    return g_test_run();
}
