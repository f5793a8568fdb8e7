/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "statistics/table.h"

#include <inttypes.h>

/* What an empty cell shows; never released. */
static const char no_text[] = "";

static struct grvsstp_table *all_tables;

/* ------------------------------------------------------------------------
 * Lines
 */

static void release_texts(struct grvsstp_row *row)
{
    for (unsigned i = 0; i < row->num_cells; i++) {
        stat_tap_table_item_type *cell = &row->cells[i];
        if (cell->type != TABLE_ITEM_STRING || cell->value.string_value == no_text)
            continue;
        g_free((void *)cell->value.string_value);
        cell->value.string_value = no_text;
    }
}

static void forget_rows(struct grvsstp_table *table)
{
    GHashTableIter iter;
    gpointer value;

    if (table->forget != NULL)
        table->forget();
    if (table->rows == NULL)
        return;
    g_hash_table_iter_init(&iter, table->rows);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        release_texts(value);
        if (table->clear_row != NULL)
            table->clear_row(value);
    }
    g_hash_table_remove_all(table->rows); /* releases the rows */
}

/* Appends a line to what Wireshark shows. */
static stat_tap_table_item_type *append_cells(struct grvsstp_table *table)
{
    stat_tap_table *shown = g_array_index(table->ui.tables, stat_tap_table *, 0);
    stat_tap_table_item_type *cells;

    if (table->spare != NULL) {
        cells = table->spare->data;
        table->spare = g_slist_delete_link(table->spare, table->spare);
        memset(cells, 0, shown->num_fields * sizeof *cells);
    } else {
        cells = g_new0(stat_tap_table_item_type, shown->num_fields);
    }
    for (unsigned i = 0; i < shown->num_fields; i++) {
        cells[i].type = table->ui.fields[i].type;
        if (cells[i].type == TABLE_ITEM_STRING)
            cells[i].value.string_value = no_text;
    }
    shown->elements = g_renew(stat_tap_table_item_type *, shown->elements, shown->num_elements + 1);
    shown->elements[shown->num_elements++] = cells;
    return cells;
}

void *grvsstp_table_row(struct grvsstp_table *table, uint64_t key, bool *is_new)
{
    struct grvsstp_row *row = g_hash_table_lookup(table->rows, &key);

    *is_new = row == NULL;
    if (row == NULL) {
        row = g_malloc0(table->row_size);
        row->key = key;
        row->num_cells = (unsigned)table->ui.nfields;
        row->cells = append_cells(table);
        g_hash_table_insert(table->rows, &row->key, row);
    }
    return row;
}

void grvsstp_table_for_each(struct grvsstp_table *table, void (*visit)(void *row))
{
    GHashTableIter iter;
    gpointer value;

    if (table->rows == NULL)
        return;
    g_hash_table_iter_init(&iter, table->rows);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        visit(value);
}

static void finish_rows(void *tapdata)
{
    struct grvsstp_table *table = tapdata;
    if (table->finish != NULL && grvsstp_table_is_shown(table))
        table->finish();
    grvsstp_table_for_each(table, table->finish_row);
}

void grvsstp_table_finish_before_drawing(struct grvsstp_table *table)
{
    if (table->finishes_before_drawing)
        return;
    table->finishes_before_drawing = true;
    GString *error =
        register_tap_listener("grvsstp", table, NULL, 0, NULL, NULL, finish_rows, NULL);
    if (error != NULL)
        g_string_free(error, TRUE); /* then rows are drawn as they are */
}

void grvsstp_row_number(struct grvsstp_row *row, unsigned column, uint32_t value)
{
    row->cells[column].value.uint_value = value;
}

void grvsstp_row_text(struct grvsstp_row *row, unsigned column, const char *text)
{
    stat_tap_table_item_type *cell = &row->cells[column];

    if (text == NULL)
        text = no_text;
    if (strcmp(cell->value.string_value, text) == 0)
        return;
    if (cell->value.string_value != no_text)
        g_free((void *)cell->value.string_value);
    cell->value.string_value = text[0] != '\0' ? g_strdup(text) : no_text;
}

void grvsstp_row_big_number(struct grvsstp_row *row, unsigned column, uint64_t value)
{
    char text[24];

    snprintf(text, sizeof text, "%14" PRIu64, value);
    grvsstp_row_text(row, column, text);
}

void grvsstp_row_seconds(struct grvsstp_row *row, unsigned column, double seconds)
{
    char text[40];

    snprintf(text, sizeof text, "%14.6f", seconds);
    grvsstp_row_text(row, column, text);
}

/* ------------------------------------------------------------------------
 * Wireshark's callbacks
 */

struct grvsstp_table *grvsstp_table_of(void *tapdata)
{
    return (struct grvsstp_table *)((stat_data_t *)tapdata)->stat_tap_data;
}

bool grvsstp_table_is_shown(const struct grvsstp_table *table)
{
    return table->ui.tables != NULL && table->ui.tables->len > 0;
}

static struct grvsstp_table *table_showing(const stat_tap_table *shown)
{
    struct grvsstp_table *table = all_tables;

    while (!grvsstp_table_is_shown(table) ||
           g_array_index(table->ui.tables, stat_tap_table *, 0) != shown)
        table = table->next;
    return table;
}

/* Begins anew: another filter, another capture.  Two windows of one statistic share
 * its table, and the other one may still look at its cells: they stay, empty. */
static void reset(stat_tap_table *shown)
{
    struct grvsstp_table *table = table_showing(shown);

    forget_rows(table);
    while (shown->num_elements > 0)
        table->spare = g_slist_prepend(table->spare, shown->elements[--shown->num_elements]);
}

static void init(stat_tap_table_ui *ui)
{
    struct grvsstp_table *table = (struct grvsstp_table *)ui;

    if (table->begin != NULL)
        table->begin();
    if (grvsstp_table_is_shown(table)) {
        reset(g_array_index(ui->tables, stat_tap_table *, 0));
        return;
    }
    g_slist_free_full(table->spare, g_free); /* the last window is gone */
    table->spare = NULL;
    if (table->rows == NULL)
        table->rows = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
    stat_tap_add_table(ui, stat_tap_init_table(ui->title, (int)ui->nfields, 0, NULL));
}

/* Called for each cell of a table that goes; all lines go with the first. */
static void free_cell(stat_tap_table *shown, unsigned row, unsigned column,
                      stat_tap_table_item_type *cell)
{
    (void)cell;
    if (row == 0 && column == 0)
        forget_rows(table_showing(shown));
}

static tap_param parameters[] = {{PARAM_FILTER, "filter", "Filter", NULL, true}};

void grvsstp_table_register(struct grvsstp_table *table)
{
    stat_tap_table_ui *ui = &table->ui;

    ui->group = REGISTER_PACKET_STAT_GROUP_UNSORTED;
    ui->tap_name = "grvsstp";
    ui->stat_tap_init_cb = init;
    ui->stat_tap_reset_table_cb = reset;
    ui->stat_tap_free_table_item_cb = free_cell;
    ui->params = parameters;
    ui->nparams = array_length(parameters);
    table->next = all_tables;
    all_tables = table;
    register_stat_tap_table_ui(ui);
}
