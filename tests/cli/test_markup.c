/* SPDX-License-Identifier: GPL-2.0-or-later */
/* markup: what means something to a page becomes text. */
#include "report/markup.h"

static const struct {
    const char *text, *html;
} rows[] = {{"plain", "plain"},
            {"<script>", "&lt;script&gt;"},
            {"a&b;", "a&amp;b;"},
            {"\"'", "&quot;&#39;"},
            {"\x1b", "\\x1b"},
            {"\xff", "\\xff"},
            {"\xe2\x80\xae", "\\xe2\\x80\\xae"},
            {"ä", "ä"}};

static void test_rows(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        GString *html = g_string_new(NULL);
        markup_append(html, rows[i].text);
        g_assert_cmpstr(html->str, ==, rows[i].html);
        g_string_free(html, TRUE);
    }
}

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/markup", test_rows);
    return g_test_run();
}
