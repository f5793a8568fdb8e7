/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clock: the truth lies within the stated bounds, whatever the delays were. */
#include "points/clock.h"

#include <math.h>
#include <stdlib.h>

#define MS 1e6
#define MS_NS G_GINT64_CONSTANT(1000000)
#define HOUR_NS (3600 * S)
#define S G_GINT64_CONSTANT(1000000000)
#define START (1600000000 * S)

/* Packets both ways between two points, by a clock that is `offset` ahead at the first one and
 * gains `drift`; each takes `delay` and up to `jitter` more. */
struct world {
    guint num;
    double seconds, delay_ns, jitter_ns, more_back_ns; /* the way back is slower by the last */
    double offset_ns, drift_ppm;
    gboolean is_one_way, has_ttl;
    double step_at_s, step_ns; /* the clock is set */
};

static gint64 clock_of(const struct world *world, double ns)
{
    const double set = world->step_ns != 0 && ns > world->step_at_s * 1e9 ? world->step_ns : 0;
    return START + (gint64)llround(ns + world->offset_ns + ns * world->drift_ppm * 1e-6 + set);
}

static struct clock_sample *make(const struct world *world)
{
    struct clock_sample *samples = g_new0(struct clock_sample, world->num);
    GRand *chance = g_rand_new_with_seed(2492);

    for (guint i = 0; i < world->num; i++) {
        const double begin = g_rand_double(chance) * world->seconds * 1e9;
        const gboolean is_back = i % 2 != 0 && !world->is_one_way;
        const double end = begin + world->delay_ns + (is_back ? world->more_back_ns : 0) -
                           log(1 - g_rand_double(chance)) * world->jitter_ns;
        const double there = is_back ? end : begin, here = is_back ? begin : end;
        samples[i] = (struct clock_sample){START + (gint64)llround(there), clock_of(world, here),
                                           is_back ? 9 : 8, 0};
        if (world->has_ttl)
            samples[i].order = is_back ? -1 : 1;
    }
    g_rand_free(chance);
    return samples;
}

static void check_bounds(const struct world *world, const struct clock_piece *piece, double set)
{
    /* The moment at which this clock shows the middle. */
    const double at = ((double)(piece->middle_ns - START) - world->offset_ns - set) /
                      (1 + world->drift_ppm * 1e-6);
    const double truth = world->offset_ns + at * world->drift_ppm * 1e-6 + set;

    g_assert_cmpfloat(truth, >=, (double)piece->offset_low_ns - 10);
    g_assert_cmpfloat(truth, <=, (double)piece->offset_high_ns + 10);
    if (piece->offset_low_ns != G_MININT64 && piece->offset_high_ns != G_MAXINT64) {
        g_assert_cmpint(piece->offset_ns, >=, piece->offset_low_ns);
        g_assert_cmpint(piece->offset_ns, <=, piece->offset_high_ns);
    }
    g_assert_cmpfloat(world->drift_ppm, >=, piece->drift_low_ppm - 0.1);
    g_assert_cmpfloat(world->drift_ppm, <=, piece->drift_high_ppm + 0.1);
}

static const struct {
    const char *name;
    struct world world;
    double within_ns; /* of the truth, at the most */
} rows[] = {
    {"few", {20, 60, .2 * MS, .5 * MS, 0, 420123.456e6, 50, FALSE, FALSE, 0, 0}, 1 * MS},
    {"minutes", {200, 600, .2 * MS, .5 * MS, 0, 420123.456e6, 50, FALSE, FALSE, 0, 0}, 1 * MS},
    {"an-hour", {2000, 3600, .2 * MS, .5 * MS, 0, 420123.456e6, -50, FALSE, FALSE, 0, 0}, .3 * MS},
    {"unequal-ways", {2000, 3600, 20 * MS, 5 * MS, 5 * MS, 1e6, 50, FALSE, FALSE, 0, 0}, 20 * MS},
    {"a-day", {20000, 86400, 20 * MS, 5 * MS, 0, -7200e9, 50, FALSE, FALSE, 0, 0}, 20 * MS},
    {"one-switch", {2000, 3600, .001 * MS, .02 * MS, 0, 3e3, 50, FALSE, FALSE, 0, 0}, .02 * MS},
    {"two-packets", {2, 1, MS, 0, 0, 1e9, 0, FALSE, TRUE, 0, 0}, 5 * MS},
};

static void test_row(gconstpointer data)
{
    const guint i = GPOINTER_TO_UINT(data);
    const struct world *world = &rows[i].world;
    struct clock_sample *samples = make(world);
    struct clock clock;

    clock_fit(&clock, samples, world->num);
    g_assert_cmpuint(clock.num_pieces, ==, 1);
    check_bounds(world, &clock.pieces[0], 0);
    /* What is corrected is as right as was said. */
    const double ns = world->seconds * 1e9 / 2;
    const double error = (double)(clock_correct(&clock, clock_of(world, ns)) - START) - ns;
    g_assert_cmpfloat(fabs(error), <, rows[i].within_ns);
    g_free(samples);
}

/* Of two points one of which somebody lets all packets begin anew they tell nothing. */
static void test_contradictory_ttl(void)
{
    const struct world world = {200, 600, 5 * MS, MS, 0, 80e6, 50, FALSE, FALSE, 0, 0};

    for (gint8 order = -1; order <= 1; order += 2) {
        struct clock_sample *samples = make(&world);
        struct clock clock;
        for (guint i = 1; i < world.num; i++)
            samples[i].order = order;
        clock_fit(&clock, samples, world.num);
        g_assert_cmpuint(clock.num_pieces, ==, 1);
        check_bounds(&world, &clock.pieces[0], 0);
        g_free(samples);
    }
}

/* What routers have counted down tells the order where the ways would not. */
static void test_one_way(void)
{
    struct world world = {100, 60, MS, MS, 0, 5e9, 0, TRUE, TRUE, 0, 0};
    struct clock_sample *samples = make(&world);
    struct clock clock;

    clock_fit(&clock, samples, world.num);
    g_assert_cmpuint(clock.num_pieces, ==, 1);
    g_assert_cmpint(clock.pieces[0].offset_low_ns, ==, G_MININT64);
    check_bounds(&world, &clock.pieces[0], 0);
    g_free(samples);

    world.has_ttl = FALSE;
    samples = make(&world);
    clock_fit(&clock, samples, world.num);
    g_assert_cmpuint(clock.num_pieces, ==, 0);
    g_assert_cmpint(clock_correct(&clock, 5), ==, 5);
    g_free(samples);
}

static void test_step(void)
{
    const struct world world = {2000, 3600,  .2 * MS, .5 * MS, 0,      1e9,
                                20,   FALSE, FALSE,   1800,    50 * MS};
    struct clock_sample *samples = make(&world);
    struct clock clock;

    clock_fit(&clock, samples, world.num);
    g_assert_cmpuint(clock.num_pieces, ==, 2);
    check_bounds(&world, &clock.pieces[0], 0);
    check_bounds(&world, &clock.pieces[1], world.step_ns);
    for (double at = 100; at < 3600; at += 500) {
        const double error =
            (double)(clock_correct(&clock, clock_of(&world, at * 1e9)) - START) - at * 1e9;
        g_assert_cmpfloat(fabs(error), <, 1 * MS);
    }
    g_free(samples);
}

/* Messages that waited at a relay, some for days. */
static void test_relayed(void)
{
    static const struct {
        const char *name;
        gint64 offset_ns, waits_ns[2]; /* of what comes here and of what goes; 0: none does */
        gint64 told_ns;                /* the offset */
        gboolean is_told_low, is_told_high;
    } cases[] = {
        {"both-ways", 7 * HOUR_NS, {20 * MS_NS, 10 * MS_NS}, 7 * HOUR_NS + 5 * MS_NS, TRUE, TRUE},
        {"nothing-against", 5 * MS_NS, {20 * MS_NS, 10 * MS_NS}, 0, TRUE, TRUE},
        {"waited-long", 0, {3 * HOUR_NS, 0}, 0, FALSE, TRUE},
        {"before-it-came", -HOUR_NS, {20 * MS_NS, 0}, -HOUR_NS + 20 * MS_NS, FALSE, TRUE},
        {"before-it-went", HOUR_NS, {0, 20 * MS_NS}, HOUR_NS - 20 * MS_NS, TRUE, FALSE},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct clock_sample samples[20];
        struct clock clock;
        guint num = 0;
        g_test_message("%s", cases[i].name);
        for (gint64 at = START; num < 20; at += 1000 * MS_NS) {
            const guint way = num % 2;
            const gint64 wait =
                cases[i].waits_ns[way] != 0 ? cases[i].waits_ns[way] : cases[i].waits_ns[!way];
            const gboolean goes = cases[i].waits_ns[way] != 0 ? way != 0 : way == 0;
            samples[num++] =
                (struct clock_sample){.there_ns = goes ? at + wait : at,
                                      .here_ns = cases[i].offset_ns + (goes ? at : at + wait),
                                      .way = goes ? 1 : 0,
                                      .order = goes ? -1 : 1};
        }
        clock_fit_relayed(&clock, samples, num);
        const struct clock_piece *piece = clock_main_piece(&clock);
        g_assert_cmpuint(clock.num_pieces, ==, 1);
        g_assert_cmpint(llabs(piece->offset_ns - cases[i].told_ns), <, MS_NS);
        g_assert_cmpint(piece->offset_low_ns, <=, MIN(piece->offset_ns, cases[i].offset_ns));
        g_assert_cmpint(piece->offset_high_ns, >=, MAX(piece->offset_ns, cases[i].offset_ns));
        g_assert_true((piece->offset_low_ns != G_MININT64) == cases[i].is_told_low);
        g_assert_true((piece->offset_high_ns != G_MAXINT64) == cases[i].is_told_high);
    }
}

/* Garbage gives bounds or none, and ends. */
static void test_garbage(void)
{
    GRand *chance = g_rand_new_with_seed(1);
    struct clock_sample *samples = g_new0(struct clock_sample, 3000);
    struct clock clock;

    for (guint i = 0; i < 3000; i++)
        samples[i] = (struct clock_sample){(gint64)(g_rand_double_range(chance, -4e18, 4e18) / 2),
                                           (gint64)(g_rand_double_range(chance, -4e18, 4e18) / 2),
                                           (guint32)g_rand_int_range(chance, 0, 9),
                                           (gint8)g_rand_int_range(chance, -1, 2)};
    clock_fit(&clock, samples, 3000);
    g_assert_cmpuint(clock.num_pieces, <=, CLOCK_PIECES_MAX);
    clock_fit(&clock, samples, 0);
    g_assert_cmpuint(clock.num_pieces, ==, 0);
    g_assert_null(clock_main_piece(&clock));
    g_free(samples);
    g_rand_free(chance);
}

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *name = g_strdup_printf("/clock/%s", rows[i].name);
        g_test_add_data_func(name, GUINT_TO_POINTER(i), test_row);
        g_free(name);
    }
    g_test_add_func("/clock/contradictory-ttl", test_contradictory_ttl);
    g_test_add_func("/clock/one-way", test_one_way);
    g_test_add_func("/clock/step", test_step);
    g_test_add_func("/clock/relayed", test_relayed);
    g_test_add_func("/clock/garbage", test_garbage);
    return g_test_run();
}
