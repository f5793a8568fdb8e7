/* SPDX-License-Identifier: GPL-2.0-or-later */
/* grid: columns as wide as what is in them, numbers to the right, and what somebody else wrote. */
#include "report/grid.h"

#include <string.h>

#include "small_report.h"

/* Rows that the test makes up: a moment, a number, a text. */
static const struct {
    gint64 t_ns;
    guint64 number;
    const char *text;
} made_up[] = {{SMALL_BEGIN_NS, 7, "short"},
               {SMALL_BEGIN_NS, 123456, "d\xc3\xa9j\xc3\xa0 vu"},
               {SMALL_BEGIN_NS, 0, NULL},
               {SMALL_BEGIN_NS, 1,
                "a text of more than sixty characters, which no column of a terminal has room for"},
               {SMALL_BEGIN_NS, 2, "line\nline"}};

static guint count(const struct report *report)
{
    (void)report;
    return G_N_ELEMENTS(made_up);
}

static void row(const struct report *report, guint index, struct record *record)
{
    (void)report;
    record_begin(record, "made up");
    record_signed(record, "t_ns", made_up[index].t_ns);
    record_signed(record, "lasts_ns", 1500);
    record_unsigned(record, "number", made_up[index].number);
    record_unsigned(record, "session", made_up[index].number);
    record_boolean(record, "is_odd", made_up[index].number % 2 != 0);
    record_text(record, "text", made_up[index].text);
}

static const struct table_column columns[] = {{"time", "t_ns", NULL, NULL},
                                              {"no.", "number", NULL, NULL},
                                              {"what", "text", " is odd: ", "is_odd"},
                                              {"session", "session", NULL, NULL},
                                              {"lasts", "lasts_ns", NULL, NULL},
                                              {NULL, NULL, NULL, NULL}};
static const struct table table = {"made up", count, row, columns};

static void test_columns(void)
{
    static const guint wanted[] = {0, 1, 2};
    struct output *output = nowhere();
    grid_print(output, NULL, &table, wanted, G_N_ELEMENTS(wanted));
    g_assert_cmpstr(
        output_text(output)->str, ==,
        "                      time     no.  what                session   lasts\n"
        "2020-09-13 12:26:40.000000       7  short is odd: yes       0x7  1.5 us\n"
        "2020-09-13 12:26:40.000000  123456  d\xc3\xa9j\xc3\xa0 vu is odd: no  0x1e240  1.5 us\n"
        "2020-09-13 12:26:40.000000       0  - is odd: no            0x0  1.5 us\n");
    g_assert_true(output_close(output));
}

/* What is too long is cut, and a line stays a line. */
static void test_text(void)
{
    struct output *output = nowhere();
    grid_print(output, NULL, &table, NULL, count(NULL));
    char **lines = g_strsplit(output_text(output)->str, "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), ==, count(NULL) + 2);
    g_assert_nonnull(
        strstr(lines[4], "  a text of more than sixty characters, which no column of ...  "));
    g_assert_nonnull(strstr(lines[5], "line\\x0aline"));
    for (guint i = 1; i < count(NULL); i++)
        g_assert_cmpint(g_utf8_strlen(lines[i], -1), ==, g_utf8_strlen(lines[0], -1));
    g_strfreev(lines);
    g_assert_true(output_close(output));
}

static void test_none(void)
{
    struct output *output = nowhere();
    grid_print(output, NULL, &table, NULL, 0);
    g_assert_cmpstr(output_text(output)->str, ==, "time  no.  what  session  lasts\n");
    g_assert_true(output_close(output));
}

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/grid/columns", test_columns);
    g_test_add_func("/grid/text", test_text);
    g_test_add_func("/grid/none", test_none);
    return g_test_run();
}
