/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * journeys: from the story of what was captured (analyzer/story) to the tables of the report: of
 * journeys, their hops and branches, and of whom messages are for.
 */
#ifndef ANALYZE_RECORD_JOURNEYS_H
#define ANALYZE_RECORD_JOURNEYS_H

#include "record/store.h"

#define JOURNEYS_CONTENTS_LEN 16u

struct journeys_source {
    struct sstp_story *story; /* finished */
    /* By the story's number of a connection: its index in the report; REPORT_NONE where a display
     * filter has kept it away. */
    const guint32 *rows;
    guint32 num_rows;
    /* A digest of a leg's contents, JOURNEYS_CONTENTS_LEN bytes; NULL where they are not known. */
    const guint8 *(*contents)(const void *cookie, guint32 leg);
    const void *cookie;
};

/* After the messages have their legs, and are in their order; both once. */
void journeys_tell(struct report *report, const struct journeys_source *source);
void journeys_tell_recipients(struct report *report, const struct journeys_source *source);

#endif
