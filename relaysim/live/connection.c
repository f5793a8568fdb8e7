/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "live/connection.h"

#include "live/lines.h"
#include "net/timer.h"

#include <glib.h>

struct live_connection {
    struct live_lines lines; /* the first member: they are this */
    struct sstp_ep *ep;      /* NULL before the carrier is ready */
    struct live_handler handler;
    const struct recording *recording;
    struct truth_stream *truth; /* NULL without a truth file */
    bool is_server;
    bool has_passed;         /* some bytes, of whatever kind */
    bool had_several;        /* sockets at a time */
    bool *is_freed;          /* who wants to know; NULL */
    bool is_dropped;         /* nobody is told any more, unless it was ready */
    struct net_timer *timer; /* for when there is no socket; NULL before */
};

static struct live_connection *connection_of(struct live_lines *lines)
{
    return (struct live_connection *)lines;
}

/* ------------------------------------------------------------------------
 * What has become of it
 */

static void free_connection(struct live_connection *connection)
{
    if (connection->timer != NULL)
        net_timer_close(connection->timer, g_free, connection->timer);
    truth_leave(connection->truth);
    live_lines_clear(&connection->lines);
    if (connection->is_freed != NULL)
        *connection->is_freed = true;
    g_free(connection);
}

/* The stream is known by what both ends call it: its carrier's name for it, or the addresses of
 * its socket.  What goes through a proxy is a stream on either side of it, as in a capture, and has
 * one end there.  It begins with the first byte, or in a tunnel with the first one after the
 * handshake with the proxy; a virtual connection with its first request, once that is whole. */
static void enter_truth(struct live_connection *connection)
{
    const char *carrier_name = carrier_connection_name(connection->lines.carrier);
    char *name = carrier_name == NULL
                     ? net_connection_name(live_lines_first(&connection->lines))
                     : g_strconcat(connection->lines.proxy != NULL ? "to a proxy: " : "",
                                   carrier_name, NULL);
    connection->truth = truth_enter(connection->recording->truth, name);
    g_free(name);
    if (connection->has_passed && connection->is_server)
        truth_passed(connection->truth);
}

static bool is_to_enter_truth(const struct live_connection *connection)
{
    return connection->truth == NULL && recording_truth(connection->recording) != NULL;
}

static void begin(struct live_connection *connection)
{
    const struct live_handler *handler = &connection->handler;
    const int64_t keepalive_ms = carrier_keepalive_ms(connection->lines.carrier);
    live_lines_enter(&connection->lines);
    if (is_to_enter_truth(connection))
        enter_truth(connection);
    connection->ep = handler->ready(handler->cookie, connection);
    if (connection->ep != NULL && keepalive_ms != 0)
        sstp_ep_limit_outbound_idle(connection->ep, keepalive_ms);
    if (connection->ep != NULL)
        carrier_set_ep(connection->lines.carrier, connection->ep);
    else
        connection->is_dropped = true;
    connection->lines.num_calls--;
}

static void on_time(void *cookie)
{
    struct live_connection *connection = cookie;
    struct net *net = connection->lines.net;
    live_lines_enter(&connection->lines);
    carrier_tick(connection->lines.carrier, net_now_ms(net));
    live_lines_leave(&connection->lines);
    net_settle(net);
}

/* Sockets have timers of their own; this one is for a carrier that has none at present. */
static void set_timer(struct live_connection *connection)
{
    const int64_t now = net_now_ms(connection->lines.net);
    const int64_t deadline = live_lines_are_working(&connection->lines, connection->ep != NULL)
                                 ? SSTP_EP_NEVER
                                 : carrier_deadline(connection->lines.carrier);
    const bool is_needed = deadline != SSTP_EP_NEVER;
    if (connection->timer == NULL && is_needed) {
        connection->timer = g_new0(struct net_timer, 1);
        net_timer_init(connection->timer, connection->lines.net, on_time, connection);
    }
    if (is_needed)
        net_timer_start(connection->timer, deadline > now ? (uint64_t)(deadline - now) : 0);
    else if (connection->timer != NULL)
        net_timer_stop(connection->timer);
}

static bool is_to_be_closed(const struct live_connection *connection)
{
    return connection->is_dropped || carrier_is_lost(connection->lines.carrier) ||
           net_is_ending(connection->lines.net);
}

/* Nothing is under way in it: what the carrier wants, and what has become of it, is done. */
static void settle(struct live_lines *lines)
{
    struct live_connection *connection = connection_of(lines);
    const struct live_handler handler = connection->handler;
    live_lines_enter(lines);
    if (carrier_connection_name(lines->carrier) != NULL && is_to_enter_truth(connection))
        enter_truth(connection);
    if (carrier_is_ready(lines->carrier) && connection->ep == NULL && !connection->is_dropped)
        begin(connection);
    if (!is_to_be_closed(connection))
        live_lines_open_wanted(lines);
    if (is_to_be_closed(connection)) {
        carrier_lose(lines->carrier);
        live_lines_close(lines, net_drop);
    }
    lines->num_calls--;
    if (!carrier_is_gone(lines->carrier)) {
        /* A single socket has been woken by whoever called, where there never was another. */
        connection->had_several |= carrier_transport(lines->carrier, 1) != NULL;
        if (connection->had_several)
            live_connection_wake(connection);
        set_timer(connection);
        return;
    }
    const char *failure = carrier_failure(lines->carrier);
    if (connection->ep != NULL)
        handler.gone(handler.cookie);
    else if (!connection->is_dropped && (connection->is_server || failure != NULL))
        handler.failed(handler.cookie, failure);
    free_connection(connection);
}

static void on_passed(struct live_lines *lines)
{
    struct live_connection *connection = connection_of(lines);
    connection->has_passed = true;
    if (connection->truth != NULL && connection->ep != NULL)
        truth_passed(connection->truth);
}

static void on_said(struct live_lines *lines)
{
    struct live_connection *connection = connection_of(lines);
    if (connection->truth != NULL)
        truth_passed(connection->truth);
}

static void on_taken(struct live_lines *lines)
{
    const struct live_connection *connection = connection_of(lines);
    const struct live_handler *handler = &connection->handler;
    if (handler->output_is_empty != NULL && connection->ep != NULL &&
        sstp_ep_output_len(connection->ep) == 0)
        handler->output_is_empty(handler->cookie);
}

static void on_broken(struct live_lines *lines, const char *kind, const char *text)
{
    const struct live_connection *connection = connection_of(lines);
    if (connection->truth != NULL)
        truth_fault(connection->recording->truth, connection->truth, kind, text,
                    recording_now_ns(connection->recording));
}

static const struct live_lines_owner owner = {
    .settle = settle, .passed = on_passed, .said = on_said, .taken = on_taken, .broken = on_broken};

/* ------------------------------------------------------------------------
 * The connection
 */

/* What time it was when the loop's began. */
static int64_t epoch_ms(struct net *net)
{
    return net_wall_ms(net) - net_now_ms(net);
}

static struct live_connection *new_connection(struct net *net, const struct recording *recording,
                                              struct live_handler handler)
{
    struct live_connection *connection = g_new0(struct live_connection, 1);
    connection->lines.owner = &owner;
    connection->lines.net = net;
    connection->recording = recording;
    connection->handler = handler;
    return connection;
}

struct live_connection *live_connection_dial(struct net *net, const struct live_dial *dial,
                                             const struct recording *recording,
                                             struct live_handler handler, char **error)
{
    struct live_connection *connection = new_connection(net, recording, handler);
    connection->lines.address = g_strdup(dial->address);
    connection->lines.proxy = g_strdup(dial->proxy);
    connection->lines.hosts = dial->hosts;
    connection->lines.hosts.acceptor_port = dial->proxy != NULL && dial->carrier->proxy_port != 0
                                                ? dial->carrier->proxy_port
                                                : dial->carrier->port;
    connection->lines.timeout_ms = dial->timeout_ms;
    connection->lines.carrier =
        carrier_new(dial->carrier, &(struct carrier_config){.now_ms = net_now_ms(net),
                                                            .timeout_ms = dial->timeout_ms,
                                                            .target = connection->lines.address,
                                                            .login = dial->login,
                                                            .has_proxy = dial->proxy != NULL,
                                                            .http = dial->http,
                                                            .random = {net_random, net},
                                                            .epoch_ms = epoch_ms(net),
                                                            .owner = &connection->lines});
    if (live_lines_open(&connection->lines, carrier_next_wanted(connection->lines.carrier),
                        error)) {
        live_lines_open_wanted(&connection->lines);
        return connection;
    }
    connection->is_dropped = true;
    live_lines_enter(&connection->lines);
    live_lines_leave(&connection->lines);
    return NULL;
}

struct live_connection *live_connection_accept(struct net_connection *socket,
                                               const struct carrier_ops *carrier, void *shared,
                                               const struct recording *recording,
                                               struct live_handler handler)
{
    struct net *net = net_of(socket);
    struct live_connection *connection = new_connection(net, recording, handler);
    struct carrier_config config = {.is_server = true,
                                    .now_ms = net_now_ms(net),
                                    .shared = shared,
                                    .epoch_ms = epoch_ms(net),
                                    .owner = &connection->lines};
    bool is_freed = false;
    connection->is_server = true;
    connection->is_freed = &is_freed;
    net_connection_peer(socket, config.peer);
    connection->lines.carrier = carrier_new(carrier, &config);
    live_lines_accept(&connection->lines, socket);
    if (is_freed)
        return NULL;
    connection->is_freed = NULL;
    return connection;
}

void live_connection_wake(struct live_connection *connection)
{
    live_lines_wake(&connection->lines);
    /* Where there is none, the carrier may want one. */
    set_timer(connection);
}

void live_connection_hold(struct live_connection *connection, bool is_held)
{
    live_lines_hold(&connection->lines, is_held);
}

bool live_connection_has_unread(const struct live_connection *connection)
{
    return live_lines_have_unread(&connection->lines);
}

unsigned live_connection_number(const struct live_connection *connection)
{
    return connection->lines.number;
}

void live_connection_drop(struct live_connection *connection)
{
    live_lines_enter(&connection->lines);
    connection->is_dropped = true;
    live_lines_leave(&connection->lines);
}

void live_connection_reset(struct live_connection *connection)
{
    live_lines_enter(&connection->lines);
    connection->is_dropped = true;
    live_lines_close(&connection->lines, net_reset);
    live_lines_leave(&connection->lines);
}

bool live_connection_lose(struct live_connection *connection, unsigned transport)
{
    live_lines_enter(&connection->lines);
    const bool is_lost = live_lines_drop(&connection->lines, transport);
    live_lines_leave(&connection->lines);
    return is_lost;
}

struct net_connection *live_connection_socket(const struct live_connection *connection)
{
    return live_lines_first(&connection->lines);
}

void live_connection_sent(struct live_connection *connection, const struct sstp_command *command)
{
    if (connection->truth != NULL)
        truth_command(connection->truth, !connection->is_server, command,
                      recording_now_ns(connection->recording));
}

void live_connection_noted(struct live_connection *connection, const struct sstp_ep_note *note)
{
    if (connection->truth != NULL)
        truth_note(connection->truth, !connection->is_server, note,
                   recording_now_ns(connection->recording));
}

uint64_t live_connection_label(const struct live_connection *connection)
{
    return truth_label(connection->truth, !connection->is_server);
}
