/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/steps.h"

#include <string.h>

#include "base/plain.h"
#include "report/moment.h"

/* Who is not known. */
#define NOBODY "?"

static const struct report_hop *hop_at(const struct report *report, guint32 index)
{
    return REPORT_AT(report->hops, struct report_hop, index);
}

/* What the sender or the receiver of a hop calls itself. */
static const char *name_of(const struct report *report, const struct report_hop *hop,
                           gboolean is_sender)
{
    const char *name = is_sender ? hop->sender : hop->receiver;
    const struct report_connection *connection =
        REPORT_AT(report->connections, struct report_connection, hop->connection);

    if (name == NULL)
        name = connection->devices[hop->from_initiator == is_sender];
    return name != NULL ? name : NOBODY;
}

static guint party_of(struct steps *steps, const char *name)
{
    for (guint i = 0; i < steps->parties->len; i++)
        if (strcmp(g_ptr_array_index(steps->parties, i), name) == 0)
            return i;
    g_ptr_array_add(steps->parties, (gpointer)name);
    return steps->parties->len - 1;
}

static gint compare_steps(gconstpointer a, gconstpointer b)
{
    const struct step *left = a, *right = b;

    if (left->t_ns != right->t_ns)
        return left->t_ns < right->t_ns ? -1 : 1;
    if (left->is_acknowledgement != right->is_acknowledgement)
        return left->is_acknowledgement < right->is_acknowledgement ? -1 : 1;
    return left->hop < right->hop ? -1 : left->hop > right->hop;
}

void steps_collect(struct steps *steps, const struct report *report, guint index)
{
    const struct report_journey *journey =
        REPORT_AT(report->journeys, struct report_journey, index);

    steps->parties = g_ptr_array_new();
    steps->steps = g_array_new(FALSE, FALSE, sizeof(struct step));
    for (guint i = 0; i < journey->num_hops; i++) {
        const guint32 at = journey->first_hop + i;
        const struct report_hop *hop = hop_at(report, at);
        const guint sender = party_of(steps, name_of(report, hop, TRUE));
        const guint receiver = party_of(steps, name_of(report, hop, FALSE));
        const struct step sent = {hop->t_ns, at, FALSE, sender, receiver};
        const struct step acknowledged = {hop->acked_ns, at, TRUE, receiver, sender};
        g_array_append_val(steps->steps, sent);
        if (hop->passage == SSTP_STORY_ACKNOWLEDGED)
            g_array_append_val(steps->steps, acknowledged);
    }
    g_array_sort(steps->steps, compare_steps);
}

void steps_clear(struct steps *steps)
{
    g_ptr_array_free(steps->parties, TRUE);
    g_array_free(steps->steps, TRUE);
}

const char *steps_party(const struct steps *steps, guint party)
{
    return g_ptr_array_index(steps->parties, party);
}

/* ------------------------------------------------------------------------
 * In words
 */

static void append_frame(GString *text, const struct report *report, guint32 number)
{
    const struct report_frame *frame = number != 0 ? report_frame(report, number) : NULL;

    if (frame == NULL)
        return;
    g_string_append_printf(text, ", frame %" G_GUINT64_FORMAT, frame->in_file);
    if (report->files->len > 1) {
        const char *name = REPORT_AT(report->files, struct report_file, frame->file)->name;
        g_string_append(text, " of ");
        plain_append(text, name, strlen(name));
    }
}

static const char *end_of(enum sstp_story_passage passage)
{
    switch (passage) {
    case SSTP_STORY_ACKNOWLEDGED:
        return "";
    case SSTP_STORY_SENT:
        return ": not acknowledged";
    case SSTP_STORY_CUT_OFF:
        return ": the connection ended before it was acknowledged";
    case SSTP_STORY_DECLINED:
        return ": the session was refused";
    case SSTP_STORY_NOT_SEEN:
        return ": nobody can say whether it was acknowledged";
    }
    return "";
}

void steps_append_what(GString *text, const struct report *report, const struct step *step)
{
    const struct report_hop *hop = hop_at(report, step->hop);
    const char *certainty = report_certainty_name(hop->certainty);

    if (step->is_acknowledgement) {
        g_string_append(text, "acknowledged after ");
        moment_append_span(text, hop->acked_ns - hop->t_ns);
        append_frame(text, report, hop->acked_frame);
        return;
    }
    if (hop->sight_of != step->hop)
        g_string_append(text, "the same, seen at another place");
    else if (hop->attempt_of != step->hop)
        g_string_append(text, "sent again");
    else
        g_string_append(text, "sent");
    g_string_append_printf(text, " on #%u", hop->connection);
    append_frame(text, report, hop->frame);
    if (hop->number > 0 && certainty != NULL)
        g_string_append_printf(text, " (%s)", certainty);
    g_string_append(text, end_of(hop->passage));
}
