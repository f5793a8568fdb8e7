/* SPDX-License-Identifier: GPL-2.0-or-later */
/* steps: what happened on a journey, in the order of time, and between whom. */
#ifndef ANALYZE_REPORT_STEPS_H
#define ANALYZE_REPORT_STEPS_H

#include "record/store.h"

/* A hop was sent, or acknowledged. */
struct step {
    gint64 t_ns;
    guint32 hop; /* index */
    gboolean is_acknowledgement;
    guint sender, receiver; /* of the message or of its acknowledgement: indexes of parties */
};

struct steps {
    GPtrArray *parties; /* const char, in the order in which they come */
    GArray *steps;      /* struct step */
};

/* Collects those of a journey; to be cleared. */
void steps_collect(struct steps *steps, const struct report *report, guint journey);
void steps_clear(struct steps *steps);

const char *steps_party(const struct steps *steps, guint party);

/* "sent again on #3, frame 7 of x.pcap (likely): not acknowledged" */
void steps_append_what(GString *text, const struct report *report, const struct step *step);

#endif
