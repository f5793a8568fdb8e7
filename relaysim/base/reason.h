/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reason: what the other side said, for a sentence. */
#ifndef RELAYSIM_BASE_REASON_H
#define RELAYSIM_BASE_REASON_H

#include <stdint.h>

struct reason {
    char text[48];
};

/* The mnemonic of a value, or the value where `name` is NULL, because it has none:
 *
 *     reason_of(sstp_close_reason_name(reason_id), reason_id).text
 */
struct reason reason_of(const char *name, uint8_t value);

#endif
