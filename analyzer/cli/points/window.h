/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * window: packets of several points in the order in which they are to be understood.
 *
 * Of each direction of each TCP connection one point is the main one.  From the others comes only
 * what it lacks, by ranges of sequence numbers and not by equal packets, for where a network card
 * cuts segments none are equal; at its time by the difference that was seen in that direction.
 * Within a direction, a segment that comes late is put before those that came early.
 *
 * A packet waits only where something is missing before it, or until it is known whether the main
 * point has it, and no longer than the look-ahead, or until WINDOW_PACKETS_MAX or
 * WINDOW_BYTES_MAX wait.
 */
#ifndef ANALYZE_POINTS_WINDOW_H
#define ANALYZE_POINTS_WINDOW_H

#include <glib.h>

#include "capture/packet.h"

#define WINDOW_LOOK_AHEAD_NS G_GINT64_CONSTANT(1000000000)
#define WINDOW_PACKETS_MAX 65536u
#define WINDOW_BYTES_MAX (64u << 20)
/* Connections that are remembered; then those without waiting packets are forgotten. */
#define WINDOW_FLOWS_MAX 262144u

/* What is put in. */
struct window_packet {
    gint64 t_ns; /* by one clock for all points */
    guint point;
    gboolean is_segment;
    struct packet_segment segment;
    gsize size; /* bytes that it takes as long as it waits */
    gpointer content;
};

struct window_calls {
    /* The next packet in order. */
    void (*emit)(void *cookie, gpointer content);
    /* It is not wanted: the main point has its bytes, or it says nothing that it has not. */
    void (*drop)(void *cookie, gpointer content);
    /* The main point of a direction; NULL: the first that is seen. */
    guint (*main_point)(void *cookie, const struct packet_segment *segment);
    void *cookie;
};

struct window;

struct window *window_new(guint num_points, gint64 look_ahead_ns, const struct window_calls *calls);
void window_free(struct window *window); /* after window_flush() */

/* Whether the packet is the next one as it is, so that it need not be put in; takes note of it. */
gboolean window_passes(struct window *window, const struct window_packet *packet);

/* Puts in one that does not pass. */
void window_put(struct window *window, const struct window_packet *packet);

/* Nothing comes any more. */
void window_flush(struct window *window);

#endif
