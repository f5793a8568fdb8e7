/* SPDX-License-Identifier: GPL-2.0-or-later */
/* survey_clocks.c: how the clocks of the points run. */
#include "points/survey.h"
#include "points/surveying.h"

/* Fewer packets in common say nothing of clocks. */
#define SHARED_MIN 2u

static int compare_anchors(gconstpointer a, gconstpointer b)
{
    const struct survey_anchor *left = a, *right = b;

    if (left->digest != right->digest)
        return left->digest < right->digest ? -1 : 1;
    return left->captured_ns < right->captured_ns ? -1 : left->captured_ns > right->captured_ns;
}

/* By what packets are the same. */
enum sameness {
    WHOLLY,
    BUT_FOR_ADDRESSES, /* as before and after an address translator */
    NUM_SAMENESS
};

/* All anchors of a point, sorted; of equal ones the first. */
static GArray *anchors_of(const struct survey *survey, guint point, enum sameness sameness)
{
    GArray *all = g_array_new(FALSE, FALSE, sizeof(struct survey_anchor));
    guint kept = 0;

    for (guint i = 0; i < survey->num_files; i++)
        if (survey->points[i] == point)
            g_array_append_vals(all, survey->anchors[i]->data, survey->anchors[i]->len);
    for (guint i = 0; sameness == BUT_FOR_ADDRESSES && i < all->len; i++) {
        struct survey_anchor one = g_array_index(all, struct survey_anchor, i);
        one.digest = one.content_digest;
        if (one.is_telling)
            g_array_index(all, struct survey_anchor, kept++) = one;
    }
    if (sameness == BUT_FOR_ADDRESSES)
        g_array_set_size(all, kept);
    kept = 0;
    g_array_sort(all, compare_anchors);
    for (guint i = 0; i < all->len; i++) {
        const struct survey_anchor one = g_array_index(all, struct survey_anchor, i);
        if (kept == 0 || g_array_index(all, struct survey_anchor, kept - 1).digest != one.digest)
            g_array_index(all, struct survey_anchor, kept++) = one;
    }
    g_array_set_size(all, kept);
    return all;
}

/* Samples of `here` against the clock of the first point, by way of `there`. */
static GArray *samples_of(const GArray *there, const struct survey_point *there_point,
                          const GArray *here)
{
    GArray *samples = g_array_new(FALSE, FALSE, sizeof(struct clock_sample));
    guint i = 0, j = 0;

    while (i < there->len && j < here->len) {
        const struct survey_anchor *one = &g_array_index(there, struct survey_anchor, i);
        const struct survey_anchor *other = &g_array_index(here, struct survey_anchor, j);
        if (one->digest < other->digest) {
            i++;
        } else if (one->digest > other->digest) {
            j++;
        } else {
            const struct clock_sample sample = {
                .there_ns = clock_correct(&there_point->clock, one->captured_ns),
                .here_ns = other->captured_ns,
                .way = one->way,
                .order = (gint8)((one->ttl > other->ttl) - (one->ttl < other->ttl)),
            };
            g_array_append_val(samples, sample);
            i++;
            j++;
        }
    }
    return samples;
}

/* What is not known of the clock between is not known of this one either. */
static void widen(struct clock *clock, const struct clock *between)
{
    const struct clock_piece *other = clock_main_piece(between);

    for (guint i = 0; i < clock->num_pieces && other != NULL; i++) {
        struct clock_piece *piece = &clock->pieces[i];
        if (piece->offset_low_ns != G_MININT64)
            piece->offset_low_ns =
                other->offset_high_ns != G_MAXINT64
                    ? piece->offset_low_ns - (other->offset_high_ns - other->offset_ns)
                    : G_MININT64;
        if (piece->offset_high_ns != G_MAXINT64)
            piece->offset_high_ns =
                other->offset_low_ns != G_MININT64
                    ? piece->offset_high_ns + (other->offset_ns - other->offset_low_ns)
                    : G_MAXINT64;
        piece->drift_low_ppm -= other->drift_high_ppm - other->drift_ppm;
        piece->drift_high_ppm += other->drift_ppm - other->drift_low_ppm;
    }
}

/* Finds the point without a clock that has the most packets in common with one that has one, and
 * gives it its clock; false where there is none. */
static gboolean find_next_clock(struct survey *survey, GArray **anchors)
{
    GArray *best = NULL;
    guint best_here = 0, best_there = 0;

    for (guint here = 1; here < survey->num_points; here++) {
        for (guint there = 0; there < survey->num_points && !survey->each[here].has_clock;
             there++) {
            if (!survey->each[there].has_clock)
                continue;
            GArray *samples = samples_of(anchors[there], &survey->each[there], anchors[here]);
            GArray *worse = samples;
            if (samples->len >= SHARED_MIN && (best == NULL || samples->len > best->len)) {
                worse = best;
                best = samples;
                best_here = here;
                best_there = there;
            }
            if (worse != NULL)
                g_array_free(worse, TRUE);
        }
    }
    if (best == NULL)
        return FALSE;
    struct survey_point *point = &survey->each[best_here];
    clock_fit(&point->clock, (struct clock_sample *)(void *)best->data, best->len);
    widen(&point->clock, &survey->each[best_there].clock);
    point->has_clock = TRUE;
    g_array_free(best, TRUE);
    return TRUE;
}

void survey_compare_clocks(struct survey *survey)
{
    GArray **anchors = g_new0(GArray *, survey->num_points);

    survey->each[0].has_clock = TRUE;
    for (enum sameness sameness = WHOLLY; sameness < NUM_SAMENESS; sameness++) {
        for (guint i = 0; i < survey->num_points; i++)
            anchors[i] = anchors_of(survey, i, sameness);
        while (find_next_clock(survey, anchors)) {
        }
        for (guint i = 0; i < survey->num_points; i++)
            g_array_free(anchors[i], TRUE);
    }
    g_free(anchors);
}

/* ------------------------------------------------------------------------
 * By what a relay passes on
 */

/* Samples of `here` against the clock of the first point, by way of `there`. */
static GArray *relayed_samples_of(const struct survey *survey, const struct relayed_pair *pairs,
                                  guint num, guint there, guint here)
{
    const struct clock *clock = &survey->each[there].clock;
    GArray *samples = g_array_new(FALSE, FALSE, sizeof(struct clock_sample));

    for (guint i = 0; i < num; i++) {
        const struct relayed_pair *pair = &pairs[i];
        const gboolean comes = pair->came_point == there && pair->went_point == here;
        if (!comes && (pair->came_point != here || pair->went_point != there))
            continue;
        const struct clock_sample sample = {
            .there_ns = clock_correct(clock, comes ? pair->came_ns : pair->went_ns),
            .here_ns = comes ? pair->went_ns : pair->came_ns,
            .way = !comes,
            .order = comes ? 1 : -1,
        };
        g_array_append_val(samples, sample);
    }
    return samples;
}

/* Of a pair of points one has a clock: that one, and the other. */
static gboolean is_of_use(const struct survey *survey, const struct relayed_pair *pair,
                          guint *there, guint *here)
{
    const gboolean comes = survey->each[pair->came_point].has_clock;

    *there = comes ? pair->came_point : pair->went_point;
    *here = comes ? pair->went_point : pair->came_point;
    return survey->each[*there].has_clock && !survey->each[*here].has_clock;
}

/* The points of the most messages that can be used. */
static gboolean find_most_relayed(const struct survey *survey, const struct relayed_pair *pairs,
                                  guint num, guint *best_there, guint *best_here)
{
    GHashTable *counts = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    guint most = 0;

    for (guint i = 0; i < num; i++) {
        guint there, here;
        if (!is_of_use(survey, &pairs[i], &there, &here))
            continue;
        const gint64 key = (gint64)there << 32 | here;
        const guint count = GPOINTER_TO_UINT(g_hash_table_lookup(counts, &key)) + 1;
        g_hash_table_insert(counts, g_memdup2(&key, sizeof key), GUINT_TO_POINTER(count));
        if (count > most) {
            most = count;
            *best_there = there;
            *best_here = here;
        }
    }
    g_hash_table_destroy(counts);
    return most > 0;
}

/* Likewise, by messages. */
static gboolean find_next_relayed(struct survey *survey, const struct relayed_pair *pairs,
                                  guint num)
{
    guint there, here;

    if (!find_most_relayed(survey, pairs, num, &there, &here))
        return FALSE;
    GArray *samples = relayed_samples_of(survey, pairs, num, there, here);
    struct survey_point *point = &survey->each[here];
    clock_fit_relayed(&point->clock, (struct clock_sample *)(void *)samples->data, samples->len);
    widen(&point->clock, &survey->each[there].clock);
    point->has_clock = point->is_relayed = TRUE;
    g_array_free(samples, TRUE);
    return TRUE;
}

gboolean survey_lacks_clocks(const struct survey *survey)
{
    for (guint i = 0; i < survey->num_points; i++)
        if (!survey->each[i].has_clock && survey->each[0].has_clock)
            return TRUE;
    return FALSE;
}

void survey_take_relayed(struct survey *survey, const struct relayed_pair *pairs, guint num)
{
    while (find_next_relayed(survey, pairs, num))
        survey_compare_clocks(survey);
}
