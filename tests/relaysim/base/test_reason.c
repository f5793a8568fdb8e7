/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the other side said, for a sentence. */
#include "base/reason.h"

#include <glib.h>
#include <string.h>

static void test_reason(void)
{
    char *longest = g_strnfill(100, 'x');
    g_assert_cmpstr(reason_of("Resting", 7).text, ==, "Resting");
    g_assert_cmpstr(reason_of(NULL, 0).text, ==, "0x00, which has no name");
    g_assert_cmpstr(reason_of(NULL, 0xab).text, ==, "0xab, which has no name");
    g_assert_cmpuint(strlen(reason_of(longest, 1).text), ==, sizeof(struct reason) - 1);
    g_free(longest);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/reason", test_reason);
    return g_test_run();
}
