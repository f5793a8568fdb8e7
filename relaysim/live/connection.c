/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "live/connection.h"

#include "base/random.h"

#include <glib.h>

/* One socket, there or being opened: the owner of a carrier's transport. */
struct line {
    struct carrier_transport *transport;
    struct net_connection *socket;
};

struct live_connection {
    struct net *net;
    struct carrier *carrier;
    struct sstp_ep *ep;     /* NULL before the carrier is ready */
    char *address, *proxy;  /* that its transports are opened to */
    struct net_hosts hosts; /* of all of them */
    int64_t timeout_ms;     /* likewise */
    struct live_handler handler;
    const struct recording *recording;
    struct truth_stream *truth; /* NULL without a truth file */
    bool is_server, is_held;
    bool had_several;   /* sockets at a time */
    bool *is_freed;     /* who wants to know; NULL */
    bool is_dropped;    /* nobody is told any more, unless it was ready */
    unsigned num_calls; /* into the carrier or the handler, that are under way */
    unsigned number;    /* of its first socket */
    uv_timer_t *timer;  /* for when there is no socket; NULL before */
};

static struct live_connection *connection_of(const struct line *line)
{
    return carrier_owner(line->transport->carrier);
}

/* ------------------------------------------------------------------------
 * Sockets
 */

/* Its sockets, those that are being opened with them; NULL from the last one on. */
static struct line *line_at(const struct live_connection *connection, unsigned i)
{
    const struct carrier_transport *transport = carrier_transport(connection->carrier, i);
    return transport != NULL ? transport->owner : NULL;
}

static bool is_open(const struct line *line)
{
    return line->transport->phase == CARRIER_OPEN;
}

static void settle(struct live_connection *connection);

/* What is called may end the connection; that waits until the call is over. */
static void enter(struct live_connection *connection)
{
    connection->num_calls++;
}

static void leave(struct live_connection *connection)
{
    if (--connection->num_calls == 0)
        settle(connection);
}

static void on_tick(void *cookie, int64_t now_ms)
{
    struct live_connection *connection = connection_of(cookie);
    enter(connection);
    carrier_tick(connection->carrier, now_ms);
    leave(connection);
}

static int64_t deadline_of(void *cookie)
{
    return carrier_deadline(connection_of(cookie)->carrier);
}

/* Bytes may tell whose a socket is: it may have gone from `before` to another connection. */
static void settle_mover(const struct line *line, const struct live_connection *before)
{
    struct live_connection *now = connection_of(line);
    if (now == before)
        return;
    if (now->is_held)
        net_hold(line->socket, true);
    enter(now);
    leave(now);
}

static void on_receive(void *cookie, const void *data, size_t len)
{
    const struct line *line = cookie;
    struct live_connection *connection = connection_of(line);
    if (connection->truth != NULL)
        truth_passed(connection->truth);
    enter(connection);
    carrier_receive(line->transport, data, len);
    settle_mover(line, connection);
    leave(connection);
}

static bool has_room(void *cookie)
{
    const struct line *line = cookie;
    return carrier_has_room(line->transport);
}

static size_t output_len(void *cookie)
{
    const struct line *line = cookie;
    return carrier_output_len(line->transport);
}

static size_t output(void *cookie, struct sstp_span *pieces, size_t max)
{
    const struct line *line = cookie;
    return carrier_output(line->transport, pieces, max);
}

static void on_taken(void *cookie, size_t len)
{
    const struct line *line = cookie;
    struct live_connection *connection = connection_of(line);
    const struct live_handler *handler = &connection->handler;
    if (connection->truth != NULL)
        truth_passed(connection->truth);
    enter(connection);
    carrier_taken(line->transport, len);
    settle_mover(line, connection);
    if (handler->output_is_empty != NULL && connection->ep != NULL &&
        sstp_ep_output_len(connection->ep) == 0)
        handler->output_is_empty(handler->cookie);
    leave(connection);
}

static bool is_over(void *cookie)
{
    const struct line *line = cookie;
    return carrier_is_over(line->transport);
}

static void on_lost(void *cookie)
{
    struct line *line = cookie;
    struct live_connection *connection = connection_of(line);
    enter(connection);
    carrier_lost(line->transport);
    g_free(line);
    leave(connection);
}

static void on_broken(void *cookie, const char *kind, const char *text)
{
    const struct live_connection *connection = connection_of(cookie);
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
 * Opening
 */

static void set_open(struct live_connection *connection, struct line *line)
{
    if (connection->number == 0)
        connection->number = net_connection_number(line->socket);
    if (connection->is_held)
        net_hold(line->socket, true);
    net_start(line->socket, &user, line);
}

static void on_connected(void *cookie, struct net_connection *socket, const char *why)
{
    struct line *line = cookie;
    struct live_connection *connection = connection_of(line);
    enter(connection);
    line->socket = socket;
    carrier_tick(connection->carrier, net_now_ms(connection->net));
    if (socket != NULL) {
        set_open(connection, line);
        carrier_opened(line->transport);
    } else {
        carrier_not_opened(line->transport, why);
        g_free(line);
    }
    leave(connection);
}

/* False with *error when the address is none. */
static bool open_transport(struct live_connection *connection, struct carrier_transport *transport,
                           char **error)
{
    struct line *line = g_new0(struct line, 1);
    line->transport = transport;
    transport->owner = line;
    const char *address =
        transport->target == CARRIER_TO_PROXY ? connection->proxy : connection->address;
    line->socket = net_connect(connection->net, address, connection->hosts, connection->timeout_ms,
                               on_connected, line, error);
    if (line->socket != NULL)
        return true;
    g_free(line);
    carrier_not_opened(transport, *error);
    return false;
}

static void open_wanted(struct live_connection *connection)
{
    struct carrier_transport *transport;
    while ((transport = carrier_next_wanted(connection->carrier)) != NULL) {
        char *error = NULL;
        (void)open_transport(connection, transport, &error);
        g_free(error);
    }
}

/* ------------------------------------------------------------------------
 * What has become of it
 */

static void free_timer(uv_handle_t *handle)
{
    g_free(handle);
}

static void free_connection(struct live_connection *connection)
{
    for (unsigned i = 0; line_at(connection, i) != NULL; i++)
        g_free(line_at(connection, i));
    if (connection->timer != NULL)
        uv_close((uv_handle_t *)connection->timer, free_timer);
    truth_leave(connection->truth);
    carrier_free(connection->carrier);
    g_free(connection->address);
    g_free(connection->proxy);
    if (connection->is_freed != NULL)
        *connection->is_freed = true;
    g_free(connection);
}

/* Closes its sockets; those that were being opened say nothing more. */
static void close_sockets(struct live_connection *connection,
                          void (*close)(struct net_connection *))
{
    struct line *line;
    while ((line = line_at(connection, 0)) != NULL) {
        const bool was_open = is_open(line);
        close(line->socket);
        if (was_open)
            continue; /* on_lost() was called */
        carrier_abandon(line->transport);
        g_free(line);
    }
}

/* The stream is known by what both ends call it: its carrier's name for it, or the addresses of
 * its socket. */
static void enter_truth(struct live_connection *connection)
{
    const char *name = carrier_connection_name(connection->carrier);
    char *addresses = name == NULL ? net_connection_name(line_at(connection, 0)->socket) : NULL;
    connection->truth = truth_enter(connection->recording->truth, name != NULL ? name : addresses);
    g_free(addresses);
}

static void begin(struct live_connection *connection)
{
    const struct live_handler *handler = &connection->handler;
    const int64_t keepalive_ms = carrier_keepalive_ms(connection->carrier);
    enter(connection);
    if (recording_truth(connection->recording) != NULL)
        enter_truth(connection);
    connection->ep = handler->ready(handler->cookie, connection);
    if (connection->ep != NULL && keepalive_ms != 0)
        sstp_ep_limit_outbound_idle(connection->ep, keepalive_ms);
    if (connection->ep != NULL)
        carrier_set_ep(connection->carrier, connection->ep);
    else
        connection->is_dropped = true;
    connection->num_calls--;
}

static void on_time(uv_timer_t *timer)
{
    struct live_connection *connection = timer->data;
    struct net *net = connection->net;
    enter(connection);
    carrier_tick(connection->carrier, net_now_ms(net));
    leave(connection);
    net_settle(net);
}

/* Whether there is a socket that looks after the carrier's deadlines: one that is open, and not
 * only for its last words. */
static bool has_working_line(const struct live_connection *connection)
{
    unsigned i = 0;
    const struct line *line;
    while ((line = line_at(connection, i)) != NULL &&
           (!is_open(line) || (connection->ep != NULL && carrier_is_over(line->transport))))
        i++;
    return line != NULL;
}

/* Sockets have timers of their own; this one is for a carrier that has none at present. */
static void set_timer(struct live_connection *connection)
{
    const int64_t now = net_now_ms(connection->net);
    const int64_t deadline =
        has_working_line(connection) ? SSTP_EP_NEVER : carrier_deadline(connection->carrier);
    const bool is_needed = deadline != SSTP_EP_NEVER;
    if (connection->timer == NULL && is_needed) {
        connection->timer = g_new0(uv_timer_t, 1);
        uv_timer_init(net_loop(connection->net), connection->timer);
        connection->timer->data = connection;
    }
    if (is_needed)
        uv_timer_start(connection->timer, on_time, deadline > now ? (uint64_t)(deadline - now) : 0,
                       0);
    else if (connection->timer != NULL)
        uv_timer_stop(connection->timer);
}

static bool is_to_be_closed(const struct live_connection *connection)
{
    return connection->is_dropped || carrier_is_lost(connection->carrier) ||
           net_is_ending(connection->net);
}

/* Nothing is under way in it: what the carrier wants, and what has become of it, is done. */
static void settle(struct live_connection *connection)
{
    const struct live_handler handler = connection->handler;
    enter(connection);
    if (carrier_is_ready(connection->carrier) && connection->ep == NULL && !connection->is_dropped)
        begin(connection);
    if (!is_to_be_closed(connection))
        open_wanted(connection);
    if (is_to_be_closed(connection)) {
        carrier_lose(connection->carrier);
        close_sockets(connection, net_drop);
    }
    connection->num_calls--;
    if (!carrier_is_gone(connection->carrier)) {
        /* A single socket has been woken by whoever called, where there never was another. */
        connection->had_several |= carrier_transport(connection->carrier, 1) != NULL;
        if (connection->had_several)
            live_connection_wake(connection);
        set_timer(connection);
        return;
    }
    const char *failure = carrier_failure(connection->carrier);
    if (connection->ep != NULL)
        handler.gone(handler.cookie);
    else if (!connection->is_dropped && (connection->is_server || failure != NULL))
        handler.failed(handler.cookie, failure);
    free_connection(connection);
}

/* ------------------------------------------------------------------------
 * The connection
 */

/* What time it was when the loop's began. */
static int64_t epoch_ms(struct net *net)
{
    return g_get_real_time() / 1000 - net_now_ms(net);
}

static struct live_connection *new_connection(struct net *net, const struct recording *recording,
                                              struct live_handler handler)
{
    struct live_connection *connection = g_new0(struct live_connection, 1);
    connection->net = net;
    connection->recording = recording;
    connection->handler = handler;
    return connection;
}

struct live_connection *live_connection_dial(struct net *net, const struct live_dial *dial,
                                             const struct recording *recording,
                                             struct live_handler handler, char **error)
{
    struct live_connection *connection = new_connection(net, recording, handler);
    connection->address = g_strdup(dial->address);
    connection->proxy = g_strdup(dial->proxy);
    connection->hosts = dial->hosts;
    connection->hosts.acceptor_port = dial->proxy != NULL && dial->carrier->proxy_port != 0
                                          ? dial->carrier->proxy_port
                                          : dial->carrier->port;
    connection->timeout_ms = dial->timeout_ms;
    connection->carrier =
        carrier_new(dial->carrier, &(struct carrier_config){.now_ms = net_now_ms(net),
                                                            .timeout_ms = dial->timeout_ms,
                                                            .target = connection->address,
                                                            .login = dial->login,
                                                            .has_proxy = dial->proxy != NULL,
                                                            .http = dial->http,
                                                            .random = {random_system, NULL},
                                                            .epoch_ms = epoch_ms(net),
                                                            .owner = connection});
    if (open_transport(connection, carrier_next_wanted(connection->carrier), error)) {
        open_wanted(connection);
        return connection;
    }
    connection->is_dropped = true;
    enter(connection);
    leave(connection);
    return NULL;
}

struct live_connection *live_connection_accept(struct net_connection *socket,
                                               const struct carrier_ops *carrier, void *shared,
                                               const struct recording *recording,
                                               struct live_handler handler)
{
    struct net *net = net_of(socket);
    struct live_connection *connection = new_connection(net, recording, handler);
    struct line *line = g_new0(struct line, 1);
    struct carrier_config config = {.is_server = true,
                                    .now_ms = net_now_ms(net),
                                    .shared = shared,
                                    .epoch_ms = epoch_ms(net),
                                    .owner = connection};
    bool is_freed = false;
    connection->is_server = true;
    connection->is_freed = &is_freed;
    net_connection_peer(socket, config.peer);
    connection->carrier = carrier_new(carrier, &config);
    enter(connection);
    line->socket = socket;
    line->transport = carrier_accepted(connection->carrier);
    line->transport->owner = line;
    set_open(connection, line);
    leave(connection);
    if (is_freed)
        return NULL;
    connection->is_freed = NULL;
    return connection;
}

void live_connection_wake(struct live_connection *connection)
{
    for (unsigned i = 0; line_at(connection, i) != NULL; i++)
        if (is_open(line_at(connection, i)))
            net_wake(line_at(connection, i)->socket);
    /* Where there is none, the carrier may want one. */
    set_timer(connection);
}

void live_connection_hold(struct live_connection *connection, bool is_held)
{
    connection->is_held = is_held;
    for (unsigned i = 0; line_at(connection, i) != NULL; i++)
        if (is_open(line_at(connection, i)))
            net_hold(line_at(connection, i)->socket, is_held);
}

bool live_connection_has_unread(const struct live_connection *connection)
{
    bool has_unread = false;
    for (unsigned i = 0; !has_unread && line_at(connection, i) != NULL; i++)
        has_unread =
            is_open(line_at(connection, i)) && net_has_unread(line_at(connection, i)->socket);
    return has_unread;
}

unsigned live_connection_number(const struct live_connection *connection)
{
    return connection->number;
}

void live_connection_drop(struct live_connection *connection)
{
    enter(connection);
    connection->is_dropped = true;
    leave(connection);
}

void live_connection_reset(struct live_connection *connection)
{
    enter(connection);
    connection->is_dropped = true;
    close_sockets(connection, net_reset);
    leave(connection);
}

struct net_connection *live_connection_socket(const struct live_connection *connection)
{
    const struct line *line = line_at(connection, 0);
    return line != NULL ? line->socket : NULL;
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
