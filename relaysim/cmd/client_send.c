/* SPDX-License-Identifier: GPL-2.0-or-later */
/* client_send: the session on which a client sends, and its messages. */
#include "cmd/client_content.h"
#include "client/hint.h"
#include "cmd/client_internal.h"
#include "base/log.h"
#include "base/reason.h"

#include "core/mnemonics.h"

void client_send_open(struct peer *peer)
{
    const struct client_run *config = peer->run->config;
    struct sstp_ep *ep = live_client_ep(peer->client);
    const struct sstp_span resource_url = sstp_span_of_string(config->resource_url);
    const struct sstp_fanout_entry *first = config->recipients;

    if (config->num_recipients == 0 || peer != peer->run->sender)
        return;
    /* A remote relay can only be named in a fanout session. */
    const bool is_fanout = config->num_recipients > 1 || first->relay_url.len > 0;
    const enum sstp_ep_err err =
        is_fanout ? sstp_ep_fanout_open(ep, resource_url, config->recipients,
                                        config->num_recipients, &peer->session_id)
                  : sstp_ep_open(ep, resource_url, first->identity_url, first->device_url,
                                 &peer->session_id);
    peer->has_session = err == SSTP_EP_OK;
    if (err != SSTP_EP_OK) {
        client_fail(peer->run, "the recipients do not fit into a command");
        client_end(peer->run);
    }
}

/* ------------------------------------------------------------------------
 * Messages
 */

static void on_due(uv_timer_t *timer)
{
    struct run *run = timer->data;
    if (run->sender != NULL)
        client_send_pump(run->sender);
    net_settle(run->net);
}

/* Whether the next message may go now; if not, the timer is set. */
static bool is_due(struct run *run)
{
    const int64_t wait_ms = client_pace_wait_ms(&run->pace, net_now_ms(run->net));
    if (wait_ms > 0)
        uv_timer_start(&run->pace_timer, on_due, (uint64_t)wait_ms, 0);
    return wait_ms == 0;
}

static enum sstp_ep_err send_message(struct peer *peer, const struct client_outgoing *outgoing)
{
    const struct client_run *config = peer->run->config;
    char user_ref[32];
    const int len =
        g_snprintf(user_ref, sizeof user_ref, "relaysim-%" G_GUINT64_FORMAT, outgoing->number);
    /* The last one asks for its acknowledgement, and so for all. */
    const struct sstp_ep_message message = {
        .flags =
            config->flags | (outgoing->is_last ? (unsigned)SSTP_MESSAGE_FLAG_ACK_IMMEDIATELY : 0),
        .ttl = config->ttl,
        .user_ref = sstp_span(user_ref, (size_t)len),
        .data = outgoing->data};
    return sstp_ep_send_message(live_client_ep(peer->client), peer->session_id, &message, NULL);
}

void client_send_pump(struct peer *peer)
{
    struct run *run = peer->run;
    struct sstp_ep *ep = live_client_ep(peer->client);
    struct client_outgoing outgoing;
    enum sstp_session_state state;

    while (peer->has_session && client_outbox_next(run->outbox, &outgoing) &&
           sstp_ep_session_state(ep, peer->session_id, &state) && state == SSTP_SESSION_READY &&
           is_due(run)) {
        const enum sstp_ep_err err = send_message(peer, &outgoing);
        if (err == SSTP_EP_FULL)
            break; /* the output has to go first, or acknowledgements to come */
        if (err != SSTP_EP_OK) {
            client_fail(run, "the message cannot be sent: it is too long, or memory is out");
            client_end(run);
            break;
        }
        client_outbox_sent(run->outbox);
        client_pace_sent(&run->pace, net_now_ms(run->net));
    }
    live_client_wake(peer->client);
}

/* ------------------------------------------------------------------------
 * Lines of standard input
 */

static void on_lines_timeout(uv_timer_t *timer)
{
    client_time_is_up(timer->data);
}

/* No more lines are taken. */
static void end_lines(struct run *run)
{
    client_input_stop(run->input);
    run->input = NULL;
    client_outbox_finish(run->outbox);
    if (run->config->lines_timeout_ms > 0)
        uv_timer_start(&run->timeout, on_lines_timeout, (uint64_t)run->config->lines_timeout_ms, 0);
    client_end_if_done(run);
}

/* Moves lines to the outbox while it has room, and asks for more where that is all. */
static void take_lines(struct run *run)
{
    GBytes *line;
    while (!run->is_ending && run->input != NULL && client_outbox_has_room(run->outbox)) {
        switch (client_lines_next(run->lines, &line)) {
        case CLIENT_LINES_LINE:
            client_outbox_add(run->outbox, line);
            break;
        case CLIENT_LINES_NONE:
            if (run->has_all_lines)
                end_lines(run);
            else
                client_input_more(run->input);
            return;
        case CLIENT_LINES_TOO_LONG:
            client_fail(run,
                        "line %" G_GUINT64_FORMAT " of standard input is longer than the %u bytes "
                        "of a message; it and all that follow are not sent",
                        client_outbox_num(run->outbox) + 1, CLIENT_CONTENT_MAX);
            end_lines(run);
            return;
        }
    }
}

static void on_input(void *cookie, const void *data, size_t len, int error)
{
    struct run *run = cookie;
    client_lines_add(run->lines, data, len);
    if (len == 0) {
        client_lines_end(run->lines);
        run->has_all_lines = true;
    }
    if (error != 0)
        client_fail(run, "standard input cannot be read: %s", g_strerror(error));
    take_lines(run);
    if (run->sender != NULL)
        client_send_pump(run->sender);
    net_settle(run->net);
}

void client_send_acknowledged(struct peer *peer)
{
    struct run *run = peer->run;
    client_outbox_acknowledged(run->outbox);
    take_lines(run);
    client_send_pump(peer);
    client_end_if_done(run);
}

bool client_send_start(struct run *run)
{
    const struct client_run *config = run->config;
    if (config->messages_per_second > 0)
        run->pace.interval_ms = 1000 / config->messages_per_second;
    if (!config->sends_lines) {
        run->outbox = client_outbox_new_repeated(config->content, config->num_messages);
        return true;
    }
    run->outbox = client_outbox_new_added();
    run->lines = client_lines_new(CLIENT_CONTENT_MAX);
    run->input = client_input_start(net_loop(run->net), on_input, run);
    if (run->input == NULL)
        log_error("standard input cannot be read: no thread can be started");
    return run->input != NULL;
}

void client_send_stop(struct run *run)
{
    client_input_stop(run->input);
    run->input = NULL;
}

/* ------------------------------------------------------------------------
 * What the other side says of it
 */

void client_send_session_closed(struct peer *peer, const struct sstp_ep_event *event)
{
    struct run *run = peer->run;
    const bool is_inbound = g_hash_table_remove(peer->inbound, GUINT_TO_POINTER(event->session_id));
    const bool is_ours = peer->has_session && event->session_id == peer->session_id;

    if (is_ours)
        peer->has_session = false;
    if (is_inbound || (event->is_local && !is_ours))
        return;
    if (event->is_local) {
        /* Its last recipient is lost, which has been told: nobody will acknowledge anything. */
        run->has_failed = true;
        client_end(run);
        return;
    }
    if (is_ours && event->is_open_refused)
        client_fail(run, "the session was refused: %s%s",
                    reason_of(sstp_open_response_name(event->response_id), event->response_id).text,
                    client_hint_of_relay(run, client_hint_open_response(event->response_id)));
    else
        client_fail(run, "the %s was closed: %s%s", is_ours ? "session" : "registration",
                    reason_of(sstp_close_reason_name(event->reason_id), event->reason_id).text,
                    is_ours ? client_hint_of_relay(run, client_hint_close(event->reason_id)) : "");
    client_end(run);
}

void client_send_session_status(struct peer *peer, const struct sstp_ep_event *event)
{
    const struct client_run *config = peer->run->config;
    const uint8_t status_id = event->command->status_id;
    if (event->entry_index >= config->num_recipients)
        return;
    const struct sstp_fanout_entry *entry = &config->recipients[event->entry_index];
    log_error("%.*s is no longer a recipient: %s%s", (int)entry->identity_url.len,
              (const char *)entry->identity_url.data,
              reason_of(sstp_session_status_name(status_id), status_id).text,
              client_hint_status(status_id));
    peer->run->has_failed = true;
}
