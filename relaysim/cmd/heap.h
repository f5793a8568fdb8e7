/* SPDX-License-Identifier: GPL-2.0-or-later */
/* heap: how much memory the program has in use. */
#ifndef RELAYSIM_CMD_HEAP_H
#define RELAYSIM_CMD_HEAP_H

#include <stdint.h>

/* Bytes that were allocated and not freed.  What the system counts for the process is more, and
 * moves by itself: the allocator keeps what was freed for a while, in huge pages. */
uint64_t heap_num_used(void);

#endif
