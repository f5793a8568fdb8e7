/* SPDX-License-Identifier: GPL-2.0-or-later */
/* search: what is left holds, no thing of it can be left out, and bounds are kept. */
#include "shrink/search.h"

#define THINGS 200u

/* It holds of those that have all of these. */
struct needs {
    const guint *needed;
    guint num_needed, num_asked, stop_after;
    gboolean or_pair; /* or of any two that are neighbours, the later one a multiple of 50 */
};

static gboolean has(const guint *chosen, guint num, guint thing)
{
    for (guint i = 0; i < num; i++)
        if (chosen[i] == thing)
            return TRUE;
    return FALSE;
}

static gboolean holds(void *cookie, const guint *chosen, guint num)
{
    struct needs *needs = cookie;
    guint num_there = 0;

    needs->num_asked++;
    for (guint i = 1; i < num; i++)
        g_assert_cmpuint(chosen[i - 1], <, chosen[i]);
    for (guint i = 0; i < num && needs->or_pair; i++)
        if (chosen[i] % 50 == 0 && chosen[i] > 0 && has(chosen, num, chosen[i] - 1))
            return TRUE;
    for (guint i = 0; i < needs->num_needed; i++)
        num_there += has(chosen, num, needs->needed[i]) ? 1 : 0;
    return num_there == needs->num_needed && !needs->or_pair;
}

static gboolean goes_on(void *cookie)
{
    const struct needs *needs = cookie;
    return needs->stop_after == 0 || needs->num_asked < needs->stop_after;
}

static GArray *all_things(void)
{
    GArray *chosen = g_array_new(FALSE, FALSE, sizeof(guint));

    for (guint i = 0; i < THINGS; i++)
        g_array_append_val(chosen, i);
    return chosen;
}

static void test_rows(void)
{
    static const struct {
        const char *name;
        guint needed[6], num;
    } rows[] = {{"nothing", {0}, 0},
                {"first", {0}, 1},
                {"last", {THINGS - 1}, 1},
                {"ends", {0, THINGS - 1}, 2},
                {"neighbours", {99, 100, 101}, 3},
                {"everywhere", {3, 40, 41, 120, 150, 199}, 6}};

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct needs needs = {rows[i].needed, rows[i].num, 0, 0, FALSE};
        struct search search = {holds, goes_on, &needs, 100000, 0, FALSE};
        GArray *chosen = all_things();
        search_fewest(&search, chosen);
        g_test_message("%s: %u trials", rows[i].name, search.num_trials);
        g_assert_false(search.is_stopped);
        g_assert_cmpuint(search.num_trials, ==, needs.num_asked);
        g_assert_cmpuint(search.num_trials, <, 120);
        g_assert_cmpuint(chosen->len, ==, rows[i].num);
        for (guint j = 0; j < chosen->len; j++)
            g_assert_cmpuint(g_array_index(chosen, guint, j), ==, rows[i].needed[j]);
        g_array_free(chosen, TRUE);
    }
}

/* Of several answers the same one each time, and none of it can be left out. */
static void test_pairs(void)
{
    guint first = 0;

    for (guint i = 0; i < 2; i++) {
        struct needs needs = {NULL, 0, 0, 0, TRUE};
        struct search search = {holds, NULL, &needs, 100000, 0, FALSE};
        GArray *chosen = all_things();
        search_fewest(&search, chosen);
        g_assert_cmpuint(chosen->len, ==, 2);
        const guint last = g_array_index(chosen, guint, 1);
        g_assert_cmpuint(last % 50, ==, 0);
        g_assert_cmpuint(g_array_index(chosen, guint, 0), ==, last - 1);
        g_assert_true(i == 0 || last == first);
        first = last;
        g_array_free(chosen, TRUE);
    }
}

static gboolean is_odd(const void *data, guint thing)
{
    (void)data;
    return thing % 2 == 1;
}

static void test_groups(void)
{
    static const guint needed[] = {4, 9};

    for (guint num = 1; num <= 2; num++) {
        struct needs needs = {needed, num, 0, 0, FALSE};
        struct search search = {holds, goes_on, &needs, 100000, 0, FALSE};
        GArray *chosen = all_things();
        search_without(&search, chosen, is_odd, NULL);
        g_assert_cmpuint(chosen->len, ==, num == 1 ? THINGS / 2 : THINGS);
        g_assert_cmpuint(needs.num_asked, ==, 1);
        g_array_free(chosen, TRUE);
    }
}

/* A bound on trials, and somebody who has had enough: what is left holds. */
static void test_bounds(void)
{
    static const guint needed[] = {4, 9, 150};

    for (guint bound = 0; bound < 30; bound++) {
        for (guint by_user = 0; by_user < 2; by_user++) {
            struct needs needs = {needed, 3, 0, by_user ? bound : 0, FALSE};
            struct search search = {holds, goes_on, &needs, by_user ? 100000 : bound, 0, FALSE};
            GArray *chosen = all_things();
            search_fewest(&search, chosen);
            if (bound > 0 || !by_user) {
                g_assert_true(search.is_stopped);
                g_assert_cmpuint(needs.num_asked, ==, bound);
            }
            g_assert_true(holds(&needs, (const guint *)(const void *)chosen->data, chosen->len));
            g_array_free(chosen, TRUE);
        }
    }
}

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/search/rows", test_rows);
    g_test_add_func("/search/pairs", test_pairs);
    g_test_add_func("/search/groups", test_groups);
    g_test_add_func("/search/bounds", test_bounds);
    return g_test_run();
}
