/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fanout: the destinations of a fanout session, and SessionStatus
 * (GRVSSTP 2.2.8.1, 3.1.5.8, 3.3.4.1.2). */
#include "endpoint/endpoint.h"
#include "endpoint/internal.h"

/* A SessionStatus holds 2,055 bytes: with two empty URLs, 1,020 indexes.  A
 * round number below that makes the commands easy to read. */
#define INDEXES_MAX 1000u

/* ------------------------------------------------------------------------
 * Receiving
 */

/* Tells of each new loss; there were num_active destinations before.  The callback
 * may close the session. */
static void tell_losses(struct sstp_ep *ep, const struct sstp_command *command, unsigned num_active)
{
    const uint32_t id = command->session_id;
    for (unsigned i = 0;; i++) {
        struct sstp_ep_session *session = sstp_ep_find_session(ep, id);
        if (session == NULL)
            return;
        i = sstp_fanout_next_leaving(&session->fanout, i);
        if (i == session->fanout.num_entries)
            return;
        num_active--;
        sstp_ep_raise(ep, &(struct sstp_ep_event){.kind = SSTP_EP_EVENT_SESSION_STATUS,
                                                  .command = command,
                                                  .session_id = id,
                                                  .entry_index = i,
                                                  .num_active = num_active});
    }
}

void sstp_ep_on_session_status(struct sstp_ep *ep, const struct sstp_command *command)
{
    const uint32_t id = command->session_id;
    struct sstp_ep_session *session = sstp_ep_find_session(ep, id);

    if (session == NULL) {
        if (!sstp_ep_is_closed_id(ep, id))
            sstp_ep_refuse(ep, SSTP_CONNECT_CLOSE_TOO_MANY_UNKNOWN_SESSION_CMDS);
        return;
    }
    if (!session->is_ours || !session->is_fanout) {
        sstp_ep_refuse(ep, SSTP_CONNECT_CLOSE_PROTOCOL_ERROR);
        return;
    }
    const unsigned num_active = session->fanout.num_active;
    struct sstp_fanout_status status;
    if (!sstp_fanout_apply(&session->fanout, command, &status)) {
        sstp_ep_refuse(ep, SSTP_CONNECT_CLOSE_INTERNAL_ERROR);
        return;
    }
    if (status.has_bad_index) {
        sstp_ep_refuse(ep, SSTP_CONNECT_CLOSE_PROTOCOL_ERROR);
        return;
    }
    tell_losses(ep, command, num_active);

    /* GRVSSTP 3.2.5.8: a client SHOULD close a session that has no destination left. */
    session = sstp_ep_find_session(ep, id);
    if (session != NULL && session->fanout.num_active == 0 && ep->config.role == SSTP_EP_CLIENT) {
        sstp_ep_lose_messages(ep, &id);
        if (sstp_ep_find_session(ep, id) != NULL)
            sstp_ep_give_up_session(ep, id, SSTP_CLOSE_EMPTY_SESSION);
    }
}

/* ------------------------------------------------------------------------
 * Sending
 */

/* The form with the URLs, for one destination. */
static enum sstp_ep_err send_named(struct sstp_ep *ep, struct sstp_ep_session *session,
                                   uint8_t status_id, uint16_t index)
{
    if (!sstp_fanout_locate(&session->fanout))
        return SSTP_EP_NO_MEMORY;
    const struct sstp_fanout_entry entry = sstp_fanout_entry_at(&session->fanout, index);
    return sstp_ep_queue(ep, &(struct sstp_command){.id = SSTP_SESSION_STATUS,
                                                    .form = ep->version,
                                                    .session_id = session->id,
                                                    .status_id = status_id,
                                                    .device_url = entry.device_url,
                                                    .identity_url = entry.identity_url});
}

/* The form of SSTP 1.6 with indexes, for at most INDEXES_MAX. */
static enum sstp_ep_err send_indexes(struct sstp_ep *ep, const struct sstp_ep_session *session,
                                     uint8_t status_id, const uint16_t *indexes, size_t num)
{
    uint8_t bytes[2 * INDEXES_MAX];
    struct sstp_writer w = sstp_writer(bytes, sizeof bytes);
    for (size_t i = 0; i < num; i++)
        sstp_write_uint(&w, 2, indexes[i]);
    return sstp_ep_queue(
        ep, &(struct sstp_command){.id = SSTP_SESSION_STATUS,
                                   .form = ep->version,
                                   .session_id = session->id,
                                   .status_id = status_id,
                                   .fanout_indexes = {(uint16_t)num, sstp_writer_span(&w)}});
}

enum sstp_ep_err sstp_ep_session_status(struct sstp_ep *ep, uint32_t session_id, uint8_t status_id,
                                        const uint16_t *indexes, size_t num_indexes)
{
    struct sstp_ep_session *session = sstp_ep_find_session(ep, session_id);
    enum sstp_ep_err err = SSTP_EP_OK;

    if (session == NULL)
        return SSTP_EP_NO_SESSION;
    if (session->is_ours || !session->is_fanout)
        return SSTP_EP_WRONG_STATE;
    for (size_t i = 0; i < num_indexes; i++)
        if (indexes[i] >= session->fanout.num_entries ||
            !sstp_fanout_is_active(&session->fanout, indexes[i]))
            return SSTP_EP_WRONG_STATE;

    size_t done = 0;
    while (done < num_indexes && err == SSTP_EP_OK) {
        size_t num = 1;
        if (ep->version == SSTP_VERSION_1_6 && num_indexes - done > 1) {
            num = num_indexes - done < INDEXES_MAX ? num_indexes - done : INDEXES_MAX;
            err = send_indexes(ep, session, status_id, indexes + done, num);
        } else {
            err = send_named(ep, session, status_id, indexes[done]);
        }
        if (err != SSTP_EP_OK)
            return err;
        for (size_t i = done; i < done + num; i++)
            (void)sstp_fanout_remove(&session->fanout, indexes[i]);
        done += num;
    }
    if (session->fanout.num_active == 0)
        sstp_ep_give_up_session(ep, session_id, SSTP_CLOSE_EMPTY_SESSION);
    return SSTP_EP_OK;
}

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
