/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * candidates: the packets that may have to do with a finding, kept to be tried again and again;
 * and the groups of them that may be left out at once.
 */
#ifndef ANALYZE_SHRINK_CANDIDATES_H
#define ANALYZE_SHRINK_CANDIDATES_H

#include "capture/reader.h"

struct candidate {
    struct packet *packet;
    gint64 uncertainty_ns;
};

struct candidates {
    struct packet_end ends[2]; /* of the finding's connection */
    guint32 file;              /* where its packet is */
    guint64 frame;
    gboolean takes_all; /* not those between the two addresses alone */

    GArray *all; /* struct candidate, in the order in which they are understood */
    gsize bytes; /* that they take; no more are kept than bytes_max */
    gsize bytes_max;
    gboolean is_full;
    guint target; /* index of the finding's packet */
    gboolean has_target;
};

void candidates_init(struct candidates *candidates, gsize bytes_max);
void candidates_clear(struct candidates *candidates); /* all that are kept; init is done */
void candidates_free(struct candidates *candidates);

/* Keeps a packet where it may have to do with it. */
void candidates_add(struct candidates *candidates, const struct packet *packet,
                    gint64 uncertainty_ns);

const struct packet *candidates_at(const struct candidates *candidates, guint index);

/* Groups for search_without(), whose data are the candidates: what comes after the target; what is
 * of another TCP connection; segments without data; what its sender has not sent. */
gboolean candidates_comes_later(const void *data, guint index);
gboolean candidates_is_of_other_flow(const void *data, guint index);
gboolean candidates_is_empty(const void *data, guint index);
gboolean candidates_is_of_other_direction(const void *data, guint index);

#endif
