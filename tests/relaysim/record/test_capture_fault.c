/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The faults of a capture: segments that are lost, twice or out of order, and no others. */
#include "record/capture.h"

#include "recorded.h"
#include "core/wire.h"

#include <string.h>

#define ENHANCED_PACKET 6u
#define NUM_WRITES 30u
#define WRITE_LEN 6000u /* five segments */
#define NUM_SEGMENTS (NUM_WRITES * 5)

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
static GArray *captured(const struct fault_plan *plan, uint64_t seed)
{
    static const uint8_t bytes[WRITE_LEN];
    char *path = recorded_path();
    struct recording_file *file = recorded_open(path);
    struct capture *capture = capture_new(file);
    recording_file_begin(file);
    struct faults *faults = faults_new(plan, seed);
    capture_set_faults(capture, faults);
    struct capture_connection *connection = capture_connect(capture, address, 1000);
    for (unsigned i = 0; i < NUM_WRITES; i++)
        capture_data(connection, true, bytes, sizeof bytes, 2000 + i);
    capture_disconnect(connection, 9000);
    capture_free(capture);
    g_assert_true(recording_file_close(file));
    faults_free(faults);
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
    GArray *segments = captured(&(struct fault_plan){.splits = false}, 1);
    g_assert_cmpuint(segments->len, ==, NUM_SEGMENTS);
    for (guint i = 1; i < segments->len; i++)
        g_assert_cmpuint(at(segments, i), >, at(segments, i - 1));
    g_array_free(segments, TRUE);
}

static void test_lose(void)
{
    GArray *all = captured(&(struct fault_plan){.splits = false}, 1);
    GArray *segments = captured(&(struct fault_plan){.lose_one_of = 10}, 1);
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
    GArray *segments = captured(&(struct fault_plan){.duplicate_one_of = 10}, 1);
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
    GArray *all = captured(&(struct fault_plan){.splits = false}, 1);
    GArray *segments = captured(&(struct fault_plan){.reorder_one_of = 10}, 1);
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
    const struct fault_plan plan = {.lose_one_of = 7, .duplicate_one_of = 8, .reorder_one_of = 9};
    GArray *one = captured(&plan, 1), *again = captured(&plan, 1), *other = captured(&plan, 2);
    g_assert_cmpuint(one->len, ==, again->len);
    g_assert_cmpint(memcmp(one->data, again->data, one->len * sizeof(uint32_t)), ==, 0);
    g_assert_true(other->len != one->len ||
                  memcmp(one->data, other->data, one->len * sizeof(uint32_t)) != 0);
    g_array_free(one, TRUE);
    g_array_free(again, TRUE);
    g_array_free(other, TRUE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/capture-fault/none", test_none);
    g_test_add_func("/capture-fault/lose", test_lose);
    g_test_add_func("/capture-fault/duplicate", test_duplicate);
    g_test_add_func("/capture-fault/reorder", test_reorder);
    g_test_add_func("/capture-fault/seed", test_seed);
    return g_test_run();
}
