/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tcp_simulated: TCP in memory (net/tcp.h), on simulated/network.h. */
#include "net/internal.h"

#include "net/address.h"
#include "simulated/network.h"

static void init(struct net_connection *connection)
{
    (void)connection; /* it gets an end when it connects, or is accepted */
}

/* ------------------------------------------------------------------------
 * What it is told
 */

static void on_connected(void *cookie, bool is_there)
{
    net_on_connected(cookie, is_there ? 0 : UV_ECONNREFUSED);
}

static void on_received(void *cookie, const void *data, size_t len)
{
    net_on_read(cookie, data, (ssize_t)len);
}

static void on_ended(void *cookie, enum simulated_end_kind kind)
{
    net_on_read(cookie, NULL, kind == SIMULATED_FINISHED ? UV_EOF : UV_ECONNRESET);
}

static void on_has_room(void *cookie)
{
    struct net_connection *connection = cookie;
    struct net_tcp *tcp = &connection->tcp;
    if (tcp->waiting.len == 0)
        return;
    const ssize_t num = simulated_send(tcp->end, tcp->waiting.data, tcp->waiting.len);
    if (num >= 0) {
        tcp->waiting.data += num;
        tcp->waiting.len -= (size_t)num;
    }
    if (num < 0 || tcp->waiting.len == 0)
        net_on_written(connection, num < 0 ? UV_EPIPE : 0);
}

static void on_closed(void *cookie)
{
    net_on_closed(cookie);
}

static const struct simulated_handler handler = {.connected = on_connected,
                                                 .received = on_received,
                                                 .ended = on_ended,
                                                 .has_room = on_has_room,
                                                 .closed = on_closed};

void net_simulated_take(struct net_connection *connection, struct simulated_end *end)
{
    connection->tcp.end = end;
    simulated_use(end, &handler, connection);
}

/* ------------------------------------------------------------------------
 * What it does
 */

/* Between the same two hosts it takes about the same time. */
static int connect_to(struct net_connection *connection, const struct sockaddr_storage *address)
{
    const uint64_t route =
        (uint64_t)connection->hosts.initiator_host << 8 | connection->hosts.acceptor_host;
    connection->tcp.end = simulated_connect(connection->net->simulated, net_address_port(address),
                                            route, &handler, connection);
    return 0;
}

static void opened(struct net_connection *connection)
{
    (void)connection;
}

static void read_or_not(struct net_connection *connection, bool reads)
{
    simulated_read(connection->tcp.end, reads);
}

static bool has_unread(const struct net_connection *connection)
{
    return simulated_has_unread(connection->tcp.end);
}

/* In one piece, as the system sends it. */
static ssize_t try_write(struct net_connection *connection, const struct sstp_span *pieces,
                         size_t num)
{
    GByteArray *bytes = g_byte_array_new();
    for (size_t i = 0; i < num && bytes->len < SIMULATED_WINDOW; i++)
        g_byte_array_append(bytes, pieces[i].data, (guint)MIN(pieces[i].len, SIMULATED_WINDOW));
    const ssize_t sent = simulated_send(connection->tcp.end, bytes->data, bytes->len);
    g_byte_array_free(bytes, TRUE);
    return sent < 0 ? UV_EPIPE : sent == 0 ? UV_EAGAIN : sent;
}

static int write_later(struct net_connection *connection, struct sstp_span bytes)
{
    connection->tcp.waiting = bytes;
    return 0;
}

static int finish(struct net_connection *connection)
{
    simulated_finish(connection->tcp.end);
    return 0;
}

static void close_end(struct net_connection *connection, bool is_reset)
{
    simulated_close(connection->tcp.end, is_reset);
}

static struct sockaddr_storage address_of(uint16_t port)
{
    struct sockaddr_storage address;
    char *text = g_strdup_printf("127.0.0.1:%u", port);
    const bool is_good = net_parse_address(text, &address);
    g_assert(is_good);
    g_free(text);
    return address;
}

static struct sockaddr_storage local(const struct net_connection *connection)
{
    return address_of(simulated_local_port(connection->tcp.end));
}

static struct sockaddr_storage peer(const struct net_connection *connection)
{
    return address_of(simulated_peer_port(connection->tcp.end));
}

const struct net_tcp_ops net_tcp_simulated = {.init = init,
                                              .connect = connect_to,
                                              .opened = opened,
                                              .read = read_or_not,
                                              .has_unread = has_unread,
                                              .write = try_write,
                                              .write_later = write_later,
                                              .finish = finish,
                                              .close = close_end,
                                              .local = local,
                                              .peer = peer};
