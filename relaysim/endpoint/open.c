/* SPDX-License-Identifier: GPL-2.0-or-later */
/* open: sessions from Open or FanoutOpen to the OpenResponse (GRVSSTP 3.1.4.3, 3.1.5.5-7,
 * 3.3.5.6). */
#include "endpoint/endpoint.h"
#include "endpoint/internal.h"

#include "base/url.h"

/* ------------------------------------------------------------------------
 * What the higher layer asks for
 */

static bool has_room(const struct sstp_ep *ep)
{
    return ep->num_sessions < ep->config.limits.max_sessions &&
           sstp_ep_output_len(ep) < ep->config.limits.max_queued;
}

/* Whether there is room is the caller's to look at. */
static enum sstp_ep_err open_session(struct sstp_ep *ep, struct sstp_command *command,
                                     uint32_t *session_id)
{
    if (ep->state != SSTP_CONNECTION_ESTABLISHED)
        return SSTP_EP_WRONG_STATE;
    const uint32_t id = sstp_ep_take_id(ep);
    struct sstp_ep_session *session = sstp_ep_add_session(ep, id, true);
    enum sstp_ep_err err = SSTP_EP_NO_MEMORY;
    if (session == NULL)
        return err;
    session->open_deadline_ms = ep->now_ms + ep->config.open_timeout_ms;
    if (command->id == SSTP_FANOUT_OPEN && !sstp_ep_keep_entries(ep, session, command))
        goto remove;
    command->session_id = id;
    err = sstp_ep_queue(ep, command);
    if (err != SSTP_EP_OK)
        goto remove;
    if (session->open_deadline_ms < ep->open_deadline_ms)
        ep->open_deadline_ms = session->open_deadline_ms;
    sstp_ep_note_session(ep, id, true, SSTP_SESSION_OPENING);
    *session_id = id;
    return SSTP_EP_OK;

remove:
    sstp_ep_remove_session(ep, id);
    return err;
}

static struct sstp_command open_command(const struct sstp_ep *ep, struct sstp_span resource_url,
                                        struct sstp_span identity_url, struct sstp_span device_url)
{
    /* Note <5>: relays alone set the I flag, where there is no DeviceURL. */
    const bool has_flag = ep->config.role == SSTP_EP_RELAY && device_url.len == 0;
    return (struct sstp_command){.id = SSTP_OPEN,
                                 .resource_url = resource_url,
                                 .identity_url = identity_url,
                                 .device_url = device_url,
                                 .flags = has_flag ? SSTP_OPEN_FLAG_IDENTITY_TARGETED : 0};
}

enum sstp_ep_err sstp_ep_open(struct sstp_ep *ep, struct sstp_span resource_url,
                              struct sstp_span identity_url, struct sstp_span device_url,
                              uint32_t *session_id)
{
    struct sstp_command command = open_command(ep, resource_url, identity_url, device_url);
    if (ep->state == SSTP_CONNECTION_ESTABLISHED && !has_room(ep))
        return SSTP_EP_FULL;
    return open_session(ep, &command, session_id);
}

enum sstp_ep_err sstp_ep_ask(struct sstp_ep *ep, struct sstp_span resource_url,
                             struct sstp_span identity_url, uint32_t *session_id)
{
    struct sstp_command command = open_command(ep, resource_url, identity_url, sstp_span(NULL, 0));
    return open_session(ep, &command, session_id);
}

enum sstp_ep_err sstp_ep_fanout_open(struct sstp_ep *ep, struct sstp_span resource_url,
                                     const struct sstp_fanout_entry *entries, size_t num_entries,
                                     uint32_t *session_id)
{
    const struct sstp_mem *mem = ep->config.mem;
    if (num_entries > UINT16_MAX)
        return SSTP_EP_TOO_LONG;
    if (ep->state == SSTP_CONNECTION_ESTABLISHED && !has_room(ep))
        return SSTP_EP_FULL;
    uint8_t *buffer = mem->resize(mem->cookie, NULL, SSTP_COMMAND_LEN_MAX);
    if (buffer == NULL)
        return SSTP_EP_NO_MEMORY;
    struct sstp_writer w = sstp_writer(buffer, SSTP_COMMAND_LEN_MAX);
    /* Note <6>, as with Open; one flag for all, where any entry has no DeviceURL. */
    bool has_flag = false;
    for (size_t i = 0; i < num_entries; i++) {
        sstp_fanout_entry_write(&w, &entries[i], ep->version);
        has_flag = has_flag || (ep->config.role == SSTP_EP_RELAY && entries[i].device_url.len == 0);
    }
    enum sstp_ep_err err = SSTP_EP_TOO_LONG;
    if (!w.failed) {
        struct sstp_command command = {
            .id = SSTP_FANOUT_OPEN,
            .form = ep->version,
            .resource_url = resource_url,
            .flags = has_flag ? SSTP_OPEN_FLAG_IDENTITY_TARGETED : 0,
            .fanout_entries = {(uint16_t)num_entries, sstp_writer_span(&w)}};
        err = open_session(ep, &command, session_id);
    }
    mem->resize(mem->cookie, buffer, 0);
    return err;
}

/* ------------------------------------------------------------------------
 * The peer opens
 */

/* Whether the peer may open a session of this id; if not, it has been told. */
static bool check_new_id(struct sstp_ep *ep, uint32_t id)
{
    if (sstp_ep_id_is_in_use(ep, id)) {
        sstp_ep_refuse(ep, SSTP_CONNECT_CLOSE_TOO_MANY_UNKNOWN_SESSION_CMDS);
        return false;
    }
    if (!sstp_ep_id_is_peers(ep, id)) {
        sstp_ep_refuse(ep, SSTP_CONNECT_CLOSE_PROTOCOL_ERROR);
        return false;
    }
    sstp_ep_forget_closed_id(ep, id);
    return true;
}

/* Answers and, unless that refuses the session, tells of it. */
static void answer_open(struct sstp_ep *ep, const struct sstp_command *command, uint8_t response_id)
{
    const uint32_t id = command->session_id;
    struct sstp_ep_session *session = sstp_ep_find_session(ep, id);
    const bool is_open =
        response_id == SSTP_OPEN_RESPONSE_OK || response_id == SSTP_OPEN_RESPONSE_OK_STOP_SENDING;

    if (session == NULL || ep->state != SSTP_CONNECTION_ESTABLISHED)
        return; /* the callback closed it */
    if (!sstp_ep_answer(ep, &(struct sstp_command){.id = SSTP_OPEN_RESPONSE,
                                                   .session_id = id,
                                                   .response_id = response_id}))
        return;
    if (!is_open) {
        sstp_ep_remove_session(ep, id);
        sstp_ep_note_session_end(ep, id, false, SSTP_EP_SESSION_END_REFUSED);
        return;
    }
    sstp_ep_set_session_state(ep, session,
                              response_id == SSTP_OPEN_RESPONSE_OK ? SSTP_SESSION_READY
                                                                   : SSTP_SESSION_SUSPENDED);
    session->receiver = SSTP_RECEIVER_WAITING;
    sstp_ep_raise(ep, &(struct sstp_ep_event){.kind = SSTP_EP_EVENT_OPENED,
                                              .command = command,
                                              .session_id = id,
                                              .session_state = session->state});
}

/* A new session of the peer's, or NULL: too many, or no memory. */
static struct sstp_ep_session *take_session(struct sstp_ep *ep, uint32_t id)
{
    if (ep->num_sessions < ep->config.limits.max_sessions)
        return sstp_ep_add_session(ep, id, false);
    SSTP_EP_LIMITED(ep, SSTP_EP_LIMIT_SESSIONS);
    return NULL;
}

/* A session that there is no room for ends as one whose handler failed. */
static void refuse_session(struct sstp_ep *ep, uint32_t id)
{
    if (sstp_ep_answer(ep, &(struct sstp_command){.id = SSTP_OPEN_RESPONSE,
                                                  .session_id = id,
                                                  .response_id = SSTP_OPEN_RESPONSE_UNKNOWN}))
        sstp_ep_note_session_end(ep, id, false, SSTP_EP_SESSION_END_REFUSED);
}

void sstp_ep_on_open(struct sstp_ep *ep, const struct sstp_command *command)
{
    /* Indexed by enum sstp_availability (GRVSSTP 3.1.5.5). */
    static const uint8_t responses[SSTP_AVAILABILITY_COUNT] = {
        [SSTP_HANDLER_NOT_READY] = SSTP_OPEN_RESPONSE_OK_STOP_SENDING,
        [SSTP_HANDLER_READY] = SSTP_OPEN_RESPONSE_OK,
        [SSTP_HANDLER_FAULT] = SSTP_OPEN_RESPONSE_UNKNOWN};
    enum sstp_availability availability = SSTP_HANDLER_NOT_READY;

    /* GRVSSTP 2.2.5.1: empty only where presence is concerned. */
    if (command->resource_url.len == 0 ||
        (command->identity_url.len == 0 && !sstp_resource_is_presence(command->resource_url))) {
        sstp_ep_refuse(ep, SSTP_CONNECT_CLOSE_PROTOCOL_ERROR);
        return;
    }
    if (!check_new_id(ep, command->session_id))
        return;
    sstp_ep_note_session(ep, command->session_id, false, SSTP_SESSION_OPENING);
    if (take_session(ep, command->session_id) == NULL) {
        refuse_session(ep, command->session_id);
        return;
    }
    sstp_ep_raise(ep, &(struct sstp_ep_event){.kind = SSTP_EP_EVENT_OPEN,
                                              .command = command,
                                              .session_id = command->session_id,
                                              .availability = &availability});
    answer_open(ep, command, responses[availability]);
}

static bool is_local_relay(const struct sstp_ep *ep, struct sstp_span relay_url)
{
    if (relay_url.len == 0)
        return true;
    for (size_t i = 0; i < ep->config.num_device_urls; i++)
        if (sstp_span_is_equal(relay_url, sstp_span_of_string(ep->config.device_urls[i])))
            return true;
    return false;
}

/* The OpenResponse that a FanoutOpen with destinations earns (GRVSSTP 3.3.5.6,
 * in its order). */
static uint8_t check_fanout(const struct sstp_ep *ep, const struct sstp_command *command)
{
    bool has_local = false, has_remote = false, are_valid = true;
    struct sstp_reader r = sstp_reader(command->fanout_entries.bytes);
    for (unsigned i = 0; i < command->fanout_entries.count; i++) {
        const struct sstp_fanout_entry entry = sstp_fanout_entry_read(&r, command->form);
        const bool is_local = is_local_relay(ep, entry.relay_url);
        has_local = has_local || is_local;
        has_remote = has_remote || !is_local;
        are_valid = are_valid && sstp_url_is_identity(entry.identity_url) &&
                    (entry.device_url.len == 0 || sstp_url_is_device(entry.device_url)) &&
                    (entry.relay_url.len == 0 || sstp_url_is_relay(entry.relay_url));
    }
    if (has_local && !ep->config.supports_multi_drop)
        return SSTP_OPEN_RESPONSE_NO_FANOUT_ENTRIES;
    if (has_remote && !ep->config.supports_single_hop)
        return SSTP_OPEN_RESPONSE_FANOUT_NOT_SUPPORTED;
    if (sstp_resource_is_presence(command->resource_url))
        return SSTP_OPEN_RESPONSE_NO_RESOURCE;
    if (!are_valid)
        return SSTP_OPEN_RESPONSE_UNKNOWN;
    return SSTP_OPEN_RESPONSE_OK_STOP_SENDING;
}

/* Ok, and the Close tells that its state is gone (SPECIFICATION.md). */
static void answer_empty_fanout(struct sstp_ep *ep, uint32_t id)
{
    if (!sstp_ep_answer(ep, &(struct sstp_command){.id = SSTP_OPEN_RESPONSE,
                                                   .session_id = id,
                                                   .response_id = SSTP_OPEN_RESPONSE_OK}))
        return;
    sstp_ep_note_session(ep, id, false, SSTP_SESSION_READY);
    if (!sstp_ep_answer(ep, &(struct sstp_command){.id = SSTP_CLOSE,
                                                   .session_id = id,
                                                   .reason_id = SSTP_CLOSE_EMPTY_SESSION}))
        return;
    sstp_ep_note_session_end(ep, id, false, SSTP_EP_SESSION_END_HERE);
    sstp_ep_note_closed_id(ep, id);
}

void sstp_ep_on_fanout_open(struct sstp_ep *ep, const struct sstp_command *command)
{
    const uint32_t id = command->session_id;

    if (command->resource_url.len == 0) {
        sstp_ep_refuse(ep, SSTP_CONNECT_CLOSE_PROTOCOL_ERROR);
        return;
    }
    if (!check_new_id(ep, id))
        return;
    sstp_ep_note_session(ep, id, false, SSTP_SESSION_OPENING);
    if (command->fanout_entries.count == 0) {
        answer_empty_fanout(ep, id);
        return;
    }
    if (command->fanout_entries.count > ep->config.limits.max_fanout_entries) {
        SSTP_EP_LIMITED(ep, SSTP_EP_LIMIT_FANOUT_ENTRIES);
        refuse_session(ep, id);
        return;
    }
    struct sstp_ep_session *session = take_session(ep, id);
    if (session == NULL) {
        refuse_session(ep, id);
        return;
    }
    if (!sstp_ep_keep_entries(ep, session, command)) {
        sstp_ep_remove_session(ep, id);
        refuse_session(ep, id);
        return;
    }
    const uint8_t response_id = check_fanout(ep, command);
    if (response_id == SSTP_OPEN_RESPONSE_OK_STOP_SENDING)
        sstp_ep_raise(ep, &(struct sstp_ep_event){.kind = SSTP_EP_EVENT_FANOUT_OPEN,
                                                  .command = command,
                                                  .session_id = id});
    answer_open(ep, command, response_id);
}

void sstp_ep_on_open_response(struct sstp_ep *ep, const struct sstp_command *command)
{
    const uint32_t id = command->session_id;
    struct sstp_ep_session *session = sstp_ep_find_session(ep, id);
    struct sstp_ep_event event = {
        .command = command, .session_id = id, .response_id = command->response_id};

    if (session == NULL) {
        if (!sstp_ep_is_closed_id(ep, id))
            sstp_ep_refuse(ep, SSTP_CONNECT_CLOSE_TOO_MANY_UNKNOWN_SESSION_CMDS);
        return;
    }
    if (!session->is_ours) {
        sstp_ep_refuse(ep, SSTP_CONNECT_CLOSE_PROTOCOL_ERROR);
        return;
    }
    enum sstp_session_state next;
    if (!sstp_session_transition(session->state, command->response_id, &next)) {
        sstp_ep_refuse(ep, SSTP_CONNECT_CLOSE_PROTOCOL_ERROR);
        return;
    }
    if (next == session->state)
        return;
    if (next == SSTP_SESSION_CLOSED) {
        sstp_ep_remove_session(ep, id);
        sstp_ep_note_session_end(ep, id, true, SSTP_EP_SESSION_END_REFUSED);
        event.kind = SSTP_EP_EVENT_SESSION_CLOSED;
        event.is_open_refused = true;
        sstp_ep_raise(ep, &event);
        return;
    }
    sstp_ep_count_answered(ep, session);
    sstp_ep_set_session_state(ep, session, next);
    event.kind = SSTP_EP_EVENT_SESSION_STATE;
    event.session_state = session->state;
    sstp_ep_raise(ep, &event);
}
