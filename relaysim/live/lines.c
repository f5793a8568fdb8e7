/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "live/lines.h"

#include <glib.h>

/* One socket. */
struct live_line {
    struct carrier_transport *transport;
    struct net_connection *socket; /* there, or being opened */
};

static struct live_lines *lines_of(const struct live_line *line)
{
    return carrier_owner(line->transport->carrier);
}

void live_lines_enter(struct live_lines *lines)
{
    lines->num_calls++;
}

void live_lines_leave(struct live_lines *lines)
{
    if (--lines->num_calls == 0)
        lines->owner->settle(lines);
}

/* ------------------------------------------------------------------------
 * As the user of its socket
 */

static void on_tick(void *cookie, int64_t now_ms)
{
    struct live_lines *lines = lines_of(cookie);
    live_lines_enter(lines);
    carrier_tick(lines->carrier, now_ms);
    live_lines_leave(lines);
}

static int64_t deadline_of(void *cookie)
{
    return carrier_deadline(lines_of(cookie)->carrier);
}

/* Bytes may tell whose a socket is: it may have gone from `before` to another connection. */
static void settle_mover(const struct live_line *line, const struct live_lines *before)
{
    struct live_lines *now = lines_of(line);
    if (now == before)
        return;
    if (now->is_held)
        net_hold(line->socket, true);
    live_lines_enter(now);
    live_lines_leave(now);
}

static void on_passed(void *cookie)
{
    struct live_lines *lines = lines_of(cookie);
    lines->owner->passed(lines);
}

static void on_receive(void *cookie, const void *data, size_t len)
{
    const struct live_line *line = cookie;
    struct live_lines *lines = lines_of(line);
    live_lines_enter(lines);
    carrier_receive(line->transport, data, len);
    settle_mover(line, lines);
    live_lines_leave(lines);
}

static bool has_room(void *cookie)
{
    const struct live_line *line = cookie;
    return carrier_has_room(line->transport);
}

static size_t output_len(void *cookie)
{
    const struct live_line *line = cookie;
    return carrier_output_len(line->transport);
}

static size_t output(void *cookie, struct sstp_span *pieces, size_t max)
{
    const struct live_line *line = cookie;
    return carrier_output(line->transport, pieces, max);
}

static void on_taken(void *cookie, size_t len)
{
    const struct live_line *line = cookie;
    struct live_lines *lines = lines_of(line);
    live_lines_enter(lines);
    carrier_taken(line->transport, len);
    if (carrier_output_len(line->transport) == 0)
        lines->owner->said(lines);
    settle_mover(line, lines);
    lines->owner->taken(lines);
    live_lines_leave(lines);
}

static bool is_over(void *cookie)
{
    const struct live_line *line = cookie;
    return carrier_is_over(line->transport);
}

static void on_lost(void *cookie)
{
    struct live_line *line = cookie;
    struct live_lines *lines = lines_of(line);
    live_lines_enter(lines);
    carrier_lost(line->transport);
    g_free(line);
    live_lines_leave(lines);
}

static void on_broken(void *cookie, const char *kind, const char *text)
{
    struct live_lines *lines = lines_of(cookie);
    lines->owner->broken(lines, kind, text);
}

static const struct net_user user = {
    .tick = on_tick,
    .deadline = deadline_of,
    .passed = on_passed,
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

/* The line's socket is open. */
static void start(struct live_lines *lines, struct live_line *line)
{
    if (lines->number == 0)
        lines->number = net_connection_number(line->socket);
    if (lines->is_held)
        net_hold(line->socket, true);
    net_start(line->socket, &user, line);
}

static void on_connected(void *cookie, struct net_connection *socket, const char *why)
{
    struct live_line *line = cookie;
    struct live_lines *lines = lines_of(line);
    live_lines_enter(lines);
    line->socket = socket;
    carrier_tick(lines->carrier, net_now_ms(lines->net));
    if (socket != NULL) {
        start(lines, line);
        carrier_opened(line->transport);
    } else {
        carrier_not_opened(line->transport, why);
        g_free(line);
    }
    live_lines_leave(lines);
}

bool live_lines_open(struct live_lines *lines, struct carrier_transport *transport, char **error)
{
    struct live_line *line = g_new0(struct live_line, 1);
    line->transport = transport;
    transport->owner = line;
    const char *address = transport->target == CARRIER_TO_PROXY ? lines->proxy : lines->address;
    line->socket = net_connect(lines->net, address, lines->hosts, lines->timeout_ms, on_connected,
                               line, error);
    if (line->socket != NULL)
        return true;
    g_free(line);
    carrier_not_opened(transport, *error);
    return false;
}

void live_lines_open_wanted(struct live_lines *lines)
{
    struct carrier_transport *transport;
    while ((transport = carrier_next_wanted(lines->carrier)) != NULL) {
        char *error = NULL;
        (void)live_lines_open(lines, transport, &error);
        g_free(error);
    }
}

void live_lines_accept(struct live_lines *lines, struct net_connection *socket)
{
    struct live_line *line = g_new0(struct live_line, 1);
    live_lines_enter(lines);
    line->socket = socket;
    line->transport = carrier_accepted(lines->carrier);
    line->transport->owner = line;
    start(lines, line);
    live_lines_leave(lines);
}

/* ------------------------------------------------------------------------
 * All of them
 */

/* Those that are being opened with them; NULL from the last one on. */
static struct live_line *line_at(const struct live_lines *lines, unsigned i)
{
    const struct carrier_transport *transport = carrier_transport(lines->carrier, i);
    return transport != NULL ? transport->owner : NULL;
}

static bool is_open(const struct live_line *line)
{
    return line->transport->phase == CARRIER_OPEN;
}

struct net_connection *live_lines_first(const struct live_lines *lines)
{
    const struct live_line *line = line_at(lines, 0);
    return line != NULL ? line->socket : NULL;
}

bool live_lines_are_working(const struct live_lines *lines, bool has_begun)
{
    unsigned i = 0;
    const struct live_line *line;
    while ((line = line_at(lines, i)) != NULL &&
           (!is_open(line) || (has_begun && carrier_is_over(line->transport))))
        i++;
    return line != NULL;
}

void live_lines_wake(const struct live_lines *lines)
{
    for (unsigned i = 0; line_at(lines, i) != NULL; i++)
        if (is_open(line_at(lines, i)))
            net_wake(line_at(lines, i)->socket);
}

void live_lines_hold(struct live_lines *lines, bool is_held)
{
    lines->is_held = is_held;
    for (unsigned i = 0; line_at(lines, i) != NULL; i++)
        if (is_open(line_at(lines, i)))
            net_hold(line_at(lines, i)->socket, is_held);
}

bool live_lines_have_unread(const struct live_lines *lines)
{
    bool has_unread = false;
    for (unsigned i = 0; !has_unread && line_at(lines, i) != NULL; i++)
        has_unread = is_open(line_at(lines, i)) && net_has_unread(line_at(lines, i)->socket);
    return has_unread;
}

bool live_lines_drop(struct live_lines *lines, unsigned number)
{
    unsigned i = 0;
    const struct live_line *line;
    while ((line = line_at(lines, i)) != NULL &&
           (!is_open(line) || line->transport->number != number))
        i++;
    if (line != NULL)
        net_drop(line->socket);
    return line != NULL;
}

void live_lines_close(struct live_lines *lines, void (*close)(struct net_connection *))
{
    struct live_line *line;
    while ((line = line_at(lines, 0)) != NULL) {
        const bool was_open = is_open(line);
        close(line->socket);
        if (was_open)
            continue; /* on_lost() was called */
        carrier_abandon(line->transport);
        g_free(line);
    }
}

void live_lines_clear(struct live_lines *lines)
{
    for (unsigned i = 0; line_at(lines, i) != NULL; i++)
        g_free(line_at(lines, i));
    carrier_free(lines->carrier);
    g_free(lines->address);
    g_free(lines->proxy);
}
