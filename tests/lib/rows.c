/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rows.h"

void rows_add(const char *folder, const void *rows, size_t size, size_t num, GTestDataFunc function)
{
    for (size_t i = 0; i < num; i++) {
        const char *const *row = (const void *)((const char *)rows + i * size);
        char *path = g_strconcat(folder, "/", *row, NULL);
        g_test_add_data_func(path, row, function);
        g_free(path);
    }
}
