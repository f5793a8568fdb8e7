/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>

#include "henc/text.h"
#include "bytes.h"

static const struct {
    const char *name;
    const char *text;
    uint64_t max;
    bool is_valid;
    uint64_t value;
} numbers[] = {
    {"zero", "0", UINT32_MAX, true, 0},
    {"leading-zeros", "0007", UINT32_MAX, true, 7},
    {"one-below-the-limit", "4294967294", UINT32_MAX, true, UINT32_MAX - 1},
    {"at-the-limit", "4294967295", UINT32_MAX, true, UINT32_MAX},
    {"one-above-the-limit", "4294967296", UINT32_MAX, false, 0},
    {"at-64-bits", "18446744073709551615", UINT64_MAX, true, UINT64_MAX},
    {"above-64-bits", "18446744073709551616", UINT64_MAX, false, 0},
    {"far-above-64-bits", "99999999999999999999999", UINT64_MAX, false, 0},
    {"small-limit", "9", 8, false, 0},
    {"empty", "", UINT32_MAX, false, 0},
    {"sign", "-1", UINT32_MAX, false, 0},
    {"blank", " 1", UINT32_MAX, false, 0},
    {"letters-after", "12a", UINT32_MAX, false, 0},
};

static void test_number(gconstpointer data)
{
    const size_t row = GPOINTER_TO_SIZE(data);
    uint64_t value = 42;
    const bool is_valid =
        henc_text_number(sstp_span_of_string(numbers[row].text), numbers[row].max, &value);
    g_assert_cmpint(is_valid, ==, numbers[row].is_valid);
    g_assert_cmpuint(value, ==, numbers[row].value);
}

static void test_write_number(void)
{
    static const struct {
        uint64_t value;
        const char *text;
    } rows[] = {{0, "0"}, {9, "9"}, {10, "10"}, {UINT64_MAX, "18446744073709551615"}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        char text[HENC_NUMBER_LEN_MAX];
        struct sstp_writer w = sstp_writer(text, sizeof text);
        henc_write_number(&w, rows[i].value);
        g_assert_false(w.failed);
        assert_bytes(text, w.pos, rows[i].text, strlen(rows[i].text));
    }
}

static void test_split_and_trim(void)
{
    struct sstp_span rest;
    struct sstp_span first = henc_text_split(sstp_span_of_string("a=b=c"), '=', &rest);
    assert_bytes(first.data, first.len, "a", 1);
    assert_bytes(rest.data, rest.len, "b=c", 3);
    first = henc_text_split(sstp_span_of_string("abc"), '=', &rest);
    g_assert_cmpuint(first.len, ==, 3);
    g_assert_cmpuint(rest.len, ==, 0);
    first = henc_text_split(sstp_span(NULL, 0), '=', &rest);
    g_assert_cmpuint(first.len + rest.len, ==, 0);
    first = henc_text_split(sstp_span_of_string("a="), '=', &rest);
    g_assert_cmpuint(first.len, ==, 1);
    g_assert_cmpuint(rest.len, ==, 0);

    first = henc_text_trim(sstp_span_of_string(" \t a b \t"));
    assert_bytes(first.data, first.len, "a b", 3);
    g_assert_cmpuint(henc_text_trim(sstp_span_of_string(" \t ")).len, ==, 0);
    g_assert_cmpuint(henc_text_trim(sstp_span(NULL, 0)).len, ==, 0);
}

static void test_compare(void)
{
    g_assert_true(henc_text_has_prefix(sstp_span_of_string("HTTP://x"), "http://"));
    g_assert_false(henc_text_has_prefix(sstp_span_of_string("http:/"), "http://"));
    g_assert_true(henc_text_is(sstp_span_of_string("connTYPE"), "ConnType"));
    g_assert_false(henc_text_is(sstp_span_of_string("ConnTypes"), "ConnType"));
    g_assert_true(henc_text_is(sstp_span(NULL, 0), ""));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        char *path = g_strdup_printf("/henc/text/number/%s", numbers[i].name);
        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_number);
        g_free(path);
    }
    g_test_add_func("/henc/text/write-number", test_write_number);
    g_test_add_func("/henc/text/split-and-trim", test_split_and_trim);
    g_test_add_func("/henc/text/compare", test_compare);
    return g_test_run();
}
