/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario/filler.h"

#include <stdio.h>

void filler_append(GByteArray *bytes, gsize len, guint32 key)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz012345";
    char digits[FILLER_LEN_MIN + 1];
    guint32 state = key;

    g_assert(len >= FILLER_LEN_MIN);
    (void)snprintf(digits, sizeof digits, "%08x", key);
    g_byte_array_append(bytes, (const guint8 *)digits, FILLER_LEN_MIN);
    const guint begin = bytes->len;
    g_byte_array_set_size(bytes, begin + (guint)(len - FILLER_LEN_MIN));
    for (guint i = begin; i < bytes->len; i++) {
        state =
            state * 1664525u + 1013904223u; /* Numerical Recipes' generator: high bits are good */
        bytes->data[i] = (guint8)letters[state >> 27];
    }
}
