/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * clock: how the clock of one capture point runs against that of another.
 *
 * A packet that passed the other point first was seen here later by its delay, which is no less
 * than nothing: the clocks differ by at most what the times differ.  One that came the other way
 * gives the other bound.  All lines (an offset and a drift) between the bounds of both ways are
 * possible, none outside of them; so the bounds that are told hold whatever the delays were, as
 * long as the clocks run straight, by no more than CLOCK_DRIFT_MAX_PPM apart, and the times are
 * right to CLOCK_SLACK_NS.  Where no line fits, a clock was set meanwhile, and the times before and
 * after are fitted for themselves.
 */
#ifndef ANALYZE_POINTS_CLOCK_H
#define ANALYZE_POINTS_CLOCK_H

#include <glib.h>

#define CLOCK_DRIFT_MAX_PPM 500.0
#define CLOCK_SLACK_NS 1000
#define CLOCK_PIECES_MAX 16u

/* A packet that both points saw, or a message before and after a relay. */
struct clock_sample {
    gint64 there_ns, here_ns; /* by the clocks of the other point and of this one */
    guint32 way;              /* packets of one way, and way ^ 1 is the way back */
    gint8 order;              /* 1: the other point saw it first, -1: this one; 0: not known */
};

/* A line that holds up to a moment. */
struct clock_piece {
    gint64 until_ns; /* by the clock of this point; the last one: G_MAXINT64 */
    gint64 middle_ns;
    gint64 offset_ns, offset_low_ns,
        offset_high_ns; /* of this clock, at middle_ns; MIN, MAX: none */
    double drift_ppm, drift_low_ppm, drift_high_ppm;
};

struct clock {
    guint num_pieces; /* 0: nothing is known */
    guint num_samples;
    struct clock_piece pieces[CLOCK_PIECES_MAX];
};

/* Sorts the samples, and puts in their order where it was not known. */
void clock_fit(struct clock *clock, struct clock_sample *samples, guint num);

/* Of messages that a relay has passed on, whose order is known.  They may wait there for days:
 * where nothing speaks against the clocks as they are, they are left so, and the bounds are told.
 */
void clock_fit_relayed(struct clock *clock, struct clock_sample *samples, guint num);

/* A time of this point by the clock of the other one. */
gint64 clock_correct(const struct clock *clock, gint64 here_ns);

/* The piece that the most time rests on. */
const struct clock_piece *clock_main_piece(const struct clock *clock);

#endif
