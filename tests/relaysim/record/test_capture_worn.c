/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Captures that are worn: segments that are lost, twice or out of order, and no others; of other
 * lengths; cut off; at two points; in a ring. */
#include "record/capture.h"

#include "record/file_name.h"
#include "recorded.h"
#include "core/wire.h"

#include <glib/gstdio.h>
#include <string.h>

#define ENHANCED_PACKET 6u
#define NUM_WRITES 30u
#define WRITE_LEN 6000u /* five segments */
#define NUM_SEGMENTS (NUM_WRITES * 5)

/* What is said with ", " between. */
static const struct wear_plan *plan_of(const char *text)
{
    static struct wear_plan plan;
    char **parts = g_strsplit(text, ", ", -1);
    plan = (struct wear_plan){.has = {false}};
    for (char **part = parts; *part != NULL; part++)
        g_assert_null(wear_plan_add(&plan, *part));
    g_strfreev(parts);
    return &plan;
}

static const struct capture_address address = {10, 50000, 1, 2492};

static uint32_t big_u32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* The sequence numbers of the segments with data, from the first byte on. */
static GArray *segments_of(const char *path)
{
    GArray *segments = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    char *data;
    gsize len, pos = 0;
    uint32_t first = 0;
    g_assert_true(g_file_get_contents(path, &data, &len, NULL));
    while (pos < len) {
        const uint8_t *block = (const uint8_t *)data + pos;
        pos += sstp_get_u32(block + 4);
        if (sstp_get_u32(block) != ENHANCED_PACKET)
            continue;
        const uint8_t *ip = block + 28 + 14, *tcp = ip + 20;
        const uint32_t header_len = (uint32_t)(tcp[12] >> 4) * 4;
        const uint32_t sequence = big_u32(tcp + 4);
        if ((tcp[13] & 0x02) != 0 && ip[12] == 192)
            first = sequence + 1;
        if (sstp_get_u32(block + 20) > 34 + header_len) {
            const uint32_t offset = sequence - first;
            g_array_append_val(segments, offset);
        }
    }
    g_free(data);
    return segments;
}

/* What a capture of the same traffic has with a plan. */
static GArray *captured(const struct wear_plan *plan, uint64_t seed)
{
    static const uint8_t bytes[WRITE_LEN];
    char *path = recorded_path();
    struct recording_file *file = recorded_open(path);
    struct capture *capture = capture_new(file);
    recording_file_begin(file);
    capture_set_wear(capture, plan, seed);
    struct capture_connection *connection = capture_connect(capture, address, 1000);
    for (unsigned i = 0; i < NUM_WRITES; i++)
        capture_data(connection, true, bytes, sizeof bytes, 2000 + i);
    capture_disconnect(connection, 9000);
    capture_free(capture);
    g_assert_true(recording_file_close(file));
    GArray *segments = segments_of(path);
    recorded_remove(path);
    return segments;
}

static uint32_t at(const GArray *segments, guint i)
{
    return g_array_index(segments, uint32_t, i);
}

static void test_none(void)
{
    GArray *segments = captured(NULL, 1);
    g_assert_cmpuint(segments->len, ==, NUM_SEGMENTS);
    for (guint i = 1; i < segments->len; i++)
        g_assert_cmpuint(at(segments, i), >, at(segments, i - 1));
    g_array_free(segments, TRUE);
}

static void test_lose(void)
{
    GArray *all = captured(NULL, 1);
    GArray *segments = captured(plan_of("lose 1 of 10"), 1);
    g_assert_cmpuint(segments->len, ==, NUM_SEGMENTS - NUM_SEGMENTS / 10);
    guint seen = 0;
    for (guint i = 0; i < all->len; i++)
        seen += seen < segments->len && at(segments, seen) == at(all, i);
    g_assert_cmpuint(seen, ==, segments->len);
    g_array_free(segments, TRUE);
    g_array_free(all, TRUE);
}

static void test_duplicate(void)
{
    GArray *segments = captured(plan_of("duplicate 1 of 10"), 1);
    guint num_twice = 0;
    g_assert_cmpuint(segments->len, ==, NUM_SEGMENTS + NUM_SEGMENTS / 10);
    for (guint i = 1; i < segments->len; i++) {
        g_assert_cmpuint(at(segments, i), >=, at(segments, i - 1));
        num_twice += at(segments, i) == at(segments, i - 1);
    }
    g_assert_cmpuint(num_twice, ==, NUM_SEGMENTS / 10);
    g_array_free(segments, TRUE);
}

/* Each is there once, and out of its place by one at most. */
static void test_reorder(void)
{
    GArray *all = captured(NULL, 1);
    GArray *segments = captured(plan_of("reorder 1 of 10"), 1);
    guint num_moved = 0;
    g_assert_cmpuint(segments->len, ==, NUM_SEGMENTS);
    for (guint i = 0; i < segments->len; i++) {
        if (at(segments, i) == at(all, i))
            continue;
        g_assert_cmpuint(i + 1, <, segments->len);
        g_assert_cmpuint(at(segments, i), ==, at(all, i + 1));
        g_assert_cmpuint(at(segments, i + 1), ==, at(all, i));
        num_moved++;
        i++;
    }
    /* One that would have nothing after it waits for the next. */
    g_assert_cmpuint(num_moved, >=, NUM_SEGMENTS / 10 - 1);
    g_assert_cmpuint(num_moved, <=, NUM_SEGMENTS / 10);
    g_array_free(segments, TRUE);
    g_array_free(all, TRUE);
}

static void test_seed(void)
{
    const struct wear_plan plan = *plan_of("lose 1 of 7, duplicate 1 of 8, reorder 1 of 9");
    GArray *one = captured(&plan, 1), *again = captured(&plan, 1), *other = captured(&plan, 2);
    g_assert_cmpuint(one->len, ==, again->len);
    g_assert_cmpint(memcmp(one->data, again->data, one->len * sizeof(uint32_t)), ==, 0);
    g_assert_true(other->len != one->len ||
                  memcmp(one->data, other->data, one->len * sizeof(uint32_t)) != 0);
    g_array_free(one, TRUE);
    g_array_free(again, TRUE);
    g_array_free(other, TRUE);
}

/* ------------------------------------------------------------------------
 * Several files
 */

/* Times and comments of the packets of a file, in a text; *num: how many. */
static char *packets_of(const char *path, unsigned *num)
{
    char *data;
    gsize len, pos = 0;
    GString *text = g_string_new(NULL);
    *num = 0;
    g_assert_true(g_file_get_contents(path, &data, &len, NULL));
    for (; pos < len; pos += sstp_get_u32((const uint8_t *)data + pos + 4)) {
        const uint8_t *block = (const uint8_t *)data + pos;
        if (sstp_get_u32(block) != ENHANCED_PACKET)
            continue;
        const uint32_t options = 28 + (sstp_get_u32(block + 20) + 3) / 4 * 4;
        g_string_append_printf(text, "%u", sstp_get_u32(block + 16));
        if (sstp_get_u32(block + 4) > options + 4)
            g_string_append_printf(text, "(%.*s)", block[options + 2], block + options + 4);
        g_string_append_c(text, ' ');
        ++*num;
    }
    g_free(data);
    return g_string_free(text, FALSE);
}

#define MS UINT64_C(1000000)

/* The second sees the same by another clock, and what is far later; each has the answers. */
static void test_points(void)
{
    char *paths[] = {recorded_path(), recorded_path()};
    struct capture_config config = {
        .files = {recorded_open(paths[0]), recorded_open(paths[1])},
        .plan = *plan_of("points ahead 100ms apart 10ms"),
    };
    struct capture *capture = capture_new_worn(&config);
    capture_begin_answers(capture);
    for (unsigned i = 0; i < 2; i++)
        recording_file_begin(config.files[i]);
    struct capture_connection *connection = capture_connect(capture, address, 1 * MS);
    g_assert_true(capture_answer(capture, true, "said", 4));
    capture_data(connection, true, "data", 4, 2 * MS);
    capture_disconnect(connection, 3 * MS);
    capture_free(capture);
    static const char *const expected[] = {
        /* SYN, its answer 20 ms later, ACK likewise; data; ACK likewise, RST from the same side */
        "1000000 21000000 41000000 42000000(said) 62000000 63000000 ",
        "111000000 111000000 151000000 152000000(said) 152000000 153000000 "};
    for (unsigned i = 0; i < 2; i++) {
        unsigned num;
        g_assert_true(recording_file_close(config.files[i]));
        char *text = packets_of(paths[i], &num);
        g_assert_cmpstr(text, ==, expected[i]);
        g_free(text);
        recorded_remove(paths[i]);
    }
}

/* How many hops each segment may still go, of a small conversation at a point. */
static char *hops_of(const char *path)
{
    GString *text = g_string_new(NULL);
    char *data;
    gsize len;
    g_assert_true(g_file_get_contents(path, &data, &len, NULL));
    for (gsize pos = 0; pos < len; pos += sstp_get_u32((const uint8_t *)data + pos + 4)) {
        const uint8_t *block = (const uint8_t *)data + pos, *ip = block + 28 + 14;
        if (sstp_get_u32(block) == ENHANCED_PACKET)
            g_string_append_printf(
                text, "%c%u ", (ip[22] << 8 | ip[23]) == address.acceptor_port ? '>' : '<', ip[8]);
    }
    g_free(data);
    return g_string_free(text, FALSE);
}

/* There is a router between two points, and at a NAT: who has passed it may go one hop less. */
static void test_hops(void)
{
    static const struct {
        const char *plan;
        const char *expected[2];
    } rows[] = {
        {"nat", {">63 <64 >63 >63 <64 <64 ", NULL}},
        {"points apart 10ms", {">64 <63 >64 >64 <63 <63 ", ">63 <64 >63 >63 <64 <64 "}},
        {"points apart 10ms, nat", {">64 <63 >64 >64 <63 <63 ", ">63 <64 >63 >63 <64 <64 "}},
    };
    for (gsize r = 0; r < G_N_ELEMENTS(rows); r++) {
        char *paths[] = {recorded_path(), recorded_path()};
        struct capture_config config = {.plan = *plan_of(rows[r].plan)};
        for (unsigned i = 0; i < 2 && rows[r].expected[i] != NULL; i++)
            config.files[i] = recorded_open(paths[i]);
        struct capture *capture = capture_new_worn(&config);
        for (unsigned i = 0; i < 2 && config.files[i] != NULL; i++)
            recording_file_begin(config.files[i]);
        struct capture_connection *connection = capture_connect(capture, address, 1 * MS);
        capture_data(connection, true, "data", 4, 2 * MS);
        capture_disconnect(connection, 3 * MS);
        capture_free(capture);
        for (unsigned i = 0; i < 2 && config.files[i] != NULL; i++) {
            g_assert_true(recording_file_close(config.files[i]));
            char *text = hops_of(paths[i]);
            g_assert_cmpstr(text, ==, rows[r].expected[i]);
            g_free(text);
            recorded_remove(paths[i]);
        }
        for (unsigned i = 0; i < 2; i++)
            if (config.files[i] == NULL)
                g_free(paths[i]);
    }
}

/* A ring keeps the newest files, each whole. */
static void test_ring(void)
{
    char *path = recorded_path();
    char *first = file_name_of_ring(path, 1, 0);
    struct capture_config config = {.files = {recorded_open(first)},
                                    .ring_paths = {path},
                                    .plan = *plan_of("ring 1024 bytes keep 3")};
    struct capture *capture = capture_new_worn(&config);
    unsigned num = 0, num_all = 0;
    recording_file_begin(config.files[0]);
    struct capture_connection *connection = capture_connect(capture, address, 1000);
    for (unsigned i = 0; i < 20; i++)
        capture_data(connection, true, "0123456789", 10, 2000);
    capture_disconnect(connection, 3000);
    capture_free(capture);
    g_assert_true(recording_file_close(config.files[0]));
    /* Of 45 packets, some ten have room in a file. */
    unsigned num_files = 0, last = 0;
    for (unsigned number = 1; number <= 9; number++) {
        char *name = file_name_of_ring(path, number, 0);
        if (g_file_test(name, G_FILE_TEST_EXISTS)) {
            g_free(packets_of(name, &num));
            num_all += num;
            g_assert_true(num_files == 0 || number == last + 1);
            g_assert_cmpint(g_unlink(name), ==, 0);
            num_files++;
            last = number;
        }
        g_free(name);
    }
    g_assert_cmpuint(num_files, ==, 3);
    g_assert_cmpuint(last, >=, 4);
    g_assert_cmpuint(num_all, >=, 20);
    g_assert_cmpuint(num_all, <=, 33);
    g_free(first);
    recorded_remove(path);
}

/* Frames are cut off, and say how long they were. */
static void test_snap(void)
{
    char *path = recorded_path(), *data;
    gsize len, pos = 0;
    struct recording_file *file = recorded_open(path);
    struct capture *capture = capture_new(file);
    static const uint8_t bytes[500];
    unsigned num = 0;
    recording_file_begin(file);
    capture_set_wear(capture, plan_of("snap 100"), 1);
    struct capture_connection *connection = capture_connect(capture, address, 1000);
    capture_data(connection, true, bytes, sizeof bytes, 2000);
    capture_set_wear(capture, NULL, 1);
    capture_data(connection, true, bytes, sizeof bytes, 3000);
    capture_disconnect(connection, 4000);
    capture_free(capture);
    g_assert_true(recording_file_close(file));
    g_assert_true(g_file_get_contents(path, &data, &len, NULL));
    for (; pos < len; pos += sstp_get_u32((const uint8_t *)data + pos + 4)) {
        const uint8_t *block = (const uint8_t *)data + pos;
        if (sstp_get_u32(block) != ENHANCED_PACKET || sstp_get_u32(block + 24) < 500)
            continue;
        g_assert_cmpuint(sstp_get_u32(block + 24), ==, 554);
        g_assert_cmpuint(sstp_get_u32(block + 20), ==, num == 0 ? 100 : 554);
        num++;
    }
    g_assert_cmpuint(num, ==, 2);
    g_free(data);
    recorded_remove(path);
}

/* A capture begins once, however many plans come after each other. */
static void test_start(void)
{
    static const uint8_t bytes[WRITE_LEN];
    char *path = recorded_path();
    struct capture_config config = {.files = {recorded_open(path)},
                                    .plan = *plan_of("start after 20 segments")};
    struct capture *capture = capture_new_worn(&config);
    recording_file_begin(config.files[0]);
    for (unsigned i = 0; i < 6; i++) { /* twelve segments each */
        capture_set_wear(capture, &config.plan, i);
        struct capture_connection *connection = capture_connect(capture, address, 1000 * i);
        capture_data(connection, true, bytes, sizeof bytes, 1000 * i + 1);
        capture_disconnect(connection, 1000 * i + 2);
    }
    capture_free(capture);
    g_assert_true(recording_file_close(config.files[0]));
    GArray *segments = segments_of(path);
    /* Of the second connection eight are not there: the handshake, four with data, and an ACK. */
    g_assert_cmpuint(segments->len, ==, 4 * 5 + 1);
    g_array_free(segments, TRUE);
    recorded_remove(path);
}

/* What was told of before is not told. */
static void test_start_answers(void)
{
    char *path = recorded_path();
    struct capture_config config = {.files = {recorded_open(path)},
                                    .plan = *plan_of("start after 4 segments")};
    struct capture *capture = capture_new_worn(&config);
    unsigned num;
    capture_begin_answers(capture);
    recording_file_begin(config.files[0]);
    struct capture_connection *connection = capture_connect(capture, address, 1 * MS);
    g_assert_true(capture_answer(capture, true, "before", 6));
    capture_data(connection, true, "data", 4, 2 * MS);
    g_assert_true(capture_answer(capture, true, "after", 5));
    capture_data(connection, true, "data", 4, 3 * MS);
    capture_disconnect(connection, 4 * MS);
    capture_free(capture);
    g_assert_true(recording_file_close(config.files[0]));
    char *text = packets_of(path, &num);
    g_assert_cmpstr(text, ==, "2000000 3000000(after) 3000000 4000000 ");
    g_free(text);
    recorded_remove(path);
}

/* Lengths at random, or one for all. */
static void test_segments(void)
{
    GArray *fixed = captured(plan_of("segments 1000"), 1);
    g_assert_cmpuint(fixed->len, ==, NUM_WRITES * WRITE_LEN / 1000);
    g_array_free(fixed, TRUE);
    GArray *some = captured(plan_of("segments 1 to 300"), 1);
    uint32_t max = 0, min = 1000;
    for (guint i = 1; i < some->len; i++) {
        const uint32_t len = at(some, i) - at(some, i - 1);
        max = MAX(max, len);
        min = MIN(min, len);
    }
    g_assert_cmpuint(max, <=, 300);
    g_assert_cmpuint(max, >, 250);
    g_assert_cmpuint(min, <, 50);
    g_array_free(some, TRUE);
    GArray *large = captured(plan_of("offload"), 1);
    g_assert_cmpuint(large->len, <=, NUM_WRITES * WRITE_LEN / 60000 + 1);
    g_array_free(large, TRUE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/capture-worn/none", test_none);
    g_test_add_func("/capture-worn/lose", test_lose);
    g_test_add_func("/capture-worn/duplicate", test_duplicate);
    g_test_add_func("/capture-worn/reorder", test_reorder);
    g_test_add_func("/capture-worn/seed", test_seed);
    g_test_add_func("/capture-worn/points", test_points);
    g_test_add_func("/capture-worn/hops", test_hops);
    g_test_add_func("/capture-worn/ring", test_ring);
    g_test_add_func("/capture-worn/snap", test_snap);
    g_test_add_func("/capture-worn/start", test_start);
    g_test_add_func("/capture-worn/start-answers", test_start_answers);
    g_test_add_func("/capture-worn/segments", test_segments);
    return g_test_run();
}
