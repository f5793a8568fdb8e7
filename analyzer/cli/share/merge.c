/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "share/merge.h"

#include "record/journeys.h"
#include "record/sort.h"
#include "share/open.h"

/* A share. */
struct part {
    struct carry *carry;
    struct carried next;
    guint first_connection, num_connections; /* as they were added to the report */
    GArray *connections; /* struct known, by the share's number of a connection (sstp.stream) */
};

/* A connection of a share. */
struct known {
    guint32 row;  /* in the report; REPORT_NONE: a display filter has kept it away */
    guint32 told; /* in the story; SSTP_STORY_NONE */
};

struct merging {
    struct report *report;
    const struct merge_options *options;
    struct part *parts;
    guint num;
    struct sstp_story *story;
    GArray *rows;  /* guint32, by the story's number of a connection */
    guint32 *told; /* the other way round; SSTP_STORY_NONE */
    struct open_findings *open;
    GArray *contents; /* JOURNEYS_CONTENTS_LEN bytes, by leg; zeros: not known */
};

/* ------------------------------------------------------------------------
 * Tables
 */

/* What tables name in each other is counted from where the share's rows begin. */
static void move_rows(const struct report *report, const struct report *before)
{
    const guint connections = before->connections->len, sessions = before->sessions->len;

    for (guint i = connections; i < report->connections->len; i++)
        REPORT_AT(report->connections, struct report_connection, i)->number = i;
    for (guint i = sessions; i < report->sessions->len; i++)
        REPORT_AT(report->sessions, struct report_session, i)->connection += connections;
    for (guint i = before->findings->len; i < report->findings->len; i++)
        REPORT_AT(report->findings, struct report_finding, i)->connection += connections;
    for (guint i = before->messages->len; i < report->messages->len; i++) {
        struct report_message *message = REPORT_AT(report->messages, struct report_message, i);
        message->connection += connections;
        if (message->session != REPORT_NONE)
            message->session += sessions;
    }
}

static gboolean read_tables(struct merging *merging)
{
    struct report *report = merging->report;

    for (guint i = 0; i < merging->num; i++) {
        struct part *part = &merging->parts[i];
        GArray connections = *report->connections, sessions = *report->sessions,
               messages = *report->messages, findings = *report->findings;
        const struct report before = {.connections = &connections,
                                      .sessions = &sessions,
                                      .messages = &messages,
                                      .findings = &findings};
        if (!carry_read(part->carry, report, i == 0))
            return FALSE;
        move_rows(report, &before);
        part->first_connection = connections.len;
        part->num_connections = report->connections->len - connections.len;
    }
    return TRUE;
}

/* Which row of the report each connection of a share is. */
static void know_connections(struct part *part, const struct report *report, const guint32 *places)
{
    static const struct known unknown = {REPORT_NONE, SSTP_STORY_NONE};

    part->connections = g_array_new(FALSE, FALSE, sizeof unknown);
    for (guint i = 0; i < part->num_connections; i++) {
        const guint32 row = places[part->first_connection + i];
        const guint32 stream =
            REPORT_AT(report->connections, struct report_connection, row)->stream;
        while (part->connections->len <= stream)
            g_array_append_val(part->connections, unknown);
        REPORT_AT(part->connections, struct known, stream)->row = row;
    }
}

static void sort_tables(struct merging *merging)
{
    struct report *report = merging->report;
    guint32 *connections = report_sort_connections(report);
    guint32 *sessions = report_sort_sessions(report);

    for (guint i = 0; i < merging->num; i++)
        know_connections(&merging->parts[i], report, connections);
    for (guint i = 0; i < report->connections->len; i++)
        REPORT_AT(report->connections, struct report_connection, i)->number = i;
    for (guint i = 0; i < report->sessions->len; i++) {
        guint32 *of = &REPORT_AT(report->sessions, struct report_session, i)->connection;
        *of = connections[*of];
    }
    for (guint i = 0; i < report->findings->len; i++) {
        guint32 *of = &REPORT_AT(report->findings, struct report_finding, i)->connection;
        *of = connections[*of];
    }
    for (guint i = 0; i < report->messages->len; i++) {
        struct report_message *message = REPORT_AT(report->messages, struct report_message, i);
        message->connection = connections[message->connection];
        if (message->session != REPORT_NONE)
            message->session = sessions[message->session];
    }
    g_free(connections);
    g_free(sessions);
    report_sort_frames(report);
    report_sort_findings(report);
    report_sort_messages(report);
    /* What is left is what one process would have kept. */
    report_cut(report, report->findings, REPORT_FINDINGS_MAX);
    report_cut(report, report->messages, REPORT_MESSAGES_MAX);
}

/* ------------------------------------------------------------------------
 * The story
 */

static struct known *known_of(struct part *part, guint32 number)
{
    static const struct known unknown = {REPORT_NONE, SSTP_STORY_NONE};

    while (part->connections->len <= number)
        g_array_append_val(part->connections, unknown);
    return REPORT_AT(part->connections, struct known, number);
}

static void begin_story(struct merging *merging)
{
    struct sstp_story_config config = {.keeps_times = true};

    memcpy(config.key, merging->options->key, sizeof config.key);
    merging->story = sstp_story_new(&config);
    g_assert(merging->story != NULL);
}

static void tell_begin(struct merging *merging, struct part *part, const struct carried *item)
{
    struct known *known = known_of(part, item->number);
    const guint32 number = merging->rows->len;
    const struct sstp_story_transport transport = {.point = item->point,
                                                   .initiator = sstp_span(&number, sizeof number)};

    if (merging->story == NULL)
        begin_story(merging);
    if (item->uncertainty_ns > 0)
        sstp_story_set_uncertainty(merging->story, item->point, item->uncertainty_ns);
    known->told = sstp_story_connect(merging->story, &transport);
    if (known->told != merging->rows->len)
        return;
    g_array_append_val(merging->rows, known->row);
    if (known->row != REPORT_NONE)
        merging->told[known->row] = known->told;
}

static void tell_event(struct merging *merging, struct part *part, struct carried *item)
{
    static const guint8 none[JOURNEYS_CONTENTS_LEN];

    const struct known *known = known_of(part, item->number);

    if (item->event.command->id == SSTP_CONNECT)
        open_judge(merging->open, known->row, item);
    item->event.connection = known->told;
    const guint32 leg = sstp_story_command(merging->story, &item->event);
    if (leg == SSTP_STORY_NONE || item->contents == NULL)
        return;
    while (merging->contents->len < leg)
        g_array_append_vals(merging->contents, none, 1);
    g_array_append_vals(merging->contents, item->contents, 1);
}

static void hand_on(const struct merging *merging, struct part *part, struct carried *item)
{
    const guint32 row = known_of(part, item->row_connection)->row;

    item->row.connection = REPORT_AT(merging->report->connections, struct report_connection, row);
    open_settle_command(merging->open, row, item);
    merging->options->on_command(merging->options->cookie, &item->row);
}

static void take(struct merging *merging, struct part *part, struct carried *item)
{
    switch (item->kind) {
    case CARRY_BEGIN:
        tell_begin(merging, part, item);
        break;
    case CARRY_EVENT:
        tell_event(merging, part, item);
        break;
    case CARRY_ASKED:
        open_ask(merging->open, item);
        break;
    case CARRY_GAP:
        sstp_story_gap(merging->story, known_of(part, item->number)->told);
        break;
    case CARRY_END:
        sstp_story_end(merging->story, known_of(part, item->number)->told);
        break;
    case CARRY_COMMAND:
        hand_on(merging, part, item);
        break;
    case CARRY_LAST:
        break;
    }
}

static struct part *next_part(const struct merging *merging)
{
    struct part *next = &merging->parts[0];

    for (guint i = 1; i < merging->num; i++)
        if (merging->parts[i].next.order < next->next.order)
            next = &merging->parts[i];
    return next;
}

/* A frame is of one share alone, so that all that it brought is taken at once. */
static gboolean tell_all(struct merging *merging)
{
    for (guint i = 0; i < merging->num; i++)
        if (!carry_next(merging->parts[i].carry, &merging->parts[i].next))
            return FALSE;
    for (;;) {
        struct part *part = next_part(merging);
        const guint64 order = part->next.order;
        if (part->next.kind == CARRY_LAST)
            return TRUE;
        while (part->next.order == order) {
            take(merging, part, &part->next);
            if (!carry_next(part->carry, &part->next))
                return FALSE;
        }
    }
}

/* ------------------------------------------------------------------------
 * What the story tells
 */

static const guint8 *contents_of(const void *cookie, guint32 leg)
{
    static const guint8 none[JOURNEYS_CONTENTS_LEN];
    const GArray *contents = cookie;

    if (leg >= contents->len)
        return NULL;
    const guint8 *digest = (const guint8 *)contents->data + (gsize)leg * sizeof none;
    return memcmp(digest, none, sizeof none) != 0 ? digest : NULL;
}

static void find_legs(struct merging *merging)
{
    GArray *messages = merging->report->messages;

    for (guint i = 0; i < messages->len; i++) {
        struct report_message *message = REPORT_AT(messages, struct report_message, i);
        const guint32 connection = merging->told[message->connection];
        message->leg = connection != SSTP_STORY_NONE
                           ? sstp_story_leg_of(merging->story, connection, message->from_initiator,
                                               message->observed)
                           : SSTP_STORY_NONE;
    }
}

static void hear_story(struct merging *merging)
{
    const struct journeys_source source = {
        .story = merging->story,
        .rows = (const guint32 *)(const void *)merging->rows->data,
        .num_rows = merging->rows->len,
        .contents = contents_of,
        .cookie = merging->contents,
    };

    if (merging->story == NULL)
        return;
    sstp_story_finish(merging->story);
    find_legs(merging);
    journeys_tell(merging->report, &source);
    if (merging->options->tells_contents)
        journeys_tell_recipients(merging->report, &source);
}

/* ------------------------------------------------------------------------
 * All of it
 */

static gboolean merge(struct merging *merging)
{
    if (!read_tables(merging))
        return FALSE;
    sort_tables(merging);
    merging->told = g_new(guint32, MAX(merging->report->connections->len, 1));
    for (guint i = 0; i < merging->report->connections->len; i++)
        merging->told[i] = SSTP_STORY_NONE;
    if (!tell_all(merging))
        return FALSE;
    open_settle(merging->open);
    hear_story(merging);
    return TRUE;
}

gboolean merge_shares(struct report *report, struct carry *const *carries, guint num,
                      const struct merge_options *options)
{
    struct merging merging = {
        .report = report,
        .options = options,
        .parts = g_new0(struct part, num),
        .num = num,
        .rows = g_array_new(FALSE, FALSE, sizeof(guint32)),
        .open = open_new(report),
        .contents = g_array_new(FALSE, FALSE, JOURNEYS_CONTENTS_LEN),
    };

    for (guint i = 0; i < num; i++)
        merging.parts[i].carry = carries[i];
    const gboolean is_whole = merge(&merging);
    for (guint i = 0; i < num; i++)
        if (merging.parts[i].connections != NULL)
            g_array_free(merging.parts[i].connections, TRUE);
    sstp_story_free(merging.story);
    open_free(merging.open);
    g_array_free(merging.rows, TRUE);
    g_array_free(merging.contents, TRUE);
    g_free(merging.told);
    g_free(merging.parts);
    return is_whole;
}
