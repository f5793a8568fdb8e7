/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/write.h"

#include <string.h>

#include "base/plain.h"
#include "record/rows.h"
#include "report/grid.h"
#include "report/html.h"
#include "report/ladder.h"
#include "report/moment.h"
#include "report/tables.h"
#include "report/text.h"

gboolean write_wants_commands(const struct writing *writing)
{
    if (!pick_is_empty(&writing->pick))
        return FALSE;
    if (writing->table != NULL)
        return strcmp(writing->table, TABLE_COMMANDS) == 0;
    return writing->format == WRITE_JSON;
}

gboolean write_wants_contents(const struct writing *writing)
{
    return (writing->format == WRITE_JSON || writing->format == WRITE_CSV) &&
           pick_is_empty(&writing->pick) &&
           (writing->table == NULL || strcmp(writing->table, "messages") == 0);
}

static void write_record(struct writing *writing, struct record *record)
{
    GString *text = output_text(writing->output);

    if (writing->report->share >= 0)
        record_unsigned(record, "share", (guint64)writing->report->share);

    if (writing->format == WRITE_JSON) {
        record_json(record, text);
    } else {
        if (!writing->has_head)
            record_csv_head(record, text);
        writing->has_head = TRUE;
        record_csv(record, text);
    }
    output_flush(writing->output);
}

/* A line for a terminal: nobody knows yet how wide columns will be. */
static void write_line(GString *text, const struct report *report,
                       const struct report_command *command)
{
    const struct report_frame *frame = command->frame;

    moment_append(text, frame->t_ns);
    g_string_append_printf(text, "  %6" G_GUINT64_FORMAT "  #%-4u %s  %s", frame->in_file,
                           command->connection->number, command->from_initiator ? "->" : "<-",
                           command->name);
    if (command->has_session)
        g_string_append_printf(text, " s=0x%x", command->session_id);
    if (command->detail[0] != '\0') {
        g_string_append_c(text, ' ');
        plain_append(text, command->detail, strlen(command->detail));
    }
    if (command->message_number != 0)
        g_string_append_printf(text, " [#%u]", command->message_number);
    for (const char *const *finding = command->findings; *finding != NULL; finding++)
        g_string_append_printf(text, " (%s)", *finding);
    if (report->files->len > 1) {
        const char *name = REPORT_AT(report->files, struct report_file, frame->file)->name;
        g_string_append(text, "  in ");
        plain_append(text, name, strlen(name));
    }
    g_string_append_c(text, '\n');
}

void write_command(struct writing *writing, const struct report_command *command)
{
    struct record record;

    if (writing->format == WRITE_TEXT) {
        write_line(output_text(writing->output), writing->report, command);
        output_flush(writing->output);
    } else {
        rows_command(writing->report, command, &record);
        write_record(writing, &record);
    }
}

static void write_table(struct writing *writing, const struct table *table)
{
    const guint num = table->count(writing->report);
    struct record record;

    if (writing->format == WRITE_TEXT) {
        grid_print(writing->output, writing->report, table, NULL, num);
        return;
    }
    for (guint i = 0; i < num; i++) {
        table->row(writing->report, i, &record);
        write_record(writing, &record);
    }
}

/* The journeys that were asked for. */
static void write_picked(struct writing *writing)
{
    const struct report *report = writing->report;
    struct record record;
    guint num = 0;

    for (guint i = 0; i < report->journeys->len; i++) {
        if (!pick_fits(&writing->pick, report, i))
            continue;
        if (writing->format == WRITE_TEXT) {
            g_string_append(output_text(writing->output), num > 0 ? "\n" : "");
            ladder_print(writing->output, report, i);
        } else {
            rows_journey(report, i, &record);
            write_record(writing, &record);
        }
        num++;
    }
    if (num == 0 && writing->format == WRITE_TEXT)
        g_string_append(output_text(writing->output), "no journey fits\n");
}

/* A share has no journeys; and points are of no share, and told with the first. */
static gboolean is_told(const struct report *report, const struct table *table)
{
    return report->share < 0 || (strcmp(table->name, "journeys") != 0 &&
                                 (report->share == 0 || strcmp(table->name, "points") != 0));
}

void write_report(struct writing *writing)
{
    if (writing->format == WRITE_HTML) {
        html_print(writing->output, writing->report, &writing->pick);
    } else if (!pick_is_empty(&writing->pick)) {
        write_picked(writing);
    } else if (writing->table != NULL) {
        const struct table *table = table_find(writing->table);
        if (table != NULL)
            write_table(writing, table);
    } else if (writing->format == WRITE_TEXT) {
        text_overview(writing->output, writing->report);
    } else {
        for (const struct table *table = tables; table->name != NULL; table++)
            if (is_told(writing->report, table))
                write_table(writing, table);
    }
}
