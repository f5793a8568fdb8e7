/* SPDX-License-Identifier: GPL-2.0-or-later */
/* flow: one connection whichever way a segment goes, and which sequence numbers a point has. */
#include "points/flow.h"

#include "random.h"

static const struct packet_segment segment = {.source = {{10, 0, 0, 2}, 2492, 4},
                                              .destination = {{10, 0, 0, 1}, 5000, 4}};

static void test_directions(void)
{
    struct packet_segment back = segment;
    struct flow there = {0}, here = {0}, other = {0};
    back.source = segment.destination;
    back.destination = segment.source;
    g_assert_cmpuint(flow_key(&segment, &there), ==, 1);
    g_assert_cmpuint(flow_key(&back, &here), ==, 0);
    g_assert_true(flow_equal(&there, &here));
    g_assert_cmpuint(flow_hash(&there), ==, flow_hash(&here));
    g_assert_cmpuint(there.ends[0].port, ==, 5000); /* the lower address first */
    back.source.port++;
    (void)flow_key(&back, &other);
    g_assert_false(flow_equal(&there, &other));
    /* The same address: the lower port. */
    back.source = segment.source;
    back.source.port = 1;
    g_assert_cmpuint(flow_key(&back, &other), ==, 0);
    struct flow *flow = flow_new(&segment);
    g_assert_true(flow_equal(flow, &there));
    flow_free(flow);
}

static void test_cover(void)
{
    static const struct {
        const char *name;
        guint32 ranges[3][2]; /* {0, 0}: none */
        guint32 begin, end;
        gboolean is_covered;
    } rows[] = {
        {"same", {{10, 20}}, 10, 20, TRUE},
        {"inside", {{10, 20}}, 12, 13, TRUE},
        {"one-less", {{10, 20}}, 9, 20, FALSE},
        {"one-more", {{10, 20}}, 10, 21, FALSE},
        {"touching", {{10, 20}, {20, 30}}, 15, 25, TRUE},
        {"gap", {{10, 20}, {21, 30}}, 15, 25, FALSE},
        {"gap-filled", {{10, 20}, {21, 30}, {20, 21}}, 10, 30, TRUE},
        {"overlapping", {{10, 20}, {15, 30}}, 10, 30, TRUE},
        {"out-of-order", {{20, 30}, {10, 20}}, 10, 30, TRUE},
        {"wraps", {{0xfffffff0u, 0x10}}, 0xfffffff8u, 8, TRUE},
        {"wraps-touching", {{0xfffffff0u, 0}, {0, 0x10}}, 0xfffffff0u, 0x10, TRUE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct flow_direction direction = {0};
        for (guint k = 0; k < 3; k++)
            if (rows[i].ranges[k][0] != rows[i].ranges[k][1])
                flow_cover(&direction, rows[i].ranges[k][0], rows[i].ranges[k][1]);
        g_test_message("%s", rows[i].name);
        g_assert_cmpint(flow_is_covered(&direction, rows[i].begin, rows[i].end), ==,
                        rows[i].is_covered);
    }
}

/* Beyond the cap the oldest is forgotten, and nothing else. */
static void test_cap(void)
{
    struct flow_direction direction = {0};
    for (guint32 i = 0; i <= FLOW_RANGES_MAX; i++)
        flow_cover(&direction, 10 * i, 10 * i + 5);
    g_assert_cmpuint(direction.num_ranges, ==, FLOW_RANGES_MAX);
    g_assert_false(flow_is_covered(&direction, 0, 5));
    for (guint32 i = 1; i <= FLOW_RANGES_MAX; i++)
        g_assert_true(flow_is_covered(&direction, 10 * i, 10 * i + 5));
}

/* Against a bitmap, in any order. */
static void test_random(void)
{
    enum { LEN = 200, BEGIN = 0xffffff9c };
    for (guint64 seed = 0; seed < 200; seed++) {
        struct rng r = rng(seed);
        struct flow_direction direction = {0};
        gboolean has[LEN] = {FALSE};
        for (guint i = 0; i < 30; i++) {
            const gsize begin = rng_below(&r, LEN - 20), len = 1 + rng_below(&r, 20);
            flow_cover(&direction, (guint32)(BEGIN + begin), (guint32)(BEGIN + begin + len));
            for (gsize k = 0; k < len; k++)
                has[begin + k] = TRUE;
        }
        for (gsize k = 0; k < LEN; k++)
            g_assert_cmpint(
                flow_is_covered(&direction, (guint32)(BEGIN + k), (guint32)(BEGIN + k + 1)), ==,
                has[k]);
    }
}

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/flow/directions", test_directions);
    g_test_add_func("/flow/cover", test_cover);
    g_test_add_func("/flow/cap", test_cap);
    g_test_add_func("/flow/random", test_random);
    return g_test_run();
}
