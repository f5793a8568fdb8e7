/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tell: the owner of what happened, and the witness of what changed. */
#include "endpoint/internal.h"

void sstp_ep_raise(struct sstp_ep *ep, const struct sstp_ep_event *event)
{
    ep->config.event(ep->config.cookie, ep, event);
}

void sstp_ep_note_session(struct sstp_ep *ep, uint32_t session_id, bool is_ours,
                          enum sstp_session_state state)
{
    SSTP_EP_NOTE(ep, .kind = SSTP_EP_NOTE_SESSION_STATE, .session_id = session_id,
                 .is_ours = is_ours, .session_state = state);
}

void sstp_ep_note_session_end(struct sstp_ep *ep, uint32_t session_id, bool is_ours,
                              enum sstp_ep_session_end end)
{
    SSTP_EP_NOTE(ep, .kind = SSTP_EP_NOTE_SESSION_STATE, .session_id = session_id,
                 .is_ours = is_ours, .session_state = SSTP_SESSION_CLOSED, .session_end = end);
}

void sstp_ep_set_session_state(struct sstp_ep *ep, struct sstp_ep_session *session,
                               enum sstp_session_state state)
{
    session->state = state;
    sstp_ep_note_session(ep, session->id, session->is_ours, state);
}
