/* SPDX-License-Identifier: GPL-2.0-or-later */
/* html_table.c: tables of the page, which are lists on a phone. */
#include <string.h>

#include "report/grid.h"
#include "report/html_page.h"
#include "report/markup.h"
#include "report/tables.h"

/* Text that may be broken anywhere, for else it would make the table wide. */
#define LONG_TEXT 34u

/* What stands before the cell on a phone. */
static void append_heading(GString *html, const char *heading)
{
    g_string_append(html, " data-head=\"");
    markup_append(html, strcmp(heading, "#") == 0 ? "connection" : heading);
    g_string_append_c(html, '"');
}

void html_append_text(GString *html, const char *heading, const char *text)
{
    g_string_append(html, strlen(text) > LONG_TEXT ? "<td class=\"long\"" : "<td");
    append_heading(html, heading);
    g_string_append_c(html, '>');
    markup_append(html, text);
    g_string_append(html, "</td>");
}

void html_append_number(GString *html, const char *heading, gint64 number, const char *text)
{
    g_string_append(html, "<td class=\"n\"");
    append_heading(html, heading);
    g_string_append_printf(html, " data-value=\"%" G_GINT64_FORMAT "\">", number);
    markup_append(html, text);
    g_string_append(html, "</td>");
}

void html_begin_table(struct html_page *page, const char *title, guint num,
                      const char *const *headings)
{
    GString *html = output_text(page->output);

    g_string_append_printf(html, "<h2>%s</h2>\n", title);
    if (num > HTML_ROWS_MAX)
        g_string_append_printf(html, "<p class=\"soft\">The first %u of %u.</p>\n", HTML_ROWS_MAX,
                               num);
    g_string_append(html, "<div class=\"wide\"><table>\n<thead><tr>");
    for (; *headings != NULL; headings++) {
        const gboolean is_right = **headings == HTML_RIGHT;
        g_string_append(html, is_right ? "<th scope=\"col\" class=\"n\">" : "<th scope=\"col\">");
        markup_append(html, is_right ? *headings + 1 : *headings);
        g_string_append(html, "</th>");
    }
    g_string_append(html, "</tr></thead>\n<tbody>\n");
}

void html_end_table(struct html_page *page)
{
    g_string_append(output_text(page->output), "</tbody></table></div>\n");
    output_flush(page->output);
}

/* ------------------------------------------------------------------------
 * Tables of records
 */

/* Of a sole file it goes without saying. */
static gboolean is_shown(const struct html_page *page, const struct table_column *column)
{
    return page->report->files->len > 1 || strcmp(column->cell, "file") != 0;
}

static gboolean is_number(const struct record_cell *cell)
{
    return (cell->kind == RECORD_SIGNED && strcmp(cell->name, "t_ns") != 0) ||
           cell->kind == RECORD_UNSIGNED || cell->kind == RECORD_REAL;
}

static const char *class_of(const struct record_cell *cell, const GString *text)
{
    if (is_number(cell))
        return text->len > LONG_TEXT ? " class=\"n long\"" : " class=\"n\"";
    if (cell->kind == RECORD_SIGNED)
        return " class=\"t\"";
    if (cell->kind == RECORD_EMPTY)
        return " class=\"none\"";
    if (strcmp(cell->name, "severity") == 0 && strcmp(text->str, "note") != 0)
        return " class=\"bad\"";
    return text->len > LONG_TEXT ? " class=\"long\"" : "";
}

static void append_value(GString *html, const struct record_cell *cell)
{
    char real[G_ASCII_DTOSTR_BUF_SIZE];

    if (cell->kind == RECORD_SIGNED)
        g_string_append_printf(html, " data-value=\"%" G_GINT64_FORMAT "\"", cell->number);
    else if (cell->kind == RECORD_UNSIGNED)
        g_string_append_printf(html, " data-value=\"%" G_GUINT64_FORMAT "\"", cell->count);
    else if (cell->kind == RECORD_REAL)
        g_string_append_printf(html, " data-value=\"%s\"",
                               g_ascii_dtostr(real, sizeof real, cell->real));
}

static void append_cell(const struct html_page *page, const struct record *record,
                        const struct table_column *column, guint index)
{
    GString *html = output_text(page->output), *text = g_string_new(NULL);
    const struct record_cell *cell = grid_cell(record, column->cell);

    grid_format(text, record, column);
    g_string_append_printf(html, "<td%s", class_of(cell, text));
    append_heading(html, column->heading);
    append_value(html, cell);
    g_string_append_c(html, '>');
    if (strcmp(record->type, "journey") == 0 && strcmp(column->cell, "journey") == 0)
        html_append_link(html, page, index);
    else
        markup_append(html, text->str);
    g_string_append(html, "</td>");
    g_string_free(text, TRUE);
}

/* More columns than any table has. */
#define COLUMNS_MAX 24u

/* Whether a column has numbers: as its first row that has something there. */
static gboolean has_numbers(const struct html_page *page, const struct table *table, guint num,
                            const struct table_column *column)
{
    struct record record;

    for (guint i = 0; i < num && i < HTML_ROWS_MAX; i++) {
        table->row(page->report, i, &record);
        const struct record_cell *cell = grid_cell(&record, column->cell);
        if (cell->kind != RECORD_EMPTY)
            return is_number(cell);
    }
    return FALSE;
}

void html_table(struct html_page *page, const char *title, const char *name)
{
    GString *html = output_text(page->output);
    const struct table *table = table_find(name);
    const guint num = table->count(page->report);
    const struct table_column *shown[COLUMNS_MAX];
    char *headings[COLUMNS_MAX + 1] = {NULL};
    guint num_shown = 0;
    struct record record;

    if (num == 0)
        return;
    for (const struct table_column *column = table->columns; column->heading != NULL; column++) {
        if (!is_shown(page, column))
            continue;
        g_assert(num_shown < COLUMNS_MAX);
        headings[num_shown] = g_strdup_printf(
            "%s%s", has_numbers(page, table, num, column) ? ">" : "", column->heading);
        shown[num_shown++] = column;
    }
    html_begin_table(page, title, num, (const char *const *)headings);
    for (guint i = 0; i < num && i < HTML_ROWS_MAX; i++) {
        table->row(page->report, i, &record);
        g_string_append(html, "<tr>");
        for (guint column = 0; column < num_shown; column++)
            append_cell(page, &record, shown[column], i);
        g_string_append(html, "</tr>\n");
        output_flush(page->output);
    }
    html_end_table(page);
    for (guint column = 0; column < num_shown; column++)
        g_free(headings[column]);
}
