/* SPDX-License-Identifier: GPL-2.0-or-later */
/* open: how connections begin, and the opening of one; net/listen.c accepts. */
#include "net/internal.h"

#include "net/address.h"

static void on_expired(void *cookie)
{
    struct net_connection *connection = cookie;
    struct net *net = connection->net;
    connection->expired(connection);
    net_settle(net);
}

void net_set_timer(struct net_connection *connection,
                   void (*expired)(struct net_connection *connection), uint64_t after_ms)
{
    connection->expired = expired;
    net_timer_start(&connection->timer, after_ms);
}

struct net_connection *net_connection_new(struct net *net)
{
    struct net_connection *connection = g_new0(struct net_connection, 1);
    connection->net = net;
    connection->num_handles = 2;
    net_timer_init(&connection->timer, net, on_expired, connection);
    net->tcp->init(connection);
    g_hash_table_add(net->connections, connection);
    return connection;
}

void net_set_open(struct net_connection *connection)
{
    connection->phase = NET_PHASE_OPEN;
    connection->number = ++connection->net->num_ever;
    connection->net->tcp->opened(connection);
    net_start_recording(connection);
    if (connection->net->config.faults != NULL)
        connection->line =
            fault_line_new(connection->net->config.faults, connection->net,
                           (struct fault_line_handler){net_on_handed_on, net_on_go_on, connection});
}

void net_start(struct net_connection *connection, const struct net_user *user, void *cookie)
{
    connection->user = user;
    connection->user_cookie = cookie;
    net_wake(connection);
}

static void give_up(struct net_connection *connection)
{
    connection->connected(connection->connected_cookie, NULL, "there was no answer in time");
    net_close_connection(connection);
}

void net_on_connected(struct net_connection *connection, int status)
{
    struct net *net = connection->net;

    if (connection->phase != NET_PHASE_CLOSING)
        net_timer_stop(&connection->timer);
    if (status != 0) {
        if (connection->phase != NET_PHASE_CLOSING) {
            connection->connected(connection->connected_cookie, NULL, uv_strerror(status));
            net_close_connection(connection);
        }
    } else {
        net_set_open(connection);
        connection->connected(connection->connected_cookie, connection, NULL);
        if (connection->user == NULL)
            net_close_connection(connection);
    }
    net_settle(net);
}

struct net_connection *net_connect(struct net *net, const char *address, struct net_hosts hosts,
                                   int64_t timeout_ms, net_connected *connected, void *cookie,
                                   char **error)
{
    struct sockaddr_storage storage;
    if (!net_parse_address(address, &storage)) {
        *error =
            g_strdup_printf("%s is not an address and a port, such as 127.0.0.1:2492", address);
        return NULL;
    }
    struct net_connection *connection = net_connection_new(net);
    connection->phase = NET_PHASE_CONNECTING;
    connection->is_initiator = true;
    connection->hosts = hosts;
    connection->connected = connected;
    connection->connected_cookie = cookie;
    const int err = net->tcp->connect(connection, &storage);
    if (err != 0) {
        *error = g_strdup_printf("cannot connect to %s: %s", address, uv_strerror(err));
        net_close_connection(connection);
        return NULL;
    }
    if (timeout_ms > 0)
        net_set_timer(connection, give_up, (uint64_t)timeout_ms);
    return connection;
}

struct net *net_of(const struct net_connection *connection)
{
    return connection->net;
}

unsigned net_connection_number(const struct net_connection *connection)
{
    return connection->number;
}

uint16_t net_connection_port(const struct net_connection *connection)
{
    const uint16_t port = connection->hosts.acceptor_port;
    return port != 0 ? port : NET_PORT_SSTP;
}

void net_connection_peer(const struct net_connection *connection, uint8_t address[16])
{
    const struct sockaddr_storage peer = connection->net->tcp->peer(connection);
    const struct sockaddr_in *ip4 = (const void *)&peer;
    const struct sockaddr_in6 *ip6 = (const void *)&peer;
    memset(address, 0, 16);
    if (peer.ss_family == AF_INET)
        memcpy(address, &ip4->sin_addr, sizeof ip4->sin_addr);
    else if (peer.ss_family == AF_INET6)
        memcpy(address, &ip6->sin6_addr, sizeof ip6->sin6_addr);
}

char *net_connection_name(const struct net_connection *connection)
{
    const struct sockaddr_storage local = connection->net->tcp->local(connection);
    const struct sockaddr_storage peer = connection->net->tcp->peer(connection);
    char *here = net_address_name(&local), *there = net_address_name(&peer);
    char *name = g_strdup_printf("%s %s", connection->is_initiator ? here : there,
                                 connection->is_initiator ? there : here);
    g_free(here);
    g_free(there);
    return name;
}
