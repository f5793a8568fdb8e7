/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What numbers on a command line are, and are not. */
#include "cmd/option_value.h"

#include <glib.h>

#define BAD INT64_MIN

struct row {
    const char *text;
    int64_t value; /* or BAD */
};

static void check_rows(const struct row *rows, size_t num, bool (*read)(const char *, int64_t *))
{
    for (size_t i = 0; i < num; i++) {
        int64_t value = BAD;
        const bool is_good = read(rows[i].text, &value);
        if (is_good != (rows[i].value != BAD))
            g_error("row %zu, \"%s\"", i, rows[i].text);
        if (is_good)
            g_assert_cmpint(value, ==, rows[i].value);
    }
}

static void test_number(void)
{
    static const struct row rows[] = {{"0", 0},
                                      {"1", 1},
                                      {"010", 10},
                                      {"0000000000000000000000000000012", 12},
                                      {"-1", -1},
                                      {"-0", 0},
                                      {"9223372036854775807", INT64_MAX},
                                      {"-9223372036854775807", -INT64_MAX},
                                      {"9223372036854775808", BAD},
                                      {"18446744073709551616", BAD},
                                      {"99999999999999999999999999", BAD},
                                      {"", BAD},
                                      {"-", BAD},
                                      {"--1", BAD},
                                      {"+1", BAD},
                                      {" 1", BAD},
                                      {"1 ", BAD},
                                      {"1\n", BAD},
                                      {"0x10", BAD},
                                      {"1e3", BAD},
                                      {"1.0", BAD},
                                      {"1k", BAD},
                                      {"ten", BAD},
                                      {"\xd9\xa1", BAD}}; /* an Arabic one */
    check_rows(rows, G_N_ELEMENTS(rows), option_value_number);
}

static void test_unsigned(void)
{
    uint64_t value;
    g_assert_true(option_value_unsigned("18446744073709551615", &value));
    g_assert_cmpuint(value, ==, UINT64_MAX);
    g_assert_true(option_value_unsigned("007", &value));
    g_assert_cmpuint(value, ==, 7);
    g_assert_false(option_value_unsigned("18446744073709551616", &value));
    g_assert_false(option_value_unsigned("-1", &value));
    g_assert_false(option_value_unsigned("", &value));
}

static void test_size(void)
{
    static const struct row rows[] = {{"0", 0},
                                      {"500", 500},
                                      {"0500", 500},
                                      {"500B", 500},
                                      {"1k", 1000},
                                      {"1K", 1000},
                                      {"1kB", 1000},
                                      {"1Ki", 1024},
                                      {"1KiB", 1024},
                                      {"1kiB", 1024},
                                      {"3M", 3000000},
                                      {"3MB", 3000000},
                                      {"3m", 3000000},
                                      {"3MiB", 3 << 20},
                                      {"2G", 2000000000},
                                      {"2GiB", INT64_C(2) << 30},
                                      {"1T", INT64_C(1000000000000)},
                                      {"1TiB", INT64_C(1) << 40},
                                      {"8388607TiB", INT64_C(8388607) << 40},
                                      {"8388608TiB", BAD},
                                      {"99999999999T", BAD},
                                      {"1.5k", 1500},
                                      {"0.5KiB", 512},
                                      {"1.0", 1},
                                      {"1.500k", 1500},
                                      {"1.0001k", BAD}, /* a tenth of a byte */
                                      {"1.5", BAD},
                                      {"1.k", BAD},
                                      {".5k", BAD},
                                      {"1 k", BAD},
                                      {"k", BAD},
                                      {"1kb", BAD}, /* a bit is none of ours */
                                      {"1KIB", BAD},
                                      {"1kk", BAD},
                                      {"1x", BAD},
                                      {"-5", BAD},
                                      {"", BAD}};
    check_rows(rows, G_N_ELEMENTS(rows), option_value_size);
}

static void test_time(void)
{
    static const struct row rows[] = {{"0", 0},
                                      {"0.0", 0},
                                      {"0ms", 0},
                                      {"1", 1000},
                                      {"010", 10000},
                                      {"1s", 1000},
                                      {"0.5", 500},
                                      {"0.001", 1},
                                      {"1.0019", 1001},
                                      {"500ms", 500},
                                      {"1.5ms", 1},
                                      {"2m", 120000},
                                      {"1.5h", 5400000},
                                      {"0.0002778h", 1000},
                                      {"1000000000", INT64_C(1000000000000)},
                                      {"0.0009", BAD},
                                      {"0.9ms", BAD},
                                      {"0.000000000000000001", BAD},
                                      {"99999999999999", BAD},
                                      {"5124095577h", BAD},
                                      {"0.1234567890123456789", BAD},
                                      {"1S", BAD},
                                      {"1M", BAD},
                                      {"1sec", BAD},
                                      {"1.", BAD},
                                      {".5", BAD},
                                      {"1,5", BAD},
                                      {"1e3", BAD},
                                      {"nan", BAD},
                                      {"inf", BAD},
                                      {"-1", BAD},
                                      {"1 s", BAD},
                                      {"", BAD}};
    check_rows(rows, G_N_ELEMENTS(rows), option_value_time);
}

static void test_write_size(void)
{
    static const struct {
        int64_t bytes;
        const char *text;
    } rows[] = {{0, "0"},
                {1, "1"},
                {1000, "1000"},
                {1024, "1KiB"},
                {1536, "1536"},
                {16 << 20, "16MiB"},
                {INT64_C(3) << 30, "3GiB"},
                {INT64_C(1) << 50, "1024TiB"},
                {INT64_MAX, "9223372036854775807"}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        char text[32];
        option_value_write_size(text, sizeof text, rows[i].bytes);
        g_assert_cmpstr(text, ==, rows[i].text);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/option_value/number", test_number);
    g_test_add_func("/option_value/unsigned", test_unsigned);
    g_test_add_func("/option_value/size", test_size);
    g_test_add_func("/option_value/time", test_time);
    g_test_add_func("/option_value/write_size", test_write_size);
    return g_test_run();
}
