/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record/store.h"

#include <arpa/inet.h>
#include <string.h>

#include "record/community.h"

struct report *report_new(void)
{
    struct report *report = g_new0(struct report, 1);

    report->files = g_array_new(FALSE, TRUE, sizeof(struct report_file));
    report->points = g_array_new(FALSE, TRUE, sizeof(struct report_point));
    report->frames = g_array_new(FALSE, TRUE, sizeof(struct report_frame));
    report->connections = g_array_new(FALSE, TRUE, sizeof(struct report_connection));
    report->sessions = g_array_new(FALSE, TRUE, sizeof(struct report_session));
    report->messages = g_array_new(FALSE, TRUE, sizeof(struct report_message));
    report->findings = g_array_new(FALSE, TRUE, sizeof(struct report_finding));
    report->journeys = g_array_new(FALSE, TRUE, sizeof(struct report_journey));
    report->hops = g_array_new(FALSE, TRUE, sizeof(struct report_hop));
    report->branches = g_array_new(FALSE, TRUE, sizeof(struct report_branch));
    report->recipients = g_array_new(FALSE, TRUE, sizeof(struct report_recipient));
    report->share = -1;
    report->strings = g_string_chunk_new(4096);
    report->first_ns = G_MAXINT64;
    report->last_ns = G_MININT64;
    return report;
}

void report_free(struct report *report)
{
    for (guint i = 0; i < report->files->len; i++)
        g_free(REPORT_AT(report->files, struct report_file, i)->name);
    for (guint i = 0; i < report->points->len; i++)
        g_free(REPORT_AT(report->points, struct report_point, i)->name);
    GArray *const tables[] = {report->files,       report->points,    report->frames,
                              report->connections, report->sessions,  report->messages,
                              report->findings,    report->journeys,  report->hops,
                              report->branches,    report->recipients};
    for (gsize i = 0; i < G_N_ELEMENTS(tables); i++)
        g_array_free(tables[i], TRUE);
    g_string_chunk_free(report->strings);
    g_free(report);
}

void report_name_ends(struct report *report, struct report_connection *connection)
{
    const struct packet_end *initiator = &connection->ends[1], *acceptor = &connection->ends[0];
    char text[INET6_ADDRSTRLEN], id[COMMUNITY_ID_SIZE];

    for (guint i = 0; i < 2; i++) {
        const struct packet_end *end = &connection->ends[i];
        if (end->family != 0 && inet_ntop(end->family == 4 ? AF_INET : AF_INET6, end->address, text,
                                          sizeof text) != NULL)
            connection->address_texts[i] = report_string(report, text, strlen(text));
    }
    if (initiator->port == 0 || initiator->family == 0 || initiator->family != acceptor->family)
        return;
    community_id(initiator, acceptor, id);
    connection->community_id = report_string(report, id, strlen(id));
}

const char *report_string(struct report *report, const void *bytes, gsize len)
{
    if (len == 0)
        return NULL;
    if (report->strings_len > REPORT_STRINGS_MAX) {
        report->num_left_out++;
        return NULL;
    }
    report->strings_len += len;
    char *text = g_strndup(bytes, len); /* as far as a byte of 0 */
    const char *kept = g_string_chunk_insert_const(report->strings, text);
    g_free(text);
    return kept;
}

const struct report_frame *report_frame(const struct report *report, guint32 number)
{
    guint low = 0, high = report->frames->len;

    while (low < high) {
        const guint middle = low + (high - low) / 2;
        const struct report_frame *frame = REPORT_AT(report->frames, struct report_frame, middle);
        if (frame->number == number)
            return frame;
        if (frame->number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

guint32 report_message_frame(const struct report_message *message)
{
    if (message->begin_frame != 0)
        return message->begin_frame;
    return message->end_frame != 0 ? message->end_frame : (guint32)message->made;
}

void report_cut(struct report *report, GArray *table, guint max)
{
    if (table->len <= max)
        return;
    report->num_left_out += table->len - max;
    g_array_set_size(table, max);
}

void *report_add(struct report *report, GArray *table, guint max)
{
    if (table->len >= max) {
        report->num_left_out++;
        return NULL;
    }
    g_array_set_size(table, table->len + 1);
    return table->data + (gsize)(table->len - 1) * g_array_get_element_size(table);
}

const char *report_message_state_name(enum report_message_state state)
{
    switch (state) {
    case REPORT_MESSAGE_ACKNOWLEDGED:
        return "acknowledged";
    case REPORT_MESSAGE_OUTSTANDING:
        return "outstanding";
    case REPORT_MESSAGE_INCOMPLETE:
        return "incomplete";
    case REPORT_MESSAGE_UNKNOWN:
        return "unknown";
    }
    return NULL;
}

const char *report_recipient_state_name(enum report_recipient_state state)
{
    switch (state) {
    case REPORT_RECIPIENT_THERE:
        return "there";
    case REPORT_RECIPIENT_BEYOND:
        return "beyond";
    case REPORT_RECIPIENT_REFUSED:
        return "refused";
    }
    return NULL;
}

const char *report_severity_name(enum sstp_severity severity)
{
    switch (severity) {
    case SSTP_SEVERITY_NOTE:
        return "note";
    case SSTP_SEVERITY_WARNING:
        return "warning";
    case SSTP_SEVERITY_ERROR:
        return "error";
    }
    return NULL;
}

const char *report_passage_name(enum sstp_story_passage passage)
{
    switch (passage) {
    case SSTP_STORY_SENT:
        return "sent";
    case SSTP_STORY_ACKNOWLEDGED:
        return "acknowledged";
    case SSTP_STORY_CUT_OFF:
        return "cut off";
    case SSTP_STORY_DECLINED:
        return "declined";
    case SSTP_STORY_NOT_SEEN:
        return "not seen";
    }
    return NULL;
}

const char *report_certainty_name(enum sstp_story_certainty certainty)
{
    switch (certainty) {
    case SSTP_STORY_OPEN:
        return NULL;
    case SSTP_STORY_CERTAIN:
        return "certain";
    case SSTP_STORY_LIKELY:
        return "likely";
    }
    return NULL;
}

gboolean report_is_undelivered(const struct report_journey *journey)
{
    return (journey->outcomes & ~(1u << SSTP_STORY_DELIVERED | 1u << SSTP_STORY_NOT_KNOWN)) != 0;
}

gboolean report_may_have_gone_on(const struct report_branch *branch)
{
    return branch->certainty == SSTP_STORY_OPEN && branch->outcome == SSTP_STORY_WAITING;
}
