/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/ladder.h"

#include <string.h>

#include "base/plain.h"
#include "report/moment.h"

/* Names of those who are not known. */
#define NOBODY "?"

enum kind { SENT, ACKNOWLEDGED };

struct event {
    gint64 t_ns;
    guint32 hop; /* index */
    enum kind kind;
};

struct ladder {
    const struct report *report;
    const struct report_journey *journey;
    GString *text;
    GPtrArray *parties; /* const char; what is not known is a party of its own for each side */
    GArray *events;
};

static const struct report_hop *hop_at(const struct ladder *ladder, guint32 index)
{
    return REPORT_AT(ladder->report->hops, struct report_hop, index);
}

/* The same end of the same connection, where it has no name. */
static const char *party_of(const struct ladder *ladder, const struct report_hop *hop,
                            gboolean is_sender)
{
    const char *name = is_sender ? hop->sender : hop->receiver;
    const struct report_connection *connection =
        REPORT_AT(ladder->report->connections, struct report_connection, hop->connection);
    const gboolean is_initiator = hop->from_initiator == is_sender;

    if (name == NULL)
        name = connection->devices[is_initiator];
    return name != NULL ? name : NOBODY;
}

static guint column_of(struct ladder *ladder, const char *name)
{
    for (guint i = 0; i < ladder->parties->len; i++)
        if (strcmp(g_ptr_array_index(ladder->parties, i), name) == 0)
            return i;
    g_ptr_array_add(ladder->parties, (gpointer)name);
    return ladder->parties->len - 1;
}

static gint compare_events(gconstpointer a, gconstpointer b)
{
    const struct event *left = a, *right = b;

    if (left->t_ns != right->t_ns)
        return left->t_ns < right->t_ns ? -1 : 1;
    if (left->kind != right->kind)
        return left->kind < right->kind ? -1 : 1;
    return left->hop < right->hop ? -1 : left->hop > right->hop;
}

static void collect(struct ladder *ladder)
{
    for (guint i = 0; i < ladder->journey->num_hops; i++) {
        const guint32 index = ladder->journey->first_hop + i;
        const struct report_hop *hop = hop_at(ladder, index);
        const struct event sent = {hop->t_ns, index, SENT};
        const struct event acked = {hop->acked_ns, index, ACKNOWLEDGED};
        (void)column_of(ladder, party_of(ladder, hop, TRUE));
        (void)column_of(ladder, party_of(ladder, hop, FALSE));
        g_array_append_val(ladder->events, sent);
        if (hop->passage == SSTP_STORY_ACKNOWLEDGED)
            g_array_append_val(ladder->events, acked);
    }
    g_array_sort(ladder->events, compare_events);
}

/* ------------------------------------------------------------------------
 * Lines
 */

/* "dpp:///abcd..xyz": the beginning and the end of a name, for both tell something. */
static void append_name(GString *text, const char *name, gsize width)
{
    GString *plain = g_string_new(NULL);

    plain_append(plain, name, strlen(name));
    const glong len = g_utf8_strlen(plain->str, -1);
    if (len > (glong)width) {
        const glong head = (glong)width / 2, tail = (glong)width - head - 2;
        const char *middle = g_utf8_offset_to_pointer(plain->str, head);
        g_string_append_len(text, plain->str, middle - plain->str);
        g_string_append(text, "..");
        g_string_append(text, g_utf8_offset_to_pointer(plain->str, len - tail));
    } else {
        g_string_append(text, plain->str);
    }
    g_string_free(plain, TRUE);
}

static void append_head(struct ladder *ladder)
{
    g_string_append_printf(ladder->text, "%-28s", "");
    for (guint i = 0; i < ladder->parties->len; i++) {
        const gsize before = ladder->text->len;
        append_name(ladder->text, g_ptr_array_index(ladder->parties, i), LADDER_WIDTH - 2);
        for (gsize used = plain_width(ladder->text->str + before); used < LADDER_WIDTH; used++)
            g_string_append_c(ladder->text, ' ');
    }
    while (ladder->text->str[ladder->text->len - 1] == ' ')
        g_string_truncate(ladder->text, ladder->text->len - 1);
    g_string_append_c(ladder->text, '\n');
}

/* "|   o------->|   " */
static void append_lanes(struct ladder *ladder, guint from, guint to, char dash)
{
    const guint num = ladder->parties->len, width = LADDER_WIDTH * num;
    char *lanes = g_malloc(width + 1);
    const guint left = MIN(from, to) * LADDER_WIDTH, right = MAX(from, to) * LADDER_WIDTH;

    memset(lanes, ' ', width);
    for (guint i = 0; i < num; i++)
        lanes[i * LADDER_WIDTH] = '|';
    for (guint i = left + 1; i < right; i++)
        if (dash == '-' || (i - left) % 2 != 0)
            lanes[i] = '-';
    lanes[from * LADDER_WIDTH] = 'o';
    if (from < to)
        lanes[right - 1] = '>';
    else if (from > to)
        lanes[left + 1] = '<';
    lanes[width] = '\0';
    g_string_append(ladder->text, g_strchomp(lanes));
    g_free(lanes);
    /* What is said of it begins in one column. */
    const gsize used =
        (gsize)(strrchr(ladder->text->str, '\n') != NULL
                    ? ladder->text->str + ladder->text->len - strrchr(ladder->text->str, '\n') - 1
                    : (gssize)ladder->text->len);
    for (gsize i = used; i < 28 + LADDER_WIDTH * (num - 1) + 3; i++)
        g_string_append_c(ladder->text, ' ');
}

static void append_frame(struct ladder *ladder, guint32 number)
{
    const struct report *report = ladder->report;
    const struct report_frame *frame = number != 0 ? report_frame(report, number) : NULL;

    if (frame == NULL)
        return;
    g_string_append_printf(ladder->text, ", frame %" G_GUINT64_FORMAT, frame->in_file);
    if (report->files->len > 1) {
        const char *name = REPORT_AT(report->files, struct report_file, frame->file)->name;
        g_string_append(ladder->text, " of ");
        plain_append(ladder->text, name, strlen(name));
    }
}

static void append_what(struct ladder *ladder, const struct event *event)
{
    const struct report_hop *hop = hop_at(ladder, event->hop);
    const char *certainty = report_certainty_name(hop->certainty);

    if (event->kind == ACKNOWLEDGED) {
        g_string_append(ladder->text, "acknowledged after ");
        moment_append_span(ladder->text, hop->acked_ns - hop->t_ns);
        append_frame(ladder, hop->acked_frame);
        return;
    }
    if (hop->sight_of != event->hop)
        g_string_append(ladder->text, "the same, seen at another place");
    else if (hop->attempt_of != event->hop)
        g_string_append(ladder->text, "sent again");
    else
        g_string_append(ladder->text, "sent");
    g_string_append_printf(ladder->text, " on #%u", hop->connection);
    append_frame(ladder, hop->frame);
    if (hop->number > 0 && certainty != NULL)
        g_string_append_printf(ladder->text, " (%s)", certainty);
    if (hop->passage != SSTP_STORY_ACKNOWLEDGED)
        g_string_append_printf(
            ladder->text, ": %s",
            hop->passage == SSTP_STORY_SENT      ? "not acknowledged"
            : hop->passage == SSTP_STORY_CUT_OFF ? "the connection ended before it was acknowledged"
            : hop->passage == SSTP_STORY_DECLINED ? "the session was refused"
                                                  : "nobody can say whether it was acknowledged");
}

static void append_event(struct ladder *ladder, const struct event *event)
{
    const struct report_hop *hop = hop_at(ladder, event->hop);
    const char *sender = party_of(ladder, hop, event->kind == SENT);
    const char *receiver = party_of(ladder, hop, event->kind != SENT);

    moment_append(ladder->text, event->t_ns);
    g_string_append(ladder->text, "  ");
    if (ladder->parties->len <= LADDER_PARTIES_MAX) {
        append_lanes(ladder, column_of(ladder, sender), column_of(ladder, receiver),
                     event->kind == SENT ? '-' : ' ');
    } else {
        append_name(ladder->text, sender, 2 * LADDER_WIDTH);
        g_string_append(ladder->text, " -> ");
        append_name(ladder->text, receiver, 2 * LADDER_WIDTH);
        g_string_append(ladder->text, "  ");
    }
    append_what(ladder, event);
    g_string_append_c(ladder->text, '\n');
}

/* ------------------------------------------------------------------------
 * Recipients
 */

static void append_branch(GString *text, const struct report *report,
                          const struct report_branch *branch)
{
    const char *names[] = {branch->identity_url, branch->device_url, branch->relay_url};
    gboolean has_name = FALSE;

    g_string_append_printf(text, "  %s", sstp_story_outcome_name(branch->outcome));
    if (branch->reason != NULL)
        g_string_append_printf(text, " (%s)", branch->reason);
    if (branch->certainty == SSTP_STORY_LIKELY)
        g_string_append(text, ", likely");
    g_string_append(text, ": to ");
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        if (names[i] == NULL)
            continue;
        g_string_append(text, !has_name ? "" : i == 2 ? " by " : " at ");
        append_name(text, names[i], 2 * LADDER_WIDTH);
        has_name = TRUE;
    }
    g_string_append(text, has_name ? "" : "somebody unknown");
    if (branch->holder != NULL) {
        g_string_append(text, "; ");
        append_name(text, branch->holder, 2 * LADDER_WIDTH);
        g_string_append(text, " has it");
    }
    if (branch->since_ns != 0) {
        g_string_append(text, " since ");
        moment_append(text, branch->since_ns);
        if (branch->outcome == SSTP_STORY_WAITING || branch->outcome == SSTP_STORY_UNDER_WAY) {
            g_string_append(text, ", ");
            moment_append_span(text, report->last_ns - branch->since_ns);
            g_string_append(text, " before the end");
        }
    }
    g_string_append_c(text, '\n');
}

void ladder_print_branches(struct output *output, const struct report *report, guint index,
                           gboolean open_only)
{
    const struct report_journey *journey =
        REPORT_AT(report->journeys, struct report_journey, index);
    guint num = 0;

    for (guint i = 0; i < journey->num_branches; i++) {
        const struct report_branch *branch =
            REPORT_AT(report->branches, struct report_branch, journey->first_branch + i);
        if (open_only && branch->outcome == SSTP_STORY_DELIVERED)
            continue;
        if (num++ < LADDER_EVENTS_MAX)
            append_branch(output_text(output), report, branch);
    }
    if (num > LADDER_EVENTS_MAX)
        g_string_append_printf(output_text(output), "  and %u more\n", num - LADDER_EVENTS_MAX);
}

void ladder_print_title(struct output *output, const struct report *report, guint index)
{
    GString *text = output_text(output);
    const struct report_journey *journey =
        REPORT_AT(report->journeys, struct report_journey, index);
    const struct report_hop *first = REPORT_AT(report->hops, struct report_hop, journey->first_hop);
    const struct report_message *message =
        first->message != REPORT_NONE
            ? REPORT_AT(report->messages, struct report_message, first->message)
            : NULL;

    g_string_append_printf(text, "Journey %u", index);
    if (message != NULL) {
        if (message->user_ref != NULL) {
            g_string_append(text, " \"");
            append_name(text, message->user_ref, 3 * LADDER_WIDTH);
            g_string_append_c(text, '"');
        }
        g_string_append(text, ", ");
        moment_append_things(text, message->length, "byte");
    }
    g_string_append(text, ", to ");
    moment_append_things(text, journey->num_branches, "recipient");
    g_string_append(text, ", seen first at ");
    moment_append(text, first->t_ns);
    g_string_append_c(text, '\n');
}

void ladder_print(struct output *output, const struct report *report, guint index)
{
    struct ladder ladder = {.report = report,
                            .journey = REPORT_AT(report->journeys, struct report_journey, index),
                            .text = output_text(output),
                            .parties = g_ptr_array_new(),
                            .events = g_array_new(FALSE, FALSE, sizeof(struct event))};

    ladder_print_title(output, report, index);
    collect(&ladder);
    if (ladder.parties->len <= LADDER_PARTIES_MAX)
        append_head(&ladder);
    for (guint i = 0; i < ladder.events->len && i < LADDER_EVENTS_MAX; i++) {
        append_event(&ladder, REPORT_AT(ladder.events, struct event, i));
        output_flush(output);
    }
    if (ladder.events->len > LADDER_EVENTS_MAX)
        g_string_append_printf(ladder.text, "and %u more\n",
                               ladder.events->len - LADDER_EVENTS_MAX);
    ladder_print_branches(output, report, index, FALSE);
    g_ptr_array_free(ladder.parties, TRUE);
    g_array_free(ladder.events, TRUE);
}
