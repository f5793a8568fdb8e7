/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Faults: what a plan says, and that a seed decides everything. */
#include "base/fault.h"

#include <glib.h>

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
    g_assert_cmpuint(plan.lose_one_of, ==, 3);
    g_assert_cmpuint(plan.duplicate_one_of, ==, 4);
    g_assert_cmpuint(plan.reorder_one_of, ==, 10000);
    char *text = fault_plan_text(&plan);
    g_assert_cmpstr(text, ==,
                    "split, delay 20ms, proxy-dies within 5000 bytes, lose 1 of 3, duplicate 1 of "
                    "4, reorder 1 of 10000");
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
                                        "reorder 1 of 10001"};
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

/* Of each so many segments exactly one, at places that depend on the seed. */
static void test_one_of(void)
{
    const struct fault_plan plan = {.lose_one_of = 7};
    GString *courses[3];
    for (size_t c = 0; c < G_N_ELEMENTS(courses); c++) {
        struct faults *faults = faults_new(&plan, c < 2 ? 1 : 2);
        courses[c] = g_string_new(NULL);
        for (unsigned window = 0; window < 50; window++) {
            unsigned num = 0;
            for (unsigned i = 0; i < 7; i++) {
                const bool is_lost = faults_of_segment(faults) == FAULT_LOSE;
                num += is_lost;
                g_string_append_c(courses[c], is_lost ? 'x' : '.');
            }
            g_assert_cmpuint(num, ==, 1);
        }
        faults_free(faults);
    }
    g_assert_cmpstr(courses[0]->str, ==, courses[1]->str);
    g_assert_cmpstr(courses[0]->str, !=, courses[2]->str);
    for (size_t c = 0; c < G_N_ELEMENTS(courses); c++)
        g_string_free(courses[c], TRUE);
}

/* What befalls connections is none of the capture's business. */
static void test_independent(void)
{
    const struct fault_plan plan = {.splits = true, .delay_ms = 9, .reorder_one_of = 5};
    struct faults *busy = faults_new(&plan, 3), *idle = faults_new(&plan, 3);
    for (unsigned i = 0; i < 1000; i++) {
        (void)faults_cut(busy, 500);
        (void)faults_pause_ms(busy);
        g_assert_cmpint(faults_of_segment(busy), ==, faults_of_segment(idle));
    }
    faults_free(busy);
    faults_free(idle);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fault/plan", test_plan);
    g_test_add_func("/fault/cut", test_cut);
    g_test_add_func("/fault/one-of", test_one_of);
    g_test_add_func("/fault/independent", test_independent);
    return g_test_run();
}
