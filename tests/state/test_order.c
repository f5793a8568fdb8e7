/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands of two directions come out in an order that what their senders knew allows. */
#include "order_fixture.h"

#define SECOND_NS INT64_C(1000000000)

/* ------------------------------------------------------------------------
 * By hand
 */

static void test_in_order(void)
{
    struct order_fixture fixture;

    order_set_up(&fixture);
    order_start(&fixture);
    order_say(&fixture, true, 0, 11, 1);
    order_say(&fixture, false, 1, 11, 11);
    order_say(&fixture, true, 2, 21, 11);
    order_assert_taken(&fixture, 0, 1, 2);
    g_assert_cmpuint(fixture.counting.num_requests, ==, 0); /* nothing waited */
    order_tear_down(&fixture);
}

static void test_answer_first(void)
{
    struct order_fixture fixture;

    order_set_up(&fixture);
    order_start(&fixture);
    order_say(&fixture, false, 1, 11, 11);
    order_say(&fixture, false, 3, 21, 21);
    g_assert_cmpuint(fixture.hearer.taken->len, ==, 0);
    order_say(&fixture, true, 0, 11, 1);
    order_assert_taken(&fixture, 0, 1);
    order_say(&fixture, true, 2, 21, 11);
    order_assert_taken(&fixture, 0, 1, 2, 3);
    g_assert_cmpuint(fixture.hearer.num_lost, ==, 0);
    order_tear_down(&fixture);
}

/* What neither knew of the other is taken as it comes. */
static void test_crossed(void)
{
    struct order_fixture fixture;

    order_set_up(&fixture);
    order_start(&fixture);
    order_say(&fixture, false, 1, 11, 1);
    order_say(&fixture, true, 0, 11, 1);
    order_assert_taken(&fixture, 1, 0);
    order_tear_down(&fixture);
}

/* A part of a command is received, too. */
static void test_part(void)
{
    struct order_fixture fixture;

    order_set_up(&fixture);
    order_start(&fixture);
    order_say(&fixture, false, 0, 11, 5);
    g_assert_cmpuint(fixture.hearer.taken->len, ==, 0);
    sstp_order_put(&fixture.order, true,
                   &(struct sstp_order_item){.kind = SSTP_ORDER_PASSED, .position = 5});
    order_assert_taken(&fixture, 0);
    order_tear_down(&fixture);
}

/* A FIN, which nobody hands in, is acknowledged after the end of a command, and no part of one. */
static void test_end(void)
{
    struct order_fixture fixture;

    order_set_up(&fixture);
    order_start(&fixture);
    order_say(&fixture, false, 0, 11, 2);
    order_say(&fixture, true, 1, 11, 11);
    order_say(&fixture, false, 2, 21, 12);
    order_assert_taken(&fixture, 0, 1, 2);
    g_assert_cmpuint(fixture.counting.num_requests, ==, 0); /* nothing waited */
    order_say(&fixture, false, 3, 31, 11 + SSTP_HEADER_LEN);
    order_assert_taken(&fixture, 0, 1, 2);
    sstp_order_put(&fixture.order, true,
                   &(struct sstp_order_item){.kind = SSTP_ORDER_PASSED, .position = 13});
    order_assert_taken(&fixture, 0, 1, 2);
    order_say(&fixture, true, 4, 14, 11);
    order_assert_taken(&fixture, 0, 1, 2, 4, 3);
    g_assert_cmpuint(fixture.hearer.num_lost, ==, 0);
    order_tear_down(&fixture);
}

/* Lost, and sent again with what the sender had received meanwhile: the answer to it comes
 * after it all the same. */
static void test_sent_again(void)
{
    struct order_fixture fixture;

    order_set_up(&fixture);
    order_start(&fixture);
    order_say(&fixture, false, 1, 11, 11);
    order_say(&fixture, true, 0, 11, 11);
    order_say(&fixture, true, 2, 21, 11);
    order_assert_taken(&fixture, 0, 1, 2);
    order_tear_down(&fixture);
}

/* A number of another kind, as a cut fragment has it, holds nothing up. */
static void test_far_ahead(void)
{
    struct order_fixture fixture;

    order_set_up(&fixture);
    order_start(&fixture);
    order_say(&fixture, true, 0, 11, 1 + SSTP_ORDER_AHEAD_MAX + 1);
    order_assert_taken(&fixture, 0);
    order_tear_down(&fixture);
}

/* Where nothing tells where the other direction begins, what was received was before. */
static void test_midstream(void)
{
    struct order_fixture fixture;

    order_set_up(&fixture);
    order_say(&fixture, true, 0, 1011, 5000);
    order_say(&fixture, false, 1, 5010, 1011);
    order_assert_taken(&fixture, 0, 1);
    g_assert_cmpuint(fixture.hearer.num_lost, ==, 0);
    g_assert_true(sstp_order_lacks(&fixture.order, false, 4999));
    g_assert_false(sstp_order_lacks(&fixture.order, false, 5000));
    order_tear_down(&fixture);
}

/* ------------------------------------------------------------------------
 * What does not come
 */

static void test_one_direction(void)
{
    struct order_fixture fixture;

    order_set_up(&fixture);
    order_start(&fixture);
    for (unsigned i = 0; i < 10; i++)
        order_say(&fixture, true, i, 11 + 10 * i, 1 + 10 * i);
    order_assert_taken(&fixture, 0);
    sstp_order_settle(&fixture.order);
    g_assert_cmpuint(fixture.hearer.taken->len, ==, 10);
    g_assert_cmpuint(fixture.hearer.num_lost, ==, 9);
    g_assert_cmpuint(fixture.hearer.num_told, ==, 1);
    order_tear_down(&fixture);
}

/* Whatever was given up comes after all: it is taken, and nothing is known after it. */
static void test_too_late(void)
{
    struct order_fixture fixture;

    order_set_up(&fixture);
    order_start(&fixture);
    order_say(&fixture, false, 1, 11, 11);
    sstp_order_settle(&fixture.order);
    order_assert_taken(&fixture, 1);
    g_assert_cmpuint(fixture.hearer.num_lost, ==, 1);
    order_say(&fixture, true, 0, 11, 1);
    order_assert_taken(&fixture, 1, 0);
    g_assert_cmpuint(fixture.hearer.num_lost, ==, 2);
    order_say(&fixture, true, 2, 21, 11);
    order_assert_taken(&fixture, 1, 0, 2);
    g_assert_cmpuint(fixture.hearer.num_lost, ==, 2);
    order_tear_down(&fixture);
}

static void miss(struct order_fixture *fixture, bool from_initiator, uint64_t position)
{
    sstp_order_put(&fixture->order, from_initiator,
                   &(struct sstp_order_item){.kind = SSTP_ORDER_GAP, .position = position});
}

/* A gap is known before what the other direction said without its bytes has come: what that says
 * with them is after the gap all the same. */
static void test_gap_overtakes(void)
{
    struct order_fixture fixture;

    order_set_up(&fixture);
    order_start(&fixture);
    order_say(&fixture, true, 0, 11, 1);
    order_say(&fixture, false, 1, 11, 11);
    miss(&fixture, false, 21);
    g_assert_cmpuint(fixture.hearer.num_lost, ==, 1);
    order_say(&fixture, true, 2, 21, 11);
    g_assert_cmpuint(fixture.hearer.num_lost, ==, 1);
    order_say(&fixture, true, 3, 31, 21);
    g_assert_cmpuint(fixture.hearer.num_lost, ==, 2);
    order_say(&fixture, true, 4, 41, 21);
    order_assert_taken(&fixture, 0, 1, 2, 3, 4);
    g_assert_cmpuint(fixture.hearer.num_lost, ==, 2);
    g_assert_cmpuint(fixture.hearer.num_told, ==, 0);
    order_tear_down(&fixture);
}

/* A second gap before the first is passed; and some of the bytes of a gap are known before others. */
static void test_gaps_overtake(void)
{
    struct order_fixture fixture;

    order_set_up(&fixture);
    order_start(&fixture);
    order_say(&fixture, false, 0, 11, 1);
    miss(&fixture, false, 21);
    order_say(&fixture, false, 1, 31, 1);
    miss(&fixture, false, 41);
    order_say(&fixture, true, 2, 11, 11);
    order_say(&fixture, true, 3, 21, 21);
    g_assert_cmpuint(fixture.hearer.num_lost, ==, 3);
    order_say(&fixture, true, 4, 31, 21);
    order_say(&fixture, true, 5, 41, 41);
    g_assert_cmpuint(fixture.hearer.num_lost, ==, 4);
    order_say(&fixture, true, 6, 51, 41);
    g_assert_cmpuint(fixture.hearer.num_lost, ==, 4);
    miss(&fixture, false, 61);
    order_say(&fixture, true, 7, 61, 51);
    g_assert_cmpuint(fixture.hearer.num_lost, ==, 5);
    order_say(&fixture, true, 8, 71, 61);
    g_assert_cmpuint(fixture.hearer.num_lost, ==, 6);
    order_tear_down(&fixture);
}

/* So is what its own direction says after it. */
static void test_gap_overtakes_before_its_own(void)
{
    struct order_fixture fixture;

    order_set_up(&fixture);
    order_start(&fixture);
    miss(&fixture, false, 11);
    g_assert_cmpuint(fixture.hearer.num_lost, ==, 1);
    order_say(&fixture, true, 0, 11, 1);
    g_assert_cmpuint(fixture.hearer.num_lost, ==, 1);
    order_say(&fixture, false, 1, 21, 11);
    g_assert_cmpuint(fixture.hearer.num_lost, ==, 2);
    order_say(&fixture, true, 2, 21, 11);
    order_say(&fixture, false, 3, 31, 21);
    g_assert_cmpuint(fixture.hearer.num_lost, ==, 2);
    order_assert_taken(&fixture, 0, 1, 2, 3);
    order_tear_down(&fixture);
}

/* Where all comes in its order one gap is enough. */
static void test_gap_in_order(void)
{
    struct order_fixture fixture;

    order_set_up(&fixture);
    order_start(&fixture);
    order_say(&fixture, true, 0, 11, 1);
    miss(&fixture, false, 11);
    order_say(&fixture, true, 1, 21, 11);
    order_say(&fixture, false, 2, 21, 21);
    order_say(&fixture, true, 3, 31, 21);
    order_assert_taken(&fixture, 0, 1, 2, 3);
    g_assert_cmpuint(fixture.hearer.num_lost, ==, 1);
    order_tear_down(&fixture);
}

static void test_bound_of_time(void)
{
    struct order_fixture fixture;
    unsigned i;

    order_set_up(&fixture);
    order_start(&fixture);
    order_say_at(&fixture, false, 0, 11, 11, 0);
    for (i = 1; i <= SSTP_ORDER_CHUNKS_MIN; i++) /* late, but few */
        order_say_at(&fixture, false, i, 11 + 10 * i, 11, 10 * SECOND_NS);
    g_assert_cmpuint(fixture.hearer.taken->len, ==, 0);
    order_say_at(&fixture, false, i, 11 + 10 * i, 11, 10 * SECOND_NS);
    g_assert_cmpuint(fixture.hearer.taken->len, ==, i + 1);
    g_assert_cmpuint(fixture.hearer.num_lost, ==, 1);
    /* It is not waited for again as long as nothing comes. */
    order_say_at(&fixture, false, i + 1, 11 + 10 * (i + 1), 99, 10 * SECOND_NS);
    g_assert_cmpuint(fixture.hearer.taken->len, ==, i + 2);
    order_say(&fixture, true, 1000, 101, 1);
    order_say_at(&fixture, false, i + 2, 11 + 10 * (i + 2), 111, 10 * SECOND_NS);
    g_assert_cmpuint(fixture.hearer.taken->len, ==, i + 3);
    order_tear_down(&fixture);
}

static void test_bound_of_number(void)
{
    struct order_fixture fixture;

    order_set_up(&fixture);
    order_start(&fixture);
    for (unsigned i = 0; i <= SSTP_ORDER_COMMANDS_MAX; i++)
        order_say(&fixture, false, i, 11 + 10 * i, 11);
    g_assert_cmpuint(fixture.hearer.taken->len, ==, SSTP_ORDER_COMMANDS_MAX + 1);
    order_tear_down(&fixture);
}

/* One connection's bytes are at the expense of all. */
static void test_budget(void)
{
    struct order_fixture fixture;

    order_set_up(&fixture);
    order_start(&fixture);
    fixture.budget.bytes = SSTP_ORDER_BUDGET_MAX;
    order_say(&fixture, false, 0, 11, 11);
    g_assert_cmpuint(fixture.hearer.taken->len, ==, 1);
    fixture.budget.bytes -= SSTP_ORDER_BUDGET_MAX;
    order_tear_down(&fixture);
}

static void test_no_memory(void)
{
    struct order_fixture fixture;

    order_set_up(&fixture);
    order_start(&fixture);
    fixture.counting.fails_at = 1;
    order_say(&fixture, false, 0, 11, 11);
    g_assert_cmpuint(fixture.hearer.num_lost, >=, 1);
    order_tear_down(&fixture);
}

/* What is never made right breaks its rule in the end. */
static void test_violation_by_time(void)
{
    static const struct said history[] = {
        {.from_initiator = true, .command = {.id = SSTP_CONNECT, .major_version = 1}},
        {.from_initiator = false, .command = {.id = SSTP_CONNECT_RESPONSE, .major_version = 1}},
        {.from_initiator = false, .command = {.id = SSTP_NOOP, .message_count = 1}},
        {.from_initiator = true, .command = {.id = SSTP_NOOP}}};
    struct order_fixture fixture;
    struct sstp_observer observer;

    order_set_up(&fixture);
    sstp_observer_init(&observer, &sstp_mem_libc, SSTP_OBSERVER_FROM_START);
    fixture.hearer.history = history;
    fixture.hearer.observer = &observer;
    fixture.hearer.seen = g_array_new(FALSE, TRUE, sizeof(struct sstp_observation));
    g_array_set_size(fixture.hearer.seen, G_N_ELEMENTS(history));
    sstp_order_by_time(&fixture.order);
    for (unsigned i = 0; i < G_N_ELEMENTS(history); i++)
        order_say(&fixture, history[i].from_initiator, i, 0, 0);
    order_assert_taken(&fixture, 0, 1, 3);
    g_assert_cmpuint(fixture.hearer.num_refused, >, 0);
    sstp_order_settle(&fixture.order);
    order_assert_taken(&fixture, 0, 1, 3, 2);
    g_assert_cmphex(g_array_index(fixture.hearer.seen, struct sstp_observation, 2).findings, ==,
                    SSTP_OBSERVED(SSTP_FINDING_ACK_EXCESS));
    g_array_unref(fixture.hearer.seen);
    sstp_observer_clear(&observer);
    order_tear_down(&fixture);
}

/* Of whom nobody knows what he had received waits for what makes him right. */
static void test_unsure(void)
{
    static const struct said history[] = {
        {.from_initiator = true, .command = {.id = SSTP_CONNECT, .major_version = 1}},
        {.from_initiator = true, .command = {.id = SSTP_OPEN, .session_id = 1}},
        {.from_initiator = false, .command = {.id = SSTP_CONNECT_RESPONSE, .major_version = 1}}};
    static const unsigned open = 1;
    struct order_fixture fixture;
    struct sstp_observer observer;

    order_set_up(&fixture);
    order_start(&fixture);
    sstp_observer_init(&observer, &sstp_mem_libc, SSTP_OBSERVER_FROM_START);
    fixture.hearer.history = history;
    fixture.hearer.observer = &observer;
    fixture.hearer.seen = g_array_new(FALSE, TRUE, sizeof(struct sstp_observation));
    g_array_set_size(fixture.hearer.seen, G_N_ELEMENTS(history));
    order_say(&fixture, true, 0, 11, 1);
    sstp_order_put(&fixture.order, true,
                   &(struct sstp_order_item){.kind = SSTP_ORDER_COMMAND,
                                             .position = 21,
                                             .known = 1,
                                             .is_unsure = true,
                                             .bytes = sstp_span(&open, sizeof open)});
    order_assert_taken(&fixture, 0);
    order_say(&fixture, false, 2, 11, 11);
    order_assert_taken(&fixture, 0, 2, 1);
    for (unsigned i = 0; i < G_N_ELEMENTS(history); i++)
        g_assert_cmphex(g_array_index(fixture.hearer.seen, struct sstp_observation, i).findings, ==,
                        0);
    g_array_unref(fixture.hearer.seen);
    sstp_observer_clear(&observer);
    order_tear_down(&fixture);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/order/in_order", test_in_order);
    g_test_add_func("/order/answer_first", test_answer_first);
    g_test_add_func("/order/crossed", test_crossed);
    g_test_add_func("/order/part", test_part);
    g_test_add_func("/order/end", test_end);
    g_test_add_func("/order/sent_again", test_sent_again);
    g_test_add_func("/order/far_ahead", test_far_ahead);
    g_test_add_func("/order/midstream", test_midstream);
    g_test_add_func("/order/one_direction", test_one_direction);
    g_test_add_func("/order/too_late", test_too_late);
    g_test_add_func("/order/gap_overtakes", test_gap_overtakes);
    g_test_add_func("/order/gaps_overtake", test_gaps_overtake);
    g_test_add_func("/order/gap_overtakes_before_its_own", test_gap_overtakes_before_its_own);
    g_test_add_func("/order/gap_in_order", test_gap_in_order);
    g_test_add_func("/order/bound_of_time", test_bound_of_time);
    g_test_add_func("/order/bound_of_number", test_bound_of_number);
    g_test_add_func("/order/budget", test_budget);
    g_test_add_func("/order/no_memory", test_no_memory);
    g_test_add_func("/order/violation_by_time", test_violation_by_time);
    g_test_add_func("/order/unsure", test_unsure);
    return g_test_run();
}
