/* SPDX-License-Identifier: GPL-2.0-or-later */
/* duplicates: the same within a moment, once. */
#include "points/duplicates.h"

static void test_duplicates(void)
{
    struct duplicates *duplicates = duplicates_new();
    const gint64 start = G_GINT64_CONSTANT(1600000000000000000);

    g_assert_false(duplicates_has(duplicates, 0, start));
    g_assert_true(duplicates_has(duplicates, 0, start + 5));
    g_assert_false(duplicates_has(duplicates, 1, start + 5));
    g_assert_true(duplicates_has(duplicates, 0, start + DUPLICATES_WITHIN_NS));
    g_assert_true(duplicates_has(duplicates, 1, start - 5)); /* late in its file */
    g_assert_false(duplicates_has(duplicates, 0, start + 3 * DUPLICATES_WITHIN_NS));
    duplicates_free(duplicates);
}

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/duplicates", test_duplicates);
    return g_test_run();
}
