/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * deal: which share a packet belongs to.
 *
 * All that passes between two addresses is one share's, for a virtual connection lies between two
 * addresses; what cannot be told cheaply is the first share's.  Pairs are counted first, and then
 * packed, the biggest first, each into the share that has least.
 *
 *     deal_add(deal, &pair, bytes);          for each packet
 *     deal_out(deal, 4);
 *     share = deal_share(deal, &pair);       for each packet
 */
#ifndef ANALYZE_POINTS_DEAL_H
#define ANALYZE_POINTS_DEAL_H

#include <glib.h>

#include "capture/packet.h"

/* Pairs that are counted; all others are the first share's. */
#define DEAL_PAIRS_MAX 1000000u

struct deal;

struct deal *deal_new(void);
void deal_free(struct deal *deal); /* NULL is fine */

/* A packet of so many bytes; `pair` is NULL where it cannot be told. */
void deal_add(struct deal *deal, const struct packet_pair *pair, guint32 len);

/* How many shares can have anything. */
guint deal_num_pairs(const struct deal *deal);

/* What was counted. */
struct deal_load {
    guint64 packets, bytes;
};
struct deal_load deal_load(const struct deal *deal);

/* After the last packet, and as often as wanted: deals out anew. */
void deal_out(struct deal *deal, guint num_shares);

/* Without counting: always the same one of `num` for a pair. */
guint deal_bucket(const struct packet_pair *pair, guint num);

/* From 0. */
guint deal_share(const struct deal *deal, const struct packet_pair *pair);

#endif
