/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "points/clock.h"

#include <math.h>
#include <stdlib.h>

/* A piece on fewer samples says nothing. */
#define SAMPLES_MIN 3u
#define NS_PER_SECOND 1e9
/* Of each hull: every pair of corners is tried against all. */
#define CORNERS_MAX 64u

/* A bound: at this moment the clocks differ by at most, or at least, so much.  Seconds since the
 * first sample, and seconds more than its difference. */
struct point {
    double x, y;
};

struct hull {
    struct point *points;
    guint num;
};

/* ------------------------------------------------------------------------
 * Which point saw a packet first
 */

/* The packets of a way, and those of the way back: `difference = a + b * time + c * side`, by least
 * squares.  c is positive where the ways there see the packets of side 1 first. */
static double delay_of(const struct clock_sample *samples, guint num, guint32 pair, gint64 t0,
                       gint64 d0)
{
    double n = 0, st = 0, ss = 0, stt = 0, sts = 0, sd = 0, sdt = 0, sds = 0;

    for (guint i = 0; i < num; i++) {
        if (samples[i].way >> 1 != pair)
            continue;
        const double t = (double)(samples[i].here_ns - t0) / NS_PER_SECOND;
        const double d = (double)(samples[i].here_ns - samples[i].there_ns - d0) / NS_PER_SECOND;
        const double s = (samples[i].way & 1) != 0 ? -1 : 1;
        n++, st += t, ss += s, stt += t * t, sts += t * s, sd += d, sdt += d * t, sds += d * s;
    }
    /* Without time and the constant: Schur's complement, once for each. */
    const double tt = stt - st * st / n, ts = sts - st * ss / n, sq = n - ss * ss / n;
    const double td = sdt - st * sd / n, sdd = sds - ss * sd / n;
    const double det = tt * sq - ts * ts;
    if (sq <= 0)
        return 0;
    if (fabs(det) < 1e-12 * (1 + tt * sq))
        return sdd / sq; /* all at one moment */
    return (tt * sdd - ts * td) / det;
}

static int compare_ways(const void *a, const void *b)
{
    const guint32 left = *(const guint32 *)a, right = *(const guint32 *)b;
    return left < right ? -1 : left > right;
}

/* What routers have counted down is no guess: positive where the ways there see the packets of side
 * 1 first. Where both ways claim to come from the same point, somebody has set it. */
static gint counted_down(const struct clock_sample *samples, guint num, guint32 pair)
{
    gint sums[2] = {0, 0};

    for (guint i = 0; i < num; i++)
        if (samples[i].way >> 1 == pair)
            sums[samples[i].way & 1] += samples[i].order;
    const gboolean is_contradictory = (sums[0] > 0 && sums[1] > 0) || (sums[0] < 0 && sums[1] < 0);
    return is_contradictory ? 0 : sums[0] - sums[1];
}

static void order_pair(struct clock_sample *samples, guint num, guint32 pair)
{
    const gint sum = counted_down(samples, num, pair);
    const gint64 t0 = samples[0].here_ns, d0 = samples[0].here_ns - samples[0].there_ns;
    const double delay = sum != 0 ? sum : delay_of(samples, num, pair, t0, d0);
    for (guint i = 0; i < num; i++)
        if (samples[i].way >> 1 == pair && delay != 0)
            samples[i].order = (delay > 0) == ((samples[i].way & 1) == 0) ? 1 : -1;
}

static void find_orders(struct clock_sample *samples, guint num)
{
    guint32 *pairs = g_new(guint32, num);

    for (guint i = 0; i < num; i++)
        pairs[i] = samples[i].way >> 1;
    qsort(pairs, num, sizeof *pairs, compare_ways);
    for (guint i = 0; i < num; i++)
        if (i == 0 || pairs[i] != pairs[i - 1])
            order_pair(samples, num, pairs[i]);
    g_free(pairs);
}

/* ------------------------------------------------------------------------
 * Lines between two hulls
 */

static double turn(struct point a, struct point b, struct point c)
{
    return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
}

/* Of points that rise in x: those that a line from below, or with sign -1 from above, can touch. */
static void add_to_hull(struct hull *hull, struct point point, double sign)
{
    while (hull->num > 0 && hull->points[hull->num - 1].x == point.x) {
        if ((point.y - hull->points[hull->num - 1].y) * sign >= 0)
            return;
        hull->num--;
    }
    while (hull->num > 1 &&
           turn(hull->points[hull->num - 2], hull->points[hull->num - 1], point) * sign <= 0)
        hull->num--;
    hull->points[hull->num++] = point;
}

struct bounds {
    struct hull upper, lower;
};

struct range {
    double sum, low, high;
    guint num;
};

static void add_to_range(struct range *range, double value)
{
    range->low = range->num == 0 ? value : MIN(range->low, value);
    range->high = range->num == 0 ? value : MAX(range->high, value);
    range->sum += value;
    range->num++;
}

/* The numbers are as exact as seconds of hours are in a double. */
#define NEARLY 1e-9

static gboolean is_possible(const struct bounds *bounds, struct point through, double slope)
{
    if (fabs(slope) > CLOCK_DRIFT_MAX_PPM * 1e-6 * (1 + 1e-6))
        return FALSE;
    for (guint i = 0; i < bounds->upper.num; i++) {
        const struct point at = bounds->upper.points[i];
        if (through.y + slope * (at.x - through.x) > at.y + NEARLY)
            return FALSE;
    }
    for (guint i = 0; i < bounds->lower.num; i++) {
        const struct point at = bounds->lower.points[i];
        if (through.y + slope * (at.x - through.x) < at.y - NEARLY)
            return FALSE;
    }
    return TRUE;
}

static struct point corner(const struct bounds *bounds, guint index)
{
    return index < bounds->upper.num ? bounds->upper.points[index]
                                     : bounds->lower.points[index - bounds->upper.num];
}

/* The possible lines that cannot be turned or moved any further: through two corners, or through
 * one with the most drift. */
static gboolean find_range(const struct bounds *bounds, double middle, struct range *offset,
                           struct range *drift)
{
    const guint num = bounds->upper.num + bounds->lower.num;
    static const double steepest[] = {CLOCK_DRIFT_MAX_PPM * 1e-6, -CLOCK_DRIFT_MAX_PPM * 1e-6};

    *offset = *drift = (struct range){0};
    for (guint i = 0; i < num; i++) {
        const struct point a = corner(bounds, i);
        for (guint j = i + 1; j < num + G_N_ELEMENTS(steepest); j++) {
            double slope = j >= num ? steepest[j - num] : 0;
            if (j < num) {
                const struct point b = corner(bounds, j);
                if (a.x == b.x)
                    continue;
                slope = (b.y - a.y) / (b.x - a.x);
            }
            if (!is_possible(bounds, a, slope))
                continue;
            add_to_range(offset, a.y + slope * (middle - a.x));
            add_to_range(drift, slope);
        }
    }
    return offset->num > 0;
}

/* ------------------------------------------------------------------------
 * Pieces
 */

/* With fewer corners the bounds are wider, and hold as well. */
static void thin(struct hull *hull)
{
    const guint num = hull->num;

    if (num <= CORNERS_MAX)
        return;
    for (guint i = 0; i < CORNERS_MAX; i++)
        hull->points[i] = hull->points[(gsize)i * (num - 1) / (CORNERS_MAX - 1)];
    hull->num = CORNERS_MAX;
}

static void fill_bounds(struct bounds *bounds, const struct clock_sample *samples, guint num)
{
    const gint64 t0 = samples[0].here_ns, d0 = samples[0].here_ns - samples[0].there_ns;

    bounds->upper.num = bounds->lower.num = 0;
    for (guint i = 0; i < num; i++) {
        const gint64 d = samples[i].here_ns - samples[i].there_ns - d0;
        const struct point point = {(double)(samples[i].here_ns - t0) / NS_PER_SECOND,
                                    (double)(d + samples[i].order * CLOCK_SLACK_NS) /
                                        NS_PER_SECOND};
        if (samples[i].order > 0)
            add_to_hull(&bounds->upper, point, 1);
        else if (samples[i].order < 0)
            add_to_hull(&bounds->lower, point, -1);
    }
    thin(&bounds->upper);
    thin(&bounds->lower);
}

/* Only one way is known: the clocks differ by at most, or at least, so much. */
static gboolean fit_one_sided(const struct bounds *bounds, gint64 d0, struct clock_piece *piece)
{
    const struct hull *hull = bounds->upper.num > 0 ? &bounds->upper : &bounds->lower;
    const double sign = hull == &bounds->upper ? 1 : -1;
    double nearest = 0;

    if (hull->num == 0)
        return FALSE;
    for (guint i = 0; i < hull->num; i++)
        if (i == 0 || (hull->points[i].y - nearest) * sign < 0)
            nearest = hull->points[i].y;
    piece->offset_ns = d0 + (gint64)(nearest * NS_PER_SECOND);
    piece->offset_low_ns = sign > 0 ? G_MININT64 : piece->offset_ns;
    piece->offset_high_ns = sign > 0 ? piece->offset_ns : G_MAXINT64;
    piece->drift_ppm = 0;
    piece->drift_low_ppm = -CLOCK_DRIFT_MAX_PPM;
    piece->drift_high_ppm = CLOCK_DRIFT_MAX_PPM;
    return TRUE;
}

/* Whether one line fits the samples, which are sorted; and which. */
static gboolean fit_piece(struct bounds *bounds, const struct clock_sample *samples, guint num,
                          struct clock_piece *piece)
{
    const gint64 t0 = samples[0].here_ns, d0 = samples[0].here_ns - samples[0].there_ns;
    const double middle = (double)(samples[num - 1].here_ns - t0) / NS_PER_SECOND / 2;
    struct range offset, drift;

    piece->middle_ns = t0 + (gint64)(middle * NS_PER_SECOND);
    fill_bounds(bounds, samples, num);
    if (bounds->upper.num == 0 || bounds->lower.num == 0)
        return fit_one_sided(bounds, d0, piece);
    if (!find_range(bounds, middle, &offset, &drift))
        return FALSE;
    piece->offset_ns = d0 + (gint64)(offset.sum / offset.num * NS_PER_SECOND);
    piece->offset_low_ns = d0 + (gint64)floor(offset.low * NS_PER_SECOND);
    piece->offset_high_ns = d0 + (gint64)ceil(offset.high * NS_PER_SECOND);
    piece->drift_ppm = drift.sum / drift.num * 1e6;
    piece->drift_low_ppm = drift.low * 1e6;
    piece->drift_high_ppm = drift.high * 1e6;
    return TRUE;
}

/* The most samples from the first on that one line fits. */
static guint longest_piece(struct bounds *bounds, const struct clock_sample *samples, guint num,
                           struct clock_piece *piece)
{
    guint good = 0, bad = num + 1;

    if (fit_piece(bounds, samples, num, piece))
        return num;
    while (bad - good > 1) {
        const guint middle = good + (bad - good) / 2;
        if (fit_piece(bounds, samples, middle, piece))
            good = middle;
        else
            bad = middle;
    }
    if (good > 0)
        (void)fit_piece(bounds, samples, good, piece);
    return good;
}

static int compare_samples(const void *a, const void *b)
{
    const struct clock_sample *left = a, *right = b;

    if (left->here_ns != right->here_ns)
        return left->here_ns < right->here_ns ? -1 : 1;
    return left->there_ns < right->there_ns ? -1 : left->there_ns > right->there_ns;
}

void clock_fit(struct clock *clock, struct clock_sample *samples, guint num)
{
    struct bounds bounds = {{g_new(struct point, num + 1), 0}, {g_new(struct point, num + 1), 0}};
    guint at = 0;

    clock->num_pieces = 0;
    clock->num_samples = num;
    qsort(samples, num, sizeof *samples, compare_samples);
    if (num > 0)
        find_orders(samples, num);
    while (at < num && clock->num_pieces < CLOCK_PIECES_MAX) {
        struct clock_piece piece = {.until_ns = G_MAXINT64};
        const guint len = longest_piece(&bounds, samples + at, num - at, &piece);
        /* A few that fit nothing before nor after are somebody's mistake. */
        if (len >= MIN(SAMPLES_MIN, num)) {
            if (clock->num_pieces > 0)
                clock->pieces[clock->num_pieces - 1].until_ns = samples[at].here_ns;
            clock->pieces[clock->num_pieces++] = piece;
        }
        at += MAX(len, 1);
    }
    g_free(bounds.upper.points);
    g_free(bounds.lower.points);
}

void clock_fit_relayed(struct clock *clock, struct clock_sample *samples, guint num)
{
    gboolean are_good = TRUE;

    for (guint i = 0; i < num; i++)
        are_good &= (samples[i].here_ns - samples[i].there_ns) * samples[i].order >= 0;
    clock_fit(clock, samples, num);
    if (!are_good || clock->num_pieces != 1)
        return;
    struct clock_piece *piece = &clock->pieces[0];
    piece->offset_ns = CLAMP(0, piece->offset_low_ns, piece->offset_high_ns);
    piece->drift_ppm = CLAMP(0, piece->drift_low_ppm, piece->drift_high_ppm);
}

gint64 clock_correct(const struct clock *clock, gint64 here_ns)
{
    guint i = 0;

    if (clock->num_pieces == 0)
        return here_ns;
    while (i + 1 < clock->num_pieces && here_ns >= clock->pieces[i].until_ns)
        i++;
    const struct clock_piece *piece = &clock->pieces[i];
    const double drifted = piece->drift_ppm * 1e-6 * (double)(here_ns - piece->middle_ns);
    return here_ns - piece->offset_ns - (gint64)llround(drifted);
}

const struct clock_piece *clock_main_piece(const struct clock *clock)
{
    const struct clock_piece *best = NULL;
    gint64 begin = G_MININT64, longest = -1;

    for (guint i = 0; i < clock->num_pieces; i++) {
        const struct clock_piece *piece = &clock->pieces[i];
        /* Half of what the piece's own samples cover. */
        const gint64 half = piece->middle_ns - (begin == G_MININT64 ? piece->middle_ns : begin);
        if (best == NULL || half > longest) {
            best = piece;
            longest = half;
        }
        begin = piece->until_ns;
    }
    return best;
}
