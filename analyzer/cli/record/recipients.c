/* SPDX-License-Identifier: GPL-2.0-or-later */
/* recipients.c: whom each message is for, and its contents: what a record says of a message
 * to somebody who joins hops elsewhere. */
#include "record/journeys.h"

/* Recipients of a message that are told one by one. */
#define RECIPIENTS_OF_ONE_MAX 4096u

struct meeting {
    struct report *report;
    GArray *met; /* struct report_recipient */
};

static void meet(void *cookie, const struct sstp_story_recipient *told)
{
    const struct meeting *meeting = cookie;
    struct report *report = meeting->report;
    const struct report_recipient recipient = {
        .identity_url = report_string(report, told->identity_url.data, told->identity_url.len),
        .device_url = report_string(report, told->device_url.data, told->device_url.len),
        .relay_url = report_string(report, told->relay_url.data, told->relay_url.len),
        .state = told->is_gone    ? REPORT_RECIPIENT_REFUSED
                 : told->is_there ? REPORT_RECIPIENT_THERE
                                  : REPORT_RECIPIENT_BEYOND,
    };

    g_array_append_val(meeting->met, recipient);
}

static gboolean is_equal(const struct report_recipient *a, const struct report_recipient *b)
{
    /* One text is kept once. */
    return a->identity_url == b->identity_url && a->device_url == b->device_url &&
           a->relay_url == b->relay_url && a->state == b->state;
}

/* Whether a message before, of the same session, has the same ones. */
static gboolean are_those_of(const struct meeting *meeting, const struct report_message *before)
{
    if (before->num_recipients != meeting->met->len)
        return FALSE;
    for (guint i = 0; i < meeting->met->len; i++)
        if (!is_equal(REPORT_AT(meeting->met, struct report_recipient, i),
                      REPORT_AT(meeting->report->recipients, struct report_recipient,
                                before->first_recipient + i)))
            return FALSE;
    return TRUE;
}

static void keep_recipients(const struct meeting *meeting, struct report_message *row,
                            const struct report_message *before)
{
    struct report *report = meeting->report;

    if (before != NULL && are_those_of(meeting, before)) {
        row->first_recipient = before->first_recipient;
        row->num_recipients = before->num_recipients;
        return;
    }
    row->first_recipient = report->recipients->len;
    for (guint i = 0; i < meeting->met->len; i++) {
        struct report_recipient *kept =
            report_add(report, report->recipients, REPORT_RECIPIENTS_MAX);
        if (kept == NULL)
            return;
        *kept = *REPORT_AT(meeting->met, struct report_recipient, i);
        row->num_recipients++;
    }
}

static void keep_contents(struct report *report, struct report_message *row,
                          const struct journeys_source *source)
{
    const guint8 *digest = source->contents(source->cookie, row->leg);
    char text[2 * JOURNEYS_CONTENTS_LEN + 1];

    if (digest == NULL)
        return;
    for (guint i = 0; i < JOURNEYS_CONTENTS_LEN; i++)
        g_snprintf(text + 2 * i, 3, "%02x", digest[i]);
    row->contents = report_string(report, text, sizeof text - 1);
}

void journeys_tell_recipients(struct report *report, const struct journeys_source *source)
{
    const struct sstp_story *story = source->story;
    struct meeting meeting = {report, g_array_new(FALSE, FALSE, sizeof(struct report_recipient))};
    guint32 *last = g_new0(guint32, MAX(report->sessions->len, 1)); /* message + 1, by session */

    for (guint i = 0; i < report->messages->len; i++) {
        struct report_message *row = REPORT_AT(report->messages, struct report_message, i);
        if (row->leg == SSTP_STORY_NONE)
            continue;
        guint32 *before = row->session != REPORT_NONE ? &last[row->session] : NULL;
        g_array_set_size(meeting.met, 0);
        (void)sstp_story_recipients(story, row->leg, RECIPIENTS_OF_ONE_MAX, meet, &meeting);
        keep_recipients(&meeting, row,
                        before != NULL && *before != 0
                            ? REPORT_AT(report->messages, struct report_message, *before - 1)
                            : NULL);
        keep_contents(report, row, source);
        if (before != NULL)
            *before = i + 1;
    }
    g_free(last);
    g_array_free(meeting.met, TRUE);
}
