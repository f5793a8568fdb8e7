/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of captures that are several files. */
#include "record/file_name.h"

#include <glib.h>

static void test_with(void)
{
    static const char *const rows[][2] = {
        {"a.pcapng", "a-1.pcapng"}, {"a", "a-1"},
        {"dir.d/a", "dir.d/a-1"},   {"/x/a.b.pcapng", "/x/a.b-1.pcapng"},
        {".hidden", ".hidden-1"},   {"d/.hidden", "d/.hidden-1"}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *name = file_name_with(rows[i][0], "-1");
        g_assert_cmpstr(name, ==, rows[i][1]);
        g_free(name);
    }
}

static void test_ring(void)
{
    char *name = file_name_of_ring("d/a.pcapng", 12, 1772280900);
    g_assert_cmpstr(name, ==, "d/a_00012_20260228121500.pcapng");
    g_free(name);
}

int main(int argc, char **argv)
{
    g_setenv("TZ", "UTC", TRUE);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/file-name/with", test_with);
    g_test_add_func("/file-name/ring", test_ring);
    return g_test_run();
}
