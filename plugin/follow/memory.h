/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory: Wireshark's memory as the engine takes it. */
#ifndef GRVSSTP_FOLLOW_MEMORY_H
#define GRVSSTP_FOLLOW_MEMORY_H

#include <epan/wmem_scopes.h>

#include "core/mem.h"

/* Released with the capture. */
extern const struct sstp_mem grvsstp_file_scope;

/* Released with the pool. */
struct sstp_mem grvsstp_mem_of_pool(wmem_allocator_t *pool);

#endif
