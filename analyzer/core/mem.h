/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mem: where the engine's few allocations come from.
 *
 * The caller hands in one function: libc's realloc in the programs, a
 * file-scope pool in the plugin (freed with the capture, safe across its
 * exceptions), one that fails on request in the tests.
 */
#ifndef SSTP_CORE_MEM_H
#define SSTP_CORE_MEM_H

#include <stddef.h>

struct sstp_mem {
    /* As realloc(3): size 0 frees and returns NULL; NULL for a size above 0
     * means that there is none, and the old block is untouched. */
    void *(*resize)(void *cookie, void *block, size_t size);
    void *cookie;
};

/* libc's own. */
extern const struct sstp_mem sstp_mem_libc;

#endif
