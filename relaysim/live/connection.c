/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "live/connection.h"

#include <glib.h>

#define UNSENT_MAX (1u << 20) /* answers beyond which nothing more is read from the peer */

struct live_connection {
    struct net_connection *socket;
    struct sstp_ep *ep;
    const struct recording *recording;
    struct truth_stream *truth; /* NULL without a truth file */
    bool is_initiator;
    struct live_handler handler;
};

/* ------------------------------------------------------------------------
 * The socket's user
 */

static void on_tick(void *cookie, int64_t now_ms)
{
    const struct live_connection *connection = cookie;
    sstp_ep_tick(connection->ep, now_ms);
}

static int64_t deadline_of(void *cookie)
{
    const struct live_connection *connection = cookie;
    return sstp_ep_next_deadline(connection->ep);
}

static void on_receive(void *cookie, const void *data, size_t len)
{
    const struct live_connection *connection = cookie;
    if (connection->truth != NULL)
        truth_passed(connection->truth);
    sstp_ep_receive(connection->ep, data, len);
}

/* Who does not take our answers is not asked for more questions.  Messages do not count: if
 * both ends waited for the other to take a long one, neither would. */
static bool has_room(void *cookie)
{
    const struct live_connection *connection = cookie;
    return sstp_ep_output_answers_len(connection->ep) < UNSENT_MAX;
}

static size_t output_len(void *cookie)
{
    const struct live_connection *connection = cookie;
    return sstp_ep_output_len(connection->ep);
}

static size_t output(void *cookie, struct sstp_span *pieces, size_t max)
{
    const struct live_connection *connection = cookie;
    return sstp_ep_output_pieces(connection->ep, pieces, max);
}

static void on_taken(void *cookie, size_t len)
{
    const struct live_connection *connection = cookie;
    if (connection->truth != NULL)
        truth_passed(connection->truth);
    sstp_ep_output_taken(connection->ep, len);
    if (connection->handler.output_is_empty != NULL && sstp_ep_output_len(connection->ep) == 0)
        connection->handler.output_is_empty(connection->handler.cookie);
}

static bool is_over(void *cookie)
{
    const struct live_connection *connection = cookie;
    return sstp_ep_state(connection->ep) == SSTP_CONNECTION_CLOSED;
}

static void on_lost(void *cookie)
{
    struct live_connection *connection = cookie;
    sstp_ep_transport_lost(connection->ep);
    connection->handler.gone(connection->handler.cookie);
    live_connection_free(connection);
}

static void on_broken(void *cookie, const char *kind, const char *text)
{
    const struct live_connection *connection = cookie;
    if (connection->truth != NULL)
        truth_fault(connection->recording->truth, connection->truth, kind, text,
                    recording_now_ns(connection->recording));
}

static const struct net_user user = {
    .tick = on_tick,
    .deadline = deadline_of,
    .receive = on_receive,
    .has_room = has_room,
    .output_len = output_len,
    .output = output,
    .taken = on_taken,
    .is_over = is_over,
    .lost = on_lost,
    .broken = on_broken,
};

/* ------------------------------------------------------------------------
 * The connection
 */

struct live_connection *live_connection_new(struct net_connection *socket,
                                            const struct recording *recording)
{
    struct live_connection *connection = g_new0(struct live_connection, 1);
    connection->socket = socket;
    connection->recording = recording;
    connection->is_initiator = net_connection_is_initiator(socket);
    if (recording_truth(recording) != NULL) {
        char *name = net_connection_name(socket);
        connection->truth = truth_enter(recording->truth, name);
        g_free(name);
    }
    return connection;
}

void live_connection_start(struct live_connection *connection, struct sstp_ep *ep,
                           struct live_handler handler)
{
    connection->ep = ep;
    connection->handler = handler;
    net_start(connection->socket, &user, connection);
}

void live_connection_free(struct live_connection *connection)
{
    truth_leave(connection->truth);
    g_free(connection);
}

struct net_connection *live_connection_socket(struct live_connection *connection)
{
    return connection->socket;
}

void live_connection_wake(struct live_connection *connection)
{
    net_wake(connection->socket);
}

void live_connection_sent(struct live_connection *connection, const struct sstp_command *command)
{
    if (connection->truth != NULL)
        truth_command(connection->truth, connection->is_initiator, command,
                      recording_now_ns(connection->recording));
}

void live_connection_noted(struct live_connection *connection, const struct sstp_ep_note *note)
{
    if (connection->truth != NULL)
        truth_note(connection->truth, connection->is_initiator, note,
                   recording_now_ns(connection->recording));
}

uint64_t live_connection_label(const struct live_connection *connection)
{
    return truth_label(connection->truth, connection->is_initiator);
}
