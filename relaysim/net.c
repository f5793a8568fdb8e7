/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net.h"

#include <glib.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <time.h>

#define READ_SIZE (64u << 10)
#define PIECES_MAX 256u        /* of the output, in one call to the system */
#define WAITING_MAX (4u << 10) /* written behind what fills the socket */
#define UNSENT_MAX (1u << 20)  /* answers beyond which nothing more is read from the peer */
#define KERNEL_UNSENT_MAX (128 << 10)
#define LINGER_MS 1000      /* for the peer to close its side after ours */
#define LAST_WORDS_MS 10000 /* for the peer to take what is left for it, once all is over */
#define BACKLOG 128

enum phase {
    PHASE_CONNECTING,
    PHASE_OPEN,
    PHASE_ENDING, /* our side is closed; the peer's end is awaited */
    PHASE_CLOSING /* libuv is at it */
};

struct net {
    uv_loop_t loop;
    struct net_config config;
    GHashTable *connections; /* a set */
    GHashTable *listeners;   /* a set */
    GQueue dirty;            /* connections that may have output */
    GQueue ending;           /* those whose endpoint is closed, oldest first */
    struct net_bytes bytes;
    unsigned num_ever;
    uv_timer_t wait_timer; /* of net_run_once() */
    char read_buffer[READ_SIZE];
};

struct net_listener {
    struct net *net;
    uv_tcp_t tcp;
    size_t max_connections;
    size_t num_open;        /* those that count against the limit */
    size_t num_connections; /* with those that libuv is still closing */
    bool is_closed;         /* libuv is done with it */
    net_accepted *accepted;
    void *cookie;
};

struct net_connection {
    struct net *net;
    struct net_listener *listener; /* that accepted it; NULL when it was opened here */
    uv_tcp_t tcp;
    uv_timer_t timer;
    uv_connect_t connect;
    uv_write_t write;
    uv_shutdown_t shutdown;
    enum phase phase;
    unsigned num_handles; /* that libuv has to close */
    unsigned number;
    bool is_initiator;
    bool is_reading;
    bool is_held;
    bool is_writing;
    bool is_dirty;
    GList ending_link; /* in net->ending, with data set while it is */
    struct sstp_ep *ep;
    struct net_handler handler;
    net_connected *connected;
    void *connected_cookie;
    struct net_hosts hosts;
    struct tap_connection *tap;
    struct truth_stream *truth;
    char *written; /* while is_writing */
};

static void flush(struct net_connection *connection);
static void read_or_not(struct net_connection *connection);
static void close_connection(struct net_connection *connection);

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* ------------------------------------------------------------------------
 * The loop
 */

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
    GList *list = g_hash_table_get_keys(net->listeners);
    for (GList *l = list; l != NULL; l = l->next)
        net_listener_close(l->data);
    g_list_free(list);
    list = g_hash_table_get_keys(net->connections);
    for (GList *c = list; c != NULL; c = c->next)
        close_connection(c->data);
    g_list_free(list);
    uv_close((uv_handle_t *)&net->wait_timer, NULL);
    uv_run(&net->loop, UV_RUN_DEFAULT);
    uv_loop_close(&net->loop);
    g_hash_table_destroy(net->connections);
    g_hash_table_destroy(net->listeners);
    g_free(net);
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
            flush(connection);
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
    uv_timer_start(&net->wait_timer, on_wait_over, timeout_ms > 0 ? (uint64_t)timeout_ms : 0, 0);
    uv_run(&net->loop, UV_RUN_ONCE);
    uv_timer_stop(&net->wait_timer);
}

/* ------------------------------------------------------------------------
 * Addresses
 */

bool net_parse_address(const char *text, struct sockaddr_storage *address)
{
    const char *colon = strrchr(text, ':');
    guint64 port;

    if (colon == NULL || !g_ascii_string_to_unsigned(colon + 1, 10, 0, 65535, &port, NULL))
        return false;
    const bool is_bracketed = text[0] == '[' && colon > text + 1 && colon[-1] == ']';
    char *host = is_bracketed ? g_strndup(text + 1, (size_t)(colon - text) - 2)
                              : g_strndup(text, (size_t)(colon - text));
    memset(address, 0, sizeof *address);
    const char *name = strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
    void *storage = address;
    const bool is_good = is_bracketed ? uv_ip6_addr(host, (int)port, storage) == 0
                                      : uv_ip4_addr(name, (int)port, storage) == 0;
    g_free(host);
    return is_good;
}

static char *name_of(const struct sockaddr_storage *address)
{
    char host[INET6_ADDRSTRLEN] = "";
    const void *storage = address;
    if (address->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = storage;
        uv_ip6_name(in6, host, sizeof host);
        return g_strdup_printf("[%s]:%u", host, ntohs(in6->sin6_port));
    }
    const struct sockaddr_in *in = storage;
    uv_ip4_name(in, host, sizeof host);
    return g_strdup_printf("%s:%u", host, ntohs(in->sin_port));
}

static struct sockaddr_storage local_address(const uv_tcp_t *tcp)
{
    struct sockaddr_storage address;
    int len = sizeof address;
    memset(&address, 0, sizeof address);
    (void)uv_tcp_getsockname(tcp, (struct sockaddr *)(void *)&address, &len);
    return address;
}

static struct sockaddr_storage peer_address(const uv_tcp_t *tcp)
{
    struct sockaddr_storage address;
    int len = sizeof address;
    memset(&address, 0, sizeof address);
    (void)uv_tcp_getpeername(tcp, (struct sockaddr *)(void *)&address, &len);
    return address;
}

static uint16_t port_of(const struct sockaddr_storage *address)
{
    const void *storage = address;
    return ntohs(address->ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)storage)->sin6_port
                                                : ((const struct sockaddr_in *)storage)->sin_port);
}

/* ------------------------------------------------------------------------
 * Capture and truth
 */

/* Where an accepted connection is shown to come from: each from another address
 * or port, so that the capture never has two of the same four numbers. */
static void set_initiator(struct net_connection *connection, struct tap_address *address)
{
    enum { HOSTS = 200, FIRST_HOST = 10, FIRST_PORT = 49152, PORTS = 16384 };
    const unsigned n = connection->number - 1;
    address->initiator_host = (uint8_t)(FIRST_HOST + n % HOSTS);
    address->initiator_port = (uint16_t)(FIRST_PORT + n / HOSTS % PORTS);
}

static void start_recording(struct net_connection *connection)
{
    struct net *net = connection->net;
    const struct sockaddr_storage local = local_address(&connection->tcp);
    const struct sockaddr_storage peer = peer_address(&connection->tcp);

    if (net->config.tap != NULL && (connection->is_initiator || !net->config.has_both_ends)) {
        struct tap_address address = {.initiator_host = connection->hosts.initiator_host,
                                      .initiator_port = port_of(&local),
                                      .acceptor_host = connection->hosts.acceptor_host,
                                      .acceptor_port = 2492};
        if (!connection->is_initiator)
            set_initiator(connection, &address);
        if (address.initiator_host == 0)
            address.initiator_host = 10;
        if (address.acceptor_host == 0)
            address.acceptor_host = 1;
        connection->tap = tap_connect(net->config.tap, address, now_ns());
    }
    if (net->config.truth != NULL) {
        char *here = name_of(&local), *there = name_of(&peer);
        char *name = g_strdup_printf("%s %s", connection->is_initiator ? here : there,
                                     connection->is_initiator ? there : here);
        connection->truth = truth_enter(net->config.truth, name);
        g_free(name);
        g_free(here);
        g_free(there);
    }
}

void net_sent(struct net_connection *connection, const struct sstp_command *command)
{
    if (connection->truth != NULL)
        truth_command(connection->truth, connection->is_initiator, command, now_ns());
}

void net_noted(struct net_connection *connection, const struct sstp_ep_note *note)
{
    if (connection->truth != NULL)
        truth_note(connection->truth, connection->is_initiator, note, now_ns());
}

void net_fault(struct net_connection *connection, const char *kind, const char *text)
{
    if (connection->truth != NULL)
        truth_fault(connection->net->config.truth, connection->truth, kind, text, now_ns());
}

struct truth *net_truth(const struct net *net)
{
    return net->config.truth;
}

uint64_t net_wall_ns(void)
{
    return now_ns();
}

uint64_t net_truth_label(const struct net_connection *connection)
{
    return truth_label(connection->truth, connection->is_initiator);
}

unsigned net_connection_number(const struct net_connection *connection)
{
    return connection->number;
}

/* ------------------------------------------------------------------------
 * The end of a connection
 */

static void on_handle_closed(uv_handle_t *handle)
{
    struct net_connection *connection = handle->data;
    if (--connection->num_handles > 0)
        return;
    if (connection->listener != NULL && --connection->listener->num_connections == 0 &&
        connection->listener->is_closed)
        g_free(connection->listener);
    g_free(connection->written);
    g_free(connection);
}

/* Everything but libuv's own farewell. */
static void close_connection(struct net_connection *connection)
{
    struct net *net = connection->net;
    if (connection->phase == PHASE_CLOSING)
        return;
    connection->phase = PHASE_CLOSING;
    if (connection->listener != NULL)
        connection->listener->num_open--;
    g_hash_table_remove(net->connections, connection);
    if (connection->is_dirty)
        g_queue_remove(&net->dirty, connection);
    connection->is_dirty = true; /* never queued again */
    if (connection->ending_link.data != NULL)
        g_queue_unlink(&net->ending, &connection->ending_link);
    tap_disconnect(connection->tap, now_ns());
    connection->tap = NULL;
    if (connection->ep != NULL) {
        sstp_ep_transport_lost(connection->ep);
        connection->ep = NULL;
        connection->handler.gone(connection->handler.cookie);
    }
    truth_leave(connection->truth);
    connection->truth = NULL;
    uv_close((uv_handle_t *)&connection->tcp, on_handle_closed);
    uv_close((uv_handle_t *)&connection->timer, on_handle_closed);
}

static void on_linger_over(uv_timer_t *timer)
{
    struct net_connection *connection = timer->data;
    struct net *net = connection->net;
    close_connection(connection);
    net_settle(net);
}

static void on_shut_down(uv_shutdown_t *request, int status)
{
    (void)request; /* whatever came of it, the peer's end or the timer follows */
    (void)status;
}

/* From here on, a connection that does not go makes room for others. */
static void begin_ending(struct net_connection *connection, uint64_t patience_ms)
{
    if (connection->ending_link.data == NULL) {
        connection->ending_link.data = connection;
        g_queue_push_tail_link(&connection->net->ending, &connection->ending_link);
    }
    uv_timer_start(&connection->timer, on_linger_over, patience_ms, 0);
}

/* The output is gone and the endpoint closed: our side of the stream ends.
 * Closing at once would answer unread bytes with a reset, which could overtake
 * our ConnectClose in the peer's socket. */
static void end_connection(struct net_connection *connection)
{
    connection->is_held = false; /* the peer's end has to be seen */
    read_or_not(connection);
    connection->phase = PHASE_ENDING;
    connection->shutdown.data = connection;
    if (uv_shutdown(&connection->shutdown, (uv_stream_t *)&connection->tcp, on_shut_down) != 0) {
        close_connection(connection);
        return;
    }
    if (connection->tap != NULL)
        tap_finish(connection->tap, connection->is_initiator, now_ns());
    begin_ending(connection, LINGER_MS);
}

/* ------------------------------------------------------------------------
 * Bytes
 */

static void on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct net_connection *connection = handle->data;
    (void)suggested;
    *buffer = uv_buf_init(connection->net->read_buffer, READ_SIZE);
}

static void on_read(uv_stream_t *stream, ssize_t num, const uv_buf_t *buffer)
{
    struct net_connection *connection = stream->data;
    struct net *net = connection->net;

    if (num > 0) {
        net->bytes.in += (uint64_t)num;
        if (connection->tap != NULL)
            tap_data(connection->tap, !connection->is_initiator, buffer->base, (size_t)num,
                     now_ns());
        sstp_ep_tick(connection->ep, net_now_ms(net));
        sstp_ep_receive(connection->ep, buffer->base, (size_t)num);
        net_wake(connection);
    } else if (num < 0) {
        if (num == UV_EOF && connection->tap != NULL)
            tap_finish(connection->tap, !connection->is_initiator, now_ns());
        if (num == UV_EOF && connection->tap != NULL && connection->phase == PHASE_OPEN)
            tap_finish(connection->tap, connection->is_initiator, now_ns());
        close_connection(connection);
    }
    net_settle(net);
}

static void read_or_not(struct net_connection *connection)
{
    /* Who does not take our answers is not asked for more questions.  Messages do not
     * count: if both ends waited for the other to take a long one, neither would. */
    const bool wants =
        !connection->is_held && sstp_ep_output_answers_len(connection->ep) < UNSENT_MAX;
    if (wants == connection->is_reading)
        return;
    connection->is_reading = wants;
    if (wants)
        uv_read_start((uv_stream_t *)&connection->tcp, on_allocate, on_read);
    else
        uv_read_stop((uv_stream_t *)&connection->tcp);
}

static void on_written(uv_write_t *request, int status)
{
    struct net_connection *connection = request->data;
    struct net *net = connection->net;

    connection->is_writing = false;
    g_free(connection->written);
    connection->written = NULL;
    if (status != 0)
        close_connection(connection);
    else
        net_wake(connection);
    net_settle(net);
}

bool net_has_unread(const struct net_connection *connection)
{
    uv_os_fd_t fd;
    char byte;
    return uv_fileno((const uv_handle_t *)&connection->tcp, &fd) == 0 &&
           recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
}

/* Some bytes went to the peer. */
static void note_written(struct net_connection *connection, const struct sstp_span *pieces,
                         size_t len)
{
    connection->net->bytes.out += len;
    for (size_t i = 0; connection->tap != NULL && len > 0; i++) {
        const size_t num = MIN(pieces[i].len, len);
        tap_data(connection->tap, connection->is_initiator, pieces[i].data, num, now_ns());
        len -= num;
    }
}

/* The socket is full.  A little of the output, copied, tells when it is not any more. */
static ssize_t wait_for_room(struct net_connection *connection, struct sstp_span first)
{
    const size_t len = MIN(first.len, WAITING_MAX);
    connection->written = g_memdup2(first.data, len);
    const uv_buf_t buffer = uv_buf_init(connection->written, (unsigned)len);
    connection->write.data = connection;
    const int err =
        uv_write(&connection->write, (uv_stream_t *)&connection->tcp, &buffer, 1, on_written);
    connection->is_writing = err == 0;
    return err == 0 ? (ssize_t)len : err;
}

/* Hands output to the kernel, as much as it takes.  Returns how many bytes are off the
 * endpoint's hands, negative when the socket failed. */
static ssize_t write_some(struct net_connection *connection)
{
    struct sstp_span pieces[PIECES_MAX];
    uv_buf_t buffers[PIECES_MAX];
    const size_t num_pieces = sstp_ep_output_pieces(connection->ep, pieces, PIECES_MAX);

    for (size_t i = 0; i < num_pieces; i++)
        buffers[i] = uv_buf_init((char *)(uintptr_t)pieces[i].data, (unsigned)pieces[i].len);
    ssize_t num = uv_try_write((uv_stream_t *)&connection->tcp, buffers, (unsigned)num_pieces);
    if (num == UV_EAGAIN)
        num = wait_for_room(connection, pieces[0]);
    if (num > 0)
        note_written(connection, pieces, (size_t)num);
    return num;
}

static void on_deadline(uv_timer_t *timer)
{
    struct net_connection *connection = timer->data;
    struct net *net = connection->net;
    sstp_ep_tick(connection->ep, net_now_ms(net));
    net_wake(connection);
    net_settle(net);
}

static void set_timer(struct net_connection *connection)
{
    const int64_t deadline = sstp_ep_next_deadline(connection->ep);
    const int64_t now = net_now_ms(connection->net);
    if (deadline == SSTP_EP_NEVER)
        uv_timer_stop(&connection->timer);
    else
        uv_timer_start(&connection->timer, on_deadline,
                       deadline > now ? (uint64_t)(deadline - now) : 0, 0);
}

static void flush(struct net_connection *connection)
{
    if (connection->phase != PHASE_OPEN)
        return;
    while (!connection->is_writing) {
        if (sstp_ep_output_len(connection->ep) == 0)
            break;
        const ssize_t num = write_some(connection);
        if (num < 0) {
            close_connection(connection);
            return;
        }
        sstp_ep_output_taken(connection->ep, (size_t)num);
        if (sstp_ep_output_len(connection->ep) == 0 && connection->handler.output_is_empty != NULL)
            connection->handler.output_is_empty(connection->handler.cookie);
    }
    const bool is_closed = sstp_ep_state(connection->ep) == SSTP_CONNECTION_CLOSED;
    if (is_closed && !connection->is_writing && sstp_ep_output_len(connection->ep) == 0) {
        end_connection(connection);
        return;
    }
    read_or_not(connection);
    if (is_closed) {
        if (connection->ending_link.data == NULL)
            begin_ending(connection, LAST_WORDS_MS);
        return;
    }
    set_timer(connection);
}

void net_hold(struct net_connection *connection, bool is_held)
{
    connection->is_held = is_held;
    net_wake(connection);
}

void net_drop(struct net_connection *connection)
{
    close_connection(connection);
}

struct net_bytes net_bytes(const struct net *net)
{
    return net->bytes;
}

void net_wake(struct net_connection *connection)
{
    if (connection->is_dirty)
        return;
    connection->is_dirty = true;
    g_queue_push_tail(&connection->net->dirty, connection);
}

/* ------------------------------------------------------------------------
 * Beginning
 */

static struct net_connection *new_connection(struct net *net)
{
    struct net_connection *connection = g_new0(struct net_connection, 1);
    connection->net = net;
    connection->num_handles = 2;
    uv_tcp_init(&net->loop, &connection->tcp);
    uv_timer_init(&net->loop, &connection->timer);
    connection->tcp.data = connection->timer.data = connection;
    g_hash_table_add(net->connections, connection);
    return connection;
}

/* The kernel gets no more than it can soon send.  What it has taken, an acknowledgement
 * has to wait behind, and so does whoever wants to send less; and it is read back from
 * memory where it could have come from the processor's cache. */
static void limit_unsent(const struct net_connection *connection)
{
    const int max = KERNEL_UNSENT_MAX;
    uv_os_fd_t fd;
    if (uv_fileno((const uv_handle_t *)&connection->tcp, &fd) == 0)
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &max, sizeof max);
}

/* The socket is connected, with whomever. */
static void set_open(struct net_connection *connection)
{
    connection->phase = PHASE_OPEN;
    connection->number = ++connection->net->num_ever;
    /* Commands are handed over in batches already; waiting for more helps nobody. */
    uv_tcp_nodelay(&connection->tcp, 1);
    limit_unsent(connection);
    start_recording(connection);
}

void net_start(struct net_connection *connection, struct sstp_ep *ep, struct net_handler handler)
{
    connection->ep = ep;
    connection->handler = handler;
    net_wake(connection);
}

static void on_connection(uv_stream_t *server, int status)
{
    struct net_listener *listener = server->data;
    struct net *net = listener->net;

    if (status != 0)
        return; /* most likely no file descriptor: whoever called calls again */
    struct net_connection *connection = new_connection(net);
    connection->listener = listener;
    listener->num_connections++;
    listener->num_open++;
    /* Who has been said goodbye to, and does not go, makes room first. */
    if (listener->num_open > listener->max_connections && !g_queue_is_empty(&net->ending))
        close_connection(g_queue_peek_head(&net->ending));
    if (uv_accept(server, (uv_stream_t *)&connection->tcp) != 0 ||
        listener->num_open > listener->max_connections) {
        close_connection(connection);
        return;
    }
    set_open(connection);
    listener->accepted(listener->cookie, connection);
    if (connection->ep == NULL)
        close_connection(connection);
    net_settle(net);
}

static void on_listener_closed(uv_handle_t *handle)
{
    struct net_listener *listener = handle->data;
    listener->is_closed = true;
    if (listener->num_connections == 0)
        g_free(listener); /* otherwise its last connection does */
}

bool net_listen(struct net *net, const char *address, size_t max_connections,
                net_accepted *accepted, void *cookie, struct net_listener **listener, char **error)
{
    struct sockaddr_storage storage;
    if (!net_parse_address(address, &storage)) {
        *error =
            g_strdup_printf("%s is not an address and a port, such as 127.0.0.1:2492", address);
        return false;
    }
    struct net_listener *made = g_new0(struct net_listener, 1);
    made->net = net;
    made->max_connections = max_connections;
    made->accepted = accepted;
    made->cookie = cookie;
    uv_tcp_init(&net->loop, &made->tcp);
    made->tcp.data = made;
    g_hash_table_add(net->listeners, made);
    int err = uv_tcp_bind(&made->tcp, (const struct sockaddr *)(const void *)&storage, 0);
    if (err == 0)
        err = uv_listen((uv_stream_t *)&made->tcp, BACKLOG, on_connection);
    if (err != 0) {
        *error = g_strdup_printf("cannot listen on %s: %s", address, uv_strerror(err));
        net_listener_close(made);
        return false;
    }
    *listener = made;
    return true;
}

void net_listener_close(struct net_listener *listener)
{
    if (!g_hash_table_remove(listener->net->listeners, listener))
        return;
    uv_close((uv_handle_t *)&listener->tcp, on_listener_closed);
}

char *net_listener_address(const struct net_listener *listener)
{
    const struct sockaddr_storage address = local_address(&listener->tcp);
    return name_of(&address);
}

static void on_connect_over(uv_timer_t *timer)
{
    struct net_connection *connection = timer->data;
    struct net *net = connection->net;
    connection->connected(connection->connected_cookie, NULL, "there was no answer in time");
    close_connection(connection);
    net_settle(net);
}

static void on_connect(uv_connect_t *request, int status)
{
    struct net_connection *connection = request->data;
    struct net *net = connection->net;

    if (connection->phase != PHASE_CLOSING)
        uv_timer_stop(&connection->timer);
    if (status != 0) {
        if (connection->phase != PHASE_CLOSING) {
            connection->connected(connection->connected_cookie, NULL, uv_strerror(status));
            close_connection(connection);
        }
    } else {
        set_open(connection);
        connection->connected(connection->connected_cookie, connection, NULL);
        if (connection->ep == NULL)
            close_connection(connection);
    }
    net_settle(net);
}

bool net_connect(struct net *net, const char *address, struct net_hosts hosts, int64_t timeout_ms,
                 net_connected *connected, void *cookie, char **error)
{
    struct sockaddr_storage storage;
    if (!net_parse_address(address, &storage)) {
        *error =
            g_strdup_printf("%s is not an address and a port, such as 127.0.0.1:2492", address);
        return false;
    }
    struct net_connection *connection = new_connection(net);
    connection->phase = PHASE_CONNECTING;
    connection->is_initiator = true;
    connection->hosts = hosts;
    connection->connected = connected;
    connection->connected_cookie = cookie;
    connection->connect.data = connection;
    const int err = uv_tcp_connect(&connection->connect, &connection->tcp,
                                   (const struct sockaddr *)(const void *)&storage, on_connect);
    if (err != 0) {
        *error = g_strdup_printf("cannot connect to %s: %s", address, uv_strerror(err));
        close_connection(connection);
        return false;
    }
    if (timeout_ms > 0)
        uv_timer_start(&connection->timer, on_connect_over, (uint64_t)timeout_ms, 0);
    return true;
}
