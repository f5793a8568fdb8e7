/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keeper: looks after a store (store/store.h) while a loop runs.
 *
 * What came in one turn of the loop, and while the last batch was written, goes to the disk
 * together, on another thread; and the store is told of the clocks.
 */
#ifndef RELAYSIM_LIVE_KEEPER_H
#define RELAYSIM_LIVE_KEEPER_H

#include "net/net.h"
#include "store/store.h"

struct live_keeper {
    struct net *net;
    struct sstp_store *store;
    struct net_work work;
    struct sstp_store_batch *batch; /* that is being written; NULL */
    uint64_t num_written;           /* batches, ever */
    int64_t next_clocks_ms;
};

/* The store stays its owner's, who frees it while nothing is being written. */
void live_keeper_init(struct live_keeper *keeper, struct net *net, struct sstp_store *store);

/* In every turn of the loop: first the clocks, then, when all is done that might add to it, a
 * batch, unless one is being written. */
void live_keeper_tell_clocks(struct live_keeper *keeper);
void live_keeper_write(struct live_keeper *keeper);

bool live_keeper_is_writing(const struct live_keeper *keeper);

/* When the store is to be told of the clocks again. */
int64_t live_keeper_deadline(const struct live_keeper *keeper);

#endif
