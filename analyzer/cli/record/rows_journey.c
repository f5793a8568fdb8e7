/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rows_journey.c: a journey as a record, with its hops and recipients as JSON within it. */
#include "record/rows.h"

/* JSON of one object, member by member. */
struct object {
    GString *json;
    gboolean has_member;
};

static void begin_member(struct object *object, const char *name)
{
    g_string_append_printf(object->json, "%s\"%s\":", object->has_member ? "," : "{", name);
    object->has_member = TRUE;
}

static void add_number(struct object *object, const char *name, gint64 value)
{
    begin_member(object, name);
    g_string_append_printf(object->json, "%" G_GINT64_FORMAT, value);
}

static void add_text(struct object *object, const char *name, const char *text)
{
    if (text == NULL)
        return;
    begin_member(object, name);
    (void)record_json_string(object->json, text);
}

static void add_frame(struct object *object, const struct report *report, const char *name,
                      const char *file_name, guint32 number)
{
    const struct report_frame *frame = number != 0 ? report_frame(report, number) : NULL;

    if (frame == NULL)
        return;
    add_text(object, file_name, REPORT_AT(report->files, struct report_file, frame->file)->name);
    add_number(object, name, (gint64)frame->in_file);
}

static void append_hop(GString *json, const struct report *report,
                       const struct report_journey *journey, guint index)
{
    const struct report_hop *hop = REPORT_AT(report->hops, struct report_hop, index);
    struct object object = {json, FALSE};

    add_number(&object, "hop", hop->number);
    add_number(&object, "connection", hop->connection);
    add_text(&object, "from", hop->from_initiator ? "initiator" : "acceptor");
    add_text(&object, "sender", hop->sender);
    add_text(&object, "receiver", hop->receiver);
    add_text(&object, "passage", report_passage_name(hop->passage));
    add_text(&object, "certainty", report_certainty_name(hop->certainty));
    add_number(&object, "t_ns", hop->t_ns);
    add_frame(&object, report, "frame", "file", hop->frame);
    if (hop->passage == SSTP_STORY_ACKNOWLEDGED) {
        add_number(&object, "acked_t_ns", hop->acked_ns);
        add_frame(&object, report, "acked_frame", "acked_file", hop->acked_frame);
    }
    /* Places in this list. */
    if (hop->from != REPORT_NONE && hop->from >= journey->first_hop)
        add_number(&object, "after", hop->from - journey->first_hop);
    if (hop->attempt_of != index && hop->attempt_of != REPORT_NONE)
        add_number(&object, "attempt_of", hop->attempt_of - journey->first_hop);
    if (hop->sight_of != index && hop->sight_of != REPORT_NONE)
        add_number(&object, "sight_of", hop->sight_of - journey->first_hop);
    g_string_append_c(json, '}');
}

static void append_branch(GString *json, const struct report_journey *journey,
                          const struct report_branch *branch)
{
    struct object object = {json, FALSE};

    add_text(&object, "outcome", sstp_story_outcome_name(branch->outcome));
    add_text(&object, "reason", branch->reason);
    add_text(&object, "certainty", report_certainty_name(branch->certainty));
    add_text(&object, "identity_url", branch->identity_url);
    add_text(&object, "device_url", branch->device_url);
    add_text(&object, "relay_url", branch->relay_url);
    add_text(&object, "holder", branch->holder);
    if (branch->since_ns != 0)
        add_number(&object, "since_ns", branch->since_ns);
    if (branch->hop != REPORT_NONE && branch->hop >= journey->first_hop)
        add_number(&object, "last_hop", branch->hop - journey->first_hop);
    g_string_append_c(json, '}');
}

static void append_hops(GString *json, gconstpointer of, guint index)
{
    const struct report *report = of;
    const struct report_journey *journey =
        REPORT_AT(report->journeys, struct report_journey, index);

    g_string_append_c(json, '[');
    for (guint i = 0; i < journey->num_hops; i++) {
        g_string_append(json, i > 0 ? "," : "");
        append_hop(json, report, journey, journey->first_hop + i);
    }
    g_string_append_c(json, ']');
}

static void append_branches(GString *json, gconstpointer of, guint index)
{
    const struct report *report = of;
    const struct report_journey *journey =
        REPORT_AT(report->journeys, struct report_journey, index);

    g_string_append_c(json, '[');
    for (guint i = 0; i < journey->num_branches; i++) {
        g_string_append(json, i > 0 ? "," : "");
        append_branch(json, journey,
                      REPORT_AT(report->branches, struct report_branch, journey->first_branch + i));
    }
    g_string_append_c(json, ']');
}

/* "delivered", or several with commas. */
static const char *outcomes_text(struct record *record, guint32 outcomes)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < SSTP_STORY_OUTCOMES; i++)
        if ((outcomes & 1u << i) != 0)
            g_string_append_printf(text, "%s%s", text->len > 0 ? ", " : "",
                                   sstp_story_outcome_name((enum sstp_story_outcome)i));
    const char *kept = text->len > 0 ? record_print(record, "%s", text->str) : NULL;
    g_string_free(text, TRUE);
    return kept;
}

void rows_journey(const struct report *report, guint index, struct record *record)
{
    const struct report_journey *row = REPORT_AT(report->journeys, struct report_journey, index);
    const struct report_hop *first = REPORT_AT(report->hops, struct report_hop, row->first_hop);
    const struct report_message *message =
        first->message != REPORT_NONE
            ? REPORT_AT(report->messages, struct report_message, first->message)
            : NULL;
    const guint32 begin =
        message != NULL && message->begin_frame != 0 ? message->begin_frame : first->frame;

    record_begin(record, "journey");
    rows_add_place(report, record, report_frame(report, begin));
    rows_add_connection(
        record, REPORT_AT(report->connections, struct report_connection, first->connection));
    record_unsigned(record, "journey", index);
    record_text(record, "user_ref", message != NULL ? message->user_ref : NULL);
    if (message != NULL)
        record_unsigned(record, "length", message->length);
    else
        record_empty(record, "length");
    record_text(record, "sender", first->sender);
    record_word(record, "outcome", outcomes_text(record, row->outcomes));
    record_unsigned(record, "recipients", row->num_branches);
    record_signed(record, "last_t_ns", row->last_ns);
    record_signed(record, "duration_ns", row->last_ns - first->t_ns);
    record_nested(record, "hops", append_hops, report, index);
    record_nested(record, "branches", append_branches, report, index);
    record_word(record, "filter", rows_frames_filter(report, record, row));
}
