/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session: what becomes of a session once it is open: its availability, and its end
 * (GRVSSTP 3.1.4.4-5, 3.1.5.7, 3.1.5.9). */
#include "endpoint/endpoint.h"
#include "endpoint/internal.h"

bool sstp_ep_session_state(const struct sstp_ep *ep, uint32_t session_id,
                           enum sstp_session_state *state)
{
    const struct sstp_ep_session *session = sstp_ep_find_session(ep, session_id);
    if (session == NULL)
        return false;
    *state = session->state;
    return true;
}

/* OpenResponse to a session of the peer's. */
static enum sstp_ep_err respond(struct sstp_ep *ep, uint32_t session_id, uint8_t response_id)
{
    return sstp_ep_queue(ep, &(struct sstp_command){.id = SSTP_OPEN_RESPONSE,
                                                    .session_id = session_id,
                                                    .response_id = response_id});
}

enum sstp_ep_err sstp_ep_set_availability(struct sstp_ep *ep, uint32_t session_id,
                                          enum sstp_availability availability, uint8_t reason_id)
{
    struct sstp_ep_session *session = sstp_ep_find_session(ep, session_id);
    enum sstp_ep_err err = SSTP_EP_OK;

    if (session == NULL)
        return SSTP_EP_NO_SESSION;
    if (session->is_ours)
        return SSTP_EP_WRONG_STATE;
    switch (sstp_availability_action(session->state, availability)) {
    case SSTP_AVAILABILITY_NOTHING:
        break;
    case SSTP_AVAILABILITY_START:
        err = respond(ep, session_id, SSTP_OPEN_RESPONSE_START_SENDING);
        if (err == SSTP_EP_OK)
            sstp_ep_set_session_state(ep, session, SSTP_SESSION_READY);
        break;
    case SSTP_AVAILABILITY_STOP:
        err = respond(ep, session_id, SSTP_OPEN_RESPONSE_STOP_SENDING);
        if (err == SSTP_EP_OK)
            sstp_ep_set_session_state(ep, session, SSTP_SESSION_BLOCKED);
        break;
    case SSTP_AVAILABILITY_CLOSE:
        err = sstp_ep_close_session(ep, session_id, reason_id);
        break;
    }
    return err;
}

enum sstp_ep_err sstp_ep_close_session(struct sstp_ep *ep, uint32_t session_id, uint8_t reason_id)
{
    const struct sstp_ep_session *session = sstp_ep_find_session(ep, session_id);
    const struct sstp_ep_attach_session *attach = sstp_ep_find_attach(ep, session_id);

    if (session == NULL && attach == NULL)
        return SSTP_EP_NO_SESSION;
    /* The originator counts what it has no acknowledgement of as undelivered
     * when the Close comes, so what can be acknowledged goes first. */
    if (session != NULL && !session->is_ours && ep->inbound.num_leading > 0) {
        const enum sstp_ep_err noop_err = sstp_ep_noop(ep);
        if (noop_err != SSTP_EP_OK)
            return noop_err;
    }
    const enum sstp_ep_err err = sstp_ep_queue(
        ep,
        &(struct sstp_command){.id = SSTP_CLOSE, .session_id = session_id, .reason_id = reason_id});
    if (err != SSTP_EP_OK)
        return err;
    if (session != NULL)
        sstp_ep_note_session_end(ep, session_id, session->is_ours, SSTP_EP_SESSION_END_HERE);
    /* After a client's Register nothing can be under way to the relay, but an answer to the
     * client can: for the relay the next one is a new one. */
    if (attach == NULL || attach->is_attach || ep->config.role == SSTP_EP_CLIENT)
        sstp_ep_note_closed_id(ep, session_id);
    (void)sstp_ep_remove_attach(ep, session_id);
    sstp_ep_remove_session(ep, session_id);
    return SSTP_EP_OK;
}

void sstp_ep_give_up_session(struct sstp_ep *ep, uint32_t session_id, uint8_t reason_id)
{
    if (sstp_ep_close_session(ep, session_id, reason_id) != SSTP_EP_OK) {
        sstp_ep_finish(ep, &(struct sstp_ep_event){.end = SSTP_EP_END_NO_MEMORY,
                                                   .reason_id = SSTP_CONNECT_CLOSE_INTERNAL_ERROR,
                                                   .is_local = true});
        return;
    }
    sstp_ep_raise(ep, &(struct sstp_ep_event){.kind = SSTP_EP_EVENT_SESSION_CLOSED,
                                              .session_id = session_id,
                                              .is_local = true,
                                              .reason_id = reason_id});
}

void sstp_ep_close_unanswered(struct sstp_ep *ep)
{
    /* Each id anew, for the callback may close any of them. */
    for (size_t i = 0; i < ep->num_sessions;) {
        const struct sstp_ep_session *session = ep->sessions[i];
        const uint32_t id = session->id;
        if (session->is_ours && session->state == SSTP_SESSION_OPENING &&
            session->open_deadline_ms <= ep->now_ms)
            sstp_ep_give_up_session(ep, id, SSTP_CLOSE_NO_REASON);
        while (i < ep->num_sessions && ep->sessions[i]->id <= id)
            i++;
    }
    ep->open_deadline_ms = SSTP_EP_NEVER;
    for (size_t i = 0; i < ep->num_sessions; i++) {
        const struct sstp_ep_session *session = ep->sessions[i];
        if (session->is_ours && session->state == SSTP_SESSION_OPENING &&
            session->open_deadline_ms < ep->open_deadline_ms)
            ep->open_deadline_ms = session->open_deadline_ms;
    }
}

void sstp_ep_on_close(struct sstp_ep *ep, const struct sstp_command *command)
{
    const uint32_t id = command->session_id;
    const struct sstp_ep_session *session = sstp_ep_find_session(ep, id);
    struct sstp_ep_event event = {.kind = SSTP_EP_EVENT_SESSION_CLOSED,
                                  .command = command,
                                  .session_id = id,
                                  .reason_id = command->reason_id};

    if (session == NULL && !sstp_ep_remove_attach(ep, id)) {
        sstp_ep_forget_closed_id(ep, id); /* both sides closed it: nothing can follow */
        return;
    }
    if (session != NULL) {
        const bool is_ours = session->is_ours;
        sstp_ep_remove_session(ep, id);
        sstp_ep_note_session_end(ep, id, is_ours, SSTP_EP_SESSION_END_THERE);
        if (is_ours)
            sstp_ep_lose_messages(ep, &id);
    }
    if (ep->state == SSTP_CONNECTION_ESTABLISHED)
        sstp_ep_raise(ep, &event);
}
