/* SPDX-License-Identifier: GPL-2.0-or-later */
/* auth_timer: the Authentication Timer of a connection (Appendix A, note <11>): who has
 * begun to prove who it is goes on with that, or goes. */
#include "relay/internal.h"

void relay_auth_timer_start(struct sstp_relay_connection *connection)
{
    struct sstp_relay *relay = connection->relay;
    relay_auth_timer_stop(connection);
    connection->auth_deadline_ms = relay->now_ms + relay->config.auth_timeout_ms;
    connection->auth_link.data = connection;
    connection->is_timed = true;
    g_queue_push_tail_link(&relay->timed, &connection->auth_link);
}

void relay_auth_timer_restart(struct sstp_relay_connection *connection)
{
    if (connection->is_timed)
        relay_auth_timer_start(connection);
}

void relay_auth_timer_stop(struct sstp_relay_connection *connection)
{
    if (!connection->is_timed)
        return;
    connection->is_timed = false;
    g_queue_unlink(&connection->relay->timed, &connection->auth_link);
}

void relay_auth_timers_tick(struct sstp_relay *relay)
{
    /* All last as long, so the oldest is the first to end. */
    struct sstp_relay_connection *connection;
    while ((connection = g_queue_peek_head(&relay->timed)) != NULL &&
           connection->auth_deadline_ms <= relay->now_ms) {
        relay_auth_timer_stop(connection);
        sstp_ep_close_connection(connection->ep, SSTP_CONNECT_CLOSE_RESPONSE_TIMEOUT, 0);
        relay_wake(connection);
    }
}

int64_t relay_auth_timers_next(const struct sstp_relay *relay)
{
    const struct sstp_relay_connection *connection =
        g_queue_peek_head((GQueue *)(uintptr_t)&relay->timed);
    return connection != NULL ? connection->auth_deadline_ms : SSTP_EP_NEVER;
}
