/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an observer makes of garbage, gaps, holes and short captures: it goes on,
 * finds the next command, and never takes anything else for one. */
#include <inttypes.h>

#include "framing.h"
#include "hex.h"
#include "random.h"
#include "vectors.h"

#define CONVERSATION_MAX 4096u
#define COMMANDS_MAX 64u

/* A conversation and where its commands begin. */
static struct {
    uint8_t bytes[CONVERSATION_MAX];
    size_t len;
    size_t starts[COMMANDS_MAX + 1]; /* the last is len */
    unsigned num_commands;
} all;

static void make_conversation(void)
{
    for (size_t i = 0; i < num_vectors; i++) {
        all.starts[all.num_commands++] = all.len;
        all.len += vector_bytes(&vectors[i], all.bytes + all.len);
        g_assert_cmpuint(all.len, <=, CONVERSATION_MAX - VECTOR_LEN_MAX);
    }
    all.starts[all.num_commands] = all.len;
}

/* The first command that begins at `pos` or after it. */
static unsigned command_from(size_t pos)
{
    unsigned i = 0;
    while (i < all.num_commands && all.starts[i] < pos)
        i++;
    return i;
}

/* What came out, by where it lies in the conversation. */
struct seen {
    bool is_seen[COMMANDS_MAX];
    size_t captured[COMMANDS_MAX];
    size_t start; /* of the command under way */
    unsigned num_nonsense;
};

static void note_command(struct seen *seen, size_t start, const struct sstp_piece *piece)
{
    const unsigned i = command_from(start);
    if (i == all.num_commands || all.starts[i] != start || seen->is_seen[i] ||
        piece->command_len != all.starts[i + 1] - start ||
        memcmp(piece->command.data, all.bytes + start, piece->command.len) != 0) {
        seen->num_nonsense++;
        return;
    }
    seen->is_seen[i] = true;
    seen->captured[i] = piece->command.len;
}

/* Feeds the conversation's bytes from `from`, wire_len of them, captured_len of
 * which were captured. */
static void feed(struct sstp_stream *stream, struct seen *seen, size_t from, size_t wire_len,
                 size_t captured_len)
{
    const struct sstp_chunk chunk = {sstp_span(all.bytes + from, captured_len), wire_len};
    struct sstp_piece piece;
    size_t pos = 0, before = 0;
    while (sstp_stream_next(stream, chunk, &pos, &piece) == SSTP_STREAM_PIECE) {
        g_assert_cmpuint(pos, >, before);
        before = pos;
        if (piece.kind == SSTP_PIECE_START)
            seen->start = from + piece.offset;
        else if (piece.kind == SSTP_PIECE_WHOLE)
            note_command(seen, from + piece.offset, &piece);
        else if (piece.kind == SSTP_PIECE_END)
            note_command(seen, seen->start, &piece);
    }
    g_assert_cmpuint(pos, ==, wire_len);
}

/* Asserts that the commands from first to last - 1 came out, as they should. */
static void check_seen(const struct seen *seen, unsigned first, unsigned last, const char *what,
                       size_t a, size_t b)
{
    if (seen->num_nonsense > 0)
        g_error("%s %zu %zu: %u commands that are none", what, a, b, seen->num_nonsense);
    for (unsigned i = first; i < last; i++)
        if (!seen->is_seen[i] || seen->captured[i] != all.starts[i + 1] - all.starts[i])
            g_error("%s %zu %zu: command %u (%s) is missing", what, a, b, i, vectors[i].name);
}

/* The capture begins at every byte of the conversation. */
static void test_begun_late(void)
{
    for (size_t from = 0; from + 40 < all.len; from++) {
        struct sstp_stream stream;
        struct seen seen = {{false}, {0}, 0, 0};
        sstp_stream_init(&stream, &sstp_mem_libc, SSTP_STREAM_MID_STREAM);
        feed(&stream, &seen, from, all.len - from, all.len - from);
        check_seen(&seen, command_from(from), all.num_commands, "begun late at", from, 0);
        sstp_stream_clear(&stream);
    }
}

/* Bytes that nobody saw: `hole` of them at `at`. */
static void check_hole(size_t at, size_t hole)
{
    struct sstp_stream stream;
    struct seen seen = {{false}, {0}, 0, 0};
    const size_t after = at + hole;
    const unsigned cut = command_from(at + 1) - 1; /* the command that `at` lies in */
    const size_t end = all.starts[cut + 1];

    sstp_stream_init(&stream, &sstp_mem_libc, SSTP_STREAM_OBSERVER);
    feed(&stream, &seen, 0, at, at);
    sstp_stream_hole(&stream, hole);
    if (at >= all.starts[cut] + SSTP_HEADER_LEN && after == end)
        g_assert_true(sstp_stream_is_at_boundary(&stream)); /* the hole ends where it does */
    feed(&stream, &seen, after, all.len - after, all.len - after);
    check_seen(&seen, 0, cut, "hole", at, hole);
    check_seen(&seen, command_from(after), all.num_commands, "hole", at, hole);
    if (at >= all.starts[cut] + SSTP_HEADER_LEN && after < end) {
        /* Within a command whose header was seen: its bytes before the hole. */
        g_assert_true(seen.is_seen[cut]);
        g_assert_cmpuint(seen.captured[cut], ==, at - all.starts[cut]);
    } else {
        g_assert_false(seen.is_seen[cut]);
    }
    sstp_stream_clear(&stream);
}

/* Of every size, at every byte. */
static void test_holes(void)
{
    for (size_t at = 0; at < all.len; at++) {
        const unsigned cut = command_from(at + 1) - 1;
        for (size_t hole = 1; at + hole <= all.len; hole++) {
            const size_t left = all.len - at - hole;
            /* All sizes within the command and a little beyond, then some. */
            const bool is_near = at + hole <= all.starts[cut + 1] + 12;
            if (left < 40 || (!is_near && (at + hole) % 41 != 0))
                continue;
            check_hole(at, hole);
        }
    }
}

/* A chunk of which only the first bytes were captured, then a whole one. */
static void test_short_captures(void)
{
    for (size_t chunk_len = 1; chunk_len + 40 < all.len; chunk_len += 7)
        for (size_t captured = 0; captured < chunk_len; captured++) {
            struct sstp_stream stream;
            struct seen seen = {{false}, {0}, 0, 0};
            sstp_stream_init(&stream, &sstp_mem_libc, SSTP_STREAM_OBSERVER);
            feed(&stream, &seen, 0, chunk_len, captured);
            feed(&stream, &seen, chunk_len, all.len - chunk_len, all.len - chunk_len);
            /* Those captured whole, and those after. */
            unsigned first_cut = 0;
            while (all.starts[first_cut + 1] <= captured)
                first_cut++;
            check_seen(&seen, 0, first_cut, "short capture", chunk_len, captured);
            check_seen(&seen, command_from(chunk_len), all.num_commands, "short capture", chunk_len,
                       captured);
            /* One whose header was captured shows what there is of it. */
            if (captured >= all.starts[first_cut] + SSTP_HEADER_LEN) {
                g_assert_true(seen.is_seen[first_cut]);
                g_assert_cmpuint(seen.captured[first_cut], ==, captured - all.starts[first_cut]);
            }
            sstp_stream_clear(&stream);
        }
}

/* Bytes that are no commands, in front of a conversation. */
enum garbage { GARBAGE_ZERO, GARBAGE_FF, GARBAGE_TEXT, GARBAGE_RANDOM, GARBAGE_COUNT };

static void fill_garbage(struct rng *random, enum garbage garbage, uint8_t *bytes, size_t len)
{
    static const char text[] = "GET /index.html HTTP/1.1\r\nHost: www.example.com\r\n\r\n";
    rng_fill(random, bytes, len);
    for (size_t i = 0; i < len && garbage != GARBAGE_RANDOM; i++)
        bytes[i] = garbage == GARBAGE_ZERO ? 0x00
                   : garbage == GARBAGE_FF ? 0xff
                                           : (uint8_t)text[i % (sizeof text - 1)];
}

/* Garbage of every size is passed over, and the command after it found, in the
 * same chunk. */
static void test_garbage(void)
{
    static uint8_t bytes[400 + CONVERSATION_MAX];
    struct rng random = rng(3);
    struct framing framing;

    framing_init(&framing, SSTP_STREAM_MID_STREAM);
    for (size_t size = 1; size <= 400; size++)
        for (int garbage = 0; garbage < GARBAGE_COUNT; garbage++) {
            const unsigned first = (unsigned)rng_below(&random, all.num_commands - 4);
            const size_t rest = all.len - all.starts[first];
            fill_garbage(&random, (enum garbage)garbage, bytes, size);
            memcpy(bytes + size, all.bytes + all.starts[first], rest);
            framing_reset(&framing, SSTP_STREAM_MID_STREAM);
            framing_feed(&framing, sstp_span(bytes, size + rest));
            g_assert_cmpuint(framing.num_skipped, ==, size);
            g_assert_cmpuint(framing.num_commands, ==, all.num_commands - first);
            g_assert_cmpuint(framing.num_broken, ==, 0);
        }
    framing_clear(&framing);
}

/* In sync, a header that cannot be one is reported once; then the search. */
static const struct piece_row {
    const char *test_path;
    const char *chunks[3];
    const char *log;
} piece_rows[] = {
    {"/stream/observer/length-0",
     {"10 0000 10 0700 01000000"},
     "broken 0+3/0!length_invalid\nwhole 3+7/7=7\n"},
    {"/stream/observer/length-1",
     {"10 0100 10 0700 01000000"},
     "broken 0+3/1!length_invalid\nwhole 3+7/7=7\n"},
    {"/stream/observer/length-2",
     {"10 0200 10 0700 01000000"},
     "broken 0+3/2!length_invalid\nwhole 3+7/7=7\n"},
    {"/stream/observer/length-0-then-garbage",
     {"10 0000 ffff 10 0700 01000000"},
     "broken 0+3/0!length_invalid\nskipped 3+2/0\nwhole 5+7/7=7\n"},
    {"/stream/observer/length-0-split",
     {"10", "0000", "10 0700 01000000"},
     "start 0+1/0\nbroken 0+2/0!length_invalid\nwhole 0+7/7=7\n"},
    {"/stream/observer/length-0-nothing-more",
     {"10 0000", "ffffffffff", "10 0700 01000000"},
     "broken 0+3/0!length_invalid\nskipped 0+5/0\nwhole 0+7/7=7\n"},
    {"/stream/observer/length-out-of-limits",
     {"10 0800 01000000 00 0f 0700 21000000"},
     "whole 0+8/8=8\nwhole 8+7/7=7\n"},
    {"/stream/observer/length-out-of-limits-split",
     {"10 0800 0100", "0000 00 0f 0700 21000000"},
     "start 0+5/8\nend 0+3/8=8\nwhole 3+7/7=7\n"},
    {"/stream/observer/length-3", {"10 0300 0f 0700 21000000"}, "whole 0+3/3=3\nwhole 3+7/7=7\n"},
    {"/stream/observer/length-3-split",
     {"10", "0300 0f 0700 21000000"},
     "start 0+1/0\nend 0+2/3=3\nwhole 2+7/7=7\n"},
    {"/stream/observer/unknown-leads-on",
     {"2a 0500 ffff 10 0700 01000000"},
     "whole 0+5/5=5\nwhole 5+7/7=7\n"},
    {"/stream/observer/unknown-leads-to-the-end", {"2a 0500 ffff"}, "whole 0+5/5=5\n"},
    {"/stream/observer/unknown-leads-nowhere",
     {"2a 0400 ffff 10 0700 01000000"},
     "broken 0+3/4!unknown_command\nskipped 3+2/0\nwhole 5+7/7=7\n"},
    {"/stream/observer/unknown-goes-beyond",
     {"2a 0f00 ffff", "10 0700 01000000"},
     "broken 0+3/15!unknown_command\nskipped 3+2/0\nwhole 0+7/7=7\n"},
};

static void test_pieces(const void *data)
{
    const struct piece_row *row = data;
    struct framing framing;
    framing_init(&framing, SSTP_STREAM_OBSERVER);
    for (size_t i = 0; i < G_N_ELEMENTS(row->chunks) && row->chunks[i] != NULL; i++) {
        uint8_t bytes[64];
        const size_t len = hex_parse(row->chunks[i], bytes, sizeof bytes);
        framing_feed(&framing, sstp_span(bytes, len));
    }
    g_assert_cmpstr(framing.log->str, ==, row->log);
    framing_clear(&framing);
}

/* A CommandLength of 0, 1 or 2 again and again, under every CommandId: a finding
 * each and an end, in every mode. */
static void test_short_lengths_end(void)
{
    static const enum sstp_stream_mode modes[] = {SSTP_STREAM_ENDPOINT, SSTP_STREAM_OBSERVER,
                                                  SSTP_STREAM_MID_STREAM};
    uint8_t bytes[300];
    struct framing framing;
    framing_init(&framing, SSTP_STREAM_ENDPOINT);
    for (size_t m = 0; m < G_N_ELEMENTS(modes); m++)
        for (unsigned id = 0; id < 256; id++)
            for (uint8_t length = 0; length <= 2; length++)
                for (size_t size = 1; size <= 7; size += 2) {
                    for (size_t i = 0; i < sizeof bytes; i++)
                        bytes[i] = i % 3 == 0 ? (uint8_t)id : i % 3 == 1 ? length : 0;
                    framing_reset(&framing, modes[m]);
                    for (size_t pos = 0; pos < sizeof bytes; pos += size)
                        framing_feed(&framing,
                                     sstp_span(bytes + pos, MIN(size, sizeof bytes - pos)));
                    if (modes[m] != SSTP_STREAM_MID_STREAM)
                        g_assert_cmpuint(framing.num_broken, >=, 1);
                    g_assert_cmpuint(framing.memory.num_bytes, <=, SSTP_COMMAND_LEN_MAX);
                }
    framing_clear(&framing);
}

/* Anything at all, with holes and short captures: it ends, holds no more than a
 * command, and finds its way back. */
static void test_random_bytes(void)
{
    static uint8_t bytes[4000];
    const uint64_t seed = 17;
    struct rng random = rng(seed);
    struct framing framing;

    g_test_message("seed %" PRIu64, seed);
    framing_init(&framing, SSTP_STREAM_OBSERVER);
    for (unsigned i = 0; i < 4000; i++) {
        const size_t len = rng_below(&random, sizeof bytes);
        rng_fill(&random, bytes, len);
        if (len > SSTP_HEADER_LEN && rng_is_one_in(&random, 2)) {
            bytes[0] = (uint8_t)(1 + rng_below(&random, 18));
            bytes[2] = (uint8_t)rng_below(&random, 8);
        }
        if (rng_is_one_in(&random, 4))
            sstp_stream_hole(&framing.stream, rng_below(&random, 3000));
        const size_t unseen = rng_is_one_in(&random, 4) ? rng_below(&random, 2000) : 0;
        framing_feed_cut(&framing, sstp_span(bytes, len), len + unseen);
        g_assert_cmpuint(framing.memory.num_bytes, <=, SSTP_COMMAND_LEN_MAX);
        g_assert_cmpuint(framing.memory.num_blocks, <=, 1);
    }
    sstp_stream_hole(&framing.stream, 100000);
    framing_feed(&framing, sstp_span(all.bytes, all.len));
    g_assert_cmpuint(framing.commands->len, >=, all.len);
    g_assert_true(
        memcmp(framing.commands->data + framing.commands->len - all.len, all.bytes, all.len) == 0);
    framing_clear(&framing);
}

/* The chunk's bytes may be nowhere, when none were captured or none came. */
static void test_no_bytes(void)
{
    struct framing framing;
    framing_init(&framing, SSTP_STREAM_OBSERVER);
    framing_feed(&framing, sstp_span(NULL, 0));
    framing_feed_cut(&framing, sstp_span(NULL, 0), 10);
    g_assert_cmpstr(framing.log->str, ==, "skipped 0+10/0\n");
    framing_feed(&framing, sstp_span(all.bytes, 50)); /* the start of Connect */
    g_assert_cmpuint(framing.stream.num_passed, ==, 50);
    framing_feed_cut(&framing, sstp_span(NULL, 0), 138);
    g_assert_cmpstr(framing.log->str, ==, "skipped 0+10/0\nstart 0+50/188\nend 0+138/188=50\n");
    g_assert_true(sstp_stream_is_at_boundary(&framing.stream));
    sstp_stream_hole(&framing.stream, 0);
    g_assert_true(sstp_stream_is_at_boundary(&framing.stream));
    framing_clear(&framing);
}

/* A session that the direction has used tells a command from noise: without it
 * an EndMessage with so large an id proves too little after a gap. */
static void test_session_is_remembered(void)
{
    static const struct {
        const char *before[2];
        size_t num_commands; /* that come out in all */
    } rows[] = {
        {{"0e 0900 78563412 aabb", ""}, 2}, /* in one chunk */
        {{"0e 0900 785634", "12 aabb"}, 2}, /* its SessionId in two */
        {{"0e 0f00 78563412 aa", ""}, 1},   /* begun, then lost */
        {{"0e 0900 79563412 aabb", ""}, 1}, /* another session */
        {{"0a 0900 78563412 0000", ""}, 1}, /* an EventId is none of a session */
        {{"10 0700 78563412", ""}, 1},      /* nor is a MessageCount */
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct framing framing;
        uint8_t bytes[64];
        framing_init(&framing, SSTP_STREAM_OBSERVER);
        for (size_t j = 0; j < 2; j++)
            framing_feed(&framing, sstp_span(bytes, hex_parse(rows[i].before[j], bytes, 64)));
        sstp_stream_hole(&framing.stream, 10000);
        framing_feed(&framing,
                     sstp_span(bytes, hex_parse("ffff 0f 0700 78563412 0e", bytes, sizeof bytes)));
        g_assert_cmpuint(framing.num_commands, ==, rows[i].num_commands);
        framing_clear(&framing);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    make_conversation();
    for (size_t i = 0; i < G_N_ELEMENTS(piece_rows); i++)
        g_test_add_data_func(piece_rows[i].test_path, &piece_rows[i], test_pieces);
    g_test_add_func("/stream/observer/begun-late", test_begun_late);
    g_test_add_func("/stream/observer/holes", test_holes);
    g_test_add_func("/stream/observer/short-captures", test_short_captures);
    g_test_add_func("/stream/observer/garbage", test_garbage);
    g_test_add_func("/stream/observer/short-lengths-end", test_short_lengths_end);
    g_test_add_func("/stream/observer/random-bytes", test_random_bytes);
    g_test_add_func("/stream/observer/no-bytes", test_no_bytes);
    g_test_add_func("/stream/observer/session-is-remembered", test_session_is_remembered);
    return g_test_run();
}
