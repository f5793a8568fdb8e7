/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * outbox: the messages that a client has to send, up to their acknowledgement: one and
 * the same so many times, or others that are added as they come.
 *
 * They are sent in order, and acknowledged in order; what is not acknowledged when a
 * connection is lost is sent again on the next one.
 *
 *     while (client_outbox_next(outbox, &message) && send(message))
 *         client_outbox_sent(outbox);
 */
#ifndef RELAYSIM_CLIENT_OUTBOX_H
#define RELAYSIM_CLIENT_OUTBOX_H

#include "endpoint/endpoint.h"

#include <glib.h>

/* Of messages that were added and not acknowledged: with one of the two there is no room. */
#define CLIENT_OUTBOX_MESSAGES_MAX 4096u
#define CLIENT_OUTBOX_BYTES_MAX (16u << 20)

struct client_outbox;

struct client_outgoing {
    uint64_t number; /* from 1 */
    struct sstp_span data;
    /* None will follow before this one is acknowledged, or none is there yet: its
     * acknowledgement is worth asking for. */
    bool is_last;
};

/* `content`, which outlives the outbox, `num` times. */
struct client_outbox *client_outbox_new_repeated(struct sstp_span content, uint64_t num);

/* Empty; messages are added. */
struct client_outbox *client_outbox_new_added(void);

/* NULL is fine. */
void client_outbox_free(struct client_outbox *outbox);

/* Whether a message may be added. */
bool client_outbox_has_room(const struct client_outbox *outbox);

/* One more at the end, where there is room; the message is the outbox's then. */
void client_outbox_add(struct client_outbox *outbox, GBytes *message);

/* No more are added. */
void client_outbox_finish(struct client_outbox *outbox);

/* The next message to send, which stays the next until client_outbox_sent(); false when
 * there is none now. */
bool client_outbox_next(const struct client_outbox *outbox, struct client_outgoing *message);
void client_outbox_sent(struct client_outbox *outbox);

/* The oldest one that was sent is acknowledged. */
void client_outbox_acknowledged(struct client_outbox *outbox);

/* The connection is lost: what was not acknowledged comes again. */
void client_outbox_rewind(struct client_outbox *outbox);

/* Whether all are acknowledged, and no more come. */
bool client_outbox_is_done(const struct client_outbox *outbox);

/* Messages, known so far, and acknowledged. */
uint64_t client_outbox_num(const struct client_outbox *outbox);
uint64_t client_outbox_num_acknowledged(const struct client_outbox *outbox);

#endif
