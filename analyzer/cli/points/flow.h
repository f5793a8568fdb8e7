/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flow: what is known of the sequence numbers of each direction of each TCP connection.
 */
#ifndef ANALYZE_POINTS_FLOW_H
#define ANALYZE_POINTS_FLOW_H

#include <glib.h>

#include "capture/packet.h"

/* Ranges of a direction that the main point has, the last ones. */
#define FLOW_RANGES_MAX 64u
/* Beginnings of segments that are remembered, to see how much earlier or later another point sees
 * them. */
#define FLOW_STARTS 16u

/* Sequence numbers from `begin` to before `end`, in 32 bits that wrap. */
struct flow_range {
    guint32 begin, end;
};

struct flow_start {
    guint32 sequence;
    gint64 t_ns;
    gboolean is_used;
};

struct flow_direction {
    gboolean has_main, is_known, has_reset;
    guint main_point;
    guint32 epoch;      /* connections of these addresses and ports so far */
    guint32 next;       /* after the highest that was emitted */
    guint32 after_jump; /* after one that was too far ahead to be believed */
    guint num_ranges;
    struct flow_range ranges[FLOW_RANGES_MAX]; /* that the main point has, oldest first */
    struct flow_start starts[FLOW_STARTS];
    guint next_start;
    GPtrArray *waiting;  /* what window.c keeps of packets; NULL until the first */
    gint64 *differences; /* by point: what to add to its times; NULL: nothing is known */
};

struct flow {
    struct packet_end ends[2]; /* the lower one first */
    struct flow_direction directions[2];
};

/* How far `to` is after `from`: sequence numbers wrap. */
static inline gint32 flow_distance(guint32 from, guint32 to)
{
    return (gint32)(to - from);
}

struct flow *flow_new(const struct packet_segment *segment);
void flow_free(gpointer flow);
guint flow_hash(gconstpointer flow);
gboolean flow_equal(gconstpointer a, gconstpointer b);
/* A key for looking one up: no more than its ends are filled in.  Returns the direction. */
guint flow_key(const struct packet_segment *segment, struct flow *key);

/* The main point has these. */
void flow_cover(struct flow_direction *direction, guint32 begin, guint32 end);
gboolean flow_is_covered(const struct flow_direction *direction, guint32 begin, guint32 end);

#endif
