/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tables: each by its name, with the rows that the report has and cells for all of its columns. */
#include "report/tables.h"

#include <string.h>

#include "small_report.h"

static void test_counts(void)
{
    static const struct {
        const char *name, *type;
        guint num;
    } rows[] = {{"points", "point", 2},     {"connections", "connection", 2},
                {"sessions", "session", 2}, {"messages", "message", 4},
                {"journeys", "journey", 2}, {"findings", "finding", 1}};
    struct report *report = small_report();
    guint num = 0;
    while (tables[num].name != NULL)
        num++;
    g_assert_cmpuint(num, ==, G_N_ELEMENTS(rows));
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        const struct table *table = table_find(rows[i].name);
        struct record record;
        g_assert_true(table == &tables[i]);
        g_assert_cmpuint(table->count(report), ==, rows[i].num);
        table->row(report, 0, &record);
        g_assert_cmpstr(record.type, ==, rows[i].type);
    }
    report_free(report);
}

static gboolean has_cell(const struct record *record, const char *name)
{
    for (guint i = 0; i < record->num; i++)
        if (strcmp(record->cells[i].name, name) == 0)
            return TRUE;
    return FALSE;
}

/* Every record of a type has the same cells, and among them those of the columns. */
static void test_columns(void)
{
    struct report *report = small_report();
    for (const struct table *table = tables; table->name != NULL; table++) {
        struct record first;
        table->row(report, 0, &first);
        for (const struct table_column *column = table->columns; column->heading != NULL;
             column++) {
            g_assert_true(has_cell(&first, column->cell));
            g_assert_cmpint(column->joint != NULL, ==, column->second != NULL);
            g_assert_true(column->second == NULL || has_cell(&first, column->second));
        }
        for (guint i = 1; i < table->count(report); i++) {
            struct record record;
            table->row(report, i, &record);
            g_assert_cmpuint(record.num, ==, first.num);
            for (guint cell = 0; cell < first.num; cell++)
                g_assert_cmpstr(record.cells[cell].name, ==, first.cells[cell].name);
        }
    }
    report_free(report);
}

static void test_unknown(void)
{
    g_assert_null(table_find("nothing"));
    g_assert_null(table_find(TABLE_COMMANDS));
}

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tables/counts", test_counts);
    g_test_add_func("/tables/columns", test_columns);
    g_test_add_func("/tables/unknown", test_unknown);
    return g_test_run();
}
