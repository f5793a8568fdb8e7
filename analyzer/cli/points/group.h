/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * group: which files were captured at one point.
 *
 * Ring files of one another are: their names differ in numbers alone, they tell the same of host,
 * application and interfaces, and each begins when the one before has ended.  Of a name as dumpcap
 * gives it only the counter and the time may differ; where a file might go on several points, it
 * goes on the one whose names have more of the first numbers in common.  Files that have a packet
 * in common are not.  A name that the user has given to the point of a file counts more than all of
 * that.
 */
#ifndef ANALYZE_POINTS_GROUP_H
#define ANALYZE_POINTS_GROUP_H

#include <glib.h>

/* Digests of packets that are kept of a file, those with the lowest numbers. */
#define GROUP_SAMPLE 256u

struct group_file {
    const char *name;
    const char *given; /* name of its point; NULL */
    char *signature;   /* see source_signature() */
    guint64 num_packets;
    gint64 first_ns, last_ns;
    guint index; /* the caller's */
    guint num_sample;
    guint64 sample[GROUP_SAMPLE]; /* rising */
};

/* Notes a packet of a file. */
void group_sample(struct group_file *file, guint64 digest);

/* Puts files into the order in which they are read: by their first packet, then by name. */
void group_sort(struct group_file *files, guint num);

/* For each of the files, which are sorted, the index of its point; returns how many points there
 * are.  Points are numbered by their first files. */
guint group_files(const struct group_file *files, guint num, guint *points);

/* What a point is called, to be freed: as was given, as its only file, or as what the names of its
 * files have in common. */
char *group_name(const struct group_file *files, guint num, const guint *points, guint point);

#endif
