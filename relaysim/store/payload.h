/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * payload: a message as the store keeps it, shared by the recipients of a fanout.
 *
 *     struct sstp_payload *payload = sstp_payload_new(&message);
 *     ... sstp_store_put(store, ..., payload, ...) for each recipient
 *     sstp_payload_unref(payload);
 */
#ifndef RELAYSIM_STORE_PAYLOAD_H
#define RELAYSIM_STORE_PAYLOAD_H

#include <glib.h>

#include "endpoint/event.h"

struct sstp_store_pending;

/* What a message takes in memory beside its bytes, with the words of the allocator: its
 * place in the queue, the payload, the content's head. */
#define SSTP_PAYLOAD_OVERHEAD 272u

/* A row of the disk, as long as one of its messages is in a queue; the store's own. */
struct sstp_store_row {
    uint64_t id;       /* of its first message */
    unsigned num_left; /* messages in queues */
};

/* A message with its bytes after it, or in a block of their own. */
struct sstp_store_content {
    struct sstp_ep_message message;
    bool was_read;   /* from the disk */
    bool is_counted; /* in num_read or num_cached of the store */
    size_t len;
    void *block; /* of libc's; NULL */
    uint8_t bytes[];
};

/* Of a large backlog there are many of these, and of their shares; all else is on the
 * disk.  Its members are the store's own. */
struct sstp_payload {
    unsigned num_refs;
    unsigned num_pins;   /* those of them that need its content */
    unsigned num_shares; /* the queues that it is in */
    bool is_loading;
    bool is_midway;      /* when it is asked for, it is time to read on */
    bool is_out_of_turn; /* it has left a queue before older ones */
    uint64_t id;         /* 0: not in a durable store */
    uint64_t len;
    struct sstp_payload_origin *origin; /* NULL: nobody has said */
    struct sstp_store_content *content; /* NULL: on the disk only */
    struct sstp_store_pending *pending; /* NULL: on the disk, or the store has none */
    struct sstp_store_row *row;         /* on the disk, or in the batch under way; NULL */
};

/* A copy of a message, with one reference. */
struct sstp_payload *sstp_payload_new(const struct sstp_ep_message *message);
/* The same, but for a long message its block is taken over instead, which is libc's. */
struct sstp_payload *sstp_payload_take(const struct sstp_ep_message *message,
                                       struct sstp_ep_block *block);
struct sstp_payload *sstp_payload_ref(struct sstp_payload *payload); /* returns it */
void sstp_payload_unref(struct sstp_payload *payload);

/* The message, as long as the caller has a reference. */
const struct sstp_ep_message *sstp_payload_message(const struct sstp_payload *payload);

/* Where a message came from, for who wants to know what becomes of it.  The store only
 * keeps it, and only in memory. */
struct sstp_payload_origin {
    uint64_t label;      /* of the connection, its owner's */
    uint32_t session_id; /* there */
    uint64_t number;     /* of the message, likewise */
    uint64_t len;        /* of its data */
    bool is_offline;     /* its time is that of its D flag, not its TTL's */
};
void sstp_payload_set_origin(struct sstp_payload *payload,
                             const struct sstp_payload_origin *origin);
/* NULL where it was not set. */
const struct sstp_payload_origin *sstp_payload_origin(const struct sstp_payload *payload);

/* ------------------------------------------------------------------------
 * For the store alone
 */

struct sstp_store_content *sstp_store_content_new(const struct sstp_ep_message *message);
void sstp_store_content_free(struct sstp_store_content *content); /* NULL is fine */
/* Gives back a reference that the store itself has. */
void sstp_store_payload_unref(struct sstp_payload *payload);
/* What it counts for in limits and quotas. */
uint64_t sstp_store_payload_cost(const struct sstp_payload *payload);

#endif
