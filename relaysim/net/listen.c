/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * listen: sockets that listen, and who calls there.
 *
 * They are accepted here and not by libuv, which closes callers without a word when there
 * is no file descriptor for them, and turns in a circle when even that does not work.
 */
#define _GNU_SOURCE /* accept4() */
#include "net/internal.h"

#include "net/address.h"
#include "simulated/network.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#define CALLERS_MAX 64    /* accepted from one socket in one turn of the loop */
#define SHORT_TICK_MS 250 /* while callers cannot be accepted as usual */
#define SPARE_MS 2000     /* for a caller to say who is there, while others wait */
#define AGAIN_MS 1000     /* without such a caller, and all is well again */

/* ------------------------------------------------------------------------
 * The reserve
 */

static void tell_all(struct net *net, enum net_listener_news news, const char *why)
{
    GHashTableIter iter;
    gpointer key;
    g_hash_table_iter_init(&iter, net->listeners);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        const struct net_listener *listener = key;
        if (listener->config.tell != NULL)
            listener->config.tell(listener->config.cookie, news, why);
    }
}

static void on_callers(uv_poll_t *poll, int status, int events);

static void poll_sockets(struct net_listener *listener, bool is_on)
{
    for (size_t i = 0; i < listener->num_sockets; i++) {
        uv_poll_t *poll = &listener->sockets[i].poll;
        /* Only wrong arguments make them fail. */
        if (is_on)
            (void)uv_poll_start(poll, UV_READABLE, on_callers);
        else
            (void)uv_poll_stop(poll);
    }
}

static void set_paused(struct net *net, bool is_paused)
{
    GHashTableIter iter;
    gpointer key;
    if (net->reserve.is_paused == is_paused)
        return;
    net->reserve.is_paused = is_paused;
    g_hash_table_iter_init(&iter, net->listeners);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        poll_sockets(key, !is_paused);
}

void net_reserve_refill(struct net *net)
{
    struct net_reserve *reserve = &net->reserve;
    while (reserve->num + reserve->spares.length < NET_RESERVE) {
        const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            break;
        reserve->fds[reserve->num++] = fd;
    }
    if (reserve->num > 0)
        set_paused(net, false);
}

/* Those who have had a descriptor of the reserve for long enough: others wait for it. */
static void close_old_spares(struct net *net)
{
    GList *link = net->reserve.spares.head;
    while (link != NULL) {
        struct net_connection *connection = link->data;
        link = link->next;
        if (net_now_ms(net) >= connection->spare_since_ms + SPARE_MS)
            net_close_connection(connection);
    }
}

static void on_short_tick(uv_timer_t *timer)
{
    struct net *net = timer->data;
    struct net_reserve *reserve = &net->reserve;
    if (reserve->is_paused)
        close_old_spares(net);
    net_reserve_refill(net);
    if (reserve->num == NET_RESERVE && net_now_ms(net) >= reserve->last_short_ms + AGAIN_MS) {
        reserve->is_short = false;
        uv_timer_stop(timer);
        tell_all(net, NET_LISTENER_AGAIN, NULL);
    } else {
        set_paused(net, false); /* what was short may not be descriptors */
    }
    net_settle(net);
}

static void set_short(struct net *net, int error)
{
    struct net_reserve *reserve = &net->reserve;
    reserve->last_short_ms = net_now_ms(net);
    if (!reserve->is_short)
        uv_timer_start(&reserve->timer, on_short_tick, SHORT_TICK_MS, SHORT_TICK_MS);
    reserve->is_short = true;
    tell_all(net, NET_LISTENER_SHORT, uv_strerror(uv_translate_sys_error(error)));
}

static void make_reserve(struct net *net)
{
    if (net->reserve.is_made)
        return;
    net->reserve.is_made = true;
    uv_timer_init(&net->loop, &net->reserve.timer);
    uv_unref((uv_handle_t *)&net->reserve.timer);
    net->reserve.timer.data = net;
    uv_tcp_init(&net->loop, &net->reserve.first);
    net_reserve_refill(net);
}

void net_reserve_end(struct net *net)
{
    struct net_reserve *reserve = &net->reserve;
    if (!reserve->is_made)
        return;
    reserve->is_short = false;
    uv_close((uv_handle_t *)&reserve->timer, NULL);
    uv_close((uv_handle_t *)&reserve->first, NULL);
    while (reserve->num > 0)
        close(reserve->fds[--reserve->num]);
}

/* ------------------------------------------------------------------------
 * Callers
 */

/* It counts from now on. */
static struct net_connection *new_caller(struct net_socket *socket)
{
    struct net_listener *listener = socket->listener;
    struct net_connection *connection = net_connection_new(listener->net);
    connection->hosts.acceptor_port = socket->port;
    connection->listener = listener;
    listener->num_connections++;
    listener->num_open++;
    return connection;
}

static bool is_over(const struct net_listener *listener)
{
    return listener->num_open > listener->config.max_connections;
}

/* Who has been said goodbye to, and does not go, makes room first. */
static bool has_made_room(struct net *net)
{
    struct net_connection *oldest = g_queue_peek_head(&net->ending);
    if (oldest == NULL || oldest->is_spare)
        return false;
    net_close_connection(oldest);
    return true;
}

/* Its user is found, or it is closed. */
static void welcome(struct net_connection *connection, net_accepted *accepted)
{
    struct net_listener *listener = connection->listener;
    const struct net_listen_config *config = &listener->config;
    if (is_over(listener))
        (void)has_made_room(listener->net);
    if (is_over(listener) && config->tell != NULL)
        config->tell(config->cookie, NET_LISTENER_FULL, NULL);
    if (is_over(listener) || accepted == NULL) {
        net_close_connection(connection);
        return;
    }
    net_set_open(connection);
    accepted(config->cookie, connection);
    if (connection->user == NULL)
        net_close_connection(connection);
}

static void take(struct net_socket *socket, int fd, bool is_spare)
{
    struct net_listener *listener = socket->listener;
    struct net *net = listener->net;
    const struct net_listen_config *config = &listener->config;
    struct net_connection *connection = new_caller(socket);

    if (uv_tcp_open(&connection->tcp.system.tcp, fd) != 0) {
        close(fd);
        net_close_connection(connection);
        return;
    }
    if (is_spare) {
        connection->is_spare = true;
        connection->spare_since_ms = net_now_ms(net);
        connection->spare_link.data = connection;
        g_queue_push_tail_link(&net->reserve.spares, &connection->spare_link);
    }
    welcome(connection, is_spare ? config->accepted_spare : config->accepted);
}

static void on_simulated(void *cookie, struct simulated_end *end)
{
    struct net_socket *socket = cookie;
    struct net *net = socket->listener->net;
    struct net_connection *connection = new_caller(socket);
    net_simulated_take(connection, end);
    welcome(connection, socket->listener->config.accepted);
    net_settle(net);
}

static int accept_on(int fd)
{
    int accepted;
    do
        accepted = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    while (accepted < 0 && errno == EINTR);
    return accepted;
}

/* There is no descriptor: one of the reserve will do for a refusal.  False when it is time
 * to wait, for one to come back or for the next tick. */
static bool take_with_reserve(struct net_socket *socket)
{
    struct net *net = socket->listener->net;
    struct net_reserve *reserve = &net->reserve;
    if (reserve->num > 0) {
        close(reserve->fds[--reserve->num]);
        const int fd = accept_on(socket->fd);
        if (fd >= 0) {
            take(socket, fd, true);
            return true;
        }
        const bool has_left = errno == EAGAIN;
        net_reserve_refill(net);
        if (has_left)
            return false;
    }
    set_paused(net, true);
    return false;
}

/* Whether there may be more of them. */
static bool take_caller(struct net_socket *socket)
{
    struct net *net = socket->listener->net;
    const int fd = accept_on(socket->fd);
    if (fd >= 0) {
        take(socket, fd, false);
        return true;
    }
    const int error = errno;
    switch (error) {
    case EAGAIN:
        return false;
    case EMFILE:
    case ENFILE:
        if (has_made_room(net))
            return true;
        set_short(net, error);
        return take_with_reserve(socket);
    case ECONNABORTED:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENETDOWN:
    case ENETUNREACH:
    case ENONET:
    case ENOPROTOOPT:
    case EOPNOTSUPP:
    case EPERM:
    case EPROTO:
    case ETIMEDOUT:
        return true; /* what befell the caller, or a firewall's word, as accept(2) says */
    default:         /* ENOBUFS, ENOMEM, or nobody knows what: later, perhaps */
        set_short(net, error);
        set_paused(net, true);
        return false;
    }
}

static void on_callers(uv_poll_t *poll, int status, int events)
{
    struct net_socket *socket = poll->data;
    struct net *net = socket->listener->net;
    (void)status; /* accept4() says what is wrong */
    (void)events;
    unsigned num = 0;
    while (num++ < CALLERS_MAX && socket->fd >= 0 && take_caller(socket))
        ;
    net_settle(net);
}

/* ------------------------------------------------------------------------
 * Listening
 */

static char *address_of(int fd)
{
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
    void *storage = &address;
    socklen_t len = sizeof address;
    (void)getsockname(fd, storage, &len);
    return net_address_name(&address);
}

static bool start_socket(struct net_listener *listener, int fd, uint16_t port, char **error)
{
    struct net_socket *socket = &listener->sockets[listener->num_sockets];
    struct net *net = listener->net;
    const int err = net->simulated != NULL ? 0 : uv_poll_init(&net->loop, &socket->poll, fd);
    if (err != 0) {
        char *address = address_of(fd);
        *error = net_cannot_listen(address, err);
        g_free(address);
        return false;
    }
    socket->listener = listener;
    socket->fd = fd;
    socket->port = port;
    socket->poll.data = socket;
    listener->num_sockets++;
    listener->num_polls++;
    if (net->simulated != NULL)
        simulated_listen(net->simulated, (uint16_t)fd, on_simulated, socket);
    return true;
}

bool net_listen_on(struct net *net, const struct net_listen_config *config,
                   struct net_listener **listener, char **error)
{
    struct net_listener *made =
        g_malloc0(sizeof *made + config->num_sockets * sizeof *made->sockets);
    size_t num = 0;
    made->net = net;
    made->config = *config;
    made->config.sockets = NULL; /* the caller's lists */
    made->config.ports = NULL;
    g_hash_table_add(net->listeners, made);
    while (num < config->num_sockets &&
           start_socket(made, config->sockets[num],
                        config->ports != NULL ? config->ports[num] : NET_PORT_SSTP, error))
        num++;
    if (num < config->num_sockets) {
        for (; num < config->num_sockets; num++)
            close(config->sockets[num]);
        net_listener_close(made);
        return false;
    }
    if (net->simulated == NULL) {
        make_reserve(net);
        poll_sockets(made, !net->reserve.is_paused);
    }
    *listener = made;
    return true;
}

bool net_listen(struct net *net, const char *address, size_t max_connections,
                net_accepted *accepted, void *cookie, struct net_listener **listener, char **error)
{
    const int fd = net_claim_in(net, address, error);
    return fd >= 0 && net_listen_on(net,
                                    &(struct net_listen_config){.sockets = &fd,
                                                                .num_sockets = 1,
                                                                .max_connections = max_connections,
                                                                .accepted = accepted,
                                                                .cookie = cookie},
                                    listener, error);
}

/* Freed with the last of what libuv has of it. */
static void free_if_over(struct net_listener *listener)
{
    if (listener->num_polls == 0 && listener->num_connections == 0)
        g_free(listener);
}

static void on_poll_closed(uv_handle_t *handle)
{
    struct net_socket *socket = handle->data;
    struct net_listener *listener = socket->listener;
    listener->num_polls--;
    free_if_over(listener);
}

void net_listener_unref(struct net_listener *listener)
{
    listener->num_connections--;
    free_if_over(listener);
}

void net_listener_close(struct net_listener *listener)
{
    if (!g_hash_table_remove(listener->net->listeners, listener))
        return;
    for (size_t i = 0; i < listener->num_sockets; i++) {
        struct net_socket *socket = &listener->sockets[i];
        if (listener->net->simulated != NULL) {
            simulated_listen(listener->net->simulated, (uint16_t)socket->fd, NULL, NULL);
            listener->num_polls--;
            continue;
        }
        uv_close((uv_handle_t *)&socket->poll, on_poll_closed);
        close(socket->fd);
        socket->fd = -1;
    }
    free_if_over(listener);
}

char *net_listener_address(const struct net_listener *listener)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < listener->num_sockets; i++) {
        const int fd = listener->sockets[i].fd;
        char *address =
            listener->net->simulated != NULL ? g_strdup_printf("127.0.0.1:%d", fd) : address_of(fd);
        g_string_append_printf(text, "%s%s", i == 0 ? "" : " ", address);
        g_free(address);
    }
    return g_string_free(text, FALSE);
}
