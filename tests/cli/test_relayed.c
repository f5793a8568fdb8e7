/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a relay passes on, between two points that share no packet. */
#include "points/relayed.h"

/* Points are 0 and 1; `pairs` has "came>went" of each that is found, by the times. */
struct row {
    const char *name;
    struct relayed_leg legs[6];
    const char *pairs;
};

static const struct row rows[] = {
    {"passed-on", {{"m", "a", "r", 0, 10, FALSE}, {"m", "r", "b", 1, 30, FALSE}}, "10>30 "},
    {"before-it-came", {{"m", "a", "r", 0, 50, FALSE}, {"m", "r", "b", 1, 30, FALSE}}, "50>30 "},
    {"same-point", {{"m", "a", "r", 0, 10, FALSE}, {"m", "r", "b", 0, 30, FALSE}}, ""},
    {"not-the-relay", {{"m", "a", "r", 0, 10, FALSE}, {"m", "q", "b", 1, 30, FALSE}}, ""},
    {"other-contents", {{"m", "a", "r", 0, 10, FALSE}, {"n", "r", "b", 1, 30, FALSE}}, ""},
    /* The first try is the bound, whichever arrived; and the first that is sent on. */
    {"tried-again",
     {{"m", "a", "r", 0, 20, FALSE},
      {"m", "a", "r", 0, 10, TRUE},
      {"m", "r", "b", 1, 30, TRUE},
      {"m", "r", "b", 1, 40, FALSE}},
     "10>30 "},
    {"to-several",
     {{"m", "a", "r", 0, 10, FALSE}, {"m", "r", "b", 1, 40, FALSE}, {"m", "r", "c", 1, 30, FALSE}},
     "10>30 "},
    {"over-two",
     {{"m", "a", "r", 0, 10, FALSE}, {"m", "r", "q", 1, 30, FALSE}, {"m", "q", "b", 0, 50, FALSE}},
     "10>30 30>50 "},
    /* It was said twice: which one went on nobody knows. */
    {"said-twice",
     {{"m", "a", "r", 0, 10, FALSE}, {"m", "a", "r", 0, 20, FALSE}, {"m", "r", "b", 1, 30, FALSE}},
     ""},
    {"went-twice",
     {{"m", "a", "r", 0, 10, FALSE}, {"m", "r", "b", 1, 5, FALSE}, {"m", "r", "b", 1, 30, FALSE}},
     ""},
    {"two-makers",
     {{"m", "a", "r", 0, 10, FALSE}, {"m", "c", "r", 0, 20, FALSE}, {"m", "r", "b", 1, 30, FALSE}},
     ""},
    {"in-a-ring", {{"m", "a", "r", 0, 10, FALSE}, {"m", "r", "a", 1, 30, FALSE}}, ""},
    {"tried-at-another-point",
     {{"m", "a", "r", 0, 10, TRUE}, {"m", "a", "r", 1, 20, FALSE}, {"m", "r", "b", 1, 30, FALSE}},
     ""},
    {"none", {{.sender = NULL}}, ""},
};

static void test_row(gconstpointer data)
{
    const struct row *row = data;
    struct relayed_leg legs[G_N_ELEMENTS(row->legs)];
    GString *found = g_string_new(NULL);
    guint num = 0;

    for (; num < G_N_ELEMENTS(row->legs) && row->legs[num].contents != NULL; num++)
        legs[num] = row->legs[num];
    GArray *pairs = relayed_find(legs, num);
    for (guint i = 0; i < pairs->len; i++) {
        const struct relayed_pair *pair = &g_array_index(pairs, struct relayed_pair, i);
        g_assert_cmpuint(pair->came_point, !=, pair->went_point);
        g_string_append_printf(found, "%d>%d ", (int)pair->came_ns, (int)pair->went_ns);
    }
    g_assert_cmpstr(found->str, ==, row->pairs);
    g_array_free(pairs, TRUE);
    g_string_free(found, TRUE);
}

/* To thousands: no pairs, and no time either. */
static void test_thousands(void)
{
    const guint num = 5000;
    struct relayed_leg *legs = g_new0(struct relayed_leg, num);
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < num; i++) {
        g_ptr_array_add(names, g_strdup_printf("device%u", i));
        legs[i] = (struct relayed_leg){
            "m", i == 0 ? "a" : "r", i == 0 ? "r" : names->pdata[i], i > 0, i, FALSE};
    }
    GArray *pairs = relayed_find(legs, num);
    g_assert_cmpuint(pairs->len, ==, 0);
    g_array_free(pairs, TRUE);
    g_ptr_array_free(names, TRUE);
    g_free(legs);
}

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *name = g_strdup_printf("/relayed/%s", rows[i].name);
        g_test_add_data_func(name, &rows[i], test_row);
        g_free(name);
    }
    g_test_add_func("/relayed/thousands", test_thousands);
    return g_test_run();
}
