/* SPDX-License-Identifier: GPL-2.0-or-later */
/* endpoint_relay: the SessionStatus that a whole relay earns (GRVSSTP 2.2.8.1,
 * 3.3.4.1.2). */
#include "endpoint_internal.h"

/* Marks the destinations of a relay; returns how many are newly so. */
static unsigned mark_relay(struct sstp_ep_session *session, struct sstp_span relay_url)
{
    struct sstp_reader r = sstp_reader(sstp_span(session->entries, session->entries_len));
    unsigned num = 0;
    for (unsigned i = 0; i < session->num_entries; i++) {
        const struct sstp_fanout_entry entry = sstp_fanout_entry_read(&r, session->form);
        if (session->is_gone[i] != 0 || !sstp_span_is_equal(entry.relay_url, relay_url))
            continue;
        session->is_gone[i] = 1;
        num++;
    }
    return num;
}

enum sstp_ep_err sstp_ep_relay_status(struct sstp_ep *ep, uint32_t session_id, uint8_t status_id,
                                      struct sstp_span relay_url)
{
    struct sstp_ep_session *session = sstp_ep_find_session(ep, session_id);

    if (session == NULL)
        return SSTP_EP_NO_SESSION;
    if (session->is_ours || !session->is_fanout || relay_url.len == 0)
        return SSTP_EP_WRONG_STATE;
    const enum sstp_ep_err err = sstp_ep_queue(ep, &(struct sstp_command){.id = SSTP_SESSION_STATUS,
                                                                          .form = ep->version,
                                                                          .session_id = session_id,
                                                                          .status_id = status_id,
                                                                          .device_url = relay_url});
    if (err != SSTP_EP_OK)
        return err;
    session->num_active = (uint16_t)(session->num_active - mark_relay(session, relay_url));
    if (session->num_active == 0)
        sstp_ep_give_up_session(ep, session_id, SSTP_CLOSE_EMPTY_SESSION);
    return SSTP_EP_OK;
}
