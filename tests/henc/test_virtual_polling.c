/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Polling, by the stories of virtual_story.h: states, numbers, what is missing or repeated, and
 * when it asks. */
#include "random.h"
#include "rows.h"
#include "virtual_story.h"

static const struct story stories[] = {
    {"usual",
     "poll@1#0 400@1 end@1 poll@2#0=ab 200@2#0=xy end@2 poll@3#1 200@3#1=z end@3 poll@4#2=cd "
     "200@4#2 end@4 finish",
     "established", "", "abcd", "xyz"},
    {"probing", "poll@1#0", "probing", "", "", ""},
    {"probed", "poll@1#0 400@1", "probed", "", "", ""},
    {"connecting", "poll@1#0 400@1 poll@2#0=ab", "connecting", "", "ab", ""},
    {"first-answer-empty", "poll@1#0 400@1 poll@2#0=ab 200@2#0", "established", "", "ab", ""},
    {"midway", "poll@1#37=ab 200@1#37 poll@2#38 200@2#38=xy poll@3#39 200@3#39", "established", "",
     "|ab", "|xy"},
    {"midway-request", "poll@1#37=ab", NULL, "", "|ab", ""},
    {"no-probe", "poll@1#0=ab 200@1#0=x", "established", "handshake_order", "ab", "x"},
    {"second-before-400", "poll@1#0 poll@2*#0=ab 400@1", "connecting", "handshake_order", "ab", ""},
    /* Between two TCP connections there is only time. */
    {"400-comes-late", "poll@1#0 poll@2#0=ab 400@1 200@2#0", "established", "", "ab", ""},
    {"second-without-data", "poll@1#0 400@1 poll@2#0", "connecting", "handshake_order", "", ""},
    {"third-before-200", "poll@1#0 400@1 poll@2#0=ab poll@3*#1=cd", "connecting",
     "handshake_order out_of_turn", "abcd", ""},
    {"probe-answered-200", "poll@1#0 200@1#0=x", "probed", "handshake_order", "", "x"},
    {"400-later", "poll@1#0 400@1 poll@2#0=ab 200@2#0 poll@3#1 400@3", "closed", "", "ab", ""},
    {"ends-before-answer", "poll@1#0 400@1 end@1 poll@2#0=ab end@2", "connecting", "", "ab", ""},
    {"half-closed", "poll@1#0 end@1 400@1 poll@2#0=ab end@2 200@2#0=x poll@3#1=cd end@3 200@3#1=y",
     "established", "", "abcd", "xy"},
    {"answer-lost", "poll@1#0 400@1 poll@2#0=ab 200@2#0=x poll@3#1=cd end@3 poll@4#2=ef", NULL, "",
     "abcdef", "x"},
    {"answer-lost-then-another",
     "poll@1#0 400@1 poll@2#0=ab 200@2#0=x poll@3#1=cd end@3 poll@4#2=ef 200@4#2=z", "established",
     "sequence_gap", "abcdef", "x|z"},
    {"two-outstanding",
     "poll@1#0 400@1 poll@2#0=ab 200@2#0 poll@3#1=cd poll@4*#2=ef 200@3#1 200@4#2", "established",
     "out_of_turn", "abcdef", ""},
    {"two-outstanding-or-out-of-order",
     "poll@1#0 400@1 poll@2#0=ab 200@2#0 poll@3#1=cd poll@4#2=ef 200@3#1 200@4#2", "established",
     "", "abcdef", ""},
    {"two-outstanding-after-an-end",
     "poll@1#0 400@1 poll@2#0=ab 200@2#0 poll@3#1=cd end@3 poll@4*#2=ef 200@4#2", "established",
     "sequence_gap", "abcdef", ""},
    {"two-on-one-connection", "poll@1#0 400@1 poll@1#0=ab 200@1#0 poll@1#1=cd poll@1^#2=ef 200@1#2",
     "established", "sequence_gap out_of_turn", "abcdef", ""},
    {"two-answers", "poll@1#0 400@1 poll@2#0=ab 200@2#0 200@2^#1=x", "established", "out_of_turn",
     "ab", "x"},
    {"two-answers-or-not-captured", "poll@1#0 400@1 poll@2#0=ab 200@2#0 200@2#1=x", "established",
     "", "ab", "x"},
    {"polls-too-soon", "poll@1#0 400@1 poll@2#0=ab 200@2#0 fast poll@3#1 200@3#1", "established",
     "timer", "ab", ""},
    {"sends-soon", "poll@1#0 400@1 poll@2#0=ab 200@2#0 fast poll@3#1=c 200@3#1", "established", "",
     "abc", ""},
    {"polls-late", "poll@1#0 400@1 poll@2#0=ab 200@2#0 wait125 poll@3#1 200@3#1", "established",
     "timer", "ab", ""},
    {"polls-at-the-latest", "poll@1#0 400@1 poll@2#0=ab 200@2#0 wait110 poll@3#1 200@3#1",
     "established", "", "ab", ""},
    {"proxy-asks",
     "poll@1#0 407@1 poll@1#0 400@1 poll@2#0=ab 407@2 end@2 poll@3#0=ab 200@3#0=x poll@4#1=cd "
     "401@4 poll@4#1=cd 407@4 poll@4#1=cd 200@4#1",
     "established", "", "abcd", "x"},
    {"repeated", "poll@1#0 400@1 poll@2#0=ab 200@2#0 poll@3#1=cd poll@4#1=cd 200@4#1",
     "established", "sequence_repeat", "abcd", ""},
    {"answer-repeated",
     "poll@1#0 400@1 poll@2#0=ab 200@2#0 poll@3#1=cd poll@4#1=cd 200@3#1=x 200@4#1=x",
     "established", "sequence_repeat", "abcd", "x"},
    {"number-used-again",
     "poll@1#0 400@1 poll@2#0=ab 200@2#0 poll@3#1=cd 200@3#1 poll@4#1=ef 200@4#2", "established",
     "sequence_repeat", "abcdef", ""},
    {"requests-swapped",
     "poll@1#0 400@1 poll@2#0=a 200@2#0 poll@4#2=c poll@3#1=b 200@3#1=x 200@4#2=y", "established",
     "", "abc", "xy"},
    {"answers-swapped",
     "poll@1#0 400@1 poll@2#0=a 200@2#0 poll@3#1=b poll@4#2=c 200@4#2=y 200@3#1=x poll@5#3 "
     "200@5#3",
     "established", "", "abc", "xy"},
    {"exchanges-swapped",
     "poll@1#0 400@1 poll@2#0=a 200@2#0 poll@4#2=c 200@4#2=y poll@3#1=b 200@3#1=x poll@5#3=d "
     "200@5#3=z",
     "established", "sequence_gap", "a|cd", "|yz"},
    {"exchange-missing",
     "poll@1#0 400@1 poll@2#0=a 200@2#0 poll@4#2=c 200@4#2=y poll@5#3=d 200@5#3=z", "established",
     "sequence_gap", "a|cd", "|yz"},
    {"exchange-missing-last", "poll@1#0 400@1 poll@2#0=a 200@2#0 poll@4#2=c 200@4#2=y",
     "established", "sequence_gap", "a|c", "|y"},
    {"exchange-missing-finish", "poll@1#0 400@1 poll@2#0=a 200@2#0 poll@4#2=c 200@4#2=y finish",
     "established", "sequence_gap", "a|c", "|y"},
    {"request-missing",
     "poll@1#0 400@1 poll@2#0=a 200@2#0 200@3#1=x poll@4#2=c 200@4#2=y poll@5#3=d 200@5#3",
     "established", "sequence_gap", "a|cd", "xy"},
    {"answer-missing",
     "poll@1#0 400@1 poll@2#0=a 200@2#0 poll@3#1=b poll@4#2=c 200@4#2=y poll@5#3=d 200@5#3=z",
     "established", "sequence_gap", "abcd", "|yz"},
    {"missing-comes-late",
     "poll@1#0 400@1 poll@2#0=a 200@2#0 poll@4#2=c 200@4#2 poll@5#3=d poll@3#1=b", "established",
     "sequence_gap", "a|cd", ""},
    {"snap-length", "poll@1#0 400@1 poll@2#0=ab~ 200@2#0 poll@3#1=cd 200@3#1", "established", "",
     "ab|cd", ""},
    {"answer-without-fields", "poll@1#0 400@1 poll@2#0=ab 200@2=junk", "established",
     "encap_malformed", "ab", ""},
};

static void test_story(gconstpointer data)
{
    check_story(HENC_KIND_POLLING, data);
}

/* When the missing number is found missing, and when its followers are let go. */
static void test_moment_of_gap(void)
{
    struct world w;
    world_init(&w, HENC_KIND_POLLING);
    play(&w, "poll@1#0 400@1 poll@2#0=a 200@2#0 poll@4#2=c");
    g_assert_cmphex(w.findings, ==, 0);
    g_assert_true(w.result.is_waiting);
    g_assert_cmpuint(w.result.awaited, ==, 1);
    /* An exchange that is answered proves that all before it are over. */
    play(&w, "200@4#2=y");
    g_assert_true(henc_findings_has(w.result.findings, HENC_FINDING_SEQUENCE_GAP));
    g_assert_false(w.result.is_waiting);
    g_assert_cmpuint(w.result.deliveries.num, ==, 2);
    g_assert_cmpuint(w.result.deliveries.items[0].chunk, ==, 5);
    g_assert_cmpint(w.result.deliveries.items[0].direction, ==, HENC_TO_SERVER);
    g_assert_true(w.result.deliveries.items[0].after_gap);
    g_assert_cmpint(w.result.deliveries.items[1].direction, ==, HENC_TO_CLIENT);
    g_assert_true(w.result.deliveries.items[1].after_gap);
    play(&w, "poll@5#3=d");
    g_assert_cmphex(w.result.findings, ==, 0); /* told once */
    g_assert_cmpuint(w.result.deliveries.num, ==, 1);
    world_clear(&w);
}

/* Where another request is open, it may be the capture that is out of order. */
static void test_waits_while_another_is_open(void)
{
    struct world w;
    world_init(&w, HENC_KIND_POLLING);
    play(&w, "poll@1#0 400@1 poll@2#0=a 200@2#0 poll@3#1=b poll@4#2=c 200@4#2=y");
    g_assert_cmphex(w.findings, ==, 0);
    g_assert_true(w.result.is_waiting);
    g_assert_cmpuint(w.result.awaited, ==, 1);
    play(&w, "200@3#1=x");
    g_assert_cmphex(w.findings, ==, 0);
    g_assert_cmpstr(w.log[HENC_TO_CLIENT]->str, ==, "xy");
    world_clear(&w);
}

/* An answer names whom its request named. */
static void test_names_of_an_answer(void)
{
    static const struct {
        const char *guid, *server;
        uint32_t findings;
    } rows[] = {
        {GUID, "RELAY.example", 0},
        {GUID, "other.example", 1u << HENC_FINDING_ENCAP_MISMATCH_SERVER},
        {"b5s2fj8q55cxne2v4wr48ad9ciffsznzq9apczi", "relay.example",
         1u << HENC_FINDING_ENCAP_MISMATCH},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct world w;
        world_init(&w, HENC_KIND_POLLING);
        play(&w, "poll@1#0 400@1 poll@2#0=a");
        const struct henc_polling polling = {.is_response = true,
                                             .sequence_is_valid = true,
                                             .checksum_is_valid = true,
                                             .poll_is_valid = true,
                                             .version = sstp_span_of_string(HENC_POLLING_VERSION),
                                             .guid = sstp_span_of_string(rows[i].guid),
                                             .server = sstp_span_of_string(rows[i].server)};
        const struct henc_message m = {
            .chunk = 9, .transport = 2, .status = 200, .polling = &polling};
        g_assert_cmpint(henc_virtual_message(&w.v, &m, &w.result), ==, HENC_OK);
        g_assert_cmphex(w.result.findings, ==, rows[i].findings);
        world_clear(&w);
    }
}

/* Without a number nothing can be ordered: the bytes go out as they come. */
static void test_number_unreadable(void)
{
    struct world w;
    world_init(&w, HENC_KIND_POLLING);
    play(&w, "poll@1#0 400@1 poll@2#0=a 200@2#0");
    const struct henc_polling polling = {.data = sstp_span_of_string("b")};
    for (unsigned i = 0; i < 2; i++) {
        const struct henc_message m = {
            .chunk = ++w.chunk, .transport = 3, .status = i * 200, .polling = &polling};
        g_assert_cmpint(henc_virtual_message(&w.v, &m, &w.result), ==, HENC_OK);
        g_assert_true(henc_findings_has(w.result.findings, HENC_FINDING_ENCAP_MALFORMED));
        g_assert_cmpuint(w.result.deliveries.num, ==, 1);
        g_assert_cmpint(w.result.deliveries.items[0].direction, ==, i);
    }
    world_clear(&w);
}

static enum henc_error poll_number(struct world *w, bool is_response, uint64_t transport,
                                   uint32_t number, const char *text)
{
    struct henc_message m = {
        .transport = transport, .half = HENC_HALF_POST, .status = is_response ? 200 : 0};
    return show(w, &m, sstp_span_of_string(text), true, number);
}

/* One more than may be parked: the oldest hole is given up, nothing else lost. */
static void test_count_cap(void)
{
    struct world w;
    world_init(&w, HENC_KIND_POLLING);
    play(&w, "poll@1#0 400@1 poll@2#0=a 200@2#0");
    for (uint32_t i = 0; i < HENC_PARKED_COUNT_MAX; i++) {
        g_assert_cmpint(poll_number(&w, false, 3, 10 + i, "b"), ==, HENC_OK);
        g_assert_cmpuint(w.result.deliveries.num, ==, 0);
    }
    g_assert_cmphex(w.findings, ==, 0);
    g_assert_cmpint(poll_number(&w, false, 3, 5, "c"), ==, HENC_OK);
    g_assert_true(henc_findings_has(w.result.findings, HENC_FINDING_SEQUENCE_GAP));
    g_assert_cmpuint(w.result.deliveries.num, ==, 1);
    g_assert_cmpint(poll_number(&w, false, 3, 99, "d"), ==, HENC_OK);
    g_assert_cmpuint(w.result.deliveries.num, ==, HENC_PARKED_COUNT_MAX);
    g_assert_true(w.result.deliveries.items[0].after_gap);
    g_assert_false(w.result.deliveries.items[1].after_gap);
    world_clear(&w);
}

static void test_no_memory(void)
{
    struct world w;
    world_init(&w, HENC_KIND_POLLING);
    play(&w, "poll@1#0 400@1 poll@2#0=a 200@2#0");
    w.counting.fails_at = w.counting.num_requests + 1;
    g_assert_cmpint(poll_number(&w, false, 3, 2, "c"), ==, HENC_ERROR_MEMORY);
    g_assert_cmpint(poll_number(&w, false, 3, 1, "b"), ==, HENC_OK);
    g_assert_cmpint(poll_number(&w, false, 3, 2, "c"), ==, HENC_OK);
    g_assert_cmpstr(w.log[HENC_TO_SERVER]->str, ==, "abc");
    world_clear(&w);
}

/* Requests shuffled within a window no wider than what may be parked, their
 * answers after: the bytes come out in order, whatever the order. */
static void test_random_orders(void)
{
    enum { NUM = 24 };
    for (uint64_t seed = 0; seed < 300; seed++) {
        struct rng r = rng(seed);
        struct world w;
        world_init(&w, HENC_KIND_POLLING);
        play(&w, "poll@1#0 400@1 poll@2#0=< 200@2#0");
        for (int direction = 0; direction < 2; direction++) {
            uint32_t order[NUM];
            for (uint32_t i = 0; i < NUM; i++)
                order[i] = i + 1;
            for (size_t i = NUM; i > 1; i--) {
                const size_t k = rng_below(&r, i);
                const uint32_t swapped = order[i - 1];
                order[i - 1] = order[k];
                order[k] = swapped;
            }
            for (size_t i = 0; i < NUM; i++) {
                const char text[] = {(char)('a' + order[i] - 1), '\0'};
                g_assert_cmpint(
                    poll_number(&w, direction == HENC_TO_CLIENT, 10 + order[i], order[i], text), ==,
                    HENC_OK);
            }
        }
        if (!g_str_equal(w.log[0]->str, "<abcdefghijklmnopqrstuvwx") ||
            !g_str_equal(w.log[1]->str, "abcdefghijklmnopqrstuvwx"))
            g_error("seed %" G_GUINT64_FORMAT ": %s %s", seed, w.log[0]->str, w.log[1]->str);
        world_clear(&w);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_rows("/henc/virtual_polling/story", stories, test_story);
    g_test_add_func("/henc/virtual_polling/moment-of-gap", test_moment_of_gap);
    g_test_add_func("/henc/virtual_polling/waits-while-another-is-open",
                    test_waits_while_another_is_open);
    g_test_add_func("/henc/virtual_polling/names-of-an-answer", test_names_of_an_answer);
    g_test_add_func("/henc/virtual_polling/number-unreadable", test_number_unreadable);
    g_test_add_func("/henc/virtual_polling/count-cap", test_count_cap);
    g_test_add_func("/henc/virtual_polling/no-memory", test_no_memory);
    g_test_add_func("/henc/virtual_polling/random-orders", test_random_orders);
    return g_test_run();
}
