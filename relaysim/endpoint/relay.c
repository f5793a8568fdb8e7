/* SPDX-License-Identifier: GPL-2.0-or-later */
/* relay: the SessionStatus that a whole relay earns (GRVSSTP 2.2.8.1,
 * 3.3.4.1.2). */
#include "endpoint/internal.h"

enum sstp_ep_err sstp_ep_relay_status(struct sstp_ep *ep, uint32_t session_id, uint8_t status_id,
                                      struct sstp_span relay_url)
{
    struct sstp_ep_session *session = sstp_ep_find_session(ep, session_id);

    if (session == NULL)
        return SSTP_EP_NO_SESSION;
    if (session->is_ours || !session->is_fanout || relay_url.len == 0)
        return SSTP_EP_WRONG_STATE;
    const struct sstp_command command = {.id = SSTP_SESSION_STATUS,
                                         .form = ep->version,
                                         .session_id = session_id,
                                         .status_id = status_id,
                                         .device_url = relay_url};
    struct sstp_fanout_status status;
    enum sstp_ep_err err = sstp_ep_queue(ep, &command);
    if (err == SSTP_EP_OK && !sstp_fanout_apply(&session->fanout, &command, &status))
        err = SSTP_EP_NO_MEMORY;
    if (err != SSTP_EP_OK)
        return err;
    for (unsigned i = 0; i < session->fanout.num_entries; i++)
        i = sstp_fanout_next_leaving(&session->fanout, i);
    if (session->fanout.num_active == 0)
        sstp_ep_give_up_session(ep, session_id, SSTP_CLOSE_EMPTY_SESSION);
    return SSTP_EP_OK;
}
