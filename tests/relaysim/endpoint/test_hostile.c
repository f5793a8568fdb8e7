/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes that break every rule, and memory that runs out: the endpoint answers or
 * closes, and never crashes, hangs or leaks. */
#include "counting_mem.h"
#include "core/encode.h"
#include "pair.h"
#include "random.h"

#define ROUNDS 400

static struct pair *relay_pair(const struct sstp_mem *mem)
{
    return pair_new(&(struct pair_config){
        .b_role = SSTP_EP_RELAY, .multi_drop = true, .single_hop = true, .mem = mem});
}

/* 3.1.5: a header that nothing can be. */
static void test_bad_headers(void)
{
    static const struct {
        const char *name;
        uint8_t bytes[16];
        size_t len;
    } rows[] = {
        {"length 0", {0x10, 0, 0}, 3},
        {"length 2", {0x10, 2, 0}, 3},
        {"unknown command", {0x13, 7, 0, 0, 0, 0, 0}, 7},
        {"command 0", {0x00, 7, 0, 0, 0, 0, 0}, 7},
        {"Noop of 8", {0x10, 8, 0, 0, 0, 0, 0, 0}, 8},
        {"Close of 9", {0x11, 9, 0, 1, 0, 0, 0, 0, 0}, 9},
        {"ConnectClose of 12 without Resting", {0x04, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 12},
        {"Open that ends early", {0x05, 13, 0, 1, 0, 0, 0, 'r', 'r', 'r', 'r', 'r', 'r'}, 13},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct pair *pair = relay_pair(NULL);
        pair_connect(pair);
        g_test_message("%s", rows[i].name);
        side_inject_bytes(&pair->b, rows[i].bytes, rows[i].len);
        assert_commands(pair, "B ConnectClose ProtocolError\n");
        assert_events(pair, "B closed violation ProtocolError\n");
        pair_free(pair);
    }
}

static void test_random_bytes(void)
{
    for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
        struct rng random = rng(seed);
        struct pair *pair = relay_pair(NULL);
        uint8_t bytes[700];
        if (seed % 2 == 0)
            pair_connect(pair);
        rng_fill(&random, bytes, sizeof bytes);
        /* Half of them begin as a command could. */
        if (seed % 4 < 2) {
            bytes[0] = (uint8_t)(1 + rng_below(&random, 18));
            bytes[1] = (uint8_t)rng_below(&random, 64);
            bytes[2] = 0;
        }
        size_t pos = 0;
        while (pos < sizeof bytes) {
            const size_t len = 1 + rng_below(&random, sizeof bytes - pos);
            side_inject_bytes(&pair->b, bytes + pos, len);
            pos += len;
        }
        (void)sstp_ep_output(pair->b.ep);
        pair_free(pair);
    }
}

/* Good commands in no order at all, to both sides of a connection. */
static void test_random_commands(void)
{
    uint8_t bytes[SSTP_COMMAND_LEN_MAX];
    size_t num_survived = 0;
    for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
        struct rng random = rng(seed * 7919);
        struct pair *pair = relay_pair(NULL);
        pair_connect(pair);
        (void)pair_open(pair, &pair->a);
        (void)pair_open(pair, &pair->b);
        for (unsigned i = 0; i < 40; i++) {
            struct random_store store;
            struct sstp_command command;
            random_command(&random, &store, &command);
            /* Ids that exist now and then. */
            command.session_id =
                (uint32_t)(rng_below(&random, 3) | (rng_is_one_in(&random, 2) ? 0x80000000u : 0));
            const size_t len = sstp_command_encode(&command, bytes, sizeof bytes);
            struct side *side = rng_is_one_in(&random, 2) ? &pair->a : &pair->b;
            side_inject_bytes(side, bytes, len);
            num_survived += sstp_ep_state(side->ep) == SSTP_CONNECTION_ESTABLISHED;
            sstp_ep_tick(side->ep, (int64_t)i * 1000);
        }
        pair_exchange(pair);
        pair_free(pair);
    }
    g_assert_cmpuint(num_survived, >, 0);
}

/* A story with everything in it, as far as memory goes. */
static void play(const struct sstp_mem *mem)
{
    struct pair *pair = relay_pair(mem);
    const struct sstp_fanout_entry entries[] = {
        {.identity_url = span_text("grooveIdentity://i")},
        {.identity_url = span_text("grooveIdentity://j"), .device_url = span_text("dpp:///j")}};
    static const uint16_t first[] = {0};
    static uint8_t data[10000];
    const struct sstp_ep_message message = {.data = sstp_span(data, sizeof data)};
    const struct sstp_ep_message tiny = {.data = sstp_span(data, 1)};
    uint32_t a = 1, b = 0x80000001, fanout_id = 3, attach_id = 4;

    if (pair->a.ep == NULL || pair->b.ep == NULL) {
        pair_free(pair);
        return;
    }
    struct sstp_ep *from = pair->a.ep, *to = pair->b.ep;
    (void)sstp_ep_connect(from, "grooveDNS://b", sstp_span(NULL, 0));
    pair_exchange_cut(pair, 7);
    (void)sstp_ep_open(from, span_text("r"), span_text("i"), span_text(""), &a);
    (void)sstp_ep_open(to, span_text("r"), span_text("i"), span_text(""), &b);
    (void)sstp_ep_fanout_open(from, span_text("r"), entries, 2, &fanout_id);
    (void)sstp_ep_attach(from, span_text("r"), span_text("account"), sstp_span(data, 24),
                         &attach_id);
    pair_exchange(pair);
    (void)sstp_ep_attach_response(to, attach_id, 0, sstp_span(data, 100));
    (void)sstp_ep_set_availability(to, fanout_id, SSTP_HANDLER_READY, 0);
    (void)sstp_ep_session_status(to, fanout_id, 5, first, 1);
    pair_exchange_cut(pair, 11);
    (void)sstp_ep_send_message(from, a, &message, NULL);
    (void)sstp_ep_send_message(from, fanout_id, &message, NULL);
    (void)sstp_ep_send_message(to, b, &message, NULL);
    unsigned num_lent = sstp_ep_lend_message(from, a, &message, NULL, data) == SSTP_EP_OK;
    num_lent += sstp_ep_lend_message(to, b, &tiny, NULL, data) == SSTP_EP_OK;
    pair_exchange_cut(pair, 1000);
    pair_advance(pair, SSTP_EP_ACK_DELAY_MS);
    (void)sstp_ep_close_session(from, a, 0);
    sstp_ep_close_connection(to, SSTP_CONNECT_CLOSE_IDLE, 0);
    pair_exchange(pair);
    const unsigned num_released = pair->a.num_released + pair->b.num_released;
    if (sstp_ep_output_len(from) == 0 && sstp_ep_output_len(to) == 0)
        g_assert_cmpuint(num_released, ==, num_lent);
    else
        g_assert_cmpuint(num_released, <=, num_lent);
    pair_free(pair);
}

/* Fails the first allocation, the second, and so on to the last. */
static void test_no_memory(void)
{
    struct counting_mem counting;
    counting_mem_init(&counting);
    play(&counting.mem);
    const size_t num_requests = counting.num_requests;
    g_assert_cmpuint(num_requests, >, 20);
    g_assert_cmpuint(counting.num_blocks, ==, 0);
    for (size_t n = 1; n <= num_requests; n++) {
        counting_mem_init(&counting);
        counting.fails_at = n;
        play(&counting.mem);
        g_assert_cmpuint(counting.num_failed, ==, 1);
        g_assert_cmpuint(counting.num_blocks, ==, 0);
    }
}

/* What one connection can make grow: sessions, messages, ids, all at once. */
static void test_bounded(void)
{
    struct counting_mem counting;
    counting_mem_init(&counting);
    struct pair *pair = pair_new(&(struct pair_config){
        .b_role = SSTP_EP_RELAY,
        .mem = &counting.mem,
        .limits = {.max_sessions = 8, .max_assembling = 100000, .max_unacknowledged = 64}});
    static const uint8_t data[2048];
    pair_connect(pair);
    pair->b.holds = true;
    for (uint32_t i = 0; i < 20000 && sstp_ep_state(pair->b.ep) == SSTP_CONNECTION_ESTABLISHED;
         i++) {
        side_inject(&pair->b, &(struct sstp_command){.id = SSTP_OPEN,
                                                     .session_id = i,
                                                     .resource_url = span_text("r"),
                                                     .identity_url = span_text("i")});
        if (i < 8) {
            side_inject(&pair->b, &(struct sstp_command){.id = SSTP_MESSAGE, .session_id = i});
            for (unsigned d = 0; d < 100; d++)
                side_inject(&pair->b, &(struct sstp_command){.id = SSTP_DATA,
                                                             .session_id = i,
                                                             .data = sstp_span(data, sizeof data)});
        }
        sstp_ep_output_taken(pair->b.ep, sstp_ep_output_len(pair->b.ep));
    }
    g_assert_cmpuint(counting.max_bytes, <, 1000000);
    pair_free(pair);
    g_assert_cmpuint(counting.num_blocks, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/hostile/3.1.5-bad-headers", test_bad_headers);
    g_test_add_func("/hostile/random-bytes", test_random_bytes);
    g_test_add_func("/hostile/random-commands", test_random_commands);
    g_test_add_func("/hostile/no-memory", test_no_memory);
    g_test_add_func("/hostile/bounded", test_bounded);
    return g_test_run();
}
