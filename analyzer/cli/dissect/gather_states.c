/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissect/gathering.h"
#include "statistics/parts.h"

/* The row of a thing that has an index in its connection's observer; a new one where there is
 * none yet.  REPORT_NONE: the table is full. */
static guint32 row_of(struct gather *gather, GHashTable *known, GArray *table, guint max,
                      guint64 key, bool *is_new)
{
    const gint64 sought = (gint64)key;
    const guint found = GPOINTER_TO_UINT(g_hash_table_lookup(known, &sought));

    *is_new = false;
    if (found != 0)
        return found - 1;
    if (report_add(gather->report, table, max) == NULL)
        return REPORT_NONE;
    *is_new = true;
    gint64 *kept = g_new(gint64, 1);
    *kept = sought;
    g_hash_table_insert(known, kept, GUINT_TO_POINTER(table->len));
    return table->len - 1;
}

/* ------------------------------------------------------------------------
 * Sessions
 */

/* Whether the command did nothing, being against the rules. */
static bool is_rejected(const struct sstp_observation *seen)
{
    return (seen->findings & (SSTP_OBSERVED(SSTP_FINDING_UNEXPECTED_COMMAND) |
                              SSTP_OBSERVED(SSTP_FINDING_WRONG_ROLE))) != 0;
}

static void note_end(struct gather *gather, struct report_session *row,
                     const struct sstp_command *command)
{
    char text[64];

    if (grvsstp_session_end_text(text, sizeof text, command))
        row->end = report_string(gather->report, text, strlen(text));
}

static void note_open(struct gather *gather, struct report_session *row,
                      const struct sstp_command *command)
{
    struct report *report = gather->report;

    if (command->id != SSTP_OPEN && command->id != SSTP_FANOUT_OPEN && command->id != SSTP_ATTACH &&
        command->id != SSTP_REGISTER)
        return;
    row->identity_url =
        report_string(report, command->identity_url.data, command->identity_url.len);
    row->target_device_url =
        report_string(report, command->target_device_url.data, command->target_device_url.len);
    if (command->id == SSTP_FANOUT_OPEN)
        row->num_destinations = command->fanout_entries.count;
}

static void show_session(struct gather *gather, struct report_session *row,
                         const struct sstp_observed_session *session)
{
    const bool is_guess = session->kind == SSTP_SESSION_OF_MESSAGES && session->open_frame == 0;

    row->id = session->id;
    row->originator = session->originator;
    row->open_frame = session->open_frame;
    if (!is_guess)
        row->kind = grvsstp_session_kind_name(session->kind);
    if (row->resource_url == NULL && session->resource_url != NULL)
        row->resource_url =
            report_string(gather->report, session->resource_url, strlen(session->resource_url));
}

static guint32 note_session(struct gather *gather, const struct gathered *gathered,
                            const struct sstp_command *command, guint32 payload_len,
                            const struct sstp_observation *seen, guint32 index)
{
    const struct sstp_observer *observer = &gathered->connection->states->observer;
    struct report *report = gather->report;
    bool is_new;
    const guint32 at = row_of(gather, gather->sessions, report->sessions, REPORT_SESSIONS_MAX,
                              (guint64)gathered->index << 32 | index, &is_new);

    if (at == REPORT_NONE)
        return at;
    struct report_session *row = REPORT_AT(report->sessions, struct report_session, at);
    if (is_new) {
        row->connection = gathered->index;
        row->made = gather->made_late | gathered->frame;
        row->first_frame = gathered->frame;
        row->num_destinations = row->num_active = REPORT_NONE;
        REPORT_AT(report->connections, struct report_connection, gathered->index)->num_sessions++;
    }
    row->first_frame = MIN(row->first_frame, gathered->frame);
    row->last_frame = MAX(row->last_frame, gathered->frame);
    row->num_commands++;
    row->num_messages += command->id == SSTP_END_MESSAGE;
    row->payload += payload_len;
    row->num_blocked += command->id == SSTP_OPEN_RESPONSE && !is_rejected(seen) &&
                        (command->response_id == SSTP_OPEN_RESPONSE_STOP_SENDING ||
                         command->response_id == SSTP_OPEN_RESPONSE_OK_STOP_SENDING);
    if (seen->has_active)
        row->num_active = seen->active;
    show_session(gather, row, sstp_observer_session(observer, index));
    note_open(gather, row, command);
    if (!is_rejected(seen))
        note_end(gather, row, command);
    row->state = sstp_session_state_name(seen->session_state);
    return at;
}

/* ------------------------------------------------------------------------
 * Messages
 */

static void note_message(struct gather *gather, const struct gathered *gathered,
                         const struct sstp_command *command, guint32 payload_len, guint32 session,
                         const struct sstp_observation *seen)
{
    const struct sstp_observer *observer = &gathered->connection->states->observer;
    struct report *report = gather->report;
    bool is_new;
    const guint32 at = row_of(
        gather, gather->messages, report->messages, REPORT_MESSAGES_MAX,
        (guint64)(gathered->index << 1 | gathered->from_initiator) << 32 | seen->message, &is_new);

    if (at == REPORT_NONE)
        return;
    struct report_message *row = REPORT_AT(report->messages, struct report_message, at);
    if (is_new) {
        row->connection = gathered->index;
        row->session = session;
        row->from_initiator = gathered->from_initiator;
        row->state = REPORT_MESSAGE_INCOMPLETE;
        row->ordinal = gathered->ordinal;
        row->hop = row->leg = REPORT_NONE;
        row->observed = seen->message;
        row->made = gather->made_late | gathered->frame;
        row->number =
            sstp_observer_message(observer, gathered->from_initiator, seen->message).number;
    }
    row->length += payload_len;
    if (command->id == SSTP_MESSAGE) {
        row->begin_frame = gathered->frame;
        row->begin_ns = gathered->t_ns;
        row->user_ref = report_string(report, command->user_ref.data, command->user_ref.len);
    }
    if (command->id == SSTP_END_MESSAGE) {
        row->end_frame = gathered->frame;
        row->end_ns = gathered->t_ns;
        row->has_ended = TRUE;
        row->state = REPORT_MESSAGE_UNKNOWN;
        if (seen->has_entry) {
            const struct gathered_entry entry = {*gathered, at, seen->entry};
            g_array_append_val(gather->entries, entry);
        }
    }
}

void gather_observed(struct gather *gather, const struct gathered *gathered,
                     const struct sstp_command *command, guint32 payload_len,
                     const struct sstp_observation *seen)
{
    const struct sstp_observer *observer = &gathered->connection->states->observer;
    guint32 session = REPORT_NONE;

    if (seen->has_message || seen->has_session) {
        const guint32 index =
            seen->has_message
                ? sstp_observer_message(observer, gathered->from_initiator, seen->message).session
                : seen->session;
        session = note_session(gather, gathered, command, payload_len, seen, index);
    }
    if (seen->has_message)
        note_message(gather, gathered, command, payload_len, session, seen);
    gather_state_findings(gather, gathered, seen->findings, command);
    if (gather->carry != NULL && command->id == SSTP_CONNECT)
        gather_open_finding(gather, gathered, command);
}
