/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random towns: `certain` is never wrong, and what is certain, likely and open is printed. */
#include "town.h"

struct row {
    const char *name;
    bool lacks_connections, begins_late, ends_early, has_long_repeats, says_again;
    /* So many joins at least for a hundred messages of unique contents: what was lost leaves little
     * that is certain. */
    unsigned certain_percent, joined_percent;
};

static const struct row rows[] = {
    {"whole", false, false, false, true, false, 50, 50},
    {"begins-late", false, true, false, false, false, 0, 50},
    {"ends-early", false, false, true, true, false, 30, 30},
    {"lacks-connections", true, false, false, false, false, 0, 50},
    {"lacks-all-of-it", true, true, true, false, false, 0, 20},
    {"says-again", true, false, false, false, true, 0, 50},
    {"says-again-begins-late", false, true, false, true, true, 0, 50},
    {"says-again-whole", false, false, false, true, true, 50, 50},
};

/* Of each row; more by GRVSSTP_TOWN_JOURNEYS. */
#define JOURNEYS 2000u

static unsigned num_journeys(void)
{
    const char *wanted = g_getenv("GRVSSTP_TOWN_JOURNEYS");
    return wanted != NULL ? (unsigned)g_ascii_strtoull(wanted, NULL, 10) : JOURNEYS;
}

static void print(const char *what, const struct town_count *count)
{
    g_test_message("%s: certain %u, %u wrong; likely %u, %u wrong; open %u; %u outcomes are sure, "
                   "%u wrong; %u of %u deliveries seen",
                   what, count->certain, count->certain_wrong, count->likely, count->likely_wrong,
                   count->open, count->outcomes, count->outcomes_wrong, count->delivered_seen,
                   count->delivered);
}

static void test_row(gconstpointer data)
{
    const struct row *row = data;
    const struct town_config config = {.seed = g_test_rand_int() & INT32_MAX,
                                       .num_journeys = num_journeys(),
                                       .lacks_connections = row->lacks_connections,
                                       .begins_late = row->begins_late,
                                       .ends_early = row->ends_early,
                                       .has_long_repeats = row->has_long_repeats,
                                       .says_again = row->says_again,
                                       .num_devices = 40,
                                       .num_relays = 4};
    const struct town_result result = town_run(&config);

    g_test_message("seed %u: %u journeys, %u legs, %u attempts", config.seed, result.num_journeys,
                   result.num_legs, result.num_attempts);
    print("unique contents", &result.counts[0]);
    print("repeated contents", &result.counts[1]);
    for (int i = 0; i < 2; i++) {
        g_assert_cmpuint(result.counts[i].certain_wrong, ==, 0);
        g_assert_cmpuint(result.counts[i].outcomes_wrong, ==, 0);
    }
    /* It does say something. */
    const unsigned hundreds = config.num_journeys / 100, certain = result.counts[0].certain;
    g_assert_cmpuint(certain, >=, hundreds * row->certain_percent);
    g_assert_cmpuint(certain + result.counts[0].likely, >, hundreds * row->joined_percent);
    g_assert_cmpuint(result.counts[0].likely_wrong, ==, 0);
    if (!row->lacks_connections && !row->begins_late)
        g_assert_cmpuint(result.counts[0].likely + result.counts[0].open, ==, 0);
    g_assert_cmpuint(result.counts[1].certain, <=, result.counts[0].certain);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *name = g_strdup_printf("/%s", rows[i].name);
        g_test_add_data_func(name, &rows[i], test_row);
    }
    return g_test_run();
}
