/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * array: items of one size, appended and never removed, asked for by their index.
 *
 * A capture may bring ten million commands, and a hundred thousand connections
 * with three of them each: the first block grows with what is in it, the others
 * are of one size and never move, so at most one block is spare.
 */
#ifndef SSTP_STATE_ARRAY_H
#define SSTP_STATE_ARRAY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/mem.h"

#define SSTP_ARRAY_BLOCK 256u /* items */

/* The members are private, `num` apart. */
struct sstp_array {
    const struct sstp_mem *mem;
    void **blocks;
    uint32_t num; /* items */
    uint32_t num_blocks, size_blocks;
    uint32_t size_first; /* items that the first block has room for */
    uint32_t item_size;  /* bytes */
};

/* `mem` has to outlive the array, which takes nothing of it before the first item. */
void sstp_array_init(struct sstp_array *array, const struct sstp_mem *mem, size_t item_size);
void sstp_array_clear(struct sstp_array *array);

/* A new item after the last, all bytes zero, whose index was array->num; NULL
 * without memory or room.  Good until the next one is added. */
void *sstp_array_add(struct sstp_array *array);

/* The same, whatever its bytes are. */
void *sstp_array_add_unset(struct sstp_array *array);

/* The item of an index below array->num. */
static inline void *sstp_array_at(const struct sstp_array *array, uint32_t index)
{
    return (char *)array->blocks[index / SSTP_ARRAY_BLOCK] +
           (size_t)(index % SSTP_ARRAY_BLOCK) * array->item_size;
}

#endif
