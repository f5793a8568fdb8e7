/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>

#include "tcp/sequence.h"

#define FAR 0x40000000u
#define MANY UINT32_MAX

struct chunk {
    uint32_t seq, len;
    bool is_first;
    uint32_t skip, lost; /* as they have to be */
};

static const struct {
    const char *name;
    struct chunk chunks[8];
} rows[] = {
    {"in-order", {{1, 10, true, 0, 0}, {11, 5, false, 0, 0}, {16, 1, false, 0, 0}}},
    {"lost", {{1, 10, true, 0, 0}, {21, 5, false, 0, 10}, {26, 1, false, 0, 0}}},
    {"again", {{1, 10, true, 0, 0}, {1, 10, false, 10, 0}, {11, 5, false, 0, 0}}},
    {"again-and-more", {{1, 10, true, 0, 0}, {6, 10, false, 5, 0}, {16, 5, false, 0, 0}}},
    {"late-into-a-hole",
     {{1, 10, true, 0, 0}, {21, 5, false, 0, 10}, {11, 10, false, 10, 0}, {26, 5, false, 0, 0}}},
    {"number-wraps", {{0xfffffffb, 10, true, 0, 0}, {5, 5, false, 0, 0}}},
    {"first-of-all-is-anywhere", {{FAR, 10, true, 0, 0}, {FAR + 10, 5, false, 0, 0}}},
    /* An IP fragment's number is another beginning's. */
    {"one-far-ahead",
     {{1, 10, true, 0, 0}, {FAR, 10, false, 10, 0}, {21, 5, false, 0, 10}, {26, 5, false, 0, 0}}},
    {"two-far-ahead-that-do-not-go-on",
     {{1, 10, true, 0, 0},
      {FAR, 10, false, 10, 0},
      {FAR + 100, 10, false, 10, 0},
      {11, 5, false, 0, 0}}},
    {"far-ahead-for-good",
     {{1, 10, true, 0, 0},
      {FAR, 10, false, 10, 0},
      {FAR + 10, 10, false, 0, MANY},
      {FAR + 20, 10, false, 0, 0}}},
    {"one-far-after", {{FAR, 10, true, 0, 0}, {1, 10, false, 10, 0}, {FAR + 10, 5, false, 0, 0}}},
    {"at-the-limit",
     {{1, 10, true, 0, 0}, {11 + GRVSSTP_SEQUENCE_LOSS_MAX, 10, false, 0, 64u << 20}}},
    {"above-the-limit", {{1, 10, true, 0, 0}, {12 + GRVSSTP_SEQUENCE_LOSS_MAX, 10, false, 10, 0}}},
};

static void test_row(gconstpointer data)
{
    const struct chunk *chunk = data;
    struct grvsstp_sequence sequence = {.is_known = false};
    for (; chunk->len > 0; chunk++) {
        const struct grvsstp_join join = grvsstp_sequence_join(&sequence, chunk->seq, chunk->len);
        g_assert_cmpint(join.is_first, ==, chunk->is_first);
        g_assert_cmpuint(join.skip, ==, chunk->skip);
        g_assert_cmpuint(join.lost, ==, chunk->lost);
    }
}

/* More comes "again" than anybody sends again: the place was wrong. */
static void test_old_for_ever(void)
{
    enum { LEN = 1460 };
    struct grvsstp_sequence sequence = {.is_known = false};
    uint32_t seq = 1, old = 0;

    (void)grvsstp_sequence_join(&sequence, 0x2000000, LEN);
    for (; old <= GRVSSTP_SEQUENCE_OLD_MAX; seq += LEN, old += LEN) {
        const struct grvsstp_join join = grvsstp_sequence_join(&sequence, seq, LEN);
        if (join.lost == MANY)
            break;
        g_assert_cmpuint(join.skip, ==, LEN);
    }
    g_assert_cmpuint(old, <=, GRVSSTP_SEQUENCE_OLD_MAX);
    const struct grvsstp_join next = grvsstp_sequence_join(&sequence, seq + LEN, LEN);
    g_assert_cmpuint(next.skip, ==, 0);
    g_assert_cmpuint(next.lost, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *path = g_strdup_printf("/tcp/sequence/%s", rows[i].name);
        g_test_add_data_func(path, rows[i].chunks, test_row);
        g_free(path);
    }
    g_test_add_func("/tcp/sequence/old-for-ever", test_old_for_ever);
    return g_test_run();
}
