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

/* By the story's number of a connection: its row. It begins with a connection's first command, the
 * plugin's with its first byte, so their orders differ. */
static GArray *rows_of_story(const struct gather *gather)
{
    const guint32 none = REPORT_NONE;
    GArray *rows = g_array_new(FALSE, FALSE, sizeof(guint32));

    for (guint i = 0; i < gather->connections->len; i++) {
        const struct gathered_connection *known =
            REPORT_AT(gather->connections, struct gathered_connection, i);
        if (known->connection == NULL || known->connection->states == NULL)
            continue;
        const guint32 number = grvsstp_journeys_connection(known->connection->states->journeys);
        if (number == SSTP_STORY_NONE)
            continue;
        while (rows->len <= number)
            g_array_append_val(rows, none);
        *REPORT_AT(rows, guint32, number) = known->index;
    }
    return rows;
}

void gather_journeys(struct gather *gather)
{
    struct sstp_story *story = grvsstp_story();

    if (story == NULL)
        return;
    GArray *rows = rows_of_story(gather);
    const struct journeys_source source = {
        .story = story,
        .rows = (const guint32 *)(const void *)rows->data,
        .num_rows = rows->len,
        .contents = contents_of,
    };

    journeys_tell(gather->report, &source);
    if (gather->tells_contents)
        journeys_tell_recipients(gather->report, &source);
    g_array_free(rows, TRUE);
}
