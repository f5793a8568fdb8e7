/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * survey: what has to be known of several files before they are read: which belong to one point,
 * how the clocks of the points run, and which point has seen the most of each connection.  All
 * files are read once for it.
 */
#ifndef ANALYZE_POINTS_SURVEY_H
#define ANALYZE_POINTS_SURVEY_H

#include "capture/packet.h"
#include "points/clock.h"
#include "points/deal.h"
#include "points/group.h"
#include "points/relayed.h"

/* Packets by which clocks are compared, of all files together. */
#define SURVEY_ANCHORS_MAX 1000000u
/* Connections of which it is counted who saw them; the main point of others is the first one. */
#define SURVEY_FLOWS_MAX 1000000u
/* Directions of them, each in one file, that are counted. */
#define SURVEY_SEEN_MAX 10000000u

struct survey_point {
    char *name;
    gboolean has_clock;  /* against that of the first point */
    gboolean is_relayed; /* by messages that a relay has passed on */
    struct clock clock;
};

/* Asked and told now and then while files are read: how many bytes and packets so far, and whether
 * to go on. */
struct survey_watch {
    gboolean (*go_on)(void *cookie, gint64 bytes, guint64 packets);
    void *cookie;
    gint64 bytes; /* of files that are read; 0 at first */
    guint64 packets;
};

struct survey {
    guint num_files, num_points;
    struct group_file *files; /* in the order in which they are to be read */
    guint *points;            /* of each file */
    struct survey_point *each;
    /* Private: */
    guint num_seen;
    GHashTable *flows;
    GArray **anchors; /* by file */
};

/* `given` are the names of the files' points, NULL where the user has said nothing.  NULL where a
 * file cannot be read, with a sentence said; damage is told when the file is read for the report.
 * Packets are counted in `deal`, which may be NULL. */
struct survey *survey_new(const char *const *names, const char *const *given, guint num,
                          gboolean compares_clocks, struct deal *deal, struct survey_watch *watch);
void survey_free(struct survey *survey);

/* Whether clocks were compared, and there are points that share no packet with the others. */
gboolean survey_lacks_clocks(const struct survey *survey);
/* Finds the clocks of such points, as far as messages tell. */
void survey_take_relayed(struct survey *survey, const struct relayed_pair *pairs, guint num);

/* Of one file alone that counting; false where it cannot be read, with a sentence said. */
gboolean survey_count(const char *name, struct deal *deal, struct survey_watch *watch);

/* The point that has seen the most of a direction. */
guint survey_main_point(const struct survey *survey, const struct packet_segment *segment);

#endif
