/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * relayed: messages that one point saw come to a relay and another point saw it send on.
 *
 * A relay cannot send on what it has not got: by one clock for both the second time is not before
 * the first one.  That bounds how two clocks differ which no packet compares.  Only messages of
 * contents that began once, and that a relay has sent on no more often than they came, are taken.
 */
#ifndef ANALYZE_POINTS_RELAYED_H
#define ANALYZE_POINTS_RELAYED_H

#include <glib.h>

/* Pairs that are kept: of more of them, those whose contents have the lowest digests. */
#define RELAYED_MAX 1000000u
/* Messages that are looked at, the first ones. */
#define RELAYED_LEGS_MAX 10000000u

/* A message on one connection. */
struct relayed_leg {
    const char *contents, *sender, *receiver;
    guint32 point;
    gint64 captured_ns; /* of its end, by the clock of the point */
    gboolean is_cut_off;
};

struct relayed_pair {
    guint32 came_point, went_point;
    gint64 came_ns, went_ns;
};

/* Of pairs of points that differ; an array of struct relayed_pair. Sorts the legs. */
GArray *relayed_find(struct relayed_leg *legs, guint num);

#endif
