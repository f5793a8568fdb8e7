/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truth_event: what became of connections, sessions and messages; and faults. */
#include "record/truth_internal.h"

#include "relay/relay.h"
#include "store/store.h"

#define SESSION_CLOSED "session closed"
#define CONNECTION_CLOSED "connection closed"

static const char *const connection_ends[SSTP_EP_END_COUNT] = {
    [SSTP_EP_END_LOCAL] = "ConnectClose sent", [SSTP_EP_END_VIOLATION] = "violation",
    [SSTP_EP_END_REFUSED] = "refused",         [SSTP_EP_END_PEER] = "ConnectClose received",
    [SSTP_EP_END_TIMEOUT] = "timeout",         [SSTP_EP_END_TRANSPORT_LOST] = "transport lost",
    [SSTP_EP_END_NO_MEMORY] = "no memory",
};

static const char *const session_ends[SSTP_EP_SESSION_END_COUNT] = {
    [SSTP_EP_SESSION_END_HERE] = "Close sent",
    [SSTP_EP_SESSION_END_THERE] = "Close received",
    [SSTP_EP_SESSION_END_REFUSED] = "refused",
    [SSTP_EP_SESSION_END_CONNECTION] = CONNECTION_CLOSED,
};

static const char *const discard_reasons[SSTP_RELAY_DISCARD_COUNT] = {
    [SSTP_RELAY_DISCARD_TTL] = "TTL",
    [SSTP_RELAY_DISCARD_OFFLINE] = "DoNotDeliverIfOffline",
    [SSTP_RELAY_DISCARD_EXPIRED] = "expired",
    [SSTP_RELAY_DISCARD_QUOTA] = "quota",
    [SSTP_RELAY_DISCARD_FULL] = "store full",
    [SSTP_RELAY_DISCARD_RELAY] = "relay lost",
    [SSTP_RELAY_DISCARD_SESSION] = SESSION_CLOSED,
    [SSTP_RELAY_DISCARD_CONNECTION] = CONNECTION_CLOSED,
};

/* ------------------------------------------------------------------------
 * Notes
 */

static const char *const note_events[SSTP_EP_NOTE_COUNT] = {
    [SSTP_EP_NOTE_CONNECTION_STATE] = "connection-state",
    [SSTP_EP_NOTE_SESSION_STATE] = "session-state",
    [SSTP_EP_NOTE_SENT] = "message-sent",
    [SSTP_EP_NOTE_DELIVERED] = "message-delivered",
    [SSTP_EP_NOTE_ACKNOWLEDGED] = "message-acked",
    [SSTP_EP_NOTE_UNACKNOWLEDGED] = "message-unacknowledged",
    [SSTP_EP_NOTE_DISCARDED] = "message-discarded",
};

/* Whether what is noted began at this end. */
static bool is_ours(const struct sstp_ep_note *note)
{
    if (note->kind == SSTP_EP_NOTE_SESSION_STATE)
        return note->is_ours;
    return note->kind != SSTP_EP_NOTE_DELIVERED && note->kind != SSTP_EP_NOTE_DISCARDED;
}

static void add_connection(JsonBuilder *builder, const struct sstp_ep_note *note)
{
    truth_add_string(builder, "state", sstp_connection_state_name(note->connection_state));
    if (note->connection_state == SSTP_CONNECTION_CLOSED)
        truth_add_string(builder, "why", connection_ends[note->end]);
}

static void add_session(JsonBuilder *builder, const struct sstp_ep_note *note)
{
    truth_add_string(builder, "state", sstp_session_state_name(note->session_state));
    if (note->session_state == SSTP_SESSION_CLOSED)
        truth_add_string(builder, "why", session_ends[note->session_end]);
}

static void add_message(JsonBuilder *builder, const struct sstp_ep_note *note)
{
    truth_add_int(builder, "number", note->number);
    if (note->kind == SSTP_EP_NOTE_SENT)
        truth_add_int(builder, "ordinal", note->ordinal);
    if (note->kind == SSTP_EP_NOTE_SENT || note->kind == SSTP_EP_NOTE_DELIVERED)
        truth_add_int(builder, "length", note->len);
    if (note->kind == SSTP_EP_NOTE_ACKNOWLEDGED) {
        json_builder_set_member_name(builder, "given_up");
        json_builder_add_boolean_value(builder, note->is_given_up);
    }
    if (note->kind == SSTP_EP_NOTE_DISCARDED)
        truth_add_string(builder, "why", SESSION_CLOSED);
    if (note->kind == SSTP_EP_NOTE_UNACKNOWLEDGED)
        truth_add_string(builder, "why",
                         note->session_end == SSTP_EP_SESSION_END_CONNECTION ? CONNECTION_CLOSED
                                                                             : SESSION_CLOSED);
}

void truth_note(struct truth_stream *stream, bool at_initiator, const struct sstp_ep_note *note,
                uint64_t time_ns)
{
    const bool is_connection = note->kind == SSTP_EP_NOTE_CONNECTION_STATE;

    /* It follows a Connect, which need not have been sent from here. */
    if (is_connection && note->connection_state == SSTP_CONNECTION_CONNECTING)
        truth_begin_stream(stream);
    if (!stream->has_begun)
        return;
    JsonBuilder *builder = truth_begin(note_events[note->kind]);
    truth_add_end(builder, "at", at_initiator);
    if (is_connection) {
        add_connection(builder, note);
    } else {
        truth_add_end(builder, "from", is_ours(note) == at_initiator);
        truth_add_int(builder, "session", note->session_id);
        if (note->kind == SSTP_EP_NOTE_SESSION_STATE)
            add_session(builder, note);
        else
            add_message(builder, note);
    }
    truth_end(stream, TRUTH_OF_WHAT_PASSED, builder, time_ns);
}

/* ------------------------------------------------------------------------
 * Discarded by a relay
 */

static void add_origin(JsonBuilder *builder, const struct sstp_payload_origin *origin)
{
    const bool at_initiator = (origin->label & 1) != 0;
    truth_add_end(builder, "at", at_initiator);
    truth_add_end(builder, "from", !at_initiator);
    truth_add_int(builder, "session", origin->session_id);
    truth_add_int(builder, "number", origin->number);
    truth_add_int(builder, "length", origin->len);
}

void truth_discarded(struct truth *truth, const struct sstp_relay_discard *discard,
                     uint64_t time_ns)
{
    const struct sstp_payload_origin *origin = discard->origin;
    /* The numbers of another file say nothing in this one. */
    if (origin != NULL && origin->label >> 32 != truth->num_reopened)
        origin = NULL;
    const int stream = origin != NULL ? (int)((origin->label & UINT32_MAX) >> 1) : TRUTH_NO_STREAM;
    JsonBuilder *builder = truth_begin(note_events[SSTP_EP_NOTE_DISCARDED]);

    if (origin != NULL)
        add_origin(builder, origin);
    truth_add_string(builder, "why", discard_reasons[discard->reason]);
    if (discard->relay_url != NULL) {
        truth_add_string(builder, "relay_url", discard->relay_url);
    } else {
        truth_add_string(builder, "identity_url", discard->identity_url);
        truth_add_string(builder, "device_url", discard->device_url);
        truth_add_string(builder, "resource_url", discard->resource_url);
    }
    truth_end_at(truth, stream, TRUTH_OF_WHAT_PASSED, builder, time_ns);
}

/* ------------------------------------------------------------------------
 * Faults
 */

void truth_fault(struct truth *truth, struct truth_stream *stream, const char *kind,
                 const char *text, uint64_t time_ns)
{
    const int number = stream != NULL && stream->has_begun ? truth_number(stream) : TRUTH_NO_STREAM;
    JsonBuilder *builder = truth_begin("fault");
    truth_add_string(builder, "fault", kind);
    truth_add_string(builder, "text", text);
    truth_end_at(truth, number, TRUTH_OF_WHAT_PASSED, builder, time_ns);
}
