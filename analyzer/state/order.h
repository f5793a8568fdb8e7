/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * order: the commands of both directions of a connection in an order that what each side
 * can have known allows, whatever order they were captured in.
 *
 * Each direction hands in, in its own order, what it said, up to which position of its
 * bytes, and up to which position its sender had received the other's (TCP's
 * acknowledgement number).  What was received was sent before, so a command waits for all
 * that its segment acknowledges; where nothing has to wait it is taken at once.  Commands of
 * which neither side knew are taken as they come.
 *
 * TCP's FIN has a number of its own, which is acknowledged as if it were a byte, and which nobody
 * hands in.  No command is so short: who acknowledges less than the shortest after the end of one
 * has received no other, and waits for none.
 *
 * Where there are no such numbers (two TCP connections) there is only time, and neighbours
 * may be swapped: a command that its taker would call wrong waits whether the other direction
 * still says what makes it right.
 *
 *     struct sstp_order order;
 *     sstp_order_init(&order, &mem, &budget, &taker);
 *     sstp_order_put(&order, from_initiator, &item);      // for each chunk, command and gap
 *     sstp_order_settle(&order);                          // nothing more comes
 *
 * Nothing waits for ever: see the bounds.  What was waited for in vain was lost, and a gap is
 * taken in its place; then that direction is not waited for until something of it comes.
 * What comes after it was given up is taken, with a gap after it: where it belonged is over.
 *
 * A gap is taken when it is known, which may be before commands that the other direction said without
 * its bytes.  Where such are taken after it, there is one more before the first that was said with
 * them, or after them.
 */
#ifndef SSTP_STATE_ORDER_H
#define SSTP_STATE_ORDER_H

#include "core/mem.h"
#include "core/wire.h"

#include <stdbool.h>
#include <stdint.h>

/* What waits is given up when so much more has come of the connection, and so much later:
 * two captures are put together with clocks that differ by less than this. */
#define SSTP_ORDER_CHUNKS_MIN 128u
#define SSTP_ORDER_TIME_MIN_NS INT64_C(2000000000)
/* And however little time has passed, when more than this waits in one direction... */
#define SSTP_ORDER_COMMANDS_MAX 4096u
#define SSTP_ORDER_BYTES_MAX (UINT32_C(1) << 20)
/* ...or on all connections that share a budget. */
#define SSTP_ORDER_BUDGET_MAX (UINT64_C(32) << 20)
/* A number that is farther ahead is none of this connection. */
#define SSTP_ORDER_AHEAD_MAX (UINT64_C(64) << 20)

enum sstp_order_kind {
    SSTP_ORDER_CHUNK,   /* the commands that follow are those of this chunk */
    SSTP_ORDER_COMMAND, /* as it was captured: its bytes */
    SSTP_ORDER_GAP,     /* bytes of this direction are missing here */
    SSTP_ORDER_PASSED   /* bytes that end no command, up to the position */
};

struct sstp_order_item {
    enum sstp_order_kind kind;
    uint32_t frame, key; /* of the chunk; the taker's */
    int64_t time_ns;     /* of the frame */
    uint64_t position;   /* of this direction, after the item; 0 where there are no numbers */
    uint64_t known;      /* position of the other direction up to which the sender had its bytes */
    bool is_unsure;      /* or farther: it waits as though there were only time */
    struct sstp_span bytes; /* good during the call; what waits is copied */
};

/* Who takes the items in their order.  All are called with the cookie. */
struct sstp_order_taker {
    /* Takes an item.  Where it `may_wait`, false leaves it untaken, and nothing has changed. */
    bool (*take)(void *cookie, bool from_initiator, const struct sstp_order_item *item,
                 bool may_wait);
    /* Bytes of either direction are missing here.  `item` acknowledges them, where that is
     * news; else NULL. */
    void (*lose)(void *cookie, const struct sstp_order_item *item);
    void *cookie;
};

/* Bytes that wait, over all connections; begins with 0. */
struct sstp_order_budget {
    uint64_t bytes;
};

struct sstp_order_waiting;

/* One direction.  Private. */
struct sstp_order_side {
    struct sstp_order_waiting *first, *last;
    uint32_t num_commands, num_bytes; /* that wait */
    bool is_known;                    /* passed is */
    bool is_absent;                   /* given up, and nothing came since */
    bool is_between;                  /* a command has ended at passed, or the first begins there */
    uint64_t begin;                   /* nothing before was taken */
    uint64_t passed;                  /* all before was taken, or given up */
    uint64_t given_up;                /* all before was taken, or will be too late */
    bool is_missing;                  /* a gap was taken that the other direction has not passed */
    bool is_overtaken;                /* and something of that from before was taken since */
    uint64_t missing_from, missing_to;
};

/* The members are private, `has_waiting` apart. */
struct sstp_order {
    const struct sstp_mem *mem;
    struct sstp_order_budget *budget;
    struct sstp_order_taker taker;
    struct sstp_order_side sides[2]; /* by from_initiator */
    bool has_waiting;
    bool is_by_time;
    uint64_t serial;     /* of items that waited */
    uint32_t num_chunks; /* so far; wraps */
};

/* `mem` and `budget` have to outlive the order. */
void sstp_order_init(struct sstp_order *order, const struct sstp_mem *mem,
                     struct sstp_order_budget *budget, const struct sstp_order_taker *taker);
void sstp_order_clear(struct sstp_order *order);

/* There is only time.  Before the first item. */
void sstp_order_by_time(struct sstp_order *order);

/* The position of the first byte of a direction, where it is known. */
void sstp_order_start(struct sstp_order *order, bool from_initiator, uint64_t position);

/* The next item of a direction. */
void sstp_order_put(struct sstp_order *order, bool from_initiator,
                    const struct sstp_order_item *item);

/* Nothing more comes: gives up whatever is waited for. */
void sstp_order_settle(struct sstp_order *order);

/* Whether bytes of a direction after this position, where it began as another command tells,
 * came by before anything of it was taken. */
bool sstp_order_lacks(const struct sstp_order *order, bool from_initiator, uint64_t position);

/* Up to where everything of a direction was taken or given up; false where nothing is known. */
bool sstp_order_passed(const struct sstp_order *order, bool from_initiator, uint64_t *position);

/* Whether everything of a direction that was put in was taken. */
static inline bool sstp_order_is_empty(const struct sstp_order *order, bool from_initiator)
{
    return order->sides[from_initiator].first == NULL;
}

#endif
