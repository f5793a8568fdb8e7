/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes of others in a line: what stays, what is escaped, and where a long one is cut. */
#include "base/plain_text.h"

#include <glib.h>
#include <string.h>

static void test_texts(void)
{
    static const struct {
        const char *bytes, *text;
    } rows[] = {
        {"", ""},
        {"dpp:///bob", "dpp:///bob"},
        {"Gr\xc3\xbc\xc3\x9f"
         "e \xe2\x82\xac \xf0\x9f\x98\x80",
         "Gr\xc3\xbc\xc3\x9f"
         "e \xe2\x82\xac \xf0\x9f\x98\x80"},
        {"a\nb\tc\rd", "a\\nb\\tc\\rd"},
        {"a\\nb", "a\\\\nb"}, /* which is not a newline */
        {"\x1b[31m\x07\x08\x7f", "\\x1b[31m\\x07\\x08\\x7f"},
        {"\xc2\x9b"
         "31m",
         "\\xc2\\x9b31m"},                                              /* CSI as C1 */
        {"\xe2\x80\xa8\xe2\x80\xa9", "\\xe2\\x80\\xa8\\xe2\\x80\\xa9"}, /* separators */
        {"\xe2\x80\xae"
         "gpj.exe",
         "\\xe2\\x80\\xaegpj.exe"},                      /* right to left from here */
        {"\xe2\x81\xa6\xe2\x81\xa9\xe2\x80\x8f\xd8\x9c", /* more of its kind */
         "\\xe2\\x81\\xa6\\xe2\\x81\\xa9\\xe2\\x80\\x8f\\xd8\\x9c"},
        {"\xe2\x80\x8b\xef\xbb\xbf", "\\xe2\\x80\\x8b\\xef\\xbb\\xbf"}, /* of no width */
        {"\xee\x80\x80", "\\xee\\x80\\x80"},                            /* private use */
        {"\xff\xfe", "\\xff\\xfe"},
        {"\xc3", "\\xc3"}, /* half a character */
        {"\xc3(", "\\xc3("},
        {"\xc0\x8a", "\\xc0\\x8a"},                   /* a newline in disguise */
        {"\xed\xa0\x80", "\\xed\\xa0\\x80"},          /* a surrogate */
        {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"}, /* beyond Unicode */
        {"\x9b", "\\x9b"},                            /* C1 of one byte */
        {"100 %s %n", "100 %s %n"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *text = plain_text(rows[i].bytes);
        g_assert_cmpstr(text, ==, rows[i].text);
        g_free(text);
    }
}

static void test_nul(void)
{
    char *text = plain_text_cut("a\0b", 3, 100);
    g_assert_cmpstr(text, ==, "a\\x00b");
    g_free(text);
}

/* Whatever comes, it is printable, and says how much it leaves out. */
static void test_cut(void)
{
    static const struct {
        const char *bytes;
        size_t max;
        const char *text;
    } rows[] = {{"abcdef", 6, "abcdef"},
                {"abcdef", 5, "abcde... (1 bytes more)"},
                {"abcdef", 0, "... (6 bytes more)"},
                {"ab\ncd", 3, "ab... (3 bytes more)"}, /* no half an escape */
                {"ab\xe2\x82\xac", 4, "ab... (3 bytes more)"},
                {"ab\xe2\x80\xa8", 13, "ab... (3 bytes more)"},
                {"ab\xe2\x80\xa8", 14, "ab\\xe2\\x80\\xa8"}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *text = plain_text_cut(rows[i].bytes, strlen(rows[i].bytes), rows[i].max);
        g_assert_cmpstr(text, ==, rows[i].text);
        g_free(text);
    }
}

static void test_any_bytes(void)
{
    for (int i = 0; i < 2000; i++) {
        guint8 bytes[64];
        for (size_t j = 0; j < sizeof bytes; j++)
            bytes[j] = (guint8)g_test_rand_int_range(0, 256);
        char *text = plain_text_cut(bytes, sizeof bytes, 100);
        g_assert_true(g_utf8_validate(text, -1, NULL));
        g_assert_cmpuint(strlen(text), <=, 100 + strlen("... (64 bytes more)"));
        for (const char *at = text; *at != '\0'; at = g_utf8_next_char(at))
            g_assert_true(g_unichar_isprint(g_utf8_get_char(at)));
        g_free(text);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/plain_text/texts", test_texts);
    g_test_add_func("/plain_text/nul", test_nul);
    g_test_add_func("/plain_text/cut", test_cut);
    g_test_add_func("/plain_text/any_bytes", test_any_bytes);
    return g_test_run();
}
