/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench_run: the load that `relaysim bench` puts on a relay, and what came of it.
 *
 * One sender and as many receivers as the fanout says, each on a connection of its own,
 * all in one thread.  Every message carries its number, and every delivery is checked:
 * its order, its length and its contents.
 */
#ifndef RELAYSIM_BENCH_RUN_H
#define RELAYSIM_BENCH_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "latency.h"

#define BENCH_SIZE_MIN 8u /* the number of a message */
#define BENCH_SIZE_MAX (1u << 20)
#define BENCH_MESSAGES_MAX 10000000u
#define BENCH_FANOUT_MAX 1000u

struct bench_config {
    const char *address;   /* of the relay, "ADDRESS:PORT" */
    const char *relay_url; /* its device URL */
    unsigned num_messages;
    size_t size;         /* bytes of each */
    unsigned fanout;     /* receivers; 1: a plain session */
    bool is_offline;     /* all is stored before the receivers come */
    unsigned rate;       /* messages a second; 0: as many as there is room for */
    unsigned window;     /* messages that the sender has under way at most */
    int64_t patience_ms; /* without any progress */
};

struct bench_result {
    uint64_t num_deliveries;
    double seconds;         /* from the first message to the last delivery; or: */
    double store_seconds;   /* is_offline: to the last acknowledgement to the sender */
    double drain_seconds;   /* and from the receivers' Connect until the relay has taken all
                               their acknowledgements */
    struct latency latency; /* from the hand-over of a message to each of its deliveries */
};

/* False with a sentence on stderr. */
bool bench_run(const struct bench_config *config, struct bench_result *result);

#endif
