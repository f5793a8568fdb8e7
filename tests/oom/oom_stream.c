/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A conversation framed while the 1st, 2nd, ... Nth allocation fails: a clean
 * SSTP_STREAM_NO_MEMORY, nothing leaked, and the stream usable afterwards. */
#include "encode.h"
#include "framing.h"
#include "vectors.h"

#define CHUNK_LEN 41u

/* Every vector, and FanoutOpens of growing size between them, so that the stream
 * has to allocate, to grow and to give back many times. */
static GByteArray *conversation(void)
{
    static uint8_t url[60000], encoded[SSTP_COMMAND_LEN_MAX];
    GByteArray *all = g_byte_array_new();
    memset(url, 'u', sizeof url);
    for (size_t i = 0; i < num_vectors; i++) {
        uint8_t bytes[VECTOR_LEN_MAX];
        const size_t len = vector_bytes(&vectors[i], bytes);
        g_byte_array_append(all, bytes, (guint)len);
        const struct sstp_command large = {.id = SSTP_FANOUT_OPEN,
                                           .session_id = (uint32_t)i,
                                           .resource_url = sstp_span(url, 100 + 300 * i)};
        const size_t large_len = sstp_command_encode(&large, encoded, sizeof encoded);
        g_assert_cmpuint(large_len, >, 0);
        g_byte_array_append(all, encoded, (guint)large_len);
    }
    return all;
}

/* Feeds all of it; returns in how many chunks the memory gave out. */
static unsigned feed(struct framing *framing, const GByteArray *all)
{
    unsigned num_failures = 0;
    for (size_t pos = 0; pos < all->len; pos += CHUNK_LEN) {
        uint8_t *copy = g_memdup2(all->data + pos, MIN(CHUNK_LEN, all->len - pos));
        framing->is_out_of_memory = false;
        framing_feed(framing, sstp_span(copy, MIN(CHUNK_LEN, all->len - pos)));
        num_failures += framing->is_out_of_memory;
        g_free(copy);
    }
    return num_failures;
}

static size_t count_requests(const GByteArray *all)
{
    struct framing framing;
    framing_init(&framing, SSTP_STREAM_ENDPOINT);
    g_assert_cmpuint(feed(&framing, all), ==, 0);
    g_assert_cmpuint(framing.num_commands, ==, 2 * num_vectors);
    g_assert_cmpuint(framing.commands->len, ==, all->len);
    const size_t num_requests = framing.memory.num_requests;
    framing_clear(&framing);
    return num_requests;
}

static void test_each_allocation(const void *data)
{
    const enum sstp_stream_mode mode = (enum sstp_stream_mode)GPOINTER_TO_INT(data);
    GByteArray *all = conversation();
    const size_t num_requests = count_requests(all);

    g_assert_cmpuint(num_requests, >, num_vectors);
    for (size_t n = 1; n <= num_requests; n++) {
        struct framing framing;
        framing_init(&framing, mode);
        framing.memory.fails_at = n;
        const unsigned num_failures = feed(&framing, all);
        g_assert_cmpuint(framing.memory.num_failed, ==, 1);
        g_assert_cmpuint(num_failures, ==, 1);
        g_assert_cmpuint(framing.memory.num_bytes, <=, SSTP_COMMAND_LEN_MAX);

        /* Started again, the same stream frames everything. */
        framing.memory.fails_at = 0;
        framing_reset(&framing, mode);
        g_assert_cmpuint(framing.memory.num_blocks, ==, 0);
        g_assert_cmpuint(feed(&framing, all), ==, 0);
        g_assert_cmpuint(framing.num_commands, ==, 2 * num_vectors);
        g_assert_true(memcmp(framing.commands->data, all->data, all->len) == 0);
        framing_clear(&framing); /* asserts that nothing is left */
    }
    g_byte_array_unref(all);
}

/* An observer need not start again: the next chunk that begins with commands is
 * framed, and what was held is not shown as if it were whole. */
static void test_observer_goes_on(void)
{
    uint8_t bytes[VECTOR_LEN_MAX];
    const size_t len = vector_bytes(&vectors[0], bytes);
    for (size_t split = 1; split < len; split++) {
        struct framing framing;
        framing_init(&framing, SSTP_STREAM_OBSERVER);
        framing.memory.fails_at = 1;
        framing_feed(&framing, sstp_span(bytes, split));
        g_assert_true(framing.is_out_of_memory);
        g_assert_cmpuint(framing.memory.num_blocks, ==, 0);
        g_assert_false(sstp_stream_is_at_boundary(&framing.stream));
        framing_feed(&framing, sstp_span(bytes, len));
        g_assert_cmpuint(framing.num_commands, ==, 1);
        g_assert_cmpuint(framing.num_broken, ==, 0);
        g_assert_cmpuint(framing.commands->len, ==, len);
        framing_clear(&framing);
    }
}

/* Nothing is allocated for commands that lie whole in their chunks. */
static void test_whole_chunks_need_none(void)
{
    struct framing framing;
    framing_init(&framing, SSTP_STREAM_ENDPOINT);
    framing.memory.fails_at = 1;
    for (size_t i = 0; i < num_vectors; i++) {
        uint8_t bytes[VECTOR_LEN_MAX];
        framing_feed(&framing, sstp_span(bytes, vector_bytes(&vectors[i], bytes)));
    }
    g_assert_false(framing.is_out_of_memory);
    g_assert_cmpuint(framing.memory.num_requests, ==, 0);
    g_assert_cmpuint(framing.num_commands, ==, num_vectors);
    framing_clear(&framing);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/oom/stream/endpoint", GINT_TO_POINTER(SSTP_STREAM_ENDPOINT),
                         test_each_allocation);
    g_test_add_data_func("/oom/stream/observer", GINT_TO_POINTER(SSTP_STREAM_OBSERVER),
                         test_each_allocation);
    g_test_add_func("/oom/stream/observer-goes-on", test_observer_goes_on);
    g_test_add_func("/oom/stream/whole-chunks-need-none", test_whole_chunks_need_none);
    return g_test_run();
}
