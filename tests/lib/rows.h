/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rows: a test for each row of a table. */
#ifndef TESTS_LIB_ROWS_H
#define TESTS_LIB_ROWS_H

#include <glib.h>
#include <stddef.h>

/* Adds FOLDER/NAME for each row, whose first member is `name`, a text; the function gets the row.
 */
#define add_rows(folder, rows, function)                                                           \
    do {                                                                                           \
        G_STATIC_ASSERT(offsetof(__typeof__((rows)[0]), name) == 0);                               \
        rows_add(folder, rows, sizeof((rows)[0]), G_N_ELEMENTS(rows), function);                   \
    } while (0)

void rows_add(const char *folder, const void *rows, size_t size, size_t num,
              GTestDataFunc function);

#endif
