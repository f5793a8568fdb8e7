/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "counting_mem.h"

#include <stdlib.h>
#include <string.h>

/* In front of each block. */
union header {
    size_t size;
    max_align_t align;
};

static void *counting_resize(void *cookie, void *block, size_t size)
{
    struct counting_mem *counting = cookie;
    union header *old = block != NULL ? (union header *)block - 1 : NULL;
    union header *new = NULL;

    if (size > 0) {
        counting->num_requests++;
        if (counting->num_requests == counting->fails_at) {
            counting->num_failed++;
            return NULL;
        }
        new = malloc(sizeof *new + size);
        if (new == NULL)
            abort();
        new->size = size;
        if (old != NULL) /* always moved, so that a stale pointer is noticed */
            memcpy(new + 1, block, old->size < size ? old->size : size);
        counting->num_blocks++;
        counting->num_bytes += size;
    }
    if (old != NULL) {
        counting->num_blocks--;
        counting->num_bytes -= old->size;
        free(old);
    }
    if (counting->num_blocks > counting->max_blocks)
        counting->max_blocks = counting->num_blocks;
    if (counting->num_bytes > counting->max_bytes)
        counting->max_bytes = counting->num_bytes;
    return new != NULL ? new + 1 : NULL;
}

void counting_mem_init(struct counting_mem *counting)
{
    memset(counting, 0, sizeof *counting);
    counting->mem.resize = counting_resize;
    counting->mem.cookie = counting;
}
