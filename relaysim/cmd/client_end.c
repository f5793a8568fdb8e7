/* SPDX-License-Identifier: GPL-2.0-or-later */
/* client_end: how a run of the client comes to its end, and what is said of it. */
#include "base/log.h"
#include "cmd/client_internal.h"

#define END_MS 3000 /* for the peers' ends after our ConnectCloses */

void client_stop_if_alone(struct run *run)
{
    if (run->is_ending && run->peers->len == 0)
        net_stop(run->net);
}

static void on_end_over(uv_timer_t *timer)
{
    const struct run *run = timer->data;
    net_stop(run->net);
}

void client_end(struct run *run)
{
    if (!run->is_ending)
        uv_timer_start(&run->timeout, on_end_over, END_MS, 0);
    run->is_ending = true;
    client_stop_dialing(run);
    for (guint i = 0; i < run->peers->len; i++) {
        struct peer *peer = g_ptr_array_index(run->peers, i);
        struct sstp_ep *ep = live_client_ep(peer->client);
        if (peer->has_session)
            (void)sstp_ep_close_session(ep, peer->session_id, SSTP_CLOSE_NO_REASON);
        peer->has_session = false;
        sstp_ep_close_connection(ep, SSTP_CONNECT_CLOSE_NO_REASON, 0);
        live_client_wake(peer->client);
    }
    client_stop_if_alone(run);
}

void client_fail(struct run *run, const char *format, ...)
{
    if (run->has_failed || run->is_ending)
        return;
    run->has_failed = true;
    va_list args;
    va_start(args, format);
    char *text = g_strdup_vprintf(format, args);
    va_end(args);
    log_error("%s", text);
    g_free(text);
}

void client_give_up(struct run *run, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = g_strdup_vprintf(format, args);
    va_end(args);
    run->is_given_up = true;
    if (run->config->listens != NULL)
        log_error("%s", text);
    else
        client_fail(run, "%s", text);
    g_free(text);
}

void client_lose(struct run *run, const char *why, uint32_t wait_time)
{
    run->wait_time = wait_time;
    if (run->config->listens != NULL ||
        client_retry_is_worth(&run->retry, wait_time, net_now_ms(run->net)))
        log_info("%s", why);
    else
        client_give_up(run, "%s", why);
}

void client_end_if_done(struct run *run)
{
    const struct client_run *config = run->config;
    const bool has_sent = client_outbox_is_done(run->outbox);
    const bool has_received = !config->receives || (config->num_expected > 0 &&
                                                    run->num_received >= config->num_expected);
    if (has_sent && has_received && !run->is_ending)
        client_end(run);
}

void client_time_is_up(struct run *run)
{
    const struct client_run *config = run->config;
    if (!client_outbox_is_done(run->outbox))
        client_fail(run,
                    "time is up: %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
                    " messages were acknowledged",
                    client_outbox_num_acknowledged(run->outbox), client_outbox_num(run->outbox));
    else if (config->num_expected > run->num_received)
        client_fail(run, "time is up: %u of %u messages came", run->num_received,
                    config->num_expected);
    client_end(run);
    net_settle(run->net);
}
