/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * id_tree: a SessionId to the index of what is known of it.
 *
 * A binary tree over the bits in which the ids differ: never deeper than their 32
 * bits, however many there are and whoever chose them, so that a hostile capture
 * cannot make it slow, as it could a hash table without a secret.
 */
#ifndef SSTP_STATE_ID_TREE_H
#define SSTP_STATE_ID_TREE_H

#include "state/array.h"

struct sstp_id_tree {
    struct sstp_array leaves;
    struct sstp_array branches;
    uint32_t root; /* a reference, where there are leaves */
};

void sstp_id_tree_init(struct sstp_id_tree *tree, const struct sstp_mem *mem);
void sstp_id_tree_clear(struct sstp_id_tree *tree);

/* True, and its value, for an id that was put in. */
bool sstp_id_tree_find(const struct sstp_id_tree *tree, uint32_t id, uint32_t *value);

/* Puts an id in, or gives one that is in a new value; false without memory. */
bool sstp_id_tree_put(struct sstp_id_tree *tree, uint32_t id, uint32_t value);

#endif
