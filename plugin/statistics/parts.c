/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "statistics/parts.h"

#include <epan/to_str.h>

bool grvsstp_is_virtual(const struct grvsstp_connection *connection)
{
    switch (connection->encapsulation) {
    case GRVSSTP_ENCAP_LONGLIVED:
    case GRVSSTP_ENCAP_KEEPALIVE:
    case GRVSSTP_ENCAP_POLLING:
        return true;
    case GRVSSTP_ENCAP_TCP:
    case GRVSSTP_ENCAP_SSTP_443:
    case GRVSSTP_ENCAP_SECURE_TUNNEL:
    case GRVSSTP_ENCAP_SOCKS:
        return false;
    }
    return false;
}

const char *grvsstp_peer_text(const packet_info *pinfo, const struct grvsstp_tap *tap,
                              bool is_initiator)
{
    const bool is_sender = tap->from_initiator == is_initiator;
    const address *peer = is_sender ? grvsstp_own_source(pinfo) : grvsstp_own_target(pinfo);
    const uint32_t port = is_sender ? pinfo->srcport : pinfo->destport;
    const char *text = address_to_str(pinfo->pool, peer);

    if (is_initiator && grvsstp_is_virtual(tap->connection))
        return text;
    return wmem_strdup_printf(pinfo->pool, peer->type == AT_IPv6 ? "[%s]:%u" : "%s:%u", text, port);
}

uint32_t grvsstp_payload_len(const struct sstp_command *command)
{
    const uint32_t before = SSTP_HEADER_LEN + 4; /* SessionId */

    return command->id == SSTP_DATA && command->length > before ? command->length - before : 0;
}

const char *grvsstp_session_kind_name(enum sstp_session_kind kind)
{
    switch (kind) {
    case SSTP_SESSION_OF_MESSAGES:
        return "messages";
    case SSTP_SESSION_OF_FANOUT:
        return "fanout";
    case SSTP_SESSION_OF_ATTACH:
        return "attach";
    case SSTP_SESSION_OF_REGISTER:
        return "register";
    }
    return NULL;
}

bool grvsstp_session_end_text(char *text, size_t size, const struct sstp_command *command)
{
    const char *name = NULL;
    uint8_t value = 0;

    if (command->id == SSTP_CLOSE) {
        value = command->reason_id;
        name = sstp_close_reason_name(value);
    } else if (command->id == SSTP_OPEN_RESPONSE) {
        value = command->response_id;
        if (value == SSTP_OPEN_RESPONSE_OK || value == SSTP_OPEN_RESPONSE_START_SENDING ||
            value == SSTP_OPEN_RESPONSE_STOP_SENDING || value == SSTP_OPEN_RESPONSE_OK_STOP_SENDING)
            return false;
        name = sstp_open_response_name(value);
    } else if (command->id == SSTP_ATTACH_RESPONSE) {
        value = command->response_id;
        if (value == SSTP_ATTACH_RESPONSE_OK || value == SSTP_ATTACH_RESPONSE_AWAITING_REGISTER)
            return false;
        name = sstp_attach_response_name(value);
    } else {
        return false;
    }
    if (name != NULL)
        snprintf(text, size, "%s %s", sstp_command_info(command->id)->name, name);
    else
        snprintf(text, size, "%s 0x%02x", sstp_command_info(command->id)->name, value);
    return true;
}

bool grvsstp_session_index(const struct grvsstp_tap *tap,
                           const struct grvsstp_tapped_command *tapped, uint32_t *index)
{
    const struct sstp_observation *seen = &tapped->seen;

    if (!tapped->has_states || (!seen->has_message && !seen->has_session))
        return false;
    *index = seen->has_message ? sstp_observer_message(&tap->connection->states->observer,
                                                       tap->from_initiator, seen->message)
                                     .session
                               : seen->session;
    return true;
}

bool grvsstp_acknowledgement(const struct grvsstp_tap *tap,
                             const struct grvsstp_tapped_command *tapped,
                             struct sstp_observed_acknowledgement *acknowledgement)
{
    if (!tapped->has_states || !tapped->seen.has_acknowledgement)
        return false;
    *acknowledgement = sstp_observer_acknowledgement(
        &tap->connection->states->observer, tap->from_initiator, tapped->seen.acknowledgement);
    return true;
}

static void note_outstanding(struct grvsstp_outstanding *outstanding, bool direction, bool is_known,
                             uint32_t num)
{
    outstanding->is_known[direction] = is_known;
    outstanding->num[direction] = num;
}

void grvsstp_outstanding_note(struct grvsstp_outstanding *outstanding,
                              const struct grvsstp_tap *tap,
                              const struct grvsstp_tapped_command *tapped)
{
    const bool direction = tap->from_initiator;
    const struct sstp_observation *seen = &tapped->seen;
    struct sstp_observed_acknowledgement acknowledgement;

    if (!tapped->has_states)
        return;
    if (tapped->command.id == SSTP_CONNECT &&
        seen->connection_state == SSTP_CONNECTION_CONNECTING) {
        note_outstanding(outstanding, false, true, 0);
        note_outstanding(outstanding, true, true, 0);
    }
    if (grvsstp_acknowledgement(tap, tapped, &acknowledgement))
        note_outstanding(outstanding, !direction, true, acknowledgement.remaining);
    if (tapped->command.id == SSTP_END_MESSAGE)
        note_outstanding(outstanding, direction, seen->has_outstanding, seen->outstanding);
}

void grvsstp_plain_text(char *text, size_t size, const char *from_wire)
{
    static const char cut[] = "...";
    size_t len = 0;

    for (; from_wire[len] != '\0' && len < size - 1; len++)
        text[len] = g_ascii_isprint(from_wire[len]) && from_wire[len] != '|' ? from_wire[len] : '.';
    text[len] = '\0';
    if (from_wire[len] != '\0' && size > sizeof cut)
        memcpy(text + size - sizeof cut, cut, sizeof cut);
}

uint32_t grvsstp_ended_leg(const struct grvsstp_tap *tap,
                           const struct grvsstp_tapped_command *tapped)
{
    if (tapped->command.id != SSTP_END_MESSAGE || !tapped->has_states || !tapped->seen.has_message)
        return SSTP_STORY_NONE;
    return grvsstp_journeys_leg(tap->connection->states->journeys, tap->from_initiator,
                                tapped->seen.message);
}
