/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * index: finds numbers, of things that are kept elsewhere, by what they are.
 *
 * An open table of numbers.  Hashes have to come of a secret, for what is in captures was
 * chosen by others (digest.h).
 */
#ifndef SSTP_STORY_INDEX_H
#define SSTP_STORY_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "core/mem.h"

#define SSTP_INDEX_NONE UINT32_MAX

/* What is asked of the things that are kept. */
struct sstp_index_of {
    uint64_t (*hash)(const void *owner, uint32_t number);
    bool (*is)(const void *owner, uint32_t number, const void *wanted);
};

/* The members are private. */
struct sstp_index {
    const struct sstp_mem *mem;
    const struct sstp_index_of *of;
    const void *owner;
    uint32_t *slots; /* number + 1; 0: free */
    uint32_t size;   /* a power of two; 0 before the first */
    uint32_t num;
};

/* All have to outlive the index. */
void sstp_index_init(struct sstp_index *index, const struct sstp_mem *mem,
                     const struct sstp_index_of *of, const void *owner);
void sstp_index_clear(struct sstp_index *index);

/* The number of what is wanted, whose hash this is; SSTP_INDEX_NONE. */
uint32_t sstp_index_find(const struct sstp_index *index, uint64_t hash, const void *wanted);

/* Makes room for one more; false without memory. */
bool sstp_index_reserve(struct sstp_index *index);

/* Adds a number that is not in it, after sstp_index_reserve(). */
void sstp_index_add(struct sstp_index *index, uint64_t hash, uint32_t number);

/* Another number stands for what the old one did, which has to be in it. */
void sstp_index_replace(struct sstp_index *index, uint64_t hash, uint32_t old, uint32_t number);

#endif
