/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check.h"

#include <glib.h>
#include <string.h>

#include "hex.h"

void check_same_bytes(const void *got, size_t got_len, const void *expected, size_t expected_len)
{
    if (got_len == expected_len && (got_len == 0 || memcmp(got, expected, got_len) == 0))
        return;
    char *got_hex = g_malloc(2 * got_len + 1);
    char *expected_hex = g_malloc(2 * expected_len + 1);
    hex_print(got, got_len, got_hex);
    hex_print(expected, expected_len, expected_hex);
    g_assert_cmpstr(got_hex, ==, expected_hex);
    g_assert_not_reached();
}
