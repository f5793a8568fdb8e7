/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/grid.h"

#include <string.h>

#include "base/plain.h"
#include "report/moment.h"

#define COLUMNS_MAX 24u
/* Longer text is cut. */
#define WIDTH_MAX 60u

static gboolean ends_in(const char *name, const char *end)
{
    return g_str_has_suffix(name, end);
}

static gboolean is_moment(const char *name)
{
    return strcmp(name, "t_ns") == 0 || ends_in(name, "_t_ns");
}

static void append_number(GString *text, const char *name, gint64 number)
{
    if (is_moment(name))
        moment_append(text, number);
    else if (g_str_has_prefix(name, "offset_"))
        moment_append_offset(text, ends_in(name, "_high_ns") ? number + 999 : number);
    else if (ends_in(name, "_ns"))
        moment_append_span(text, number);
    else
        g_string_append_printf(text, "%" G_GINT64_FORMAT, number);
}

static void cut(GString *text)
{
    if (g_utf8_strlen(text->str, -1) <= (glong)WIDTH_MAX)
        return;
    g_string_truncate(text,
                      (gsize)(g_utf8_offset_to_pointer(text->str, WIDTH_MAX - 3) - text->str));
    g_string_append(text, "...");
}

/* A cell as it is printed. */
static void append_cell(GString *text, const struct record_cell *cell)
{
    switch (cell->kind) {
    case RECORD_EMPTY:
        g_string_append_c(text, '-');
        break;
    case RECORD_SIGNED:
        append_number(text, cell->name, cell->number);
        break;
    case RECORD_UNSIGNED:
        if (strcmp(cell->name, "session") == 0)
            g_string_append_printf(text, "0x%x", (guint)cell->count);
        else
            g_string_append_printf(text, "%" G_GUINT64_FORMAT, cell->count);
        break;
    case RECORD_REAL:
        g_string_append_printf(text, "%.3f", cell->real);
        break;
    case RECORD_BOOLEAN:
        g_string_append(text, cell->count != 0 ? "yes" : "no");
        break;
    case RECORD_WORD:
    case RECORD_TEXT:
        plain_append(text, cell->text, strlen(cell->text));
        break;
    case RECORD_NESTED:
        cell->nested.append(text, cell->nested.of, cell->nested.index);
        break;
    case RECORD_WORDS:
        for (const char *const *word = cell->words; *word != NULL; word++)
            g_string_append_printf(text, "%s%s", word == cell->words ? "" : " ", *word);
        break;
    }
}

struct grid {
    const struct table *table;
    guint num;
    gsize widths[COLUMNS_MAX];
    gboolean is_number[COLUMNS_MAX];
    struct record record;
    GString *text; /* of a cell */
};

const struct record_cell *grid_cell(const struct record *record, const char *name)
{
    for (guint i = 0; i < record->num; i++)
        if (strcmp(record->cells[i].name, name) == 0)
            return &record->cells[i];
    g_assert_not_reached();
}

void grid_format(GString *text, const struct record *record, const struct table_column *column)
{
    const struct record_cell *cell = grid_cell(record, column->cell);
    const struct record_cell *second =
        column->second != NULL ? grid_cell(record, column->second) : NULL;

    append_cell(text, cell);
    if (second != NULL && second->kind != RECORD_EMPTY) {
        g_string_append(text, column->joint);
        append_cell(text, second);
    }
}

static void format_cell(struct grid *grid, guint column)
{
    const struct table_column *shown = &grid->table->columns[column];
    const struct record_cell *cell = grid_cell(&grid->record, shown->cell);

    g_string_truncate(grid->text, 0);
    grid_format(grid->text, &grid->record, shown);
    cut(grid->text);
    if (cell->kind == RECORD_SIGNED || cell->kind == RECORD_UNSIGNED || cell->kind == RECORD_REAL)
        grid->is_number[column] = TRUE;
}

static void append_padded(GString *line, const char *text, gsize width, gboolean is_right,
                          gboolean is_last)
{
    const gsize used = plain_width(text);
    const gsize left = used < width ? width - used : 0;

    for (gsize i = 0; i < left && is_right; i++)
        g_string_append_c(line, ' ');
    g_string_append(line, text);
    for (gsize i = 0; i < left && !is_right && !is_last; i++)
        g_string_append_c(line, ' ');
    g_string_append(line, is_last ? "\n" : "  ");
}

static void measure(struct grid *grid, const struct report *report, const guint *wanted, guint num)
{
    for (guint column = 0; column < grid->num; column++) {
        grid->widths[column] = plain_width(grid->table->columns[column].heading);
    }
    for (guint i = 0; i < num && i < GRID_MEASURED; i++) {
        grid->table->row(report, wanted != NULL ? wanted[i] : i, &grid->record);
        for (guint column = 0; column < grid->num; column++) {
            format_cell(grid, column);
            grid->widths[column] = MAX(grid->widths[column], plain_width(grid->text->str));
        }
    }
}

void grid_print(struct output *output, const struct report *report, const struct table *table,
                const guint *wanted, guint num)
{
    struct grid grid = {.table = table, .text = g_string_new(NULL)};

    while (table->columns[grid.num].heading != NULL)
        grid.num++;
    g_assert(grid.num <= COLUMNS_MAX);
    measure(&grid, report, wanted, num);
    for (guint column = 0; column < grid.num; column++) {
        append_padded(output_text(output), table->columns[column].heading, grid.widths[column],
                      grid.is_number[column], column + 1 == grid.num);
    }
    for (guint i = 0; i < num; i++) {
        table->row(report, wanted != NULL ? wanted[i] : i, &grid.record);
        for (guint column = 0; column < grid.num; column++) {
            format_cell(&grid, column);
            append_padded(output_text(output), grid.text->str, grid.widths[column],
                          grid.is_number[column], column + 1 == grid.num);
        }
        output_flush(output);
    }
    g_string_free(grid.text, TRUE);
}
