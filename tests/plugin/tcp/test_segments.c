/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>

#include "tcp/segments.h"

/* Which segment a part has to be of: the number in `segments`, or one of these. */
enum { OWN = -1, NOBODYS = -2 };

struct wanted {
    uint32_t len;
    int of;
};

static const struct {
    const char *name;
    struct grvsstp_segment segments[4]; /* before the one at hand; flags tell which */
    struct grvsstp_segment own;
    uint32_t begin, end; /* of the chunk */
    struct wanted parts[5];
} rows[] = {
    {"own-alone", {{0}}, {.seq = 1, .end = 11}, 1, 11, {{10, OWN}}},
    {"a-piece-of-own", {{0}}, {.seq = 1, .end = 11}, 4, 8, {{4, OWN}}},
    {"fills-the-hole",
     {{11, 21, 5, 0}, {21, 26, 6, 1}},
     {.seq = 1, .end = 11},
     1,
     26,
     {{10, OWN}, {10, 0}, {5, 1}}},
    /* As TCP hands it on where what was kept is before. */
    {"after-what-was-kept", {{1, 11, 5, 0}}, {.seq = 11, .end = 21}, 1, 21, {{10, 0}, {10, OWN}}},
    {"the-first-that-brought-it",
     {{11, 21, 5, 0}, {11, 31, 6, 1}},
     {.seq = 1, .end = 11},
     1,
     31,
     {{10, OWN}, {10, 0}, {10, 1}}},
    {"own-comes-before-older", {{6, 21, 5, 0}}, {.seq = 1, .end = 11}, 1, 21, {{10, OWN}, {10, 0}}},
    /* Forgotten, or never seen: up to where the next one begins. */
    {"nobodys",
     {{21, 31, 5, 0}},
     {.seq = 1, .end = 11},
     1,
     31,
     {{10, OWN}, {10, NOBODYS}, {10, 0}}},
    {"nobodys-before-own", {{0}}, {.seq = 11, .end = 21}, 1, 21, {{10, NOBODYS}, {10, OWN}}},
    {"to-its-end-alone", {{11, 99, 5, 0}}, {.seq = 1, .end = 11}, 1, 21, {{10, OWN}, {10, 0}}},
    {"number-wraps",
     {{5, 15, 7, 0}},
     {.seq = 0xfffffffb, .end = 5},
     0xfffffffb,
     15,
     {{10, OWN}, {10, 0}}},
};

static struct grvsstp_segments segments_of(const struct grvsstp_segment *all)
{
    struct grvsstp_segments segments = {.all = all};

    while (segments.num < 4 && all[segments.num].end != 0)
        segments.num++;
    return segments;
}

static void test_part(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const struct grvsstp_segments segments = segments_of(rows[i].segments);
        uint32_t number = rows[i].begin;
        g_test_message("%s", rows[i].name);
        for (const struct wanted *wanted = rows[i].parts; wanted->len != 0; wanted++) {
            const struct grvsstp_part part =
                grvsstp_segments_part(&segments, &rows[i].own, number, rows[i].end);
            g_assert_cmpuint(part.len, ==, wanted->len);
            g_assert_cmpint(part.is_known, ==, wanted->of >= 0);
            if (part.is_known) {
                g_assert_cmpuint(part.flags, ==, (unsigned)wanted->of);
                g_assert_cmpuint(part.ack, ==, rows[i].segments[wanted->of].ack);
            }
            number += part.len;
        }
        g_assert_cmpuint(number, ==, rows[i].end);
    }
}

/* The oldest is written over, and what is left is asked in the order in which it came. */
static void test_full(void)
{
    struct grvsstp_segment all[GRVSSTP_SEGMENTS_MAX];
    struct grvsstp_segments segments = {.all = all};
    const struct grvsstp_segment own = {.seq = 1, .end = 11};

    for (uint32_t i = 0; i < GRVSSTP_SEGMENTS_MAX + 2; i++) {
        const uint32_t seq = 11 + 10 * i;
        all[grvsstp_segments_next(&segments)] =
            (struct grvsstp_segment){.seq = seq, .end = seq + 10, .ack = i};
        segments.num++;
    }
    g_assert_false(grvsstp_segments_part(&segments, &own, 11, 21).is_known);
    g_assert_cmpuint(grvsstp_segments_part(&segments, &own, 11, 99).len, ==, 20);
    g_assert_cmpuint(grvsstp_segments_part(&segments, &own, 31, 41).ack, ==, 2);
    const uint32_t last = 11 + 10 * (GRVSSTP_SEGMENTS_MAX + 1);
    g_assert_cmpuint(grvsstp_segments_part(&segments, &own, last, last + 10).ack, ==,
                     GRVSSTP_SEGMENTS_MAX + 1);
    /* Sent again, it is the older one's. */
    all[grvsstp_segments_next(&segments)] =
        (struct grvsstp_segment){.seq = 51, .end = 61, .ack = 9999};
    segments.num++;
    g_assert_cmpuint(grvsstp_segments_part(&segments, &own, 51, 61).ack, ==, 4);
}

static void test_have(void)
{
    static const struct {
        struct grvsstp_segment segments[4];
        uint32_t begin, end;
        bool have;
    } questions[] = {
        {{{0}}, 1, 1, true}, /* of nothing nothing lacks */
        {{{0}}, 1, 2, false},
        {{{1, 11, 0, 0}}, 1, 11, true},
        {{{1, 11, 0, 0}}, 4, 9, true},
        {{{1, 11, 0, 0}}, 1, 12, false},
        {{{2, 11, 0, 0}}, 1, 11, false},
        {{{6, 21, 0, 0}, {1, 11, 0, 0}}, 1, 21, true},
        {{{1, 11, 0, 0}, {21, 31, 0, 0}}, 1, 31, false},
        {{{0xfffffffb, 5, 0, 0}, {5, 9, 0, 0}}, 0xfffffffc, 9, true},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(questions); i++) {
        const struct grvsstp_segments segments = segments_of(questions[i].segments);
        g_assert_cmpint(grvsstp_segments_have(&segments, questions[i].begin, questions[i].end), ==,
                        questions[i].have);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/segments/part", test_part);
    g_test_add_func("/segments/full", test_full);
    g_test_add_func("/segments/have", test_have);
    return g_test_run();
}
