/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ledger: the acknowledgement list of one direction, the
 * OutboundMessageList or the InboundMessageList of GRVSSTP 3.1.1.2.
 *
 * Messages enter in the order of their EndMessages, over all sessions of the
 * connection, and are numbered from 1; they leave from the front.
 */
#ifndef RELAYSIM_ENDPOINT_LEDGER_H
#define RELAYSIM_ENDPOINT_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/mem.h"
#include "state/ledger.h"

struct sstp_ep_ledger_entry {
    uint32_t session_id;
    void *tag;        /* outbound: the owner's */
    bool is_complete; /* inbound: processed */
    bool wants_ack;   /* inbound: the A flag */
    bool is_lost;     /* outbound: the peer closed its session before it was acknowledged */
};

struct sstp_ep_ledger {
    const struct sstp_mem *mem;
    struct sstp_ep_ledger_entry *entries;
    size_t size;  /* allocated */
    size_t first; /* index of the oldest */
    /* A message's number is its position in these, counted from 1. */
    struct sstp_ledger counts;
    size_t num_leading;     /* inbound: complete entries before the first that is not */
    bool leading_wants_ack; /* one of these has the A flag */
};

void sstp_ep_ledger_init(struct sstp_ep_ledger *ledger, const struct sstp_mem *mem);
void sstp_ep_ledger_clear(struct sstp_ep_ledger *ledger);

/* Entries in the list. */
static inline size_t sstp_ep_ledger_num(const struct sstp_ep_ledger *ledger)
{
    return (size_t)sstp_ledger_outstanding(&ledger->counts);
}

/* The number of the oldest entry, or of the next to come. */
static inline uint64_t sstp_ep_ledger_oldest(const struct sstp_ep_ledger *ledger)
{
    return ledger->counts.acknowledged + 1;
}

/* Makes room for one more; false without memory. */
bool sstp_ep_ledger_reserve(struct sstp_ep_ledger *ledger);

/* Enters a message, for which there has to be room, and returns its number. */
uint64_t sstp_ep_ledger_add(struct sstp_ep_ledger *ledger, struct sstp_ep_ledger_entry entry);

/* The entry of a number, or NULL when it is not in the list. */
struct sstp_ep_ledger_entry *sstp_ep_ledger_find(struct sstp_ep_ledger *ledger, uint64_t number);

/* Marks a message as processed and counts the entries that can be acknowledged
 * (GRVSSTP 3.1.4.2.1) anew; false when it is not in the list. */
bool sstp_ep_ledger_complete(struct sstp_ep_ledger *ledger, uint64_t number);

/* Removes the oldest `num`, at most what is there. */
void sstp_ep_ledger_drop(struct sstp_ep_ledger *ledger, size_t num);

#endif
