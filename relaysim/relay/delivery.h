/* SPDX-License-Identifier: GPL-2.0-or-later */
/* delivery: a queue on its way to a connection, for relay/deliver.c. */
#ifndef RELAYSIM_RELAY_DELIVERY_H
#define RELAYSIM_RELAY_DELIVERY_H

#include "relay/internal.h"

/* A queue on its way to a connection.  When its session is closed by the client, the
 * queue may get another one; this one stays until what was sent on it has been
 * acknowledged, or has had time enough for that.  So it does when a newer connection is to
 * have the queue; but that one gets nothing before, so that all it gets is in order. */
struct relay_delivery {
    struct sstp_relay_connection *connection;
    struct sstp_store_queue *queue; /* while CLOSED, it is there for as long as the messages */
    enum { WAITING, OPEN, CLOSED } stage;
    uint32_t session_id; /* unless WAITING */
    uint32_t number;     /* the holder of what is under way */
    unsigned num_unacknowledged;
    bool awaits_open_response;
    bool has_been_acknowledged; /* something on this session was */
    bool is_handed;             /* CLOSED from here, and the queue waits for it */
    int64_t deadline_ms;        /* in relay->idle, relay->closed or relay->handed */
    GQueue *list;               /* connection->waiting, one of these three, or NULL */
    GList link;
};

/* The connection has something more to answer. */
void relay_delivery_owe(struct relay_delivery *delivery);

/* Its OpenResponse is not awaited any more. */
void relay_delivery_set_opened(struct relay_delivery *delivery);

/* Puts it at the end of a list, out of the one that it was in; NULL for none. */
void relay_delivery_put_into(struct relay_delivery *delivery, GQueue *list);

/* Whether it has no messages, and is to be closed for that in time. */
void relay_delivery_set_idle(struct relay_delivery *delivery, bool is_idle);

/* The queue does not wait for it any more. */
void relay_delivery_let_go(struct relay_delivery *delivery);

/* Forgets a delivery, whose session is gone.  What was under way is unsent again; the queue
 * may be gone then, unless it has messages. */
void relay_delivery_end(struct relay_delivery *delivery);

/* The newest connection that a queue can go to; NULL when nobody is there.  It has not
 * refused since anybody registered, nor has one that is newer. */
struct sstp_relay_connection *relay_delivery_target(const struct sstp_relay *relay,
                                                    const struct sstp_store_queue *queue);

#endif
