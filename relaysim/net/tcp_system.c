/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tcp_system: TCP of the system (net/tcp.h). */
#include "net/internal.h"

#include "net/address.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define KERNEL_UNSENT_MAX (128 << 10)

/* What writing and reading take on a simulated clock. */
#define WRITE_NS 20000u
#define READ_NS 100000u

static uv_stream_t *stream_of(struct net_connection *connection)
{
    return &connection->tcp.system.stream;
}

/* On a simulated clock it takes time, too. */
static void spend(const struct net_connection *connection, uint64_t ns)
{
    connection->net->num_done++;
    if (connection->net->config.simulation != NULL)
        simulation_spend(connection->net->config.simulation, ns);
}

static void init(struct net_connection *connection)
{
    uv_tcp_init(&connection->net->loop, &connection->tcp.system.tcp);
    connection->tcp.system.tcp.data = connection;
}

/* ------------------------------------------------------------------------
 * Opening
 */

static void on_connect(uv_connect_t *request, int status)
{
    net_on_connected(request->data, status);
}

static int connect_to(struct net_connection *connection, const struct sockaddr_storage *address)
{
    connection->tcp.connect.data = connection;
    spend(connection, WRITE_NS);
    return uv_tcp_connect(&connection->tcp.connect, &connection->tcp.system.tcp,
                          (const struct sockaddr *)(const void *)address, on_connect);
}

/* The kernel gets no more than it can soon send.  What it has taken, an acknowledgement
 * has to wait after, and so does whoever wants to send less; and it is read back from
 * memory where it could have come from the processor's cache. */
static void limit_unsent(struct net_connection *connection)
{
    const int max = KERNEL_UNSENT_MAX;
    uv_os_fd_t fd;
    if (uv_fileno((const uv_handle_t *)stream_of(connection), &fd) == 0)
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &max, sizeof max);
}

static void opened(struct net_connection *connection)
{
    /* Commands are handed over in batches already; waiting for more helps nobody. */
    uv_tcp_nodelay(&connection->tcp.system.tcp, 1);
    limit_unsent(connection);
}

/* ------------------------------------------------------------------------
 * Bytes
 */

static void on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct net_connection *connection = handle->data;
    (void)suggested;
    *buffer = uv_buf_init(connection->net->read_buffer, NET_READ_SIZE);
}

static void on_read(uv_stream_t *stream, ssize_t num, const uv_buf_t *buffer)
{
    if (num < 0)
        uv_read_stop(stream); /* there is nothing after the end */
    if (num != 0) {
        spend(stream->data, READ_NS);
        net_on_read(stream->data, buffer->base, num);
    }
}

static void read_or_not(struct net_connection *connection, bool reads)
{
    if (reads)
        uv_read_start(stream_of(connection), on_allocate, on_read);
    else
        uv_read_stop(stream_of(connection));
}

static bool has_unread(const struct net_connection *connection)
{
    uv_os_fd_t fd;
    char byte;
    return uv_fileno((const uv_handle_t *)&connection->tcp.system.stream, &fd) == 0 &&
           recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
}

bool net_system_is_under_way(const struct net_connection *connection)
{
    uv_os_fd_t fd;
    int num = 0;
    return uv_fileno((const uv_handle_t *)&connection->tcp.system.stream, &fd) == 0 &&
           ioctl(fd, SIOCOUTQ, &num) == 0 && num > 0;
}

static ssize_t try_write(struct net_connection *connection, const struct sstp_span *pieces,
                         size_t num)
{
    uv_buf_t buffers[NET_PIECES_MAX];
    g_assert(num <= NET_PIECES_MAX);
    spend(connection, WRITE_NS);
    for (size_t i = 0; i < num; i++)
        buffers[i] = uv_buf_init((char *)(uintptr_t)pieces[i].data, (unsigned)pieces[i].len);
    return uv_try_write(stream_of(connection), buffers, (unsigned)num);
}

static void on_written(uv_write_t *request, int status)
{
    net_on_written(request->data, status);
}

static int write_later(struct net_connection *connection, struct sstp_span bytes)
{
    const uv_buf_t buffer = uv_buf_init((char *)(uintptr_t)bytes.data, (unsigned)bytes.len);
    connection->tcp.write.data = connection;
    spend(connection, WRITE_NS);
    return uv_write(&connection->tcp.write, stream_of(connection), &buffer, 1, on_written);
}

/* ------------------------------------------------------------------------
 * The end
 */

static void on_shut_down(uv_shutdown_t *request, int status)
{
    (void)request; /* whatever came of it, the peer's end or the timer follows */
    (void)status;
}

static int finish(struct net_connection *connection)
{
    spend(connection, WRITE_NS);
    return uv_shutdown(&connection->tcp.shutdown, stream_of(connection), on_shut_down);
}

static void on_closed(uv_handle_t *handle)
{
    net_on_closed(handle->data);
}

static void close_socket(struct net_connection *connection, bool is_reset)
{
    spend(connection, WRITE_NS);
    if (!is_reset || uv_tcp_close_reset(&connection->tcp.system.tcp, on_closed) != 0)
        uv_close((uv_handle_t *)stream_of(connection), on_closed);
}

static struct sockaddr_storage local(const struct net_connection *connection)
{
    return net_address_local(&connection->tcp.system.tcp);
}

static struct sockaddr_storage peer(const struct net_connection *connection)
{
    return net_address_peer(&connection->tcp.system.tcp);
}

const struct net_tcp_ops net_tcp_system = {.init = init,
                                           .connect = connect_to,
                                           .opened = opened,
                                           .read = read_or_not,
                                           .has_unread = has_unread,
                                           .write = try_write,
                                           .write_later = write_later,
                                           .finish = finish,
                                           .close = close_socket,
                                           .local = local,
                                           .peer = peer};
