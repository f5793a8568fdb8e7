/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plain: what harms no terminal stays, what could is spelt out. */
#include "base/plain.h"

#include <string.h>

static const struct {
    const char *name, *text, *plain;
} rows[] = {
    {"ascii", "dpp:///a b", "dpp:///a b"},
    {"letters", "Grüße 日本", "Grüße 日本"},
    {"escape", "\x1b[31m", "\\x1b[31m"},
    {"newline", "a\nb\r", "a\\x0ab\\x0d"},
    {"delete", "\x7f", "\\x7f"},
    {"c1", "\xc2\x9b", "\\xc2\\x9b"},
    {"right-to-left", "\xe2\x80\xae", "\\xe2\\x80\\xae"},
    {"zero-width", "\xe2\x80\x8b", "\\xe2\\x80\\x8b"},
    {"not-utf-8", "\xff\xfe", "\\xff\\xfe"},
    {"cut", "\xe2\x82", "\\xe2\\x82"},
    {"overlong", "\xc0\xaf", "\\xc0\\xaf"},
};

static void test_row(gconstpointer data)
{
    const guint i = GPOINTER_TO_UINT(data);
    GString *line = g_string_new(NULL);

    plain_append(line, rows[i].text, strlen(rows[i].text));
    g_assert_cmpstr(line->str, ==, rows[i].plain);
    g_string_free(line, TRUE);
}

static void test_nul(void)
{
    GString *line = g_string_new(NULL);

    plain_append(line, "a\0b", 3);
    g_assert_cmpstr(line->str, ==, "a\\x00b");
    g_string_free(line, TRUE);
}

static void test_width(void)
{
    g_assert_cmpuint(plain_width("abc"), ==, 3);
    g_assert_cmpuint(plain_width("日本"), ==, 4);
    g_assert_cmpuint(plain_width("e\xcc\x81"), ==, 1);
}

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *name = g_strdup_printf("/plain/%s", rows[i].name);
        g_test_add_data_func(name, GUINT_TO_POINTER(i), test_row);
        g_free(name);
    }
    g_test_add_func("/plain/nul", test_nul);
    g_test_add_func("/plain/width", test_width);
    return g_test_run();
}
