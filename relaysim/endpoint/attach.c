/* SPDX-License-Identifier: GPL-2.0-or-later */
/* attach: attach and register sessions (GRVSSTP 3.2.4.1, 3.2.5.15,
 * 3.2.5.18, 3.3.5.14-17).  Their tokens are opaque here. */
#include "endpoint/endpoint.h"
#include "endpoint/internal.h"

/* ------------------------------------------------------------------------
 * Client
 */

/* Sends the command that begins an attach or register session. */
static enum sstp_ep_err begin_attach(struct sstp_ep *ep, struct sstp_command *command,
                                     bool is_attach, uint32_t *event_id)
{
    if (ep->state != SSTP_CONNECTION_ESTABLISHED || ep->config.role != SSTP_EP_CLIENT ||
        !ep->config.is_originator)
        return SSTP_EP_WRONG_STATE;
    command->session_id = sstp_ep_take_id(ep);
    enum sstp_ep_err err = sstp_ep_add_attach(ep, command->session_id, is_attach);
    if (err != SSTP_EP_OK)
        return err;
    err = sstp_ep_queue(ep, command);
    if (err != SSTP_EP_OK) {
        (void)sstp_ep_remove_attach(ep, command->session_id);
        return err;
    }
    *event_id = command->session_id;
    sstp_ep_await_response(ep, command->session_id, true);
    return SSTP_EP_OK;
}

/* Sends a command of an attach or register session that there is. */
static enum sstp_ep_err go_on(struct sstp_ep *ep, const struct sstp_command *command)
{
    if (ep->state != SSTP_CONNECTION_ESTABLISHED)
        return SSTP_EP_WRONG_STATE;
    if (sstp_ep_find_attach(ep, command->session_id) == NULL)
        return SSTP_EP_NO_SESSION;
    return sstp_ep_queue(ep, command);
}

enum sstp_ep_err sstp_ep_attach(struct sstp_ep *ep, struct sstp_span relay_url,
                                struct sstp_span account_url, struct sstp_span token,
                                uint32_t *event_id)
{
    struct sstp_command command = {
        .id = SSTP_ATTACH, .resource_url = relay_url, .account_url = account_url, .token = token};
    return begin_attach(ep, &command, true, event_id);
}

enum sstp_ep_err sstp_ep_register_new(struct sstp_ep *ep, struct sstp_span token,
                                      uint32_t *event_id)
{
    struct sstp_command command = {.id = SSTP_REGISTER, .token = token};
    return begin_attach(ep, &command, false, event_id);
}

enum sstp_ep_err sstp_ep_register(struct sstp_ep *ep, uint32_t event_id, struct sstp_span token)
{
    const enum sstp_ep_err err = go_on(
        ep, &(struct sstp_command){.id = SSTP_REGISTER, .session_id = event_id, .token = token});
    if (err == SSTP_EP_OK)
        sstp_ep_await_response(ep, event_id, true);
    return err;
}

enum sstp_ep_err sstp_ep_attach_authenticate(struct sstp_ep *ep, uint32_t event_id,
                                             struct sstp_span token)
{
    return go_on(ep, &(struct sstp_command){
                         .id = SSTP_ATTACH_AUTHENTICATE, .session_id = event_id, .token = token});
}

/* A response to an attach session of ours; one that is not is a violation, unless it was
 * closed from here. */
static void on_response(struct sstp_ep *ep, const struct sstp_command *command,
                        enum sstp_ep_event_kind kind, bool is_for_attach_alone)
{
    const struct sstp_ep_attach_session *attach = sstp_ep_find_attach(ep, command->session_id);
    if (attach == NULL && sstp_ep_is_closed_id(ep, command->session_id))
        return;
    if (attach == NULL || (is_for_attach_alone && !attach->is_attach)) {
        sstp_ep_refuse(ep, SSTP_CONNECT_CLOSE_PROTOCOL_ERROR);
        return;
    }
    sstp_ep_await_response(ep, command->session_id, false);
    sstp_ep_raise(ep, &(struct sstp_ep_event){.kind = kind,
                                              .command = command,
                                              .session_id = command->session_id,
                                              .is_attach_session = attach->is_attach,
                                              .response_id = command->response_id});
}

void sstp_ep_on_attach_response(struct sstp_ep *ep, const struct sstp_command *command)
{
    on_response(ep, command, SSTP_EP_EVENT_ATTACH_RESPONSE, true);
}

void sstp_ep_on_register_response(struct sstp_ep *ep, const struct sstp_command *command)
{
    on_response(ep, command, SSTP_EP_EVENT_REGISTER_RESPONSE, false);
}

/* ------------------------------------------------------------------------
 * Relay
 */

enum sstp_ep_err sstp_ep_attach_response(struct sstp_ep *ep, uint32_t event_id, uint8_t response_id,
                                         struct sstp_span token)
{
    return go_on(ep, &(struct sstp_command){.id = SSTP_ATTACH_RESPONSE,
                                            .session_id = event_id,
                                            .response_id = response_id,
                                            .token = token});
}

enum sstp_ep_err sstp_ep_register_response(struct sstp_ep *ep, uint32_t event_id,
                                           struct sstp_span token)
{
    return go_on(ep, &(struct sstp_command){
                         .id = SSTP_REGISTER_RESPONSE, .session_id = event_id, .token = token});
}

static void tell(struct sstp_ep *ep, const struct sstp_command *command,
                 enum sstp_ep_event_kind kind, bool is_attach_session)
{
    sstp_ep_raise(ep, &(struct sstp_ep_event){.kind = kind,
                                              .command = command,
                                              .session_id = command->session_id,
                                              .is_attach_session = is_attach_session});
}

/* Enters the peer's new attach session.  One that there is no room for is closed at once, and
 * one whose id cannot be costs the connection: false for both. */
static bool accept_attach(struct sstp_ep *ep, uint32_t event_id, bool is_attach)
{
    if (!sstp_ep_id_is_peers(ep, event_id)) {
        sstp_ep_refuse(ep, SSTP_CONNECT_CLOSE_PROTOCOL_ERROR);
        return false;
    }
    sstp_ep_forget_closed_id(ep, event_id);
    if (sstp_ep_add_attach(ep, event_id, is_attach) == SSTP_EP_OK)
        return true;
    if (sstp_ep_answer(ep, &(struct sstp_command){.id = SSTP_CLOSE,
                                                  .session_id = event_id,
                                                  .reason_id = SSTP_CLOSE_INTERNAL_ERROR}) &&
        is_attach)
        sstp_ep_note_closed_id(ep, event_id);
    return false;
}

void sstp_ep_on_attach(struct sstp_ep *ep, const struct sstp_command *command)
{
    const uint32_t id = command->session_id;
    if (command->account_url.len == 0) /* GRVSSTP 2.2.14.1 */
        sstp_ep_refuse(ep, SSTP_CONNECT_CLOSE_PROTOCOL_ERROR);
    else if (sstp_ep_find_session(ep, id) != NULL || sstp_ep_find_attach(ep, id) != NULL)
        sstp_ep_refuse(ep, SSTP_CONNECT_CLOSE_TOO_MANY_UNKNOWN_SESSION_CMDS);
    else if (accept_attach(ep, id, true))
        tell(ep, command, SSTP_EP_EVENT_ATTACH, true);
}

void sstp_ep_on_attach_authenticate(struct sstp_ep *ep, const struct sstp_command *command)
{
    const struct sstp_ep_attach_session *attach = sstp_ep_find_attach(ep, command->session_id);
    if (attach != NULL && attach->is_attach)
        tell(ep, command, SSTP_EP_EVENT_ATTACH_AUTHENTICATE, true);
    else if (attach != NULL || !sstp_ep_is_closed_id(ep, command->session_id))
        sstp_ep_refuse(ep, SSTP_CONNECT_CLOSE_TOO_MANY_UNKNOWN_SESSION_CMDS);
}

/* Which EventId goes with which security message, only the owner can tell; it
 * closes the connection where GRVSSTP 3.3.5.17 says so. */
void sstp_ep_on_register(struct sstp_ep *ep, const struct sstp_command *command)
{
    const uint32_t id = command->session_id;
    const struct sstp_ep_attach_session *attach = sstp_ep_find_attach(ep, id);
    if (attach != NULL && attach->is_attach)
        tell(ep, command, SSTP_EP_EVENT_REGISTER, true);
    else if (attach != NULL || sstp_ep_find_session(ep, id) != NULL)
        sstp_ep_refuse(ep, SSTP_CONNECT_CLOSE_TOO_MANY_UNKNOWN_SESSION_CMDS);
    else if (!sstp_ep_is_closed_id(ep, id) && accept_attach(ep, id, false))
        tell(ep, command, SSTP_EP_EVENT_REGISTER, false);
}
