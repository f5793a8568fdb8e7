/* SPDX-License-Identifier: GPL-2.0-or-later */
/* write: the report in each format, all of it or what was asked for. */
#include "report/write.h"

#include <string.h>

#include "report/tables.h"
#include "rows.h"
#include "small_report.h"

static char *written(struct report *report, struct writing writing)
{
    writing.output = nowhere();
    writing.report = report;
    write_report(&writing);
    char *text = g_strdup(output_text(writing.output)->str);
    g_assert_true(output_close(writing.output));
    return text;
}

/* How often. */
static guint count(const char *text, const char *what)
{
    guint num = 0;
    for (const char *at = strstr(text, what); at != NULL; at = strstr(at + 1, what))
        num++;
    return num;
}

static const struct row {
    const char *name;
    struct writing writing;
    gint32 share;
    const char *begin, *what; /* of the text; and what it has */
    guint num;                /* so often */
} formats[] = {
    {"text", {.format = WRITE_TEXT}, -1, "2 files, 21 packets", "\nConnections\n", 1},
    {"json", {.format = WRITE_JSON}, -1, "{\"type\":\"point\",\"schema\":1,", "{\"type\":", 13},
    {"json-points", {.format = WRITE_JSON}, -1, "{", "{\"type\":\"point\"", 2},
    {"json-table",
     {.format = WRITE_JSON, .table = "messages"},
     -1,
     "{\"type\":\"message\"",
     "\n",
     4},
    {"csv", {.format = WRITE_CSV, .table = "findings"}, -1, "file,frame,t_ns,", "\n", 2},
    {"csv-empty-table", {.format = WRITE_CSV, .table = TABLE_COMMANDS}, -1, "", "\n", 0},
    {"text-table", {.format = WRITE_TEXT, .table = "sessions"}, -1, "#  ", "\n", 3},
    {"text-picked",
     {.format = WRITE_TEXT, .pick = {.user_ref = "ref"}},
     -1,
     "Journey 0 ",
     "\n\nJourney 1 ",
     1},
    {"text-none",
     {.format = WRITE_TEXT, .pick = {.user_ref = "other"}},
     -1,
     "no journey fits\n",
     "\n",
     1},
    {"json-picked",
     {.format = WRITE_JSON, .pick = {.undelivered = TRUE}},
     -1,
     "{\"type\":\"journey\"",
     "\n",
     1},
    {"json-none", {.format = WRITE_JSON, .pick = {.user_ref = "other"}}, -1, "", "\n", 0},
    {"html", {.format = WRITE_HTML}, -1, "<!DOCTYPE html>\n", "</html>\n", 1},
    /* Points are told with the first share, journeys with none; each record says its share. */
    {"share-0", {.format = WRITE_JSON}, 0, "{\"type\":\"point\"", "\"share\":0}", 11},
    {"share-1", {.format = WRITE_JSON}, 1, "{\"type\":\"connection\"", "\"share\":1}", 9},
};

static void test_format(gconstpointer data)
{
    const struct row *row = data;
    struct report *report = small_report();
    report->share = row->share;
    char *text = written(report, row->writing);
    if (!g_str_has_prefix(text, row->begin) || count(text, row->what) != row->num)
        g_error("%u times %s: %s", count(text, row->what), row->what, text);
    g_free(text);
    report_free(report);
}

static void test_wants(void)
{
    static const struct {
        struct writing writing;
        gboolean commands, contents;
    } rows[] = {{{.format = WRITE_JSON}, TRUE, TRUE},
                {{.format = WRITE_TEXT}, FALSE, FALSE},
                {{.format = WRITE_TEXT, .table = TABLE_COMMANDS}, TRUE, FALSE},
                {{.format = WRITE_CSV, .table = TABLE_COMMANDS}, TRUE, FALSE},
                {{.format = WRITE_CSV, .table = "messages"}, FALSE, TRUE},
                {{.format = WRITE_JSON, .table = "sessions"}, FALSE, FALSE},
                {{.format = WRITE_JSON, .pick = {.undelivered = TRUE}}, FALSE, FALSE},
                {{.format = WRITE_HTML}, FALSE, FALSE}};
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_assert_cmpint(write_wants_commands(&rows[i].writing), ==, rows[i].commands);
        g_assert_cmpint(write_wants_contents(&rows[i].writing), ==, rows[i].contents);
    }
}

/* A line each as they come, the head of CSV before the first. */
static void test_commands(void)
{
    static const char *const findings[] = {"gap", NULL};
    struct report *report = small_report();
    const struct report_command command = {
        .connection = REPORT_AT(report->connections, struct report_connection, 1),
        .frame = report_frame(report, 5),
        .name = "Message",
        .detail = "a\nb",
        .has_session = TRUE,
        .session_id = 0x80000001,
        .message_number = 2,
        .findings = findings};
    struct writing writing = {.output = nowhere(), .report = report, .format = WRITE_TEXT};
    write_command(&writing, &command);
    g_assert_cmpstr(
        output_text(writing.output)->str, ==,
        "2020-09-13 12:26:40.150000       2  #1    <-  Message s=0x80000001 a\\x0ab [#2] "
        "(gap)  in b\\x0a.pcap\n");
    g_string_truncate(output_text(writing.output), 0);
    writing.format = WRITE_CSV;
    write_command(&writing, &command);
    write_command(&writing, &command);
    g_assert_cmpuint(count(output_text(writing.output)->str, "\n"), ==, 3);
    g_assert_true(g_str_has_prefix(output_text(writing.output)->str, "file,frame,t_ns,"));
    g_assert_true(output_close(writing.output));
    report_free(report);
}

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    add_rows("/write/format", formats, test_format);
    g_test_add_func("/write/wants", test_wants);
    g_test_add_func("/write/commands", test_commands);
    return g_test_run();
}
