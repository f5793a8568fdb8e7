/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cell: a record as JSON and as CSV, byte for byte. */
#include "record/cell.h"

#include <string.h>

static void append_nested(GString *line, gconstpointer of, guint index)
{
    g_string_append_printf(line, "[%s%u%s]", (const char *)of, index, (const char *)of);
}

static void fill(struct record *record)
{
    static const char *const words[] = {"gap", "timer", NULL};

    record_begin(record, "message");
    record_unsigned(record, "most", G_MAXUINT64);
    record_signed(record, "least", G_MININT64);
    record_real(record, "drift", -1.5);
    record_boolean(record, "is", TRUE);
    record_empty(record, "nothing");
    record_word(record, "word", "TCP");
    record_text(record, "text", NULL);
    record_words(record, "words", words);
    record_nested(record, "nested", append_nested, "\"", 7);
}

static void test_json(void)
{
    struct record record;
    GString *line = g_string_new(NULL);

    fill(&record);
    record_json(&record, line);
    g_assert_cmpstr(line->str, ==,
                    "{\"type\":\"message\",\"schema\":1,\"most\":18446744073709551615,"
                    "\"least\":-9223372036854775808,\"drift\":-1.5,\"is\":true,\"word\":\"TCP\","
                    "\"words\":[\"gap\",\"timer\"],\"nested\":[\"7\"]}\n");
    g_string_free(line, TRUE);
}

static void test_csv(void)
{
    struct record record;
    GString *line = g_string_new(NULL);

    fill(&record);
    record_csv_head(&record, line);
    record_csv(&record, line);
    g_assert_cmpstr(line->str, ==,
                    "most,least,drift,is,nothing,word,text,words,nested\r\n"
                    "18446744073709551615,-9223372036854775808,-1.5,true,,\"TCP\",,\"gap timer\","
                    "\"[\"\"7\"\"]\"\r\n");
    g_string_free(line, TRUE);
}

static const struct {
    const char *name, *text, *json, *csv;
} rows[] = {
    {"plain", "a", "\"t\":\"a\"", "\"a\""},
    {"quotes", "\"\\", "\"t\":\"\\\"\\\\\"", "\"\"\"\\\""},
    {"comma", ",", "\"t\":\",\"", "\",\""},
    {"newline", "\n", "\"t\":\"\\u000a\"", "\"\\x0a\""},
    {"formula", "=1", "\"t\":\"=1\"", "\"'=1\""},
    {"at", "@x", "\"t\":\"@x\"", "\"'@x\""},
    {"minus", "-x", "\"t\":\"-x\"", "\"'-x\""},
    {"tab", "\t=1", "\"t\":\"\\u0009=1\"", "\"'\\x09=1\""},
    {"empty", "", "\"t\":\"\"", "\"\""},
    {"right-to-left", "\xe2\x80\xae", "\"t\":\"\\u202e\"", "\"\\xe2\\x80\\xae\""},
    {"tags", "\xf3\xa0\x81\x81", "\"t\":\"\\udb40\\udc41\"", "\"\\xf3\\xa0\\x81\\x81\""},
    {"bytes", "a\xff", "\"t\":\"a\\ufffd\",\"t_bytes\":\"61ff\"", "\"a\\xff\""},
};

static void test_text(gconstpointer data)
{
    const guint i = GPOINTER_TO_UINT(data);
    struct record record;
    GString *line = g_string_new(NULL);
    char *expected =
        g_strdup_printf("{\"type\":\"x\",\"schema\":1,%s}\n%s\r\n", rows[i].json, rows[i].csv);

    record_begin(&record, "x");
    record_text(&record, "t", rows[i].text);
    record_json(&record, line);
    record_csv(&record, line);
    g_assert_cmpstr(line->str, ==, expected);
    g_free(expected);
    g_string_free(line, TRUE);
}

/* What does not fit is cut, and what comes then is empty. */
static void test_print(void)
{
    struct record record;
    char long_text[sizeof record.scratch * 2];

    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    record_begin(&record, "x");
    const char *first = record_print(&record, "%d", 1);
    const char *cut = record_print(&record, "%s", long_text);
    const char *after = record_print(&record, "%s", "y");
    g_assert_cmpstr(first, ==, "1");
    g_assert_cmpuint(strlen(cut), ==, sizeof record.scratch - 3);
    g_assert_cmpstr(after, ==, "");
    g_assert_true(after < record.scratch + sizeof record.scratch);
}

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cell/json", test_json);
    g_test_add_func("/cell/csv", test_csv);
    g_test_add_func("/cell/print", test_print);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *name = g_strdup_printf("/cell/text/%s", rows[i].name);
        g_test_add_data_func(name, GUINT_TO_POINTER(i), test_text);
        g_free(name);
    }
    return g_test_run();
}
