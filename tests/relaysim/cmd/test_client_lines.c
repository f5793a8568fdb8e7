/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/client_lines.h"

#include "rows.h"

#include <stdbool.h>
#include <string.h>

#define MAX_LEN 8

struct row {
    const char *name;
    const char *input;
    gsize len;
    const char *lines[6]; /* each with its length before it */
    bool is_too_long;     /* after those */
};

#define INPUT(text) text, sizeof(text) - 1

/* clang-format off */
static const struct row rows[] = {
    {"nothing",        INPUT(""),                     {NULL},                              false},
    {"newline",        INPUT("\n"),                   {"\0"},                              false},
    {"newlines",       INPUT("\n\n\n"),               {"\0", "\0", "\0"},                  false},
    {"line",           INPUT("one\n"),                {"\3one"},                           false},
    {"lines",          INPUT("one\ntwo\n"),           {"\3one", "\3two"},                  false},
    {"no-newline",     INPUT("one\ntwo"),             {"\3one", "\3two"},                  false},
    {"empty-between",  INPUT("one\n\ntwo"),           {"\3one", "\0", "\3two"},            false},
    {"carriage",       INPUT("one\r\n\r\n"),          {"\4one\r", "\1\r"},                 false},
    {"bytes",          INPUT("\0\xff\0\n\x80\n\0"),   {"\3\0\xff\0", "\1\x80", "\1\0"},    false},
    {"longest",        INPUT("12345678\n12345678"),   {"\010" "12345678", "\010" "12345678"}, false},
    {"too-long",       INPUT("1\n123456789\n2\n"),    {"\1" "1"},                          true},
    {"too-long-last",  INPUT("1\n123456789"),         {"\1" "1"},                          true},
    {"too-long-first", INPUT("1234567890123456\n1\n"), {NULL},                             true},
};
/* clang-format on */

/* Takes all lines that are there; returns the result after the last. */
static enum client_lines_result take(struct client_lines *lines, GPtrArray *taken)
{
    GBytes *line;
    enum client_lines_result result;
    for (;;) {
        result = client_lines_next(lines, &line);
        if (result != CLIENT_LINES_LINE)
            return result;
        g_ptr_array_add(taken, line);
    }
}

static void unref(void *line)
{
    g_bytes_unref(line);
}

/* The input in pieces of this length, with the lines taken after each or all at the end. */
static void check(const struct row *row, gsize piece_len, bool takes_late)
{
    struct client_lines *lines = client_lines_new(MAX_LEN);
    GPtrArray *taken = g_ptr_array_new_with_free_func(unref);
    for (gsize at = 0; at < row->len; at += piece_len) {
        client_lines_add(lines, row->input + at, MIN(piece_len, row->len - at));
        if (!takes_late)
            (void)take(lines, taken);
    }
    client_lines_end(lines);
    const enum client_lines_result result = take(lines, taken);
    g_assert_cmpint(result, ==, row->is_too_long ? CLIENT_LINES_TOO_LONG : CLIENT_LINES_NONE);
    g_assert_cmpint(take(lines, taken), ==, result);
    guint num = 0;
    while (num < G_N_ELEMENTS(row->lines) && row->lines[num] != NULL) {
        g_assert_cmpuint(num, <, taken->len);
        gsize len;
        const void *data = g_bytes_get_data(taken->pdata[num], &len);
        g_assert_cmpuint(len, ==, (gsize)row->lines[num][0]);
        g_assert_true(len == 0 || memcmp(data, row->lines[num] + 1, len) == 0);
        num++;
    }
    g_assert_cmpuint(taken->len, ==, num);
    g_ptr_array_free(taken, TRUE);
    client_lines_free(lines);
}

static void test_row(const void *data)
{
    const struct row *row = data;
    for (gsize piece_len = 1; piece_len <= row->len + 1; piece_len++) {
        check(row, piece_len, false);
        check(row, piece_len, true);
    }
}

/* What has no end is known to be too long without it. */
static void test_endless(void)
{
    GBytes *line;
    struct client_lines *lines = client_lines_new(MAX_LEN);
    client_lines_add(lines, "12345678", MAX_LEN);
    g_assert_cmpint(client_lines_next(lines, &line), ==, CLIENT_LINES_NONE);
    client_lines_add(lines, "9", 1);
    g_assert_cmpint(client_lines_next(lines, &line), ==, CLIENT_LINES_TOO_LONG);
    client_lines_free(lines);
    client_lines_free(NULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_rows("/client-lines", rows, test_row);
    g_test_add_func("/client-lines/endless", test_endless);
    return g_test_run();
}
