/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tally: what a bench has sent, and what has become of it.
 *
 * Every message begins with its number among those of its sender, and with its sender.
 * A receiver has to get the messages of each sender in order, each once, and as they were
 * sent; how those of several senders mix is the relay's to choose.
 *
 * The messages of the bench are dealt out to the senders in turn: with 3 senders and 10
 * messages, the first sender has 4 and the others 3.
 */
#ifndef RELAYSIM_BENCH_TALLY_H
#define RELAYSIM_BENCH_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/wire.h"

#define BENCH_SIZE_MIN 8u /* the number and the sender of a message */
#define BENCH_SIZE_MAX (1u << 20)
#define BENCH_MESSAGES_MAX 10000000u
#define BENCH_FANOUT_MAX 1000u
#define BENCH_SENDERS_MAX 1000u

struct bench_sender {
    unsigned num_messages; /* that it has to send */
    unsigned num_sent, num_acknowledged;
    uint64_t num_delivered;                 /* to all receivers together */
    uint64_t acknowledged_ns, delivered_ns; /* when the last one was */
    uint64_t latency_us;                    /* of all deliveries together */
    uint64_t *sent_ns;                      /* of each message */
};

struct bench_tally {
    unsigned num_senders, num_receivers, num_messages;
    size_t size;
    struct bench_sender *senders;
    unsigned num_sent, num_acknowledged;
    uint64_t num_delivered;
    unsigned *num_received; /* of each sender by each receiver */
    uint64_t *sent_ns;
    uint8_t *content;
};

void bench_tally_init(struct bench_tally *tally, unsigned num_senders, unsigned num_receivers,
                      unsigned num_messages, size_t size);
void bench_tally_clear(struct bench_tally *tally);

/* How many of the first `num` messages of all are this sender's. */
unsigned bench_tally_share(const struct bench_tally *tally, unsigned sender, uint64_t num);

/* The sender's next message, valid until the next call; and: it was sent. */
struct sstp_span bench_tally_next(struct bench_tally *tally, unsigned sender, uint64_t now_ns);
void bench_tally_sent(struct bench_tally *tally, unsigned sender);

void bench_tally_acknowledged(struct bench_tally *tally, unsigned sender, uint64_t now_ns);

/* A message came to a receiver: *latency_us is how long it took.  Or it is not one that is
 * due: then a sentence that says so, to be freed by g_free(). */
char *bench_tally_delivered(struct bench_tally *tally, unsigned receiver, struct sstp_span data,
                            uint64_t now_ns, uint64_t *latency_us);

/* All messages have been acknowledged to their senders; and delivered to all receivers. */
bool bench_tally_is_acknowledged(const struct bench_tally *tally);
bool bench_tally_is_delivered(const struct bench_tally *tally);

#endif
