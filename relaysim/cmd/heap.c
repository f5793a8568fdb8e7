/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/heap.h"

#include <stddef.h>

#ifdef RELAYSIM_SANITIZED

/* Their header comes with some compilers only. */
size_t __sanitizer_get_current_allocated_bytes(void);

uint64_t heap_num_used(void)
{
    return __sanitizer_get_current_allocated_bytes();
}

#else

#include <jemalloc/jemalloc.h>

uint64_t heap_num_used(void)
{
    uint64_t epoch = 1;
    size_t num = 0, len = sizeof num;
    /* What this thread has freed and keeps at hand would count as used. */
    (void)mallctl("thread.tcache.flush", NULL, NULL, NULL, 0);
    /* The figures are those of the moment when the epoch was last set. */
    (void)mallctl("epoch", NULL, NULL, &epoch, sizeof epoch);
    (void)mallctl("stats.allocated", &num, &len, NULL, 0);
    return num;
}

#endif
