/* SPDX-License-Identifier: GPL-2.0-or-later */
/* surveying: what survey.c has read, for survey_clocks.c; for these two alone. */
#ifndef ANALYZE_POINTS_SURVEYING_H
#define ANALYZE_POINTS_SURVEYING_H

#include <glib.h>

struct survey;

/* A packet by which clocks are compared. */
struct survey_anchor {
    guint64 digest;
    guint64 content_digest;
    gboolean is_telling; /* its contents tell it from all others */
    gint64 captured_ns;
    guint32 way;
    guint8 ttl;
};

/* Gives each point that shares packets with one that has a clock its own. */
void survey_compare_clocks(struct survey *survey);

#endif
