/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a bench notices: each delivery that is not the one that is due. */
#include "bench/tally.h"

#include <glib.h>
#include <string.h>

#define SIZE 40

/* What sender `sender` sends as its message `number`. */
static struct sstp_span message(const struct bench_tally *tally, unsigned sender, unsigned number,
                                uint8_t bytes[SIZE])
{
    const uint64_t head = (uint64_t)sender << 32 | number;
    memcpy(bytes, tally->content, SIZE);
    memcpy(bytes, &head, sizeof head);
    return sstp_span(bytes, SIZE);
}

static void send(struct bench_tally *tally, unsigned sender, unsigned num)
{
    for (unsigned i = 0; i < num; i++) {
        (void)bench_tally_next(tally, sender, 1000 * (i + 1));
        bench_tally_sent(tally, sender);
    }
}

/* Delivers it and frees what is said of it; whether that is `wanted`. */
static void deliver(struct bench_tally *tally, unsigned receiver, unsigned sender, unsigned number,
                    const char *wanted)
{
    uint8_t bytes[SIZE];
    uint64_t latency_us;
    char *why = bench_tally_delivered(tally, receiver, message(tally, sender, number, bytes), 9000,
                                      &latency_us);
    g_assert_cmpstr(why, ==, wanted);
    g_free(why);
}

static void test_shares(void)
{
    struct bench_tally tally;
    bench_tally_init(&tally, 3, 1, 10, SIZE);
    g_assert_cmpuint(tally.senders[0].num_messages, ==, 4);
    g_assert_cmpuint(tally.senders[1].num_messages, ==, 3);
    g_assert_cmpuint(tally.senders[2].num_messages, ==, 3);
    static const unsigned shares[][4] = {{0, 0, 0, 0}, {1, 1, 0, 0},  {2, 1, 1, 0}, {3, 1, 1, 1},
                                         {4, 2, 1, 1}, {10, 4, 3, 3}, {99, 4, 3, 3}};
    for (size_t i = 0; i < G_N_ELEMENTS(shares); i++)
        for (unsigned sender = 0; sender < 3; sender++)
            g_assert_cmpuint(bench_tally_share(&tally, sender, shares[i][0]), ==,
                             shares[i][1 + sender]);
    bench_tally_clear(&tally);
}

/* Each sender's in order to each receiver, mixed as it comes. */
static void test_right(void)
{
    struct bench_tally tally;
    bench_tally_init(&tally, 2, 2, 4, SIZE);
    send(&tally, 0, 2);
    send(&tally, 1, 2);
    g_assert_cmpuint(tally.num_sent, ==, 4);
    deliver(&tally, 0, 1, 0, NULL);
    deliver(&tally, 1, 0, 0, NULL);
    deliver(&tally, 0, 1, 1, NULL);
    deliver(&tally, 0, 0, 0, NULL);
    deliver(&tally, 1, 0, 1, NULL);
    deliver(&tally, 1, 1, 0, NULL);
    deliver(&tally, 1, 1, 1, NULL);
    g_assert_false(bench_tally_is_delivered(&tally));
    deliver(&tally, 0, 0, 1, NULL);
    g_assert_true(bench_tally_is_delivered(&tally));
    g_assert_cmpuint(tally.senders[1].num_delivered, ==, 4);

    for (unsigned i = 0; i < 4; i++) {
        g_assert_false(bench_tally_is_acknowledged(&tally));
        bench_tally_acknowledged(&tally, i % 2, i);
    }
    g_assert_true(bench_tally_is_acknowledged(&tally));
    g_assert_cmpuint(tally.senders[0].acknowledged_ns, ==, 2);
    g_assert_cmpuint(tally.senders[1].num_acknowledged, ==, 2);
    bench_tally_clear(&tally);
}

static const struct {
    const char *name;
    unsigned sender, number; /* what comes where 1 of sender 2 is due; of 3 that were sent */
    const char *wanted;
} wrongs[] = {
    {"due", 1, 1, NULL},
    {"double", 1, 0, "message 0 of sender 2 came to receiver 1 where 1 was expected"},
    {"lost", 1, 2, "message 2 of sender 2 came to receiver 1 where 1 was expected"},
    {"never sent", 1, 3, "message 3 of sender 2 came to receiver 1 where 1 was expected"},
    {"of another sender, whose is not due", 0, 1,
     "message 1 of sender 1 came to receiver 1 where 0 was expected"},
    {"of nobody", 2, 1, "message 1 of sender 3 came to receiver 1, and there is no such sender"},
    {"of nobody at all", UINT32_MAX, 0,
     "message 0 of sender 4294967296 came to receiver 1, and there is no such sender"},
};

static void test_wrong(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(wrongs); i++) {
        struct bench_tally tally;
        g_test_message("%s", wrongs[i].name);
        bench_tally_init(&tally, 2, 1, 20, SIZE);
        send(&tally, 0, 3);
        send(&tally, 1, 3);
        deliver(&tally, 0, 1, 0, NULL);
        deliver(&tally, 0, wrongs[i].sender, wrongs[i].number, wrongs[i].wanted);
        g_assert_cmpuint(tally.num_delivered, ==, wrongs[i].wanted == NULL ? 2 : 1);
        bench_tally_clear(&tally);
    }
}

/* Due, but not sent yet. */
static void test_too_early(void)
{
    struct bench_tally tally;
    bench_tally_init(&tally, 2, 1, 20, SIZE);
    send(&tally, 0, 1);
    deliver(&tally, 0, 1, 0, "message 0 of sender 2 came to receiver 1 where 0 was expected");
    bench_tally_clear(&tally);
}

/* One sender is not spoken of, and all of the head is its number. */
static void test_one_sender(void)
{
    struct bench_tally tally;
    bench_tally_init(&tally, 1, 1, 20, SIZE);
    send(&tally, 0, 3);
    deliver(&tally, 0, 0, 0, NULL);
    deliver(&tally, 0, 0, 2, "message 2 came to receiver 1 where 1 was expected");
    deliver(&tally, 0, 1, 1, "message 4294967297 came to receiver 1 where 1 was expected");
    bench_tally_clear(&tally);
}

static void test_contents(void)
{
    for (size_t i = 8; i < SIZE; i++) {
        struct bench_tally tally;
        uint8_t bytes[SIZE];
        uint64_t latency_us;
        bench_tally_init(&tally, 2, 1, 20, SIZE);
        send(&tally, 1, 1);
        const struct sstp_span span = message(&tally, 1, 0, bytes);
        bytes[i] ^= 1;
        char *why = bench_tally_delivered(&tally, 0, span, 9000, &latency_us);
        g_assert_cmpstr(why, ==, "message 0 of sender 2 came with other contents than it was sent");
        g_free(why);
        why = bench_tally_delivered(&tally, 0, sstp_span(bytes, SIZE - 1), 9000, &latency_us);
        g_assert_cmpstr(why, ==, "a message came with 39 bytes instead of 40");
        g_free(why);
        bench_tally_clear(&tally);
    }
}

static void test_latency(void)
{
    struct bench_tally tally;
    uint8_t bytes[BENCH_SIZE_MIN];
    uint64_t latency_us = 0;
    bench_tally_init(&tally, 2, 2, 2, BENCH_SIZE_MIN);
    const struct sstp_span span = bench_tally_next(&tally, 1, 1000);
    memcpy(bytes, span.data, sizeof bytes);
    bench_tally_sent(&tally, 1);
    for (unsigned i = 0; i < 2; i++) {
        g_assert_null(bench_tally_delivered(&tally, i, sstp_span(bytes, sizeof bytes),
                                            1000 + 7000 * (i + 1), &latency_us));
        g_assert_cmpuint(latency_us, ==, 7 * (i + 1));
    }
    g_assert_cmpuint(tally.senders[1].latency_us, ==, 21);
    g_assert_cmpuint(tally.senders[1].delivered_ns, ==, 15000);
    bench_tally_clear(&tally);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/bench-tally/shares", test_shares);
    g_test_add_func("/bench-tally/right", test_right);
    g_test_add_func("/bench-tally/wrong", test_wrong);
    g_test_add_func("/bench-tally/too-early", test_too_early);
    g_test_add_func("/bench-tally/one-sender", test_one_sender);
    g_test_add_func("/bench-tally/contents", test_contents);
    g_test_add_func("/bench-tally/latency", test_latency);
    return g_test_run();
}
