/* SPDX-License-Identifier: GPL-2.0-or-later */
/* moment: times and numbers as people read them. */
#include "report/moment.h"

#define MS G_GINT64_CONSTANT(1000000)
#define S (1000 * MS)

static const struct {
    gint64 ns;
    const char *text;
} spans[] = {{0, "0 ns"},
             {999, "999 ns"},
             {1500, "1.5 us"},
             {-1500, "-1.5 us"},
             {12 * MS + MS / 3, "12.3 ms"},
             {999 * MS + 999999, "999 ms"},
             {1 * S, "1 s"},
             {59 * S, "59 s"},
             {250 * S, "4 min 10 s"},
             {3600 * S, "1 h 0 min"},
             {86400 * S * 2 + 3 * 3600 * S, "2 d 3 h"},
             {G_MININT64, "-106751 d 23 h"}};

static void test_span(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(spans); i++) {
        GString *text = g_string_new(NULL);
        moment_append_span(text, spans[i].ns);
        g_assert_cmpstr(text->str, ==, spans[i].text);
        g_string_free(text, TRUE);
    }
}

static const struct {
    gint64 ns;
    const char *text;
} offsets[] = {{0, "0 ms"},
               {999, "0 ms"},
               {-1, "-0.001 ms"},
               {37500, "0.037 ms"},
               {2 * MS, "2 ms"},
               {80 * MS + 123456, "80.123 ms"},
               {-40 * MS, "-40 ms"},
               {S, "1 s"},
               {419 * S + 997146590, "6 min 59.997146 s"},
               {7 * 3600 * S + 20 * MS, "7 h 0.02 s"},
               {-(86400 + 3660) * S - 500 * MS, "-1 d 1 h 1 min 0.5 s"},
               {G_MININT64, "-106751 d 23 h 47 min 16.854776 s"}};

static void test_offset(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(offsets); i++) {
        GString *text = g_string_new(NULL);
        moment_append_offset(text, offsets[i].ns);
        g_assert_cmpstr(text->str, ==, offsets[i].text);
        g_string_free(text, TRUE);
    }
}

static void test_moment(void)
{
    GString *text = g_string_new(NULL);

    moment_append(text, 1600000000 * S + 123456789);
    g_assert_cmpstr(text->str, ==, "2020-09-13 12:26:40.123456");
    g_string_truncate(text, 0);
    moment_append(text, -1);
    g_assert_cmpstr(text->str, ==, "1969-12-31 23:59:59.999999");
    g_string_truncate(text, 0);
    moment_append(text, G_MAXINT64);
    g_assert_cmpuint(text->len, >, 0);
    g_string_free(text, TRUE);
}

static void test_count(void)
{
    GString *text = g_string_new(NULL);

    moment_append_count(text, 1234567);
    g_assert_cmpstr(text->str, ==, "1,234,567");
    g_string_truncate(text, 0);
    moment_append_things(text, 1, "file");
    moment_append_things(text, 0, "file");
    moment_append_things(text, 1002, "file");
    g_assert_cmpstr(text->str, ==, "1 file0 files1,002 files");
    g_string_free(text, TRUE);
}

static void test_reading(void)
{
    GString *text = g_string_new(NULL);

    moment_append_reading(text, 1, 12, 1600000000 * S, 1600000003 * S);
    g_assert_cmpstr(text->str, ==,
                    "1 file, 12 packets, from 2020-09-13 12:26:40.000000 UTC, 3 s long");
    g_string_truncate(text, 0);
    moment_append_reading(text, 2, 0, 0, 0);
    g_assert_cmpstr(text->str, ==, "2 files, 0 packets");
    g_string_free(text, TRUE);
}

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/moment/span", test_span);
    g_test_add_func("/moment/offset", test_offset);
    g_test_add_func("/moment/moment", test_moment);
    g_test_add_func("/moment/count", test_count);
    g_test_add_func("/moment/reading", test_reading);
    return g_test_run();
}
