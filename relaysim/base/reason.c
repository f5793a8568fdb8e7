/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/reason.h"

#include <stdio.h>

struct reason reason_of(const char *name, uint8_t value)
{
    struct reason reason;
    if (name != NULL)
        snprintf(reason.text, sizeof reason.text, "%s", name);
    else
        snprintf(reason.text, sizeof reason.text, "0x%02x, which has no name", value);
    return reason;
}
