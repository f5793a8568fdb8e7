/* SPDX-License-Identifier: GPL-2.0-or-later */
/* client_send: the session on which a client sends, and its messages. */
#include "client_internal.h"
#include "log.h"

#include "mnemonics.h"

void client_send_open(struct peer *peer)
{
    const struct client_run *config = peer->run->config;
    struct sstp_ep *ep = sstp_client_ep(peer->client);
    const struct sstp_span resource_url = sstp_span_of_string(config->resource_url);
    const struct sstp_fanout_entry *first = config->recipients;

    if (config->num_messages == 0 || peer != peer->run->sender)
        return;
    /* A remote relay can only be named in a fanout session. */
    const bool is_fanout = config->num_recipients > 1 || first->relay_url.len > 0;
    const enum sstp_ep_err err =
        is_fanout ? sstp_ep_fanout_open(ep, resource_url, config->recipients,
                                        config->num_recipients, NULL, &peer->session_id)
                  : sstp_ep_open(ep, resource_url, first->identity_url, first->device_url, NULL,
                                 &peer->session_id);
    peer->has_session = err == SSTP_EP_OK;
    if (err != SSTP_EP_OK) {
        client_fail(peer->run, "the recipients do not fit into a command");
        client_end(peer->run);
    }
}

void client_send_pump(struct peer *peer)
{
    struct run *run = peer->run;
    struct sstp_ep *ep = sstp_client_ep(peer->client);
    enum sstp_session_state state;

    while (peer->has_session && run->num_sent < run->config->num_messages &&
           sstp_ep_session_state(ep, peer->session_id, &state) && state == SSTP_SESSION_READY) {
        char user_ref[32];
        const int len = g_snprintf(user_ref, sizeof user_ref, "relaysim-%u", run->num_sent + 1);
        /* The last one asks for its acknowledgement, and so for all. */
        const bool is_last = run->num_sent + 1 == run->config->num_messages;
        const struct sstp_ep_message message = {.flags =
                                                    is_last ? SSTP_MESSAGE_FLAG_ACK_IMMEDIATELY : 0,
                                                .user_ref = sstp_span(user_ref, (size_t)len),
                                                .data = run->config->content};
        const enum sstp_ep_err err = sstp_ep_send_message(ep, peer->session_id, &message, NULL);
        if (err == SSTP_EP_FULL)
            break; /* the output has to go first, or acknowledgements to come */
        if (err != SSTP_EP_OK) {
            client_fail(run, "the message cannot be sent: it is too long, or memory is out");
            client_end(run);
            break;
        }
        run->num_sent++;
    }
    net_wake(peer->socket);
}

void client_send_session_closed(struct peer *peer, const struct sstp_ep_event *event)
{
    g_hash_table_remove(peer->inbound, GUINT_TO_POINTER(event->session_id));
    if (!peer->has_session || event->session_id != peer->session_id)
        return;
    peer->has_session = false;
    if (event->is_open_refused) {
        const char *name = sstp_open_response_name(event->response_id);
        client_fail(peer->run, "the session was refused: %s",
                    name != NULL ? name : "unknown response");
    } else {
        const char *name = sstp_close_reason_name(event->reason_id);
        client_fail(peer->run, "the session was closed: %s",
                    name != NULL ? name : "unknown reason");
    }
    client_end(peer->run);
}

void client_send_session_status(struct peer *peer, const struct sstp_ep_event *event)
{
    const struct client_run *config = peer->run->config;
    if (event->entry_index >= config->num_recipients)
        return;
    const struct sstp_fanout_entry *entry = &config->recipients[event->entry_index];
    const char *name = sstp_session_status_name(event->command->status_id);
    log_error("%.*s is no longer a recipient: %s", (int)entry->identity_url.len,
              (const char *)entry->identity_url.data, name != NULL ? name : "unknown status");
    peer->run->has_failed = true;
}
