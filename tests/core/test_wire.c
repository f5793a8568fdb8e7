/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>

#include "check.h"
#include "hex.h"
#include "wire.h"

static void test_read_integers(void)
{
    uint8_t bytes[15];
    const size_t len = hex_parse("01 0302 07060504 0f0e0d0c0b0a0908", bytes, sizeof bytes);
    struct sstp_reader r = sstp_reader(sstp_span(bytes, len));

    g_assert_cmphex(sstp_read_u8(&r), ==, 0x01);
    g_assert_cmphex(sstp_read_u16(&r), ==, 0x0203);
    g_assert_cmphex(sstp_read_u32(&r), ==, 0x04050607);
    g_assert_cmpuint(sstp_reader_left(&r), ==, 8);
    g_assert_cmphex(sstp_read_uint(&r, 8), ==, 0x08090a0b0c0d0e0f);
    g_assert_cmpuint(sstp_reader_left(&r), ==, 0);
    g_assert_cmpint(r.failed, ==, SSTP_READER_OK);
}

static void test_read_short(void)
{
    const uint8_t bytes[3] = {1, 2, 3};
    /* wanted: one below, at and one above what is left */
    for (size_t n = 2; n <= 4; n++) {
        struct sstp_reader r = sstp_reader(sstp_span(bytes, 3));
        const struct sstp_span got = sstp_read_bytes(&r, n);
        g_assert_cmpint(r.failed, ==, n <= 3 ? SSTP_READER_OK : SSTP_READER_SHORT);
        g_assert_cmpuint(got.len, ==, n <= 3 ? n : 0);
        g_assert_cmpuint(r.pos, ==, n <= 3 ? n : 0);
    }
}

static void test_read_failure_stays(void)
{
    const uint8_t bytes[3] = {1, 2, 0};
    struct sstp_reader r = sstp_reader(sstp_span(bytes, 3));
    (void)sstp_read_u8(&r);
    g_assert_cmpuint(sstp_read_u32(&r), ==, 0);
    g_assert_cmpint(r.failed, ==, SSTP_READER_SHORT);
    g_assert_cmpuint(r.pos, ==, 1);
    g_assert_cmpuint(sstp_reader_left(&r), ==, 0);
    g_assert_cmpuint(sstp_read_u8(&r), ==, 0);
    g_assert_cmpuint(sstp_read_bytes(&r, 0).len, ==, 0);
    g_assert_cmpuint(sstp_read_string(&r).len, ==, 0);
    g_assert_cmpint(r.failed, ==, SSTP_READER_SHORT);
    g_assert_cmpuint(r.pos, ==, 1);
}

static void test_read_strings(void)
{
    const uint8_t bytes[] = {'a', 'b', 0, 0, 'c'};
    struct sstp_reader r = sstp_reader(sstp_span(bytes, sizeof bytes));
    const struct sstp_span first = sstp_read_string(&r);
    const struct sstp_span second = sstp_read_string(&r);
    g_assert_true(sstp_span_is_equal(first, sstp_span_of_string("ab")));
    g_assert_true(first.data == bytes);
    g_assert_true(sstp_span_is_equal(second, sstp_span(NULL, 0)));
    g_assert_cmpuint(r.pos, ==, 4);
    g_assert_cmpuint(sstp_read_string(&r).len, ==, 0);
    g_assert_cmpint(r.failed, ==, SSTP_READER_UNTERMINATED);
    g_assert_cmpuint(r.pos, ==, 4);
}

/* An empty span need not point anywhere. */
static void test_read_nothing(void)
{
    struct sstp_reader r = sstp_reader(sstp_span(NULL, 0));
    g_assert_cmpuint(sstp_read_bytes(&r, 0).len, ==, 0);
    g_assert_cmpint(r.failed, ==, SSTP_READER_OK);
    g_assert_cmpuint(sstp_read_string(&r).len, ==, 0);
    g_assert_cmpint(r.failed, ==, SSTP_READER_UNTERMINATED);

    r = sstp_reader(sstp_span(NULL, 0));
    g_assert_cmpuint(sstp_read_u8(&r), ==, 0);
    g_assert_cmpint(r.failed, ==, SSTP_READER_SHORT);
}

static void test_write(void)
{
    uint8_t bytes[32], expected[32];
    struct sstp_writer w = sstp_writer(bytes, sizeof bytes);
    sstp_write_uint(&w, 1, 0x01);
    sstp_write_uint(&w, 2, 0x0203);
    sstp_write_uint(&w, 4, 0x04050607);
    sstp_write_uint(&w, 8, 0x08090a0b0c0d0e0f);
    sstp_write_string(&w, sstp_span_of_string("ab"));
    sstp_write_string(&w, sstp_span(NULL, 0));
    sstp_write_bytes(&w, sstp_span(NULL, 0));
    sstp_write_bytes(&w, sstp_span("\0\1", 2));
    const size_t len =
        hex_parse("01 0302 07060504 0f0e0d0c0b0a0908 'ab' 00 00 0001", expected, sizeof expected);
    g_assert_false(w.failed);
    check_same_bytes(sstp_writer_span(&w).data, sstp_writer_span(&w).len, expected, len);
}

static void test_write_limits(void)
{
    static const struct {
        size_t size;
        uint64_t value;
        bool fits;
    } rows[] = {
        {1, 0xfe, true},
        {1, 0xff, true},
        {1, 0x100, false},
        {2, 0xffff, true},
        {2, 0x10000, false},
        {4, 0xffffffff, true},
        {4, 0x100000000, false},
        {7, 0xffffffffffffff, true},
        {7, 0x100000000000000, false},
        {8, UINT64_MAX, true},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        uint8_t bytes[8];
        struct sstp_writer w = sstp_writer(bytes, sizeof bytes);
        sstp_write_uint(&w, rows[i].size, rows[i].value);
        g_assert_cmpint(!w.failed, ==, rows[i].fits);
        g_assert_cmpuint(w.pos, ==, rows[i].fits ? rows[i].size : 0);
    }
}

/* Room for one byte less, exactly, and one byte more. */
static void test_write_room(void)
{
    for (size_t room = 3; room <= 5; room++) {
        uint8_t bytes[8] = {0};
        struct sstp_writer w = sstp_writer(bytes, room);
        sstp_write_uint(&w, 2, 0xffff);
        sstp_write_bytes(&w, sstp_span("xy", 2));
        g_assert_cmpint(w.failed, ==, room < 4);
        g_assert_cmpuint(w.pos, ==, room < 4 ? 2 : 4);
        g_assert_cmpuint(bytes[room], ==, 0);
        /* A failure stays, even where something would fit. */
        const bool has_failed = w.failed;
        sstp_write_uint(&w, 1, 0xee);
        g_assert_cmpint(w.failed, ==, has_failed || room < 5);
    }
}

static void test_write_nowhere(void)
{
    struct sstp_writer w = sstp_writer(NULL, 0);
    sstp_write_bytes(&w, sstp_span(NULL, 0));
    g_assert_false(w.failed);
    sstp_write_uint(&w, 1, 0);
    g_assert_true(w.failed);
}

static void test_write_string_with_zero(void)
{
    uint8_t bytes[8];
    struct sstp_writer w = sstp_writer(bytes, sizeof bytes);
    sstp_write_string(&w, sstp_span("a\0b", 3));
    g_assert_true(w.failed);
    g_assert_cmpuint(w.pos, ==, 0);
}

static void test_spans(void)
{
    g_assert_true(sstp_span_is_equal(sstp_span(NULL, 0), sstp_span("", 0)));
    g_assert_true(sstp_span_is_equal(sstp_span("ab", 2), sstp_span_of_string("ab")));
    g_assert_false(sstp_span_is_equal(sstp_span("ab", 2), sstp_span("ab", 1)));
    g_assert_false(sstp_span_is_equal(sstp_span("ab", 2), sstp_span("ac", 2)));
    g_assert_cmpuint(sstp_span_of_string("").len, ==, 0);
    g_assert_cmphex(sstp_get_u16((const uint8_t[]){0xfe, 0xff}), ==, 0xfffe);
    g_assert_cmphex(sstp_get_u32((const uint8_t[]){0xfc, 0xfd, 0xfe, 0xff}), ==, 0xfffefdfc);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/wire/read/integers", test_read_integers);
    g_test_add_func("/wire/read/short", test_read_short);
    g_test_add_func("/wire/read/failure-stays", test_read_failure_stays);
    g_test_add_func("/wire/read/strings", test_read_strings);
    g_test_add_func("/wire/read/nothing", test_read_nothing);
    g_test_add_func("/wire/write", test_write);
    g_test_add_func("/wire/write/limits", test_write_limits);
    g_test_add_func("/wire/write/room", test_write_room);
    g_test_add_func("/wire/write/nowhere", test_write_nowhere);
    g_test_add_func("/wire/write/string-with-zero", test_write_string_with_zero);
    g_test_add_func("/wire/spans", test_spans);
    return g_test_run();
}
