/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * search: the fewest of many things of which something still holds, found by trying (delta
 * debugging): piece by piece is left out, and stays out where it holds without; pieces are halved
 * until they are single things of which none can be left out.  The same calls give the same
 * result.
 */
#ifndef ANALYZE_SHRINK_SEARCH_H
#define ANALYZE_SHRINK_SEARCH_H

#include <glib.h>

struct search {
    /* Whether it holds of these, which rise; pure. */
    gboolean (*holds)(void *cookie, const guint *chosen, guint num);
    gboolean (*goes_on)(void *cookie); /* false: the user has had enough; NULL: always */
    void *cookie;
    guint trials_max, num_trials;
    gboolean is_stopped; /* one of both bounds was met: fewer might do */
};

/* Leaves out at once all of `chosen` (guint, rising) of which `is_one` says so, where it holds
 * without them. */
void search_without(struct search *search, GArray *chosen,
                    gboolean (*is_one)(const void *data, guint thing), const void *data);

/* Makes `chosen`, of which it holds, as few as can be. */
void search_fewest(struct search *search, GArray *chosen);

#endif
