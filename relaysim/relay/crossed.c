/* SPDX-License-Identifier: GPL-2.0-or-later */
/* crossed: a device that comes once more than it may (GRVSSTP 3.1.5.1,
 * NumberOfConcurrentDeviceConnections).  Its Connect is not answered before the others of
 * that device have been asked whether they live: with all of them it is CrossedConnections,
 * and those that do not answer make room. */
#include "relay/hop.h"

#define RELAY_LAST_CALL_MS 100 /* as in relay/watch.c */
#define NEWCOMERS_MAX 64u

/* Whether a device of `connection` is one of `other`, which has its place already. */
static bool is_older_of(const struct sstp_relay_connection *other,
                        const struct sstp_relay_connection *connection)
{
    if (other == connection || !other->is_established)
        return false;
    for (guint i = 0; i < connection->device_urls->len; i++)
        if (relay_connection_is_device(other, g_ptr_array_index(connection->device_urls, i)))
            return true;
    return false;
}

/* To be freed. */
static GPtrArray *find_older(const struct sstp_relay_connection *connection)
{
    GPtrArray *older = g_ptr_array_new();
    GHashTableIter iter;
    gpointer other;
    g_hash_table_iter_init(&iter, connection->relay->connections);
    while (g_hash_table_iter_next(&iter, &other, NULL))
        if (is_older_of(other, connection))
            g_ptr_array_add(older, other);
    return older;
}

/* The established connections of whichever of its devices has the most. */
static size_t num_of_device(const struct sstp_relay_connection *connection)
{
    size_t num = 0;
    for (guint i = 0; i < connection->device_urls->len; i++)
        num = MAX(num,
                  GPOINTER_TO_UINT(g_hash_table_lookup(
                      connection->relay->devices, g_ptr_array_index(connection->device_urls, i))));
    return num;
}

bool relay_is_crossed(const struct sstp_relay_connection *connection)
{
    const size_t max = connection->relay->config.max_connections_per_device;
    return max != 0 && num_of_device(connection) >= max;
}

static void tell_crossed(struct sstp_relay_connection *connection, const char *why)
{
    relay_tell(connection, RELAY_REFUSAL_DEVICE, "%s is refused, %s: see --connections-per-device",
               connection->device_url, why);
}

void relay_crossed_await(struct sstp_relay_connection *connection, struct sstp_span token,
                         struct sstp_ep_connect_answer *answer)
{
    struct sstp_relay *relay = connection->relay;
    if (relay->newcomers.length >= NEWCOMERS_MAX) {
        answer->is_crossed = true;
        tell_crossed(connection, "too many wait for the answers of their other connections");
        return;
    }
    answer->is_later = true;
    GPtrArray *older = find_older(connection);
    int64_t probe_ms = 0;
    for (guint i = 0; i < older->len; i++) {
        struct sstp_relay_connection *other = g_ptr_array_index(older, i);
        relay_watch_probe(other);
        probe_ms = MAX(probe_ms, other->probe_ms); /* who has been asked has had time since */
    }
    g_ptr_array_free(older, TRUE);
    connection->connect_token = g_memdup2(token.data, token.len);
    connection->connect_token_len = token.len;
    connection->verdict_ms = probe_ms + relay_watch_probe_ms(relay);
    connection->is_newcomer = true;
    connection->newcomer_link.data = connection;
    g_queue_push_tail_link(&relay->newcomers, &connection->newcomer_link);
}

void relay_crossed_forget(struct sstp_relay_connection *connection)
{
    if (connection->is_newcomer)
        g_queue_unlink(&connection->relay->newcomers, &connection->newcomer_link);
    connection->is_newcomer = false;
    g_free(connection->connect_token);
    connection->connect_token = NULL;
}

static void answer(struct sstp_relay_connection *connection)
{
    struct sstp_ep_connect_answer answer = {.is_crossed = relay_is_crossed(connection)};
    uint8_t *token = g_steal_pointer(&connection->connect_token);
    relay_crossed_forget(connection);
    if (answer.is_crossed)
        tell_crossed(connection, "its other connections live");
    else
        relay_judge_connect(connection, sstp_span(token, connection->connect_token_len), &answer);
    if (sstp_ep_answer_connect(connection->ep, &answer) == SSTP_EP_OK)
        connection->relay->answered = connection;
    relay_wake(connection);
    g_free(token);
}

/* Whether there is one that has not answered, but may yet. */
static bool is_open(const struct sstp_relay_connection *connection)
{
    bool is_unanswered = false;
    GPtrArray *older = find_older(connection);
    for (guint i = 0; i < older->len; i++)
        is_unanswered = is_unanswered || relay_watch_is_unanswered(g_ptr_array_index(older, i));
    g_ptr_array_free(older, TRUE);
    return is_unanswered;
}

/* Whether the end of one is still to be told of. */
static bool is_one_leaving(const struct sstp_relay_connection *connection)
{
    bool is_leaving = false;
    GPtrArray *older = find_older(connection);
    for (guint i = 0; i < older->len; i++) {
        const struct sstp_relay_connection *other = g_ptr_array_index(older, i);
        is_leaving = is_leaving || sstp_ep_state(other->ep) == SSTP_CONNECTION_CLOSED;
    }
    g_ptr_array_free(older, TRUE);
    return is_leaving;
}

/* One at a time: only what becomes of the answer says what the next may have. */
void relay_crossed_review(struct sstp_relay *relay)
{
    GList *link = relay->newcomers.head;
    while (link != NULL && relay->answered == NULL) {
        struct sstp_relay_connection *connection = link->data;
        link = link->next;
        if (!relay_is_crossed(connection) ||
            !(connection->is_decided ? is_one_leaving(connection) : is_open(connection)))
            answer(connection);
    }
}

void relay_crossed_settled(struct sstp_relay_connection *connection)
{
    struct sstp_relay *relay = connection->relay;
    if (relay->answered == connection)
        relay->answered = NULL;
    relay_crossed_review(relay);
}

static void review(void *relay, const struct sstp_ep_event *event)
{
    (void)event;
    relay_crossed_review(relay);
}

/* Its time is over: whoever has not answered makes room. */
static void decide(struct sstp_relay_connection *connection)
{
    GPtrArray *older = find_older(connection);
    for (guint i = 0; i < older->len; i++) {
        struct sstp_relay_connection *other = g_ptr_array_index(older, i);
        if (sstp_ep_state(other->ep) != SSTP_CONNECTION_CLOSED &&
            relay_watch_is_unanswered(other) && !relay_watch_shows_life(other))
            relay_watch_give_up(other);
    }
    g_ptr_array_free(older, TRUE);
    connection->is_decided = true;
    connection->verdict_ms = SSTP_EP_NEVER;
    relay_turn_later(connection->relay, review, connection->relay, NULL);
}

static struct sstp_relay_connection *find_due(const struct sstp_relay *relay)
{
    for (GList *link = relay->newcomers.head; link != NULL; link = link->next) {
        struct sstp_relay_connection *connection = link->data;
        if (connection->verdict_ms <= relay->now_ms)
            return connection;
    }
    return NULL;
}

void relay_crossed_tick(struct sstp_relay *relay)
{
    struct sstp_relay_connection *connection;
    while ((connection = find_due(relay)) != NULL) {
        if (connection->is_last_verdict) {
            decide(connection);
        } else {
            connection->is_last_verdict = true;
            connection->verdict_ms = relay->now_ms + RELAY_LAST_CALL_MS;
        }
    }
}

int64_t relay_crossed_next(const struct sstp_relay *relay)
{
    int64_t first_ms = SSTP_EP_NEVER;
    for (GList *link = relay->newcomers.head; link != NULL; link = link->next)
        first_ms = MIN(first_ms, ((const struct sstp_relay_connection *)link->data)->verdict_ms);
    return first_ms;
}
