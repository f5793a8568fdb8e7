/* SPDX-License-Identifier: GPL-2.0-or-later */
/* watch: whether who is connected is also there.  A transport that lives says nothing
 * of the process at its other end: a connection that owes an answer, and for which somebody
 * waits, is asked, and closed with ResponseTimeout when it has nothing to say
 * (GRVSSTP 3.1.2, 2.2.4).
 *
 * An acknowledgement cannot be asked for, and a Noop needs no answer.  An Open needs one, of
 * whatever kind (3.1.5.5): so it is asked by a session that nobody wants. */
#include "relay/hop.h"

#include <inttypes.h>

#define PROBE_MS 10000
#define PROBE_RESOURCE "relaysim/alive"
#define PROBE_IDENTITY "grooveIdentity://relaysim"

static bool is_owing(const struct sstp_relay_connection *connection)
{
    return connection->num_owed > 0 || connection->shares.length > 0;
}

/* A fanout session to another relay keeps its sender waiting; what is stored here waits for
 * nobody, unless it could go elsewhere. */
static bool is_awaited(const struct sstp_relay_connection *connection)
{
    return connection->peer != NULL || relay_deliveries_are_awaited(connection);
}

/* ------------------------------------------------------------------------
 * Asking
 */

int64_t relay_watch_probe_ms(const struct sstp_relay *relay)
{
    return MIN(relay->config.hung_ms, PROBE_MS);
}

bool relay_watch_is_unanswered(const struct sstp_relay_connection *connection)
{
    return connection->is_probed &&
           sstp_ep_num_heard(connection->ep) == connection->probed_num_heard;
}

void relay_watch_probe(struct sstp_relay_connection *connection)
{
    if (relay_watch_is_unanswered(connection))
        return;
    connection->is_probed = true;
    connection->probe_ms = connection->relay->now_ms;
    connection->probed_num_heard = sstp_ep_num_heard(connection->ep);
    if (!connection->has_probe)
        connection->has_probe =
            sstp_ep_ask(connection->ep, sstp_span_of_string(PROBE_RESOURCE),
                        sstp_span_of_string(PROBE_IDENTITY), &connection->probe_id) == SSTP_EP_OK;
    relay_wake(connection);
}

bool relay_watch_shows_life(struct sstp_relay_connection *connection)
{
    const uint64_t num_taken = sstp_ep_num_taken(connection->ep);
    const bool has_moved =
        sstp_ep_output_len(connection->ep) > 0 && num_taken != connection->known_num_taken;
    connection->known_num_taken = num_taken;
    if (!has_moved && !connection->is_held)
        return false;
    connection->quiet_since_ms = connection->relay->now_ms;
    return true;
}

static bool on_probe_event(struct sstp_relay_connection *connection,
                           const struct sstp_ep_event *event)
{
    if (!connection->has_probe || event->session_id != connection->probe_id ||
        (event->kind != SSTP_EP_EVENT_SESSION_STATE && event->kind != SSTP_EP_EVENT_SESSION_CLOSED))
        return false;
    connection->has_probe = false;
    if (event->kind == SSTP_EP_EVENT_SESSION_STATE) {
        (void)sstp_ep_close_session(connection->ep, event->session_id, SSTP_CLOSE_NO_REASON);
        relay_wake(connection);
    } else {
        relay_open_waiting(connection); /* it may have had the last place */
    }
    return true;
}

bool relay_watch_on_event(struct sstp_relay_connection *connection,
                          const struct sstp_ep_event *event)
{
    const bool is_probes = on_probe_event(connection, event);
    if (connection->is_probed && !relay_watch_is_unanswered(connection)) {
        connection->is_probed = false;
        relay_crossed_review(connection->relay);
    }
    return is_probes;
}

/* ------------------------------------------------------------------------
 * Waiting
 */

void relay_watch_stop(struct sstp_relay_connection *connection)
{
    if (connection->is_watched)
        g_queue_unlink(&connection->relay->watched, &connection->watch_link);
    connection->is_watched = false;
}

static void watch(struct sstp_relay_connection *connection, int64_t watch_ms)
{
    GQueue *watched = &connection->relay->watched;
    GList *before;
    relay_watch_stop(connection);
    connection->is_watched = true;
    connection->watch_ms = watch_ms;
    connection->watch_link.data = connection;
    /* Nearly always the last. */
    before = watched->tail;
    while (before != NULL &&
           ((const struct sstp_relay_connection *)before->data)->watch_ms > watch_ms)
        before = before->prev;
    g_queue_insert_after_link(watched, before, &connection->watch_link);
}

/* When it has had its time, as far as is known. */
static int64_t hung_at(const struct sstp_relay_connection *connection)
{
    const struct sstp_relay *relay = connection->relay;
    const int64_t silent_ms =
        MAX(connection->quiet_since_ms, sstp_ep_last_heard_ms(connection->ep)) +
        relay->config.hung_ms;
    return relay_watch_is_unanswered(connection)
               ? MAX(silent_ms, connection->probe_ms + relay_watch_probe_ms(relay))
               : silent_ms;
}

void relay_watch_owed(struct sstp_relay_connection *connection)
{
    connection->quiet_since_ms = connection->relay->now_ms;
    connection->known_num_taken = sstp_ep_num_taken(connection->ep);
    if (!connection->is_watched)
        watch(connection, hung_at(connection));
}

void relay_watch_await(struct sstp_relay_connection *connection)
{
    relay_watch_probe(connection);
    watch(connection, hung_at(connection));
}

void relay_watch_give_up(struct sstp_relay_connection *connection)
{
    relay_log(connection, "has hung: it has not answered for %" PRId64 " seconds",
              (connection->relay->now_ms - sstp_ep_last_heard_ms(connection->ep)) / 1000);
    sstp_ep_close_connection(connection->ep, SSTP_CONNECT_CLOSE_RESPONSE_TIMEOUT, 0);
    relay_wake(connection);
}

/* It is looked at once for each time that it may have to answer: what it answers
 * meanwhile costs nothing. */
static void look_at(struct sstp_relay_connection *connection)
{
    struct sstp_relay *relay = connection->relay;
    const bool is_last_call = connection->is_last_call;

    connection->is_last_call = false;
    relay_watch_stop(connection);
    if (!is_owing(connection))
        return;
    (void)relay_watch_shows_life(connection);
    if (hung_at(connection) > relay->now_ms) {
        watch(connection, hung_at(connection));
    } else if (!is_awaited(connection)) {
        watch(connection, relay->now_ms + relay->config.hung_ms);
    } else if (!relay_watch_is_unanswered(connection)) {
        relay_watch_await(connection);
    } else if (!is_last_call) {
        connection->is_last_call = true;
        watch(connection, relay->now_ms + RELAY_LAST_CALL_MS);
    } else {
        relay_watch_give_up(connection);
    }
}

void relay_watches_tick(struct sstp_relay *relay)
{
    struct sstp_relay_connection *connection;
    while ((connection = g_queue_peek_head(&relay->watched)) != NULL &&
           connection->watch_ms <= relay->now_ms)
        look_at(connection);
}

int64_t relay_watches_next(const struct sstp_relay *relay)
{
    const struct sstp_relay_connection *connection =
        g_queue_peek_head((GQueue *)(uintptr_t)&relay->watched);
    return connection != NULL ? connection->watch_ms : SSTP_EP_NEVER;
}
