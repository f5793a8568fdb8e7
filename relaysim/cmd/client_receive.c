/* SPDX-License-Identifier: GPL-2.0-or-later */
/* client_receive: the sessions of others, and their messages. */
#include "cmd/client_internal.h"
#include "cmd/client_print.h"
#include "base/log.h"
#include "base/results.h"

#include <stdio.h>

void client_receive_established(struct peer *peer, const struct sstp_ep_event *event)
{
    /* Whom we connect to has answered to that name; who comes gives the first of its
     * SourceDeviceURLs (GRVSSTP 2.2.1.1). */
    struct sstp_reader r = sstp_reader(event->command->device_urls.bytes);
    const struct sstp_span url = event->command->id != SSTP_CONNECT
                                     ? sstp_span_of_string(peer->run->config->target_url)
                                 : event->command->device_urls.count > 0 ? sstp_read_string(&r)
                                                                         : sstp_span(NULL, 0);
    g_free(peer->device_url);
    peer->device_url = g_strndup(url.len > 0 ? (const char *)url.data : "", url.len);
}

void client_receive_open(struct peer *peer, const struct sstp_ep_event *event)
{
    *event->availability = peer->run->config->receives ? SSTP_HANDLER_READY : SSTP_HANDLER_FAULT;
}

void client_receive_opened(struct peer *peer, const struct sstp_ep_event *event)
{
    g_hash_table_insert(peer->inbound, GUINT_TO_POINTER(event->session_id),
                        client_source_new(event->command, peer->device_url));
}

/* ------------------------------------------------------------------------
 * Messages
 */

/* A message whose line is not out. */
struct unwritten {
    struct peer *peer; /* NULL when its connection is gone */
    uint64_t number;
};

/* Nothing more comes in while the output is full. */
static void hold(struct run *run, bool is_held)
{
    if (run->is_held == is_held)
        return;
    run->is_held = is_held;
    for (guint i = 0; i < run->peers->len; i++) {
        struct peer *peer = g_ptr_array_index(run->peers, i);
        live_connection_hold(live_client_connection(peer->client), is_held);
    }
}

void client_receive_message(struct peer *peer, const struct sstp_ep_event *event)
{
    struct run *run = peer->run;
    const struct client_run *config = run->config;
    const struct client_source *source =
        g_hash_table_lookup(peer->inbound, GUINT_TO_POINTER(event->session_id));
    const uint64_t num_taken = run->num_received + (uint64_t)run->unwritten.length;

    /* What nobody has asked for stays where it is, without an acknowledgement. */
    if (source == NULL || run->is_ending || run->output == NULL ||
        (config->num_expected > 0 && num_taken >= config->num_expected))
        return;
    struct unwritten *unwritten = g_new(struct unwritten, 1);
    *unwritten = (struct unwritten){peer, event->number};
    g_queue_push_tail(&run->unwritten, unwritten);
    GDateTime *now = g_date_time_new_now_local();
    client_output_add(run->output, client_print(config->format, now, source, event->message));
    g_date_time_unref(now);
    if (client_output_is_full(run->output))
        hold(run, true);
}

/* Acknowledged once the line is out of our hands, and not before. */
static void on_written(void *cookie, size_t num, int error)
{
    struct run *run = cookie;
    for (size_t i = 0; i < num; i++) {
        struct unwritten *unwritten = g_queue_pop_head(&run->unwritten);
        run->num_received++;
        client_retry_received(&run->retry);
        if (unwritten->peer != NULL) {
            (void)sstp_ep_complete(live_client_ep(unwritten->peer->client), unwritten->number);
            live_client_wake(unwritten->peer->client);
        }
        g_free(unwritten);
    }
    if (client_output_has_room(run->output))
        hold(run, false);
    client_end_if_done(run);
    if (error != 0) {
        client_fail(run, "the messages cannot be written to %s: %s", results_name(),
                    g_strerror(error));
        client_end(run);
    }
    net_settle(run->net);
}

void client_receive_take_notice(struct run *run)
{
    if (run->output != NULL)
        client_output_take_notice(run->output);
}

void client_receive_gone(struct peer *peer)
{
    for (GList *link = peer->run->unwritten.head; link != NULL; link = link->next) {
        struct unwritten *unwritten = link->data;
        if (unwritten->peer == peer)
            unwritten->peer = NULL;
    }
}

bool client_receive_start(struct run *run)
{
    g_queue_init(&run->unwritten);
    if (!run->config->receives)
        return true;
    run->output = client_output_start(net_loop(run->net), fileno(results_file()), on_written, run);
    if (run->output == NULL)
        log_error("messages cannot be written: no thread can be started");
    return run->output != NULL;
}

void client_receive_stop(struct run *run)
{
    client_output_stop(run->output);
    run->output = NULL;
    g_queue_clear_full(&run->unwritten, g_free);
}
