/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Framing of what is in order, in every cut, and an endpoint's refusals.  What an
 * observer makes of loss and garbage is in test_stream_damage.c. */
#include <inttypes.h>

#include "check.h"
#include "encode.h"
#include "framing.h"
#include "hex.h"
#include "random.h"
#include "vectors.h"

static const enum sstp_stream_mode all_modes[] = {SSTP_STREAM_ENDPOINT, SSTP_STREAM_OBSERVER};

/* All 18 commands, and those that come in several shapes, one after another. */
static GByteArray *conversation(void)
{
    GByteArray *all = g_byte_array_new();
    for (size_t i = 0; i < num_vectors; i++) {
        uint8_t bytes[VECTOR_LEN_MAX];
        const size_t len = vector_bytes(&vectors[i], bytes);
        g_byte_array_append(all, bytes, (guint)len);
    }
    return all;
}

static void check_same(const struct framing *framing, struct sstp_span bytes, unsigned num_commands)
{
    g_assert_cmpuint(framing->num_commands, ==, num_commands);
    check_same_bytes(framing->commands->data, framing->commands->len, bytes.data, bytes.len);
    g_assert_cmpuint(framing->num_broken, ==, 0);
    g_assert_cmpuint(framing->num_skipped, ==, 0);
    g_assert_true(sstp_stream_is_at_boundary(&framing->stream));
}

/* An exact copy in memory of its own, so that the sanitizers see a read after
 * the end and a view that outlives its chunk. */
static void feed_copy(struct framing *framing, const uint8_t *bytes, size_t len)
{
    uint8_t *copy = g_memdup2(bytes, len);
    framing_feed(framing, sstp_span(copy, len));
    g_free(copy);
}

/* Whole, in every split in two, and byte by byte. */
static void test_vector(const void *data)
{
    const struct vector *vector = data;
    uint8_t bytes[VECTOR_LEN_MAX];
    const size_t len = vector_bytes(vector, bytes);
    const struct sstp_span whole = sstp_span(bytes, len);
    struct framing framing;

    framing_init(&framing, SSTP_STREAM_ENDPOINT);
    for (size_t m = 0; m < G_N_ELEMENTS(all_modes); m++) {
        framing_reset(&framing, all_modes[m]);
        feed_copy(&framing, bytes, len);
        check_same(&framing, whole, 1);
        g_assert_cmpuint(framing.stream.held_size, ==, 0); /* a view, nothing is copied */

        for (size_t split = 1; split < len; split++) {
            framing_reset(&framing, all_modes[m]);
            feed_copy(&framing, bytes, split);
            /* A prefix asks for more, whatever its length. */
            g_assert_cmpuint(framing.num_commands, ==, 0);
            g_assert_cmpuint(framing.num_broken, ==, 0);
            g_assert_false(sstp_stream_is_at_boundary(&framing.stream));
            feed_copy(&framing, bytes + split, len - split);
            check_same(&framing, whole, 1);
        }

        framing_reset(&framing, all_modes[m]);
        for (size_t i = 0; i < len; i++) {
            g_assert_cmpuint(framing.num_commands, ==, 0);
            feed_copy(&framing, bytes + i, 1);
        }
        check_same(&framing, whole, 1);
    }
    framing_clear(&framing);
}

static void test_conversation_split_in_two(void)
{
    GByteArray *all = conversation();
    const struct sstp_span whole = sstp_span(all->data, all->len);
    struct framing framing;

    framing_init(&framing, SSTP_STREAM_ENDPOINT);
    for (size_t m = 0; m < G_N_ELEMENTS(all_modes); m++)
        for (size_t split = 0; split <= all->len; split++) {
            framing_reset(&framing, all_modes[m]);
            feed_copy(&framing, all->data, split);
            feed_copy(&framing, all->data + split, all->len - split);
            check_same(&framing, whole, (unsigned)num_vectors);
        }
    framing_clear(&framing);
    g_byte_array_unref(all);
}

/* Chunks of every size from 1 up. */
static void test_conversation_in_equal_chunks(void)
{
    GByteArray *all = conversation();
    struct framing framing;

    framing_init(&framing, SSTP_STREAM_OBSERVER);
    for (size_t size = 1; size <= 300; size++) {
        framing_reset(&framing, SSTP_STREAM_OBSERVER);
        for (size_t pos = 0; pos < all->len; pos += size)
            feed_copy(&framing, all->data + pos, MIN(size, all->len - pos));
        check_same(&framing, sstp_span(all->data, all->len), (unsigned)num_vectors);
    }
    framing_clear(&framing);
    g_byte_array_unref(all);
}

/* Random conversations in random cuts. */
static void test_random_splits(void)
{
    enum { NUM_ROUNDS = 2000, COMMANDS_MAX = 40 };
    static struct random_store store;
    static uint8_t encoded[SSTP_COMMAND_LEN_MAX];
    const uint64_t seed = 9;
    struct rng random = rng(seed);
    struct framing framing;

    g_test_message("seed %" PRIu64, seed);
    framing_init(&framing, SSTP_STREAM_OBSERVER);
    for (unsigned round = 0; round < NUM_ROUNDS; round++) {
        GByteArray *all = g_byte_array_new();
        const unsigned num_commands = 1 + (unsigned)rng_below(&random, COMMANDS_MAX);
        for (unsigned i = 0; i < num_commands; i++) {
            struct sstp_command command;
            random_command(&random, &store, &command);
            const size_t len = sstp_command_encode(&command, encoded, sizeof encoded);
            g_assert_cmpuint(len, >, 0);
            g_byte_array_append(all, encoded, (guint)len);
        }
        framing_reset(&framing, all_modes[round % 2]);
        const size_t largest = rng_is_one_in(&random, 2) ? 16 : 3000;
        for (size_t pos = 0; pos < all->len;) {
            const size_t wanted = rng_below(&random, largest);
            const size_t len = MIN(wanted, all->len - pos);
            framing_feed(&framing, sstp_span(all->data + pos, len));
            pos += len;
        }
        check_same(&framing, sstp_span(all->data, all->len), num_commands);
        g_byte_array_unref(all);
    }
    g_assert_cmpuint(framing.memory.max_bytes, <=, SSTP_COMMAND_LEN_MAX);
    g_assert_cmpuint(framing.memory.max_blocks, ==, 1);
    framing_clear(&framing);
}

/* The pieces, one by one. */
static const struct piece_row {
    const char *test_path;
    enum sstp_stream_mode mode;
    const char *chunks[4]; /* "-" for an empty one */
    const char *log;
} piece_rows[] = {
    {"/stream/pieces/whole", SSTP_STREAM_ENDPOINT, {"10 0700 01000000"}, "whole 0+7/7=7\n"},
    {"/stream/pieces/two-in-a-chunk",
     SSTP_STREAM_ENDPOINT,
     {"10 0700 01000000 0f 0700 21000000"},
     "whole 0+7/7=7\nwhole 7+7/7=7\n"},
    {"/stream/pieces/header-in-three",
     SSTP_STREAM_ENDPOINT,
     {"10", "07", "00", "01000000"},
     "start 0+1/0\nmiddle 0+1/0\nmiddle 0+1/7\nend 0+4/7=7\n"},
    {"/stream/pieces/header-then-rest",
     SSTP_STREAM_ENDPOINT,
     {"10 0700", "01000000"},
     "start 0+3/7\nend 0+4/7=7\n"},
    {"/stream/pieces/header-split-and-rest-at-once",
     SSTP_STREAM_ENDPOINT,
     {"10 07", "00 01000000 0f"},
     "start 0+2/0\nend 0+5/7=7\nstart 5+1/0\n"},
    {"/stream/pieces/empty-chunks",
     SSTP_STREAM_ENDPOINT,
     {"-", "10 07", "-", "00 01000000"},
     "start 0+2/0\nend 0+5/7=7\n"},
    {"/stream/pieces/end-and-next",
     SSTP_STREAM_OBSERVER,
     {"0e 0a00 21000000 aa", "bbcc 10 0700 01000000"},
     "start 0+8/10\nend 0+2/10=10\nwhole 2+7/7=7\n"},

    /* An endpoint stops for good (GRVSSTP 3.1.5). */
    {"/stream/endpoint/length-0",
     SSTP_STREAM_ENDPOINT,
     {"10 0000 10 0700 01000000", "10 0700 01000000"},
     "broken 0+3/0!length_invalid\n"},
    {"/stream/endpoint/length-1",
     SSTP_STREAM_ENDPOINT,
     {"10 0100 10 0700 01000000"},
     "broken 0+3/1!length_invalid\n"},
    {"/stream/endpoint/length-2",
     SSTP_STREAM_ENDPOINT,
     {"10 0200 10 0700 01000000"},
     "broken 0+3/2!length_invalid\n"},
    {"/stream/endpoint/length-0-split",
     SSTP_STREAM_ENDPOINT,
     {"10 00", "00 10 0700 01000000", "10 0700 01000000"},
     "start 0+2/0\nbroken 0+1/0!length_invalid\n"},
    {"/stream/endpoint/length-above",
     SSTP_STREAM_ENDPOINT,
     {"10 0800 01000000 00"},
     "broken 0+3/8!length_invalid\n"},
    {"/stream/endpoint/length-below",
     SSTP_STREAM_ENDPOINT,
     {"10 0600 010000"},
     "broken 0+3/6!length_invalid\n"},
    {"/stream/endpoint/unknown",
     SSTP_STREAM_ENDPOINT,
     {"10 0700 01000000 13 0700 01000000", "10 0700 01000000"},
     "whole 0+7/7=7\nbroken 7+3/7!unknown_command\n"},
    {"/stream/endpoint/unknown-length-0",
     SSTP_STREAM_ENDPOINT,
     {"13 0000"},
     "broken 0+3/0!unknown_command\n"},
};

static void test_pieces(const void *data)
{
    const struct piece_row *row = data;
    struct framing framing;
    framing_init(&framing, row->mode);
    for (size_t i = 0; i < G_N_ELEMENTS(row->chunks) && row->chunks[i] != NULL; i++) {
        uint8_t bytes[64];
        const char *hex = g_str_equal(row->chunks[i], "-") ? "" : row->chunks[i];
        feed_copy(&framing, bytes, hex_parse(hex, bytes, sizeof bytes));
    }
    g_assert_cmpstr(framing.log->str, ==, row->log);
    framing_clear(&framing);
}

/* Each limit of each command, met by an endpoint whole and split in the header. */
static void test_endpoint_limits(void)
{
    static uint8_t bytes[SSTP_COMMAND_LEN_MAX];
    struct framing framing;

    framing_init(&framing, SSTP_STREAM_ENDPOINT);
    for (unsigned id = 0; id < 256; id++) {
        const struct sstp_command_info *info = sstp_command_info((uint8_t)id);
        const unsigned min = info != NULL ? info->min_length : 3;
        const unsigned max = info != NULL ? info->max_length : 65535;
        const unsigned lengths[] = {min - 1, min, min + 1, max - 1, max, max + 1, 0, 65535};
        for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++)
            for (size_t split = 0; split <= 3 && lengths[i] <= 65535; split++) {
                const uint16_t length = (uint16_t)lengths[i];
                const bool is_valid = info != NULL && sstp_command_length_is_valid(info, length);
                bytes[0] = (uint8_t)id;
                bytes[1] = (uint8_t)length;
                bytes[2] = (uint8_t)(length >> 8);
                framing_reset(&framing, SSTP_STREAM_ENDPOINT);
                framing_feed(&framing, sstp_span(bytes, split));
                framing_feed(&framing, sstp_span(bytes + split, MAX(length, 3) - split));
                g_assert_cmpuint(framing.num_commands, ==, is_valid ? 1 : 0);
                g_assert_cmpuint(framing.num_broken, ==, is_valid ? 0 : 1);
            }
    }
    framing_clear(&framing);
}

/* The most that a peer can make a stream hold is one command of 65,535 bytes. */
static void test_memory_is_bounded(void)
{
    static uint8_t bytes[SSTP_COMMAND_LEN_MAX];
    struct framing framing;
    bytes[0] = SSTP_FANOUT_OPEN;
    bytes[1] = 0xff;
    bytes[2] = 0xff;

    framing_init(&framing, SSTP_STREAM_ENDPOINT);
    for (unsigned round = 0; round < 3; round++) {
        for (size_t pos = 0; pos < sizeof bytes; pos += 1000) {
            framing_feed(&framing, sstp_span(bytes + pos, MIN(1000, sizeof bytes - pos)));
            g_assert_cmpuint(framing.memory.num_bytes, <=, SSTP_COMMAND_LEN_MAX);
            g_assert_cmpuint(framing.memory.num_blocks, <=, 1);
        }
        g_assert_cmpuint(framing.num_commands, ==, round + 1);
        /* A large buffer is given back once its command has been handed out. */
        framing_feed(&framing, sstp_span("\x10\x07\x00\x01\x00\x00\x00", 0));
        g_assert_cmpuint(framing.memory.num_bytes, ==, 0);
    }
    g_assert_cmpuint(framing.memory.max_bytes, ==, SSTP_COMMAND_LEN_MAX);
    framing_clear(&framing);
}

/* Small commands cut again and again do not allocate each time. */
static void test_memory_is_kept(void)
{
    static const uint8_t noop[] = {0x10, 7, 0, 1, 0, 0, 0};
    struct framing framing;
    framing_init(&framing, SSTP_STREAM_ENDPOINT);
    for (unsigned i = 0; i < 1000; i++) {
        framing_feed(&framing, sstp_span(noop, 2 + i % 3));
        framing_feed(&framing, sstp_span(noop + 2 + i % 3, 5 - i % 3));
    }
    g_assert_cmpuint(framing.num_commands, ==, 1000);
    g_assert_cmpuint(framing.memory.num_requests, <=, 2);
    framing_clear(&framing);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < num_vectors; i++) {
        char *path = g_strconcat("/stream/vector/", vectors[i].name, NULL);
        g_test_add_data_func(path, &vectors[i], test_vector);
        g_free(path);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(piece_rows); i++)
        g_test_add_data_func(piece_rows[i].test_path, &piece_rows[i], test_pieces);
    g_test_add_func("/stream/conversation/split-in-two", test_conversation_split_in_two);
    g_test_add_func("/stream/conversation/in-equal-chunks", test_conversation_in_equal_chunks);
    g_test_add_func("/stream/random-splits", test_random_splits);
    g_test_add_func("/stream/endpoint/limits", test_endpoint_limits);
    g_test_add_func("/stream/memory/is-bounded", test_memory_is_bounded);
    g_test_add_func("/stream/memory/is-kept", test_memory_is_kept);
    return g_test_run();
}
