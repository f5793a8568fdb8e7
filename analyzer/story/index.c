/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "story/index.h"

#include <string.h>

#define SIZE_MIN 64u
#define SIZE_MAX_LOG2 31

void sstp_index_init(struct sstp_index *index, const struct sstp_mem *mem,
                     const struct sstp_index_of *of, const void *owner)
{
    *index = (struct sstp_index){.mem = mem, .of = of, .owner = owner};
}

void sstp_index_clear(struct sstp_index *index)
{
    if (index->slots != NULL)
        index->mem->resize(index->mem->cookie, index->slots, 0);
    index->slots = NULL;
    index->size = index->num = 0;
}

uint32_t sstp_index_find(const struct sstp_index *index, uint64_t hash, const void *wanted)
{
    if (index->size == 0)
        return SSTP_INDEX_NONE;
    for (uint32_t i = (uint32_t)hash & (index->size - 1); index->slots[i] != 0;
         i = (i + 1) & (index->size - 1))
        if (index->of->is(index->owner, index->slots[i] - 1, wanted))
            return index->slots[i] - 1;
    return SSTP_INDEX_NONE;
}

static void put(uint32_t *slots, uint32_t size, uint64_t hash, uint32_t slot)
{
    uint32_t i = (uint32_t)hash & (size - 1);

    while (slots[i] != 0)
        i = (i + 1) & (size - 1);
    slots[i] = slot;
}

bool sstp_index_reserve(struct sstp_index *index)
{
    if (index->num < index->size - index->size / 8)
        return true;
    if (index->size >> SIZE_MAX_LOG2 != 0)
        return index->num + 1 < index->size;
    const uint32_t size = index->size == 0 ? SIZE_MIN : index->size * 2;
    uint32_t *slots = index->mem->resize(index->mem->cookie, NULL, size * sizeof *slots);
    if (slots == NULL)
        return false;
    memset(slots, 0, size * sizeof *slots);
    for (uint32_t i = 0; i < index->size; i++)
        if (index->slots[i] != 0)
            put(slots, size, index->of->hash(index->owner, index->slots[i] - 1), index->slots[i]);
    if (index->slots != NULL)
        index->mem->resize(index->mem->cookie, index->slots, 0);
    index->slots = slots;
    index->size = size;
    return true;
}

void sstp_index_add(struct sstp_index *index, uint64_t hash, uint32_t number)
{
    put(index->slots, index->size, hash, number + 1);
    index->num++;
}

void sstp_index_replace(struct sstp_index *index, uint64_t hash, uint32_t old, uint32_t number)
{
    uint32_t i = (uint32_t)hash & (index->size - 1);

    while (index->slots[i] != old + 1)
        i = (i + 1) & (index->size - 1);
    index->slots[i] = number + 1;
}
