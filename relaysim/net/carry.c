/* SPDX-License-Identifier: GPL-2.0-or-later */
/* carry: bytes between a socket and its user. */
#include "net/internal.h"

#define WAITING_MAX (4u << 10) /* written after what fills the socket */

static void tell_passed(const struct net_connection *connection)
{
    if (connection->user != NULL && connection->user->passed != NULL)
        connection->user->passed(connection->user_cookie);
}

/* ------------------------------------------------------------------------
 * Reading
 */

/* What has come is the user's, or the end.  The caller settles. */
static void take_in(struct net_connection *connection, const void *data, ssize_t num)
{
    if (num < 0) {
        if (num == UV_EOF && connection->phase == NET_PHASE_OPEN)
            net_record_finish(connection, true);
        net_close_connection(connection);
        return;
    }
    connection->user->tick(connection->user_cookie, net_now_ms(connection->net));
    if (connection->user == NULL)
        return;
    connection->user->receive(connection->user_cookie, data, (size_t)num);
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

void net_on_read(struct net_connection *connection, const void *data, ssize_t num)
{
    struct net *net = connection->net;

    if (num > 0) {
        net->bytes.in += (uint64_t)num;
        tell_passed(connection);
        net_record_data(connection, false, data, (size_t)num);
    } else if (num == UV_EOF) {
        net_record_finish(connection, false);
    }
    if (num < 0 || !is_dropped(connection, (size_t)num)) {
        if (connection->line != NULL)
            fault_line_arrived(connection->line, data, num);
        else
            take_in(connection, data, num);
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

void net_read_or_not(struct net_connection *connection)
{
    const bool wants = !connection->is_held && connection->user->has_room(connection->user_cookie);
    if (wants == connection->is_reading)
        return;
    connection->is_reading = wants;
    connection->net->tcp->read(connection, wants);
}

bool net_has_unread(const struct net_connection *connection)
{
    return connection->net->tcp->has_unread(connection);
}

/* ------------------------------------------------------------------------
 * Writing
 */

void net_on_written(struct net_connection *connection, int status)
{
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

/* Some bytes went to the peer. */
static void note_written(struct net_connection *connection, const struct sstp_span *pieces,
                         size_t len)
{
    connection->net->bytes.out += len;
    tell_passed(connection);
    for (size_t i = 0; connection->capture != NULL && len > 0; i++) {
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
    const int err =
        connection->net->tcp->write_later(connection, sstp_span(connection->written, len));
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

/* What goes next, at most NET_PIECES_MAX pieces: the user's output, or raw bytes at their
 * place in it; as much as the faults let go now. */
static size_t next_pieces(const struct net_connection *connection, struct sstp_span *pieces)
{
    size_t num = connection->user->output(connection->user_cookie, pieces, NET_PIECES_MAX);
    if (connection->raw != NULL && connection->raw_after == 0) {
        pieces[0] = sstp_span(connection->raw->data, connection->raw->len);
        num = 1;
    } else if (connection->raw != NULL) {
        num = cut_pieces(pieces, num, connection->raw_after);
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
    struct sstp_span pieces[NET_PIECES_MAX];
    const size_t num_pieces = next_pieces(connection, pieces);

    if (num_pieces == 0)
        return 0;
    ssize_t num = connection->net->tcp->write(connection, pieces, num_pieces);
    if (num == UV_EAGAIN)
        num = wait_for_room(connection, pieces[0]);
    if (num > 0)
        note_written(connection, pieces, (size_t)num);
    return num;
}

static void on_deadline(struct net_connection *connection)
{
    connection->user->tick(connection->user_cookie, net_now_ms(connection->net));
    net_wake(connection);
}

static void set_timer(struct net_connection *connection)
{
    const int64_t deadline = connection->user->deadline(connection->user_cookie);
    const int64_t now = net_now_ms(connection->net);
    if (deadline == NET_NEVER)
        net_timer_stop(&connection->timer);
    else
        net_set_timer(connection, on_deadline, deadline > now ? (uint64_t)(deadline - now) : 0);
}

static void output_taken(struct net_connection *connection, size_t num)
{
    if (connection->raw == NULL) {
        connection->user->taken(connection->user_cookie, num);
    } else if (connection->raw_after > 0) {
        connection->raw_after -= num;
        connection->user->taken(connection->user_cookie, num);
    } else {
        g_byte_array_remove_range(connection->raw, 0, (guint)num);
        if (connection->raw->len == 0) {
            g_byte_array_free(connection->raw, TRUE);
            connection->raw = NULL;
        }
    }
}

static size_t output_len(const struct net_connection *connection)
{
    return connection->user->output_len(connection->user_cookie);
}

static bool has_output(const struct net_connection *connection)
{
    return connection->raw != NULL || output_len(connection) > 0;
}

/* Writes until there is nothing to go, or no room.  False when the connection is gone. */
static bool write_all(struct net_connection *connection)
{
    while (!connection->is_writing && has_output(connection)) {
        const ssize_t num = write_some(connection);
        if (num < 0)
            net_close_connection(connection);
        if (num < 0 || is_dropped(connection, (size_t)num))
            return false;
        if (num == 0)
            break;
        output_taken(connection, (size_t)num);
        if (connection->phase != NET_PHASE_OPEN)
            return false;
    }
    return true;
}

void net_flush(struct net_connection *connection)
{
    if (connection->phase != NET_PHASE_OPEN || !write_all(connection))
        return;
    const bool is_over = connection->user->is_over(connection->user_cookie);
    if (is_over && !connection->is_writing && !has_output(connection)) {
        net_end_connection(connection);
        return;
    }
    net_read_or_not(connection);
    if (is_over)
        net_begin_last_words(connection);
    else
        set_timer(connection);
}

void net_hold(struct net_connection *connection, bool is_held)
{
    connection->is_held = is_held;
    net_wake(connection);
}

void net_send_raw(struct net_connection *connection, struct sstp_span bytes)
{
    if (connection->raw == NULL) {
        connection->raw = g_byte_array_new();
        connection->raw_after = output_len(connection);
    }
    g_byte_array_append(connection->raw, bytes.data, (guint)bytes.len);
    net_tell_broken(connection, "bytes", "bytes are sent that the endpoint knows nothing of");
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
