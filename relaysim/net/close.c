/* SPDX-License-Identifier: GPL-2.0-or-later */
/* close: how connections end. */
#include "net/internal.h"

#define LINGER_MS 1000      /* for the peer to close its side after ours */
#define LAST_WORDS_MS 10000 /* for the peer to take what is left for it, once all is over */

void net_on_closed(void *cookie)
{
    struct net_connection *connection = cookie;
    if (--connection->num_handles > 0)
        return;
    if (connection->listener != NULL)
        net_listener_unref(connection->listener);
    g_free(connection->written);
    if (connection->raw != NULL)
        g_byte_array_free(connection->raw, TRUE);
    g_free(connection);
}

void net_close_connection(struct net_connection *connection)
{
    struct net *net = connection->net;
    if (connection->phase == NET_PHASE_CLOSING)
        return;
    connection->phase = NET_PHASE_CLOSING;
    if (connection->listener != NULL)
        connection->listener->num_open--;
    g_hash_table_remove(net->connections, connection);
    if (connection->is_dirty)
        g_queue_remove(&net->dirty, connection);
    connection->is_dirty = true; /* never queued again */
    if (connection->ending_link.data != NULL)
        g_queue_unlink(&net->ending, &connection->ending_link);
    net_record_end(connection);
    if (connection->user != NULL) {
        const struct net_user *user = connection->user;
        connection->user = NULL;
        user->lost(connection->user_cookie);
    }
    if (connection->line != NULL)
        fault_line_close(connection->line);
    connection->line = NULL;
    net->tcp->close(connection, connection->is_reset);
    net_timer_close(&connection->timer, net_on_closed, connection);
    if (connection->is_spare)
        g_queue_unlink(&net->reserve.spares, &connection->spare_link);
    if (net->reserve.is_short)
        net_reserve_refill(net);
}

/* From here on, a connection that does not go makes room for others. */
static void begin_ending(struct net_connection *connection, uint64_t patience_ms)
{
    if (connection->ending_link.data == NULL) {
        connection->ending_link.data = connection;
        g_queue_push_tail_link(&connection->net->ending, &connection->ending_link);
    }
    net_set_timer(connection, net_close_connection, patience_ms);
}

/* Closing at once would answer unread bytes with a reset, which could overtake
 * our ConnectClose in the peer's socket. */
void net_end_connection(struct net_connection *connection)
{
    connection->is_held = false; /* the peer's end has to be seen */
    net_read_or_not(connection);
    connection->phase = NET_PHASE_ENDING;
    if (connection->net->tcp->finish(connection) != 0) {
        net_close_connection(connection);
        return;
    }
    net_record_finish(connection, true);
    begin_ending(connection, LINGER_MS);
}

void net_begin_last_words(struct net_connection *connection)
{
    if (connection->ending_link.data == NULL)
        begin_ending(connection, LAST_WORDS_MS);
}

void net_drop(struct net_connection *connection)
{
    net_close_connection(connection);
}

void net_tell_broken(struct net_connection *connection, const char *kind, const char *text)
{
    const struct net_user *user = connection->user;
    if (user != NULL && user->broken != NULL)
        user->broken(connection->user_cookie, kind, text);
}

void net_reset(struct net_connection *connection)
{
    net_tell_broken(connection, "reset", "the connection is reset");
    connection->is_reset = true;
    net_close_connection(connection);
}
