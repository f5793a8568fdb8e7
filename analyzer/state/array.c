/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state/array.h"

#include <string.h>

#define FIRST_SIZE 4u
#define DIRECTORY_SIZE 4u

void sstp_array_init(struct sstp_array *array, const struct sstp_mem *mem, size_t item_size)
{
    *array = (struct sstp_array){.mem = mem, .item_size = (uint32_t)item_size};
}

void sstp_array_clear(struct sstp_array *array)
{
    const struct sstp_mem *mem = array->mem;
    for (uint32_t i = 0; i < array->num_blocks; i++)
        mem->resize(mem->cookie, array->blocks[i], 0);
    if (array->blocks != NULL)
        mem->resize(mem->cookie, array->blocks, 0);
    sstp_array_init(array, mem, array->item_size);
}

/* A block with room for `num` items in the place of the old one, or NULL. */
static void *resize_block(struct sstp_array *array, void *block, uint32_t num)
{
    return array->mem->resize(array->mem->cookie, block, (size_t)num * array->item_size);
}

static bool grow_first(struct sstp_array *array)
{
    const uint32_t size = array->size_first > 0 ? 2 * array->size_first : FIRST_SIZE;
    void *block = resize_block(array, array->size_first > 0 ? array->blocks[0] : NULL, size);
    if (block == NULL)
        return false;
    array->blocks[0] = block;
    array->num_blocks = 1;
    array->size_first = size;
    return true;
}

static bool grow_directory(struct sstp_array *array)
{
    const uint32_t size = array->size_blocks > 0 ? 2 * array->size_blocks : DIRECTORY_SIZE;
    void **blocks =
        array->mem->resize(array->mem->cookie, array->blocks, size * sizeof *array->blocks);
    if (blocks == NULL)
        return false;
    array->blocks = blocks;
    array->size_blocks = size;
    return true;
}

static bool add_block(struct sstp_array *array)
{
    void *block = resize_block(array, NULL, SSTP_ARRAY_BLOCK);
    if (block == NULL)
        return false;
    array->blocks[array->num_blocks++] = block;
    return true;
}

static bool reserve(struct sstp_array *array)
{
    if (array->num == UINT32_MAX)
        return false;
    if (array->num < array->size_first ||
        (array->num >= SSTP_ARRAY_BLOCK && array->num / SSTP_ARRAY_BLOCK < array->num_blocks))
        return true;
    if (array->num / SSTP_ARRAY_BLOCK >= array->size_blocks && !grow_directory(array))
        return false;
    return array->num < SSTP_ARRAY_BLOCK ? grow_first(array) : add_block(array);
}

void *sstp_array_add_unset(struct sstp_array *array)
{
    return reserve(array) ? sstp_array_at(array, array->num++) : NULL;
}

void *sstp_array_add(struct sstp_array *array)
{
    void *item = sstp_array_add_unset(array);
    return item != NULL ? memset(item, 0, array->item_size) : NULL;
}
