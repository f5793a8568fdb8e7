/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net/internal.h"

#include <sys/socket.h>

#define PIECES_MAX 256u        /* of the output, in one call to the system */
#define WAITING_MAX (4u << 10) /* written behind what fills the socket */
#define UNSENT_MAX (1u << 20)  /* answers beyond which nothing more is read from the peer */
#define LINGER_MS 1000         /* for the peer to close its side after ours */
#define LAST_WORDS_MS 10000    /* for the peer to take what is left for it, once all is over */

static void flush(struct net_connection *connection);
static void read_or_not(struct net_connection *connection);

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
 * The end of a connection
 */

static void on_handle_closed(uv_handle_t *handle)
{
    struct net_connection *connection = handle->data;
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
    if (connection->ep != NULL) {
        sstp_ep_transport_lost(connection->ep);
        connection->ep = NULL;
        connection->handler.gone(connection->handler.cookie);
    }
    net_stop_recording(connection);
    if (connection->line != NULL)
        fault_line_close(connection->line);
    connection->line = NULL;
    if (!connection->is_reset || uv_tcp_close_reset(&connection->tcp, on_handle_closed) != 0)
        uv_close((uv_handle_t *)&connection->tcp, on_handle_closed);
    uv_close((uv_handle_t *)&connection->timer, on_handle_closed);
    if (connection->is_spare)
        g_queue_unlink(&net->reserve.spares, &connection->spare_link);
    if (net->reserve.is_short)
        net_reserve_refill(net);
}

static void on_linger_over(uv_timer_t *timer)
{
    struct net_connection *connection = timer->data;
    struct net *net = connection->net;
    net_close_connection(connection);
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
    connection->phase = NET_PHASE_ENDING;
    connection->shutdown.data = connection;
    if (uv_shutdown(&connection->shutdown, (uv_stream_t *)&connection->tcp, on_shut_down) != 0) {
        net_close_connection(connection);
        return;
    }
    net_record_finish(connection, true);
    begin_ending(connection, LINGER_MS);
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

/* What has come is the endpoint's, or the end.  The caller settles. */
static void take_in(struct net_connection *connection, const void *data, ssize_t num)
{
    if (num < 0) {
        if (num == UV_EOF && connection->phase == NET_PHASE_OPEN)
            net_record_finish(connection, true);
        net_close_connection(connection);
        return;
    }
    sstp_ep_tick(connection->ep, net_now_ms(connection->net));
    sstp_ep_receive(connection->ep, data, (size_t)num);
    net_wake(connection);
}

/* The moment for which net_drop_within() was called has come. */
static bool is_dropped(struct net_connection *connection, size_t num)
{
    if (connection->line == NULL || !fault_line_is_over(connection->line, num))
        return false;
    net_reset(connection);
    return true;
}

static void on_read(uv_stream_t *stream, ssize_t num, const uv_buf_t *buffer)
{
    struct net_connection *connection = stream->data;
    struct net *net = connection->net;

    if (num == 0)
        return;
    if (num > 0) {
        net->bytes.in += (uint64_t)num;
        net_record_data(connection, false, buffer->base, (size_t)num);
    } else if (num == UV_EOF) {
        net_record_finish(connection, false);
    }
    if (num < 0)
        uv_read_stop(stream); /* there is nothing behind the end */
    if (num < 0 || !is_dropped(connection, (size_t)num)) {
        if (connection->line != NULL)
            fault_line_arrived(connection->line, buffer->base, num);
        else
            take_in(connection, buffer->base, num);
    }
    net_settle(net);
}

void net_on_handed_on(void *cookie, const void *data, ssize_t num)
{
    struct net_connection *connection = cookie;
    struct net *net = connection->net;
    take_in(connection, data, num);
    net_settle(net);
}

void net_on_go_on(void *cookie)
{
    struct net_connection *connection = cookie;
    net_wake(connection);
    net_settle(connection->net);
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
        net_close_connection(connection);
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
    const bool is_recorded = connection->tap != NULL || connection->truth != NULL;
    connection->net->bytes.out += len;
    for (size_t i = 0; is_recorded && len > 0; i++) {
        const size_t num = MIN(pieces[i].len, len);
        net_record_data(connection, true, pieces[i].data, num);
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

/* Cuts a row of pieces to `len` bytes; returns how many pieces are left. */
static size_t cut_pieces(struct sstp_span *pieces, size_t num_pieces, size_t len)
{
    for (size_t i = 0; i < num_pieces; i++) {
        pieces[i].len = MIN(pieces[i].len, len);
        len -= pieces[i].len;
        if (pieces[i].len == 0)
            return i;
    }
    return num_pieces;
}

/* What goes next, at most PIECES_MAX pieces: the endpoint's output, or raw bytes at their
 * place in it; as much as the faults let go now. */
static size_t next_pieces(const struct net_connection *connection, struct sstp_span *pieces)
{
    size_t num = sstp_ep_output_pieces(connection->ep, pieces, PIECES_MAX);
    if (connection->raw != NULL && connection->raw_behind == 0) {
        pieces[0] = sstp_span(connection->raw->data, connection->raw->len);
        num = 1;
    } else if (connection->raw != NULL) {
        num = cut_pieces(pieces, num, connection->raw_behind);
    }
    if (connection->line != NULL && num > 0) {
        size_t len = 0;
        for (size_t i = 0; i < num; i++)
            len += pieces[i].len;
        num = cut_pieces(pieces, num, fault_line_cut(connection->line, len));
    }
    return num;
}

/* Hands output to the kernel, as much as it takes.  Returns how many bytes are off our
 * hands, 0 when there are none to go now, negative when the socket failed. */
static ssize_t write_some(struct net_connection *connection)
{
    struct sstp_span pieces[PIECES_MAX];
    uv_buf_t buffers[PIECES_MAX];
    const size_t num_pieces = next_pieces(connection, pieces);

    if (num_pieces == 0)
        return 0;
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

static void output_taken(struct net_connection *connection, size_t num)
{
    if (connection->raw == NULL) {
        sstp_ep_output_taken(connection->ep, num);
    } else if (connection->raw_behind > 0) {
        connection->raw_behind -= num;
        sstp_ep_output_taken(connection->ep, num);
    } else {
        g_byte_array_remove_range(connection->raw, 0, (guint)num);
        if (connection->raw->len == 0) {
            g_byte_array_free(connection->raw, TRUE);
            connection->raw = NULL;
        }
    }
}

static bool has_output(const struct net_connection *connection)
{
    return sstp_ep_output_len(connection->ep) > 0 || connection->raw != NULL;
}

static void flush(struct net_connection *connection)
{
    if (connection->phase != NET_PHASE_OPEN)
        return;
    while (!connection->is_writing && has_output(connection)) {
        const ssize_t num = write_some(connection);
        if (num < 0) {
            net_close_connection(connection);
            return;
        }
        if (num == 0)
            break;
        output_taken(connection, (size_t)num);
        if (is_dropped(connection, (size_t)num))
            return;
        if (sstp_ep_output_len(connection->ep) == 0 && connection->handler.output_is_empty != NULL)
            connection->handler.output_is_empty(connection->handler.cookie);
    }
    const bool is_closed = sstp_ep_state(connection->ep) == SSTP_CONNECTION_CLOSED;
    if (is_closed && !connection->is_writing && !has_output(connection)) {
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
    net_close_connection(connection);
}

void net_reset(struct net_connection *connection)
{
    net_fault(connection, "reset", "the connection is reset");
    connection->is_reset = true;
    net_close_connection(connection);
}

void net_send_raw(struct net_connection *connection, struct sstp_span bytes)
{
    if (connection->raw == NULL) {
        connection->raw = g_byte_array_new();
        connection->raw_behind = sstp_ep_output_len(connection->ep);
    }
    g_byte_array_append(connection->raw, bytes.data, (guint)bytes.len);
    net_fault(connection, "bytes", "bytes are sent that the endpoint knows nothing of");
    net_wake(connection);
}

void net_drop_within(struct net_connection *connection, uint64_t num)
{
    if (connection->line != NULL)
        fault_line_drop_within(connection->line, num);
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
