/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ending: how TCP connections begin and end, by their own flags: what no command says. */
#ifndef ANALYZE_SCENARIO_ENDING_H
#define ANALYZE_SCENARIO_ENDING_H

#include <glib.h>

#include "capture/packet.h"

/* Of more connections nothing is known. */
#define ENDINGS_MAX 1000000u

enum ending_kind {
    ENDING_UNKNOWN, /* not seen */
    ENDING_CLOSED,  /* FIN */
    ENDING_RESET
};

struct ending {
    gboolean has_begun; /* its SYN was seen */
    gint64 begun_ns;
    enum ending_kind kind;
    gint64 ended_ns;
    struct packet_end by; /* who ended it */
};

struct endings;

struct endings *endings_new(void);
void endings_free(struct endings *endings);

/* The next segment, in order of time. */
void endings_segment(struct endings *endings, const struct packet_segment *segment, gint64 t_ns);

/* Of the connection between these ends that was there at this time. */
struct ending endings_find(const struct endings *endings, const struct packet_end ends[2],
                           gint64 t_ns);

#endif
