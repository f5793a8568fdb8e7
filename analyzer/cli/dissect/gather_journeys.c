/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gather_journeys.c: hands the story that the plugin has followed to the report. */
#include "dissect/gathering.h"

#include "follow/journeys.h"
#include "record/journeys.h"

void gather_legs(struct gather *gather)
{
    GArray *messages = gather->report->messages;

    for (guint i = 0; i < messages->len; i++) {
        struct report_message *row = REPORT_AT(messages, struct report_message, i);
        const struct grvsstp_states *states = gather_connection(gather, row->connection)->states;
        row->leg = grvsstp_story() != NULL && states != NULL
                       ? grvsstp_journeys_leg(states->journeys, row->from_initiator, row->observed)
                       : SSTP_STORY_NONE;
    }
}

static const guint8 *contents_of(const void *cookie, guint32 leg)
{
    (void)cookie;
    return grvsstp_journeys_contents(leg);
}

void gather_journeys(struct gather *gather)
{
    struct report *report = gather->report;
    const guint num = gather->connections->len;
    guint32 *rows = g_new(guint32, MAX(num, 1));
    const struct journeys_source source = {
        .story = grvsstp_story(), .rows = rows, .num_rows = num, .contents = contents_of};

    for (guint i = 0; i < num; i++) {
        const struct gathered_connection *known =
            REPORT_AT(gather->connections, struct gathered_connection, i);
        rows[i] = known->connection != NULL ? known->index : REPORT_NONE;
    }
    if (source.story != NULL) {
        journeys_tell(report, &source);
        if (gather->tells_contents)
            journeys_tell_recipients(report, &source);
    }
    g_free(rows);
}
