/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Faults: what a plan says, and that a seed decides everything. */
#include "base/fault.h"

#include <glib.h>
#include <string.h>

static void test_plan(void)
{
    struct fault_plan plan = {.splits = false};
    g_assert_null(faults_new(&plan, 1));
    g_assert_null(fault_plan_add(&plan, "split"));
    g_assert_null(fault_plan_add(&plan, "delay 20ms"));
    g_assert_null(fault_plan_add(&plan, "proxy-dies within 5000 bytes"));
    g_assert_null(fault_plan_add(&plan, "lose 1 of 3"));
    g_assert_null(fault_plan_add(&plan, "duplicate 1 of 4"));
    g_assert_null(fault_plan_add(&plan, "reorder 1 of 10000"));
    g_assert_true(plan.splits && !plan.drops);
    g_assert_cmpuint(plan.delay_ms, ==, 20);
    g_assert_cmpuint(plan.proxies_die_within, ==, 5000);
    g_assert_cmpint(plan.capture.values[WEAR_LOSE][WEAR_ONE_OF], ==, 3);
    g_assert_cmpint(plan.capture.values[WEAR_DUPLICATE][WEAR_ONE_OF], ==, 4);
    g_assert_cmpint(plan.capture.values[WEAR_REORDER][WEAR_ONE_OF], ==, 10000);
    char *text = fault_plan_text(&plan);
    g_assert_cmpstr(text, ==,
                    "split, delay 20ms, proxy-dies within 5000 bytes, capture lose 1 of 3, capture "
                    "duplicate 1 of 4, capture reorder 1 of 10000");
    /* What is said is read again. */
    struct fault_plan again = {.splits = false};
    g_assert_null(fault_plan_add(&again, text));
    g_assert_cmpuint(sizeof again, ==, sizeof plan);
    g_assert_cmpint(memcmp(&again, &plan, sizeof plan), ==, 0);
    g_free(text);
    plan = (struct fault_plan){.proxies_die_within = 1};
    struct faults *deadly = faults_new(&plan, 1);
    g_assert_nonnull(deadly);
    faults_free(deadly);
    static const char *const wrong[] = {"proxy-dies",
                                        "proxy-dies within 5000",
                                        "proxy-dies within  bytes",
                                        "proxy-dies within 0 bytes",
                                        "proxy-dies within bytes",
                                        "proxy-dies within 1048577 bytes",
                                        "",
                                        "splits",
                                        "delay",
                                        "delay 0ms",
                                        "delay 20",
                                        "delay 1001ms",
                                        "lose",
                                        "lose 2 of 3",
                                        "lose 1 of 0",
                                        "lose 1 of x",
                                        "reorder 1 of 10001",
                                        "ipv6",
                                        "capture",
                                        "capture split",
                                        "capture vlan 5, capture link raw",
                                        "split, "};
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        char *why = fault_plan_add(&plan, wrong[i]);
        g_assert_nonnull(why);
        g_free(why);
    }
}

static void test_cut(void)
{
    struct faults *split = faults_new(&(struct fault_plan){.splits = true}, 1);
    struct faults *whole = faults_new(&(struct fault_plan){.delay_ms = 5}, 1);
    unsigned num_short = 0;
    g_assert_true(faults_splits(split) && !faults_delays(split));
    g_assert_true(!faults_splits(whole) && faults_delays(whole));
    for (size_t len = 1; len < 3000; len++) {
        const size_t num = faults_cut(split, len);
        g_assert_cmpuint(num, >=, 1);
        g_assert_cmpuint(num, <=, len);
        num_short += num < len;
        g_assert_cmpuint(faults_cut(whole, len), ==, len);
        g_assert_cmpuint(faults_pause_ms(whole), <=, 5);
        g_assert_cmpuint(faults_pause_ms(split), <=, 1);
    }
    g_assert_cmpuint(num_short, >, 2500);
    faults_free(split);
    faults_free(whole);
}

static void test_merge(void)
{
    struct fault_plan plan = {.splits = false}, more = {.splits = false};
    g_assert_null(fault_plan_add(&plan, "delay 20ms, lose 1 of 3, capture ipv6"));
    g_assert_null(fault_plan_add(&more, "split, lose 1 of 4"));
    g_assert_false(fault_plan_is_of_capture(&plan));
    fault_plan_merge(&plan, &more);
    char *text = fault_plan_text(&plan);
    g_assert_cmpstr(text, ==, "split, delay 20ms, capture lose 1 of 4, capture ipv6");
    g_free(text);
}

/* What befalls captures is none of the connections' business. */
static void test_of_capture(void)
{
    struct fault_plan plan = {.splits = false};
    g_assert_null(fault_plan_add(&plan, "capture nat, reorder 1 of 5 by 3"));
    g_assert_true(fault_plan_is_of_capture(&plan));
    g_assert_null(faults_new(&plan, 1));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fault/plan", test_plan);
    g_test_add_func("/fault/cut", test_cut);
    g_test_add_func("/fault/merge", test_merge);
    g_test_add_func("/fault/of-capture", test_of_capture);
    return g_test_run();
}
