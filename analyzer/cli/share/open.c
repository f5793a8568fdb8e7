/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "share/open.h"

#include <string.h>

#include "state/returns.h"

/* A Connect of the frame at hand. */
struct judged {
    guint32 connection;
    gboolean from_initiator, is_early;
};

struct open_findings {
    struct report *report;
    struct sstp_returns returns;
    guint32 frame;  /* of those below */
    GArray *judged; /* struct judged */
};

struct open_findings *open_new(struct report *report)
{
    struct open_findings *open = g_new0(struct open_findings, 1);

    open->report = report;
    open->judged = g_array_new(FALSE, FALSE, sizeof(struct judged));
    return open;
}

void open_free(struct open_findings *open)
{
    g_array_free(open->judged, TRUE);
    g_free(open);
}

void open_ask(struct open_findings *open, const struct carried *asked)
{
    sstp_returns_ask(&open->returns, asked->who, asked->target, asked->now_ns, asked->seconds);
}

static gboolean is_early(const struct open_findings *open, const struct carried *event)
{
    const struct sstp_command *connect = event->event.command;
    struct sstp_reader reader = sstp_reader(connect->device_urls.bytes);
    const struct sstp_span source =
        connect->device_urls.count > 0 ? sstp_read_string(&reader) : sstp_span(NULL, 0);

    return event->is_looked_up &&
           sstp_returns_is_early(&open->returns, source, connect->target_device_url,
                                 event->event.time_ns);
}

/* The first finding of a frame or, where it has none, after it. */
static guint find_frame(const GArray *findings, guint32 frame)
{
    guint low = 0, high = findings->len;

    while (low < high) {
        const guint middle = low + (high - low) / 2;
        if (REPORT_AT(findings, struct report_finding, middle)->frame < frame)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The next one of the frame that is open is this Connect's. */
static void judge_finding(const struct open_findings *open, guint32 connection,
                          const struct sstp_story_event *event, gboolean is_true)
{
    GArray *findings = open->report->findings;

    for (guint i = find_frame(findings, event->label); i < findings->len; i++) {
        struct report_finding *finding = REPORT_AT(findings, struct report_finding, i);
        if (finding->frame != event->label)
            return;
        if (finding->state != REPORT_FINDING_OPEN || finding->connection != connection ||
            finding->from_initiator != event->from_initiator)
            continue;
        finding->state = is_true ? REPORT_FINDING_TRUE : REPORT_FINDING_UNTRUE;
        return;
    }
}

void open_judge(struct open_findings *open, guint32 connection, const struct carried *event)
{
    const struct judged judged = {connection, event->event.from_initiator, is_early(open, event)};

    if (open->frame != event->event.label)
        g_array_set_size(open->judged, 0);
    open->frame = event->event.label;
    g_array_append_val(open->judged, judged);
    judge_finding(open, connection, &event->event, judged.is_early);
}

static gboolean take_judgement(struct open_findings *open, guint32 connection,
                               const struct report_command *command)
{
    for (guint i = 0; open->frame == command->frame->number && i < open->judged->len; i++) {
        const struct judged judged = g_array_index(open->judged, struct judged, i);
        if (judged.connection != connection || judged.from_initiator != command->from_initiator)
            continue;
        g_array_remove_index(open->judged, i);
        return judged.is_early;
    }
    return FALSE;
}

void open_settle_command(struct open_findings *open, guint32 connection, struct carried *command)
{
    const char *filter = sstp_finding_infos[SSTP_FINDING_TIMER].filter;
    const char **findings = command->findings;
    guint kept = 0;

    if (strcmp(command->row.name, "Connect") != 0 ||
        take_judgement(open, connection, &command->row))
        return;
    for (guint i = 0; findings[i] != NULL; i++)
        if (strcmp(findings[i], filter) != 0)
            findings[kept++] = findings[i];
    findings[kept] = NULL;
}

void open_settle(struct open_findings *open)
{
    GArray *findings = open->report->findings;
    guint kept = 0;

    for (guint i = 0; i < findings->len; i++) {
        const struct report_finding *finding = REPORT_AT(findings, struct report_finding, i);
        if (finding->state == REPORT_FINDING_TRUE)
            *REPORT_AT(findings, struct report_finding, kept++) = *finding;
        else
            REPORT_AT(open->report->connections, struct report_connection, finding->connection)
                ->num_findings--;
    }
    g_array_set_size(findings, kept);
}
