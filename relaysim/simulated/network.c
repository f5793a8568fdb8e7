/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "simulated/network.h"

#include <string.h>

#define LATENCY_MIN_NS 150000u     /* one way, of a route */
#define LATENCY_SPREAD_NS 1200000u /* more than that, at most */
#define JITTER_PART 8u             /* so much of it, at most, is one passage longer than another */
#define SEND_NS 12000u             /* what a call to the system takes, at least */
#define SEND_SPREAD_NS 28000u
#define READ_MAX ((size_t)64 << 10) /* at a time */

struct simulated_network {
    struct simulation *simulation;
    GHashTable *listeners; /* port -> struct listener */
};

struct listener {
    simulated_accepted *accepted;
    void *cookie;
};

/* What has arrived and is not read. */
struct arrived {
    size_t len, at;
    uint8_t data[];
};

struct simulated_end {
    struct simulated_network *network;
    struct simulated_end *other; /* NULL before there is one */
    const struct simulated_handler *handler;
    void *cookie;
    uint16_t port, peer_port;
    unsigned num_refs; /* its owner, the other end, and what is under way to it */
    uint64_t latency_ns, last_due_ns;
    GQueue arrived;               /* struct arrived */
    struct simulation_event turn; /* what is left to be told */
    size_t num_unread;            /* bytes that it has sent and the other side has not read */
    bool reads, is_short, is_finished, is_closed;
    bool is_gone; /* and its owner knows */
    bool has_end, has_told_end;
    enum simulated_end_kind end_kind;
};

enum passage_kind {
    PASSAGE_CONNECT,
    PASSAGE_ACCEPTED,
    PASSAGE_REFUSED,
    PASSAGE_DATA,
    PASSAGE_FINISH,
    PASSAGE_RESET,
    PASSAGE_ROOM
};

/* Something under way to an end; or to a port, from an end. */
struct passage {
    struct simulation_event event;
    enum passage_kind kind;
    struct simulated_end *end;
    size_t len; /* of the data, or of the room that there is again */
    uint8_t data[];
};

/* ------------------------------------------------------------------------
 * The network
 */

struct simulated_network *simulated_network_new(struct simulation *simulation)
{
    struct simulated_network *network = g_new0(struct simulated_network, 1);
    network->simulation = simulation;
    network->listeners = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    return network;
}

void simulated_network_free(struct simulated_network *network)
{
    if (network == NULL)
        return;
    g_hash_table_destroy(network->listeners);
    g_free(network);
}

struct simulation *simulated_network_simulation(struct simulated_network *network)
{
    return network->simulation;
}

uint16_t simulated_port(struct simulated_network *network)
{
    const uint16_t port = simulation_port(network->simulation);
    return g_hash_table_contains(network->listeners, GUINT_TO_POINTER(port))
               ? simulated_port(network)
               : port;
}

void simulated_listen(struct simulated_network *network, uint16_t port,
                      simulated_accepted *accepted, void *cookie)
{
    void *key = GUINT_TO_POINTER(port);
    if (accepted == NULL) {
        g_hash_table_remove(network->listeners, key);
        return;
    }
    struct listener *listener = g_new(struct listener, 1);
    *listener = (struct listener){accepted, cookie};
    g_hash_table_replace(network->listeners, key, listener);
}

/* ------------------------------------------------------------------------
 * Ends
 */

static void unref(struct simulated_end *end)
{
    if (end == NULL || --end->num_refs > 0)
        return;
    simulation_cancel(end->network->simulation, &end->turn);
    g_queue_clear_full(&end->arrived, g_free);
    g_free(end);
}

static struct simulated_end *ref(struct simulated_end *end)
{
    end->num_refs++;
    return end;
}

static void take_turn(void *cookie);

static struct simulated_end *new_end(struct simulated_network *network, uint16_t port,
                                     uint16_t peer_port, uint64_t latency_ns)
{
    struct simulated_end *end = g_new0(struct simulated_end, 1);
    end->network = network;
    end->port = port;
    end->peer_port = peer_port;
    end->latency_ns = latency_ns;
    end->num_refs = 1;
    end->turn = (struct simulation_event){.happen = take_turn, .cookie = end};
    g_queue_init(&end->arrived);
    return end;
}

uint16_t simulated_local_port(const struct simulated_end *end)
{
    return end->port;
}

uint16_t simulated_peer_port(const struct simulated_end *end)
{
    return end->peer_port;
}

/* ------------------------------------------------------------------------
 * Under way
 */

static void arrive(void *cookie);

/* From one end to the other, after everything that is under way already. */
static void send_on(struct simulated_end *from, struct simulated_end *to, enum passage_kind kind,
                    const void *data, size_t len)
{
    struct simulation *simulation = from->network->simulation;
    struct passage *passage = g_malloc0(sizeof *passage + (data != NULL ? len : 0));
    const uint64_t now_ns = simulation_now_ns(simulation);
    const uint64_t jitter_ns = simulation_chance(simulation, from->latency_ns / JITTER_PART);
    passage->kind = kind;
    passage->end = ref(to);
    passage->len = len;
    if (data != NULL)
        memcpy(passage->data, data, len);
    passage->event = (struct simulation_event){.happen = arrive, .cookie = passage};
    from->last_due_ns = MAX(now_ns + from->latency_ns + jitter_ns, from->last_due_ns + 1);
    simulation_plan(simulation, &passage->event, from->last_due_ns - now_ns);
}

static void plan_turn(struct simulated_end *end)
{
    simulation_plan(end->network->simulation, &end->turn, 0);
}

/* Somebody asks for a port: whether there is a listener is known when it is asked. */
static void knock(struct simulated_end *caller)
{
    struct simulated_network *network = caller->network;
    const struct listener *listener =
        g_hash_table_lookup(network->listeners, GUINT_TO_POINTER(caller->peer_port));
    if (caller->is_closed)
        return; /* it has changed its mind */
    if (listener == NULL) {
        send_on(caller, caller, PASSAGE_REFUSED, NULL, 0);
        return;
    }
    struct simulated_end *end =
        new_end(network, caller->peer_port, caller->port, caller->latency_ns);
    end->other = ref(caller);
    caller->other = ref(end);
    send_on(end, caller, PASSAGE_ACCEPTED, NULL, 0);
    listener->accepted(listener->cookie, end);
}

static void end_bytes(struct simulated_end *end, enum simulated_end_kind kind)
{
    if (end->has_end && end->end_kind == SIMULATED_RESET)
        return;
    end->has_end = true;
    end->end_kind = kind;
}

/* Nobody is there to whom bytes have come. */
static void refuse_bytes(struct simulated_end *end)
{
    if (end->other != NULL && !end->other->is_closed)
        send_on(end, end->other, PASSAGE_RESET, NULL, 0);
}

static void take_passage(struct simulated_end *end, const struct passage *passage)
{
    switch (passage->kind) {
    case PASSAGE_CONNECT:
        knock(end);
        return;
    case PASSAGE_ACCEPTED:
    case PASSAGE_REFUSED:
        if (!end->is_closed)
            end->handler->connected(end->cookie, passage->kind == PASSAGE_ACCEPTED);
        return;
    case PASSAGE_DATA: {
        if (end->is_closed) {
            refuse_bytes(end);
            return;
        }
        struct arrived *arrived = g_malloc(sizeof *arrived + passage->len);
        *arrived = (struct arrived){.len = passage->len};
        memcpy(arrived->data, passage->data, passage->len);
        g_queue_push_tail(&end->arrived, arrived);
        break;
    }
    case PASSAGE_FINISH:
        end_bytes(end, SIMULATED_FINISHED);
        break;
    case PASSAGE_RESET:
        end_bytes(end, SIMULATED_RESET);
        break;
    case PASSAGE_ROOM:
        end->num_unread -= passage->len;
        break;
    }
    if (!end->is_closed)
        take_turn(end);
}

static void arrive(void *cookie)
{
    struct passage *passage = cookie;
    take_passage(passage->end, passage);
    unref(passage->end);
    g_free(passage);
}

/* ------------------------------------------------------------------------
 * What an end is told
 */

/* Its owner knows that it is closed.  Two that both are gone know each other no more. */
static void leave(struct simulated_end *end)
{
    struct simulated_end *other = end->other;
    end->is_gone = true;
    if (other != NULL && other->is_gone) {
        end->other = other->other = NULL;
        unref(end);
        unref(other);
    }
    end->handler->closed(end->cookie);
    unref(end);
}

/* The oldest bytes, at most READ_MAX. */
static void hand_over(struct simulated_end *end)
{
    struct arrived *arrived = g_queue_peek_head(&end->arrived);
    const size_t at = arrived->at, len = MIN(arrived->len - at, READ_MAX);
    arrived->at += len;
    const bool is_last = arrived->at == arrived->len;
    if (is_last)
        (void)g_queue_pop_head(&end->arrived);
    if (!end->other->is_closed)
        send_on(end, end->other, PASSAGE_ROOM, NULL, len);
    end->handler->received(end->cookie, arrived->data + at, len);
    if (is_last)
        g_free(arrived);
}

static void take_turn(void *cookie)
{
    struct simulated_end *end = cookie;
    if (end->is_closed) {
        leave(end);
        return;
    }
    while (end->reads && !end->is_closed && !g_queue_is_empty(&end->arrived))
        hand_over(end);
    if (end->reads && !end->is_closed && end->has_end && !end->has_told_end) {
        end->has_told_end = true;
        end->handler->ended(end->cookie, end->end_kind);
    }
    if (end->is_short && !end->is_closed && end->num_unread < SIMULATED_WINDOW) {
        end->is_short = false;
        end->handler->has_room(end->cookie);
    }
}

/* ------------------------------------------------------------------------
 * What an end does
 */

struct simulated_end *simulated_connect(struct simulated_network *network, uint16_t port,
                                        uint64_t route, const struct simulated_handler *handler,
                                        void *cookie)
{
    const uint64_t latency_ns =
        LATENCY_MIN_NS + simulation_fixed_chance(network->simulation, route, LATENCY_SPREAD_NS);
    struct simulated_end *end = new_end(network, simulated_port(network), port, latency_ns);
    simulated_use(end, handler, cookie);
    send_on(end, end, PASSAGE_CONNECT, NULL, 0);
    return end;
}

void simulated_use(struct simulated_end *end, const struct simulated_handler *handler, void *cookie)
{
    end->handler = handler;
    end->cookie = cookie;
}

void simulated_read(struct simulated_end *end, bool reads)
{
    end->reads = reads;
    if (reads && (end->has_end || !g_queue_is_empty(&end->arrived)))
        plan_turn(end);
}

bool simulated_has_unread(const struct simulated_end *end)
{
    return end->arrived.length > 0 || (end->has_end && !end->has_told_end);
}

ssize_t simulated_send(struct simulated_end *end, const void *data, size_t len)
{
    struct simulation *simulation = end->network->simulation;
    if (end->other == NULL || (end->has_end && end->end_kind == SIMULATED_RESET))
        return -1;
    const size_t num = MIN(len, SIMULATED_WINDOW - end->num_unread);
    end->is_short = num < len;
    if (num == 0)
        return 0;
    simulation_spend(simulation, SEND_NS + simulation_chance(simulation, SEND_SPREAD_NS));
    end->num_unread += num;
    send_on(end, end->other, PASSAGE_DATA, data, num);
    return (ssize_t)num;
}

void simulated_finish(struct simulated_end *end)
{
    if (end->other != NULL && !end->is_finished)
        send_on(end, end->other, PASSAGE_FINISH, NULL, 0);
    end->is_finished = true;
}

void simulated_close(struct simulated_end *end, bool is_reset)
{
    if (is_reset || !g_queue_is_empty(&end->arrived))
        refuse_bytes(end);
    else
        simulated_finish(end);
    end->is_closed = true;
    plan_turn(end);
}
