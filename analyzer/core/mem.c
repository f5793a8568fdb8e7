/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/mem.h"

#include <stdlib.h>

static void *libc_resize(void *cookie, void *block, size_t size)
{
    (void)cookie;
    if (size == 0) {
        free(block);
        return NULL;
    }
    return realloc(block, size);
}

const struct sstp_mem sstp_mem_libc = {libc_resize, NULL};
