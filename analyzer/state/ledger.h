/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ledger: the acknowledgement count of one direction of a connection, the
 * numbers after OutboundMessageList and InboundMessageList (GRVSSTP 3.1.1.2).
 *
 * Messages enter in the order of their EndMessages, over all sessions, and take
 * the positions 0, 1, 2 and so on.  A MessageCount is a delta: it takes so many of
 * the oldest out (3.1.4.2.1, 3.1.5.19; worked through in 4.3.1).  What a message
 * is beside its position is kept by who uses the ledger.
 */
#ifndef SSTP_STATE_LEDGER_H
#define SSTP_STATE_LEDGER_H

#include <stdint.h>

struct sstp_ledger {
    uint64_t entered;      /* positions given so far */
    uint64_t acknowledged; /* of them; the oldest that is not has this position */
};

/* Messages that are entered and not acknowledged. */
static inline uint64_t sstp_ledger_outstanding(const struct sstp_ledger *ledger)
{
    return ledger->entered - ledger->acknowledged;
}

/* Enters the message of an EndMessage; returns its position. */
static inline uint64_t sstp_ledger_enter(struct sstp_ledger *ledger)
{
    return ledger->entered++;
}

/* A MessageCount: returns how many messages it acknowledges, the first of which
 * has the position *first.  Fewer than `message_count` where that is more than
 * are outstanding (SPECIFICATION.md): it never underflows. */
static inline uint64_t sstp_ledger_acknowledge(struct sstp_ledger *ledger, uint32_t message_count,
                                               uint64_t *first)
{
    const uint64_t outstanding = sstp_ledger_outstanding(ledger);
    const uint64_t covered = message_count < outstanding ? message_count : outstanding;
    *first = ledger->acknowledged;
    ledger->acknowledged += covered;
    return covered;
}

/* Nobody waits for an acknowledgement of what is outstanding any more. */
static inline void sstp_ledger_forget(struct sstp_ledger *ledger)
{
    ledger->acknowledged = ledger->entered;
}

#endif
