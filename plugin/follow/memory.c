/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <wireshark.h>

#include "follow/memory.h"

static void *resize_in(wmem_allocator_t *pool, void *block, size_t size)
{
    if (size == 0) {
        wmem_free(pool, block);
        return NULL;
    }
    return wmem_realloc(pool, block, size);
}

/* The engine's allocations die with the capture. */
static void *file_scope_resize(void *cookie, void *block, size_t size)
{
    (void)cookie;
    return resize_in(wmem_file_scope(), block, size);
}

const struct sstp_mem grvsstp_file_scope = {file_scope_resize, NULL};

static void *pool_resize(void *cookie, void *block, size_t size)
{
    return resize_in(cookie, block, size);
}

struct sstp_mem grvsstp_mem_of_pool(wmem_allocator_t *pool)
{
    return (struct sstp_mem){pool_resize, pool};
}
