/* SPDX-License-Identifier: GPL-2.0-or-later */
/* end: of the connection, whatever the reason (GRVSSTP 3.1.4.2, 3.1.7.1). */
#include "endpoint/endpoint.h"
#include "endpoint/internal.h"

void sstp_ep_finish(struct sstp_ep *ep, const struct sstp_ep_event *closed)
{
    if (ep->state == SSTP_CONNECTION_CLOSED)
        return;
    ep->state = SSTP_CONNECTION_CLOSED;
    ep->ack_deadline_ms = ep->connect_deadline_ms = SSTP_EP_NEVER;
    ep->open_deadline_ms = ep->auth_deadline_ms = SSTP_EP_NEVER;
    for (size_t i = 0; i < ep->num_sessions; i++)
        sstp_ep_note_session_end(ep, ep->sessions[i]->id, ep->sessions[i]->is_ours,
                                 SSTP_EP_SESSION_END_CONNECTION);
    sstp_ep_free_sessions(ep);
    SSTP_EP_NOTE(ep, .kind = SSTP_EP_NOTE_CONNECTION_STATE, .connection_state = ep->state,
                 .end = closed->end);
    ep->num_attaches = 0;
    sstp_ep_lose_messages(ep, NULL);

    struct sstp_ep_event event = *closed;
    event.kind = SSTP_EP_EVENT_CLOSED;
    sstp_ep_raise(ep, &event);
}

bool sstp_ep_answer(struct sstp_ep *ep, const struct sstp_command *command)
{
    if (ep->output.len <= ep->config.limits.max_unread && sstp_ep_queue(ep, command) == SSTP_EP_OK)
        return true;
    sstp_ep_finish(ep, &(struct sstp_ep_event){.end = SSTP_EP_END_NO_MEMORY,
                                               .reason_id = SSTP_CONNECT_CLOSE_INTERNAL_ERROR,
                                               .is_local = true});
    return false;
}

static void close_with(struct sstp_ep *ep, const struct sstp_ep_event *closed)
{
    const struct sstp_command command = {.id = SSTP_CONNECT_CLOSE,
                                         .reason_id = closed->reason_id,
                                         .message_count = sstp_ep_take_message_count(ep),
                                         .wait_time = closed->wait_time};
    if (sstp_ep_answer(ep, &command))
        sstp_ep_finish(ep, closed);
}

void sstp_ep_refuse(struct sstp_ep *ep, uint8_t reason_id)
{
    sstp_ep_refuse_because(ep, reason_id, NULL);
}

void sstp_ep_refuse_because(struct sstp_ep *ep, uint8_t reason_id, const char *what)
{
    close_with(ep, &(struct sstp_ep_event){.end = SSTP_EP_END_VIOLATION,
                                           .reason_id = reason_id,
                                           .is_local = true,
                                           .what = what});
}

void sstp_ep_close_connection(struct sstp_ep *ep, uint8_t reason_id, uint32_t return_time)
{
    if (ep->state == SSTP_CONNECTION_CLOSED)
        return;
    close_with(ep, &(struct sstp_ep_event){.end = ep->state == SSTP_CONNECTION_ABORTING
                                                      ? SSTP_EP_END_REFUSED
                                                      : SSTP_EP_END_LOCAL,
                                           .reason_id = reason_id,
                                           .wait_time = return_time,
                                           .is_local = true});
}

void sstp_ep_transport_lost(struct sstp_ep *ep)
{
    sstp_ep_finish(ep, &(struct sstp_ep_event){.end = SSTP_EP_END_TRANSPORT_LOST});
}
