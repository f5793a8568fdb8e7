/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BENCHMARK_LOAD_H
#define BENCHMARK_LOAD_H

/*
 * load: the load of a relay benchmark, the same for every server, by the rules of
 * `relaysim bench`: one sender, some receivers, a window of messages that wait for
 * their acknowledgement, every delivery checked and acknowledged.
 *
 * load.c has the options, the loop, the check, the clock and the result.  How a server
 * is spoken to is a struct peer; bench_redis.c and bench_mosquitto.c have one each:
 *
 *     int main(int argc, char **argv)
 *     {
 *         return load_main(argc, argv, &peer);
 *     }
 *
 * Everything runs in one thread, which sleeps in epoll_wait when there is nothing to
 * do.
 */

#include "link.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A message is a sequence number, 8 bytes, and contents whose first and last byte
 * follow from it. */
#define LOAD_SIZE_MIN 10
#define LOAD_SIZE_MAX (1024 * 1024)
#define LOAD_FANOUT_MAX 1000
#define LOAD_DELIVERIES_MAX 100000000

struct receiver {
    struct link link;
    uint32_t index;
    uint32_t num_delivered;
    bool is_confirmed; /* the server knows that this receiver has acknowledged all */
    /* The peer's own: where it is in an answer of several parts. */
    uint32_t num_acked, num_left, step;
};

struct load {
    uint16_t port;
    uint32_t num_messages, size, fanout, window, rate, batch;
    bool is_offline;

    struct link sender;
    struct receiver *receivers;
    uint32_t num_sent, num_acked, num_confirmed;

    uint8_t *message;     /* what load_message fills */
    int64_t *sent_at_us;  /* of each message; NULL offline */
    uint32_t *latency_us; /* of each delivery */
    size_t num_latencies;
    int64_t start_us, arrival_us;
    int epoll, timer;
};

struct peer {
    uint32_t batch; /* the most messages that one submit gets, where --batch is not given */
    /* Connects the sender; blocking. */
    void (*open_sender)(struct load *load);
    /* Makes a receiver known to the server, so that messages are kept for it, and leaves
     * no connection after; blocking. */
    void (*introduce)(struct load *load, struct receiver *receiver);
    /* Connects a receiver that is known; blocking.  May append what asks for messages. */
    void (*open_receiver)(struct load *load, struct receiver *receiver);
    /* Appends `count` messages, from number `first` on, to the sender's link. */
    void (*submit)(struct load *load, uint32_t first, uint32_t count);
    /* Takes what has arrived in link.in, calls load_acked for each message that the
     * server has taken over, and returns how many bytes are used up. */
    size_t (*read_sender)(struct load *load);
    /* Likewise; calls load_delivered for each message, appends its acknowledgement to
     * the link, and calls load_confirmed at the end. */
    size_t (*read_receiver)(struct load *load, struct receiver *receiver);
};

/* The program: reads the options, runs, prints the result; returns the exit code. */
int load_main(int argc, char **argv, const struct peer *peer);

/* Microseconds of a clock that nobody sets. */
int64_t load_now_us(void);

/* The message of that number; valid until the next call. */
const uint8_t *load_message(struct load *load, uint32_t number);

/* The server has taken over the next message that was sent. */
void load_acked(struct load *load);

/* A message came to this receiver: checks that it is the next one and undamaged. */
void load_delivered(struct load *load, struct receiver *receiver, const uint8_t *message,
                    size_t len);
bool load_has_all(const struct load *load, const struct receiver *receiver);

/* The server has processed the acknowledgement of this receiver's last message. */
void load_confirmed(struct load *load, struct receiver *receiver);

#endif
