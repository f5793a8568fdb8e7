/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record/rows.h"

/* ------------------------------------------------------------------------
 * What many have
 */

static const char *from_name(gboolean from_initiator)
{
    return from_initiator ? "initiator" : "acceptor";
}

static const struct report_file *file_of(const struct report *report,
                                         const struct report_frame *frame)
{
    return REPORT_AT(report->files, struct report_file, frame->file);
}

void rows_add_place(const struct report *report, struct record *record,
                    const struct report_frame *frame)
{
    if (frame == NULL) {
        record_empty(record, "file");
        record_empty(record, "frame");
        record_empty(record, "t_ns");
        record_empty(record, "captured_ns");
        return;
    }
    record_text(record, "file", file_of(report, frame)->name);
    record_unsigned(record, "frame", frame->in_file);
    record_signed(record, "t_ns", frame->t_ns);
    record_signed(record, "captured_ns", frame->captured_ns);
}

static void add_end(struct record *record, const char *name, const char *port_name,
                    const struct report_connection *connection, guint side)
{
    const struct packet_end *end = &connection->ends[side];

    record_word(record, name, connection->address_texts[side]);
    if (end->family != 0 && end->port != 0)
        record_unsigned(record, port_name, end->port);
    else
        record_empty(record, port_name);
}

void rows_add_connection(struct record *record, const struct report_connection *connection)
{
    record_unsigned(record, "connection", connection->number);
    add_end(record, "initiator", "initiator_port", connection, 1);
    add_end(record, "acceptor", "acceptor_port", connection, 0);
    record_word(record, "community_id", connection->community_id);
}

const char *rows_connection_filter(struct record *record,
                                   const struct report_connection *connection)
{
    GString *filter = g_string_new("grvsstp");

    for (int i = 1; i >= 0; i--) {
        const struct packet_end *end = &connection->ends[i];
        const char *address = connection->address_texts[i];
        if (address != NULL)
            g_string_append_printf(filter, " && %s.addr == %s", end->family == 4 ? "ip" : "ipv6",
                                   address);
        if (address != NULL && end->port != 0)
            g_string_append_printf(filter, " && tcp.port == %u", end->port);
    }
    const char *text = record_print(record, "%s", filter->str);
    g_string_free(filter, TRUE);
    return text;
}

static void add_number_or_empty(struct record *record, const char *name, guint64 number,
                                gboolean is_known)
{
    if (is_known)
        record_unsigned(record, name, number);
    else
        record_empty(record, name);
}

/* A frame that may be in another file than the record's. */
static void add_other_frame(const struct report *report, struct record *record, const char *name,
                            const char *file_name, guint32 number)
{
    const struct report_frame *frame = number != 0 ? report_frame(report, number) : NULL;

    add_number_or_empty(record, name, frame != NULL ? frame->in_file : 0, frame != NULL);
    record_text(record, file_name, frame != NULL ? file_of(report, frame)->name : NULL);
}

static const struct report_connection *connection_at(const struct report *report, guint index)
{
    return REPORT_AT(report->connections, struct report_connection, index);
}

/* ------------------------------------------------------------------------
 * Points and connections
 */

void rows_point(const struct report *report, guint index, struct record *record)
{
    const struct report_point *point = REPORT_AT(report->points, struct report_point, index);
    guint num_files = 0;

    for (guint i = 0; i < report->files->len; i++)
        num_files += REPORT_AT(report->files, struct report_file, i)->point == index;
    record_begin(record, "point");
    record_unsigned(record, "point", index);
    record_text(record, "name", point->name);
    record_unsigned(record, "files", num_files);
    record_unsigned(record, "packets", point->num_packets);
    record_unsigned(record, "duplicates", point->num_duplicates);
    record_unsigned(record, "used", point->num_used);
    if (point->num_packets > 0) {
        record_signed(record, "first_captured_ns", point->first_ns);
        record_signed(record, "last_captured_ns", point->last_ns);
    } else {
        record_empty(record, "first_captured_ns");
        record_empty(record, "last_captured_ns");
    }
    if (!point->has_clock) {
        static const char *const none[] = {"offset_ns",      "offset_low_ns",    "offset_high_ns",
                                           "drift_ppm",      "drift_low_ppm",    "drift_high_ppm",
                                           "shared_packets", "relayed_messages", "clock_steps"};
        for (gsize i = 0; i < G_N_ELEMENTS(none); i++)
            record_empty(record, none[i]);
        return;
    }
    record_signed(record, "offset_ns", point->offset_ns);
    if (point->offset_low_ns != G_MININT64)
        record_signed(record, "offset_low_ns", point->offset_low_ns);
    else
        record_empty(record, "offset_low_ns");
    if (point->offset_high_ns != G_MAXINT64)
        record_signed(record, "offset_high_ns", point->offset_high_ns);
    else
        record_empty(record, "offset_high_ns");
    record_real(record, "drift_ppm", point->drift_ppm);
    record_real(record, "drift_low_ppm", point->drift_low_ppm);
    record_real(record, "drift_high_ppm", point->drift_high_ppm);
    record_unsigned(record, "shared_packets", point->num_anchors);
    record_unsigned(record, "relayed_messages", point->num_relayed);
    record_unsigned(record, "clock_steps", point->num_steps);
}

void rows_connection(const struct report *report, guint index, struct record *record)
{
    const struct report_connection *row = connection_at(report, index);

    record_begin(record, "connection");
    rows_add_place(report, record, report_frame(report, row->first_frame));
    rows_add_connection(record, row);
    record_signed(record, "last_t_ns", row->last_ns);
    record_signed(record, "duration_ns", row->last_ns - row->first_ns);
    record_word(record, "encapsulation", row->encapsulation);
    record_word(record, "version", row->version[0] != '\0' ? row->version : NULL);
    record_word(record, "state", row->state);
    record_text(record, "initiator_device", row->devices[1]);
    record_text(record, "acceptor_device", row->devices[0]);
    record_unsigned(record, "sessions", row->num_sessions);
    record_unsigned(record, "initiator_commands", row->num_commands[1]);
    record_unsigned(record, "acceptor_commands", row->num_commands[0]);
    record_unsigned(record, "initiator_messages", row->num_messages[1]);
    record_unsigned(record, "acceptor_messages", row->num_messages[0]);
    record_unsigned(record, "initiator_payload", row->payload[1]);
    record_unsigned(record, "acceptor_payload", row->payload[0]);
    record_unsigned(record, "initiator_unacknowledged", row->num_unacknowledged[1]);
    record_unsigned(record, "acceptor_unacknowledged", row->num_unacknowledged[0]);
    record_unsigned(record, "findings", row->num_findings);
    record_word(record, "filter", rows_connection_filter(record, row));
}

/* ------------------------------------------------------------------------
 * Sessions and messages
 */

void rows_session(const struct report *report, guint index, struct record *record)
{
    const struct report_session *row = REPORT_AT(report->sessions, struct report_session, index);
    const struct report_connection *connection = connection_at(report, row->connection);

    record_begin(record, "session");
    rows_add_place(report, record, report_frame(report, row->first_frame));
    rows_add_connection(record, connection);
    record_unsigned(record, "session", row->id);
    record_word(record, "kind", row->kind);
    record_word(record, "originator", row->originator >= 0 ? from_name(row->originator) : NULL);
    record_text(record, "resource_url", row->resource_url);
    record_text(record, "identity_url", row->identity_url);
    record_text(record, "target_device_url", row->target_device_url);
    record_word(record, "state", row->state);
    record_word(record, "end", row->end);
    add_other_frame(report, record, "open_frame", "open_file", row->open_frame);
    add_other_frame(report, record, "last_frame", "last_file", row->last_frame);
    record_unsigned(record, "commands", row->num_commands);
    record_unsigned(record, "messages", row->num_messages);
    record_unsigned(record, "payload", row->payload);
    record_unsigned(record, "blocked", row->num_blocked);
    add_number_or_empty(record, "destinations", row->num_destinations,
                        row->num_destinations != REPORT_NONE);
    add_number_or_empty(record, "active", row->num_active, row->num_active != REPORT_NONE);
    record_word(record, "filter",
                record_print(record, "%s && sstp.session_id == 0x%x",
                             rows_connection_filter(record, connection), row->id));
}

/* Hops of a journey whose frames are named. */
#define FILTERED_HOPS 24u

/* "frame.number in {3, 7}" of those of the frames that are in the first one's file. */
static const char *frames_filter(const struct report *report, struct record *record,
                                 const guint32 *numbers, guint num)
{
    GString *filter = g_string_new("frame.number in {");
    const struct report_frame *first = NULL;
    guint64 last = 0;

    for (guint i = 0; i < num; i++) {
        const struct report_frame *frame =
            numbers[i] != 0 ? report_frame(report, numbers[i]) : NULL;
        if (frame == NULL || (first != NULL && frame->file != first->file) ||
            frame->in_file == last)
            continue;
        g_string_append_printf(filter, "%s%" G_GUINT64_FORMAT, first != NULL ? ", " : "",
                               frame->in_file);
        first = first != NULL ? first : frame;
        last = frame->in_file;
    }
    g_string_append_c(filter, '}');
    const char *text = record_print(record, "%s", filter->str);
    g_string_free(filter, TRUE);
    return first != NULL ? text : NULL;
}

const char *rows_frames_filter(const struct report *report, struct record *record,
                               const struct report_journey *journey)
{
    guint32 numbers[3 * FILTERED_HOPS];
    guint num = 0;

    for (guint i = 0; i < journey->num_hops && i < FILTERED_HOPS; i++) {
        const struct report_hop *hop =
            REPORT_AT(report->hops, struct report_hop, journey->first_hop + i);
        const struct report_message *message =
            hop->message != REPORT_NONE
                ? REPORT_AT(report->messages, struct report_message, hop->message)
                : NULL;
        numbers[num++] = message != NULL ? message->begin_frame : 0;
        numbers[num++] = hop->frame;
        numbers[num++] = hop->acked_frame;
    }
    return frames_filter(report, record, numbers, num);
}

/* The recipients of a message, as lists beside each other: what a database of columns reads. */
static void append_recipients(GString *json, const struct report *report, guint index,
                              const char *(*text_of)(const struct report_recipient *recipient))
{
    const struct report_message *row = REPORT_AT(report->messages, struct report_message, index);

    g_string_append_c(json, '[');
    for (guint i = 0; i < row->num_recipients; i++) {
        const char *text = text_of(
            REPORT_AT(report->recipients, struct report_recipient, row->first_recipient + i));
        g_string_append(json, i > 0 ? "," : "");
        (void)record_json_string(json, text != NULL ? text : "");
    }
    g_string_append_c(json, ']');
}

static const char *identity_of(const struct report_recipient *recipient)
{
    return recipient->identity_url;
}

static const char *device_of(const struct report_recipient *recipient)
{
    return recipient->device_url;
}

static const char *relay_of(const struct report_recipient *recipient)
{
    return recipient->relay_url;
}

static const char *state_of(const struct report_recipient *recipient)
{
    return report_recipient_state_name(recipient->state);
}

static void append_identities(GString *json, gconstpointer report, guint index)
{
    append_recipients(json, report, index, identity_of);
}

static void append_devices(GString *json, gconstpointer report, guint index)
{
    append_recipients(json, report, index, device_of);
}

static void append_relays(GString *json, gconstpointer report, guint index)
{
    append_recipients(json, report, index, relay_of);
}

static void append_states(GString *json, gconstpointer report, guint index)
{
    append_recipients(json, report, index, state_of);
}

static void add_recipients(const struct report *report, guint index, struct record *record)
{
    static const struct {
        const char *name;
        record_append append;
    } lists[] = {{"recipient_identities", append_identities},
                 {"recipient_devices", append_devices},
                 {"recipient_relays", append_relays},
                 {"recipient_states", append_states}};
    const struct report_message *row = REPORT_AT(report->messages, struct report_message, index);

    for (gsize i = 0; i < G_N_ELEMENTS(lists); i++) {
        if (row->num_recipients > 0)
            record_nested(record, lists[i].name, lists[i].append, report, index);
        else
            record_empty(record, lists[i].name);
    }
}

/* What the message is on its way. */
static void add_leg(const struct report *report, guint index, struct record *record)
{
    const struct report_message *row = REPORT_AT(report->messages, struct report_message, index);
    const struct report_hop *hop =
        row->hop != REPORT_NONE ? REPORT_AT(report->hops, struct report_hop, row->hop) : NULL;

    /* A share does not see the journeys; of the hop it knows its leg. */
    const gboolean is_known = hop != NULL && report->share < 0;
    add_number_or_empty(record, "journey", is_known ? hop->journey : 0, is_known);
    add_number_or_empty(record, "hop", is_known ? hop->number : 0, is_known);
    record_word(record, "contents", row->contents);
    record_text(record, "sender", hop != NULL ? hop->sender : NULL);
    record_text(record, "receiver", hop != NULL ? hop->receiver : NULL);
    record_word(record, "passage", hop != NULL ? report_passage_name(hop->passage) : NULL);
    add_recipients(report, index, record);
}

void rows_message(const struct report *report, guint index, struct record *record)
{
    const struct report_message *row = REPORT_AT(report->messages, struct report_message, index);
    const struct report_connection *connection = connection_at(report, row->connection);
    const guint32 first = report_message_frame(row);
    const guint32 frames[] = {first, row->end_frame, row->acked_frame};
    const struct report_session *session =
        row->session != REPORT_NONE
            ? REPORT_AT(report->sessions, struct report_session, row->session)
            : NULL;

    record_begin(record, "message");
    rows_add_place(report, record, report_frame(report, first));
    rows_add_connection(record, connection);
    record_word(record, "from", from_name(row->from_initiator));
    record_unsigned(record, "ordinal", row->ordinal);
    add_number_or_empty(record, "session", session != NULL ? session->id : 0, session != NULL);
    record_text(record, "resource_url", session != NULL ? session->resource_url : NULL);
    record_text(record, "identity_url", session != NULL ? session->identity_url : NULL);
    add_number_or_empty(record, "number", row->number, row->number != 0);
    record_text(record, "user_ref", row->user_ref);
    record_unsigned(record, "length", row->length);
    record_word(record, "state", report_message_state_name(row->state));
    add_other_frame(report, record, "end_frame", "end_file", row->end_frame);
    add_other_frame(report, record, "acked_frame", "acked_file", row->acked_frame);
    if (row->has_ended)
        record_signed(record, "end_t_ns", row->end_ns);
    else
        record_empty(record, "end_t_ns");
    if (row->acked_frame != 0) {
        record_signed(record, "acked_t_ns", row->acked_ns);
        record_signed(record, "ack_delay_ns", row->acked_ns - row->end_ns);
    } else {
        record_empty(record, "acked_t_ns");
        record_empty(record, "ack_delay_ns");
    }
    add_leg(report, index, record);
    record_word(record, "filter", frames_filter(report, record, frames, G_N_ELEMENTS(frames)));
}

/* ------------------------------------------------------------------------
 * Findings and commands
 */

void rows_finding(const struct report *report, guint index, struct record *record)
{
    const struct report_finding *row = REPORT_AT(report->findings, struct report_finding, index);

    record_begin(record, "finding");
    rows_add_place(report, record, report_frame(report, row->frame));
    rows_add_connection(record, connection_at(report, row->connection));
    record_word(record, "finding", row->info->filter);
    record_word(record, "severity", report_severity_name(row->info->severity));
    record_word(record, "sentence", row->info->sentence);
    record_word(record, "section", row->info->section);
    record_word(record, "from", row->from_initiator >= 0 ? from_name(row->from_initiator) : NULL);
    record_word(record, "command", row->command);
    add_number_or_empty(record, "session", row->session_id, row->has_session);
    record_unsigned(record, "ordinal", row->ordinal);
    record_word(record, "filter", frames_filter(report, record, &row->frame, 1));
}

void rows_command(const struct report *report, const struct report_command *command,
                  struct record *record)
{
    record_begin(record, "command");
    rows_add_place(report, record, command->frame);
    rows_add_connection(record, command->connection);
    record_word(record, "from", from_name(command->from_initiator));
    record_unsigned(record, "ordinal", command->ordinal);
    record_word(record, "command", command->name);
    record_text(record, "detail", command->detail[0] != '\0' ? command->detail : NULL);
    record_unsigned(record, "length", command->length);
    add_number_or_empty(record, "session", command->session_id, command->has_session);
    add_number_or_empty(record, "message", command->message_number, command->message_number != 0);
    add_number_or_empty(record, "outstanding", command->outstanding, command->has_outstanding);
    add_number_or_empty(record, "covered", command->covered, command->has_covered);
    record_word(record, "connection_state", command->connection_state);
    record_word(record, "session_state", command->session_state);
    record_words(record, "findings", command->findings);
    record_word(
        record, "filter",
        record_print(record, "frame.number == %" G_GUINT64_FORMAT, command->frame->in_file));
}
