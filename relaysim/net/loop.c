/* SPDX-License-Identifier: GPL-2.0-or-later */
/* loop: the event loop, and all that is open in it. */
#include "net/internal.h"

struct net *net_new(const struct net_config *config)
{
    struct net *net = g_new0(struct net, 1);
    net->config = *config;
    if (uv_loop_init(&net->loop) != 0) {
        g_free(net);
        return NULL;
    }
    net->connections = g_hash_table_new(NULL, NULL);
    net->listeners = g_hash_table_new(NULL, NULL);
    g_queue_init(&net->dirty);
    g_queue_init(&net->ending);
    uv_timer_init(&net->loop, &net->wait_timer);
    return net;
}

void net_free(struct net *net)
{
    if (net == NULL)
        return;
    net->config.settled = NULL;
    net->is_ending = true;
    GList *list = g_hash_table_get_keys(net->listeners);
    for (GList *l = list; l != NULL; l = l->next)
        net_listener_close(l->data);
    g_list_free(list);
    list = g_hash_table_get_keys(net->connections);
    for (GList *c = list; c != NULL; c = c->next)
        net_close_connection(c->data);
    g_list_free(list);
    net_reserve_end(net);
    uv_close((uv_handle_t *)&net->wait_timer, NULL);
    /* Who is told of the end of a connection may have called net_stop(). */
    while (uv_run(&net->loop, UV_RUN_DEFAULT) != 0)
        continue;
    uv_loop_close(&net->loop);
    g_hash_table_destroy(net->connections);
    g_hash_table_destroy(net->listeners);
    g_free(net);
}

bool net_is_ending(const struct net *net)
{
    return net->is_ending;
}

uv_loop_t *net_loop(struct net *net)
{
    return &net->loop;
}

int64_t net_now_ms(struct net *net)
{
    return (int64_t)uv_now(&net->loop);
}

size_t net_num_connections(const struct net *net)
{
    return g_hash_table_size(net->connections);
}

/* Every callback of libuv ends with it. */
void net_settle(struct net *net)
{
    struct net_connection *connection;
    do {
        while ((connection = g_queue_pop_head(&net->dirty)) != NULL) {
            connection->is_dirty = false;
            net_flush(connection);
        }
        if (net->config.settled != NULL)
            net->config.settled(net->config.cookie);
    } while (!g_queue_is_empty(&net->dirty));
}

void net_run(struct net *net)
{
    net_settle(net);
    uv_run(&net->loop, UV_RUN_DEFAULT);
}

void net_stop(struct net *net)
{
    uv_stop(&net->loop);
}

static void on_wait_over(uv_timer_t *timer)
{
    (void)timer;
}

void net_run_once(struct net *net, int64_t timeout_ms)
{
    uv_update_time(&net->loop);
    net_settle(net);
    /* A timer of no time would be over before the sockets are looked at. */
    if (timeout_ms > 0)
        uv_timer_start(&net->wait_timer, on_wait_over, (uint64_t)timeout_ms, 0);
    uv_run(&net->loop, timeout_ms > 0 ? UV_RUN_ONCE : UV_RUN_NOWAIT);
    uv_timer_stop(&net->wait_timer);
}
