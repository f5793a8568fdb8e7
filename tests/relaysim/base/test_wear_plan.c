/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plans of wear: what can be said, what cannot, and that it is said again as it was. */
#include "base/wear_plan.h"

#include <glib.h>
#include <string.h>

static const char *const good[] = {"segments 536",
                                   "segments 1 to 65495",
                                   "offload",
                                   "resend 1 of 3",
                                   "delay 20ms",
                                   "jitter 10000ms",
                                   "lose 1 of 8",
                                   "duplicate 1 of 8",
                                   "duplicate 1 of 1 vlan 4094",
                                   "reorder 1 of 10000",
                                   "reorder 1 of 4 by 64",
                                   "start after 1000000 segments",
                                   "snap 64",
                                   "vlan 1",
                                   "ipv6",
                                   "nat",
                                   "link ethernet",
                                   "link cooked",
                                   "link cooked2",
                                   "link loopback",
                                   "link raw",
                                   "points",
                                   "points ahead -50ms",
                                   "points apart 5ms",
                                   "points ahead 50ms apart 5ms drift -20ppm",
                                   "ring 1024 bytes",
                                   "ring 1073741824 bytes keep 3"};

/* Every kind is among them, and each is read as it is printed. */
static void test_good(void)
{
    bool is_seen[WEAR_KINDS] = {false};
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        struct wear_plan plan = {.has = {false}};
        g_assert_true(wear_plan_is_empty(&plan));
        g_assert_cmpstr(wear_plan_add(&plan, good[i]), ==, NULL);
        g_assert_cmpstr(wear_plan_check(&plan), ==, NULL);
        g_assert_false(wear_plan_is_empty(&plan));
        for (unsigned kind = 0; kind < WEAR_KINDS; kind++) {
            if (!plan.has[kind])
                continue;
            char *text = wear_plan_text(&plan, kind);
            g_assert_cmpstr(text, ==, good[i]);
            g_assert_true(wear_plan_is_of_file(&plan) == wear_plan_rows[kind].is_of_file);
            is_seen[kind] = true;
            g_free(text);
        }
    }
    for (unsigned kind = 0; kind < WEAR_KINDS; kind++)
        g_assert_true(is_seen[kind]);
}

static void test_wrong(void)
{
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"", "the faults of a capture are segments, offload, resend, delay, jitter, lose, "
             "duplicate, reorder, start, snap, vlan, ipv6, nat, link, points and ring, not \"\""},
        {"segments", "capture segments is said so: \"capture segments N [to N]\", with N from 1 to "
                     "65495"},
        {"segments 0", NULL},
        {"segments 65496", NULL},
        {"segments 5 to", NULL},
        {"segments 5 6", NULL},
        {"segments 6 to 5", "the larger length of \"capture segments\" stands after \"to\""},
        {"offload 1", "capture offload is said so: \"capture offload\""},
        {"lose 2 of 8", NULL},
        {"lose 1 of 8 by 3", NULL},
        {"reorder 1 of 4 by 65", NULL},
        {"duplicate 1 of 4 vlan 4095", NULL},
        {"delay 20", NULL},
        {"delay ms", NULL},
        {"jitter 0ms", NULL},
        {"start after 5", NULL},
        {"snap 63", NULL},
        {"link token-ring", "capture link is said so: \"capture link "
                            "ethernet|cooked|cooked2|loopback|raw\""},
        {"points apart -1ms", "two points are apart by at most 10000ms"},
        {"points drift 10001ppm", "the drift of a clock is at most 10000ppm"},
        {"points apart 5ms ahead 5ms", NULL},
        {"ring 1023 bytes", NULL},
        {"ring 2048 bytes keep 0", NULL}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct wear_plan plan = {.has = {false}};
        char *why = wear_plan_add(&plan, rows[i].text);
        g_assert_nonnull(why);
        if (rows[i].why != NULL)
            g_assert_cmpstr(why, ==, rows[i].why);
        g_assert_true(wear_plan_is_empty(&plan));
        g_free(why);
    }
}

static void test_together(void)
{
    static const char *const rows[][2] = {{"vlan 5", "link cooked"},
                                          {"duplicate 1 of 2 vlan 5", "link raw"},
                                          {"offload", "segments 5"}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct wear_plan plan = {.has = {false}};
        g_assert_null(wear_plan_add(&plan, rows[i][0]));
        g_assert_null(wear_plan_add(&plan, rows[i][1]));
        char *why = wear_plan_check(&plan);
        g_assert_nonnull(why);
        g_free(why);
    }
}

static void test_merge(void)
{
    struct wear_plan plan = {.has = {false}}, more = {.has = {false}};
    g_assert_null(wear_plan_add(&plan, "lose 1 of 8"));
    g_assert_null(wear_plan_add(&plan, "ipv6"));
    g_assert_null(wear_plan_add(&more, "lose 1 of 9"));
    g_assert_null(wear_plan_add(&more, "snap 99"));
    wear_plan_merge(&plan, &more);
    g_assert_true(plan.has[WEAR_IPV6] && plan.has[WEAR_SNAP]);
    g_assert_cmpint(plan.values[WEAR_LOSE][WEAR_ONE_OF], ==, 9);
    g_assert_cmpint(plan.values[WEAR_SNAP][WEAR_SNAP_LEN], ==, 99);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/wear-plan/good", test_good);
    g_test_add_func("/wear-plan/wrong", test_wrong);
    g_test_add_func("/wear-plan/together", test_together);
    g_test_add_func("/wear-plan/merge", test_merge);
    return g_test_run();
}
