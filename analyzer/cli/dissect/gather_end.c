/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissect/gather.h"

#include "core/decode.h"
#include "core/encode.h"
#include "dissect/gathering.h"
#include "http/virtual_connection.h"
#include "record/sort.h"
#include "statistics/parts.h"

/* ------------------------------------------------------------------------
 * What had to wait
 */

void gather_wait(struct gather *gather, const struct gathered *gathered,
                 const struct grvsstp_tapped_command *tapped)
{
    struct sstp_command command = tapped->command;
    uint8_t bytes[SSTP_COMMAND_LEN_MAX];

    if (gather->waiting->len >= GATHER_WAITING_MAX) {
        gather->report->num_left_out++;
        return;
    }
    command.data = sstp_span(NULL, 0);
    const size_t len = sstp_command_encode(&command, bytes, sizeof bytes);
    if (len == 0) /* it breaks rules of its own; what it says is not to be had again */
        return;
    const struct gathered_waiting waiting = {
        .gathered = *gathered,
        .ordinal = tapped->ordinal,
        .payload_len = grvsstp_payload_len(&tapped->command),
        .bytes = g_bytes_new(bytes, len),
        .form = command.form,
    };
    g_array_append_val(gather->waiting, waiting);
}

/* What the journal says of it by now. */
static bool find_observation(const struct gathered_waiting *waiting, struct sstp_observation *seen)
{
    const struct gathered *gathered = &waiting->gathered;
    struct sstp_journal *journal =
        &gathered->connection->states->journals[gathered->from_initiator];
    struct sstp_journal_cursor cursor = sstp_journal_find(journal, gathered->frame, gathered->key);

    for (uint32_t i = 0; i <= waiting->ordinal; i++)
        if (!sstp_journal_next(journal, &cursor, seen))
            return false;
    return true;
}

static void take_waiting(struct gather *gather, struct gathered_waiting *waiting)
{
    struct sstp_observation seen;
    struct sstp_command command;
    gsize len;
    const void *bytes = g_bytes_get_data(waiting->bytes, &len);

    if (find_observation(waiting, &seen)) {
        (void)sstp_command_decode(sstp_span(bytes, len), waiting->form, NULL, &command);
        waiting->gathered.row = REPORT_AT(gather->report->connections, struct report_connection,
                                          waiting->gathered.index);
        gather_observed(gather, &waiting->gathered, &command, waiting->payload_len, &seen);
    }
    g_bytes_unref(waiting->bytes);
}

/* ------------------------------------------------------------------------
 * Who acknowledged what
 */

static void settle_entry(struct gather *gather, struct gathered_entry *entry)
{
    struct gathered *gathered = &entry->gathered;
    const struct sstp_observer *observer = &gathered->connection->states->observer;
    struct report *report = gather->report;
    struct report_message *row = REPORT_AT(report->messages, struct report_message, entry->message);
    struct sstp_observed_acknowledgement by;

    if (sstp_observer_acknowledged_by(observer, gathered->from_initiator, entry->entry, &by)) {
        row->acked_frame = by.frame;
        row->acked_ns = by.time_ns;
        row->state = REPORT_MESSAGE_ACKNOWLEDGED;
    } else if (sstp_observer_is_outstanding(observer, gathered->from_initiator, entry->entry)) {
        row->state = REPORT_MESSAGE_OUTSTANDING;
        REPORT_AT(report->connections, struct report_connection, gathered->index)
            ->num_unacknowledged[gathered->from_initiator]++;
        if (row->session != REPORT_NONE)
            gathered->session_id =
                REPORT_AT(report->sessions, struct report_session, row->session)->id;
        if (observer->has_ended)
            gather_unacknowledged(gather, gathered);
    }
}

/* ------------------------------------------------------------------------
 * Findings and states
 */

/* Takes out what was claimed of somebody's silence who, as is known by now, may have been heard
 * by nobody. */
static void settle_claims(struct gather *gather)
{
    GArray *findings = gather->report->findings;
    guint next = 0, kept = 0;

    for (guint i = 0; i < findings->len; i++) {
        const struct report_finding *finding = REPORT_AT(findings, struct report_finding, i);
        bool is_kept = true;
        if (next < gather->claims->len && g_array_index(gather->claims, guint, next) == i) {
            const guint32 bit = SSTP_OBSERVED((unsigned)(finding->info - sstp_finding_infos));
            next++;
            is_kept = grvsstp_states_claims(gather_connection(gather, finding->connection),
                                            finding->frame, true, bit) != 0;
        }
        if (is_kept)
            *REPORT_AT(findings, struct report_finding, kept++) = *finding;
    }
    g_array_set_size(findings, kept);
}

static void settle_connections(struct gather *gather)
{
    for (guint i = 0; i < gather->connections->len; i++) {
        const struct gathered_connection *known =
            REPORT_AT(gather->connections, struct gathered_connection, i);
        if (known->connection == NULL)
            continue;
        struct report_connection *row =
            REPORT_AT(gather->report->connections, struct report_connection, known->index);
        if (known->connection->states != NULL)
            row->state = sstp_connection_state_name(known->connection->states->observer.state);
        if (known->virtual_connection != NULL)
            gather_missing_half(gather, known->index, known->virtual_connection);
    }
}

void gather_finish(struct gather *gather)
{
    struct report *report = gather->report;

    gather->made_late = REPORT_MADE_LATE;
    for (guint i = 0; i < gather->waiting->len; i++)
        take_waiting(gather, REPORT_AT(gather->waiting, struct gathered_waiting, i));
    g_array_set_size(gather->waiting, 0);
    for (guint i = 0; i < gather->entries->len; i++)
        settle_entry(gather, REPORT_AT(gather->entries, struct gathered_entry, i));
    settle_claims(gather);
    settle_connections(gather);
    report_sort_findings(report);
    gather_legs(gather);
    report_sort_messages(report);
    if (gather->carry == NULL)
        gather_journeys(gather);
    for (guint i = 0; i < report->findings->len; i++)
        REPORT_AT(report->connections, struct report_connection,
                  REPORT_AT(report->findings, struct report_finding, i)->connection)
            ->num_findings++;
}
