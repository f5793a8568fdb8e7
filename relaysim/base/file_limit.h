/* SPDX-License-Identifier: GPL-2.0-or-later */
/* file_limit: how many files and sockets this process may have open. */
#ifndef RELAYSIM_BASE_FILE_LIMIT_H
#define RELAYSIM_BASE_FILE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

/* Raises it as far as the system lets us.  False where that is less than `needed`: *limit is how
 * many then. */
bool file_limit_raise(uintmax_t needed, uintmax_t *limit);

#endif
