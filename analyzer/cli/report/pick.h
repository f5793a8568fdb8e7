/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pick: the journeys that the user has asked for. */
#ifndef ANALYZE_REPORT_PICK_H
#define ANALYZE_REPORT_PICK_H

#include "record/store.h"

/* All that are given have to fit. */
struct pick {
    gboolean has_number;
    guint64 number;
    const char *user_ref; /* a part of it; NULL; likewise below */
    const char *identity; /* of a recipient, or of a session's */
    gboolean undelivered;
};

gboolean pick_is_empty(const struct pick *pick);
gboolean pick_fits(const struct pick *pick, const struct report *report, guint journey);

#endif
