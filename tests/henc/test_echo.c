/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>

#include "henc/echo.h"
#include "bytes.h"

/* A body literal may hold 0x00, so its length is that of the array. */
#define BODY(text) text, sizeof text - 1

static const struct {
    const char *name;
    const char *body;
    size_t len;
    enum henc_echo_result when_all;  /* no byte will follow */
    enum henc_echo_result when_open; /* more may follow */
    size_t echo_len;
    const char *ping_data;
} rows[] = {
    {"published", BODY("GroovePing: 1.0,Ping\r\n"), HENC_ECHO_YES, HENC_ECHO_YES, 22, "Ping"},
    {"without-crlf", BODY("GroovePing: 1.0,Ping"), HENC_ECHO_YES, HENC_ECHO_NEED_MORE, 20, "Ping"},
    {"half-crlf", BODY("GroovePing: 1.0,Ping\r"), HENC_ECHO_YES, HENC_ECHO_NEED_MORE, 20, "Ping"},
    {"connect-after", BODY("GroovePing: 1.0,Ping\r\n\x01\xbc"), HENC_ECHO_YES, HENC_ECHO_YES, 22,
     "Ping"},
    {"connect-after-without-crlf", BODY("GroovePing: 1.0,Ping\x01\xbc\r\n"), HENC_ECHO_YES,
     HENC_ECHO_YES, 20, "Ping"},
    {"cr-and-other-byte", BODY("GroovePing: 1.0,Ping\rX"), HENC_ECHO_YES, HENC_ECHO_YES, 20,
     "Ping"},
    {"lf-alone", BODY("GroovePing: 1.0,Ping\n"), HENC_ECHO_YES, HENC_ECHO_YES, 20, "Ping"},
    {"byte-0x1f", BODY("GroovePing: 1.0,Ping\x1f"), HENC_ECHO_YES, HENC_ECHO_YES, 20, "Ping"},
    {"byte-0x20", BODY("GroovePing: 1.0,a b\r\n"), HENC_ECHO_YES, HENC_ECHO_YES, 21, "a b"},
    {"byte-0x00", BODY("GroovePing: 1.0,Ping\0\r\n"), HENC_ECHO_YES, HENC_ECHO_YES, 20, "Ping"},
    {"other-ping-data", BODY("GroovePing: 1.0,x,GroovePing: 1.0,\r\n"), HENC_ECHO_YES,
     HENC_ECHO_YES, 36, "x,GroovePing: 1.0,"},
    {"no-ping-data", BODY("GroovePing: 1.0,\r\n"), HENC_ECHO_YES, HENC_ECHO_YES, 18, ""},
    {"prefix-alone", BODY("GroovePing: 1.0,"), HENC_ECHO_YES, HENC_ECHO_NEED_MORE, 16, ""},
    {"part-of-the-prefix", BODY("GroovePing: 1.0"), HENC_ECHO_NO, HENC_ECHO_NEED_MORE, 0, ""},
    {"nothing", BODY(""), HENC_ECHO_NO, HENC_ECHO_NEED_MORE, 0, ""},
    {"other-case", BODY("grooveping: 1.0,Ping\r\n"), HENC_ECHO_NO, HENC_ECHO_NO, 0, ""},
    {"other-version", BODY("GroovePing: 2.0,Ping\r\n"), HENC_ECHO_NO, HENC_ECHO_NO, 0, ""},
    {"a-connect", BODY("\x01\xbc\0\x01\x05\0"), HENC_ECHO_NO, HENC_ECHO_NO, 0, ""},
    {"a-getmessage-like-start", BODY("Go"), HENC_ECHO_NO, HENC_ECHO_NO, 0, ""},
};

static void test_scan(gconstpointer data)
{
    const size_t row = GPOINTER_TO_SIZE(data);
    for (int is_all = 0; is_all < 2; is_all++) {
        uint8_t *copy = g_memdup2(rows[row].body, rows[row].len);
        struct henc_echo echo;
        const enum henc_echo_result expected = is_all ? rows[row].when_all : rows[row].when_open;
        g_assert_cmpint(henc_echo_scan(sstp_span(copy, rows[row].len), is_all, &echo), ==,
                        expected);
        const bool is_echo = expected == HENC_ECHO_YES;
        g_assert_cmpuint(echo.len, ==, is_echo ? rows[row].echo_len : 0);
        assert_bytes(echo.ping_data.data, echo.ping_data.len, rows[row].ping_data,
                     is_echo ? strlen(rows[row].ping_data) : 0);
        g_free(copy);
    }
}

/* A prefix never decides otherwise than the whole does: it asks for more, or says
 * the same, and says it from there on. */
static void test_every_prefix(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct henc_echo whole;
        const enum henc_echo_result last =
            henc_echo_scan(sstp_span(rows[i].body, rows[i].len), false, &whole);
        bool is_decided = false;
        for (size_t len = 0; len <= rows[i].len; len++) {
            uint8_t *copy = g_memdup2(rows[i].body, len);
            struct henc_echo echo;
            const enum henc_echo_result result = henc_echo_scan(sstp_span(copy, len), false, &echo);
            if (result != HENC_ECHO_NEED_MORE) {
                g_assert_cmpint(result, ==, last);
                g_assert_cmpuint(echo.len, ==, whole.len);
                is_decided = true;
            } else {
                g_assert_false(is_decided);
            }
            g_free(copy);
        }
    }
}

static void test_length_limit(void)
{
    char *body = g_malloc(HENC_ECHO_LEN_MAX + 1);
    memset(body, 'x', HENC_ECHO_LEN_MAX + 1);
    memcpy(body, HENC_ECHO_PREFIX, strlen(HENC_ECHO_PREFIX));
    struct henc_echo echo;
    g_assert_cmpint(henc_echo_scan(sstp_span(body, HENC_ECHO_LEN_MAX - 1), false, &echo), ==,
                    HENC_ECHO_NEED_MORE);
    g_assert_cmpint(henc_echo_scan(sstp_span(body, HENC_ECHO_LEN_MAX - 1), true, &echo), ==,
                    HENC_ECHO_YES);
    g_assert_cmpint(henc_echo_scan(sstp_span(body, HENC_ECHO_LEN_MAX), false, &echo), ==,
                    HENC_ECHO_NO);
    g_assert_cmpint(henc_echo_scan(sstp_span(body, HENC_ECHO_LEN_MAX + 1), true, &echo), ==,
                    HENC_ECHO_NO);
    g_free(body);
}

static void test_empty_answer(void)
{
    static const struct {
        const char *body;
        bool is_one;
    } answers[] = {
        {"<html></html>\r\n", true},   {"<html></html>", true},    {"<HTML></HTML>", true},
        {"<HTML></HTML>\r\n", true},   {"<html></html>\r", false}, {"<html></html>\n", false},
        {"<html></html>\r\n ", false}, {"<html><html>", false},    {"", false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(answers); i++)
        g_assert_cmpint(henc_empty_answer_is(sstp_span_of_string(answers[i].body)), ==,
                        answers[i].is_one);
}

static void test_write(void)
{
    uint8_t bytes[64];
    struct sstp_writer w = sstp_writer(bytes, sizeof bytes);
    henc_echo_write(&w, sstp_span_of_string(HENC_ECHO_PING_DATA));
    g_assert_false(w.failed);
    assert_bytes(bytes, w.pos, "GroovePing: 1.0,Ping\r\n", 22);

    w = sstp_writer(bytes, sizeof bytes);
    henc_empty_answer_write(&w);
    assert_bytes(bytes, w.pos, "<html></html>\r\n", 15);

    static const char *const bad[] = {"", "a\r\n", "a\x1f", "\x01"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        w = sstp_writer(bytes, sizeof bytes);
        henc_echo_write(&w, sstp_span_of_string(bad[i]));
        g_assert_true(w.failed);
    }
    w = sstp_writer(bytes, 21);
    henc_echo_write(&w, sstp_span_of_string(HENC_ECHO_PING_DATA));
    g_assert_true(w.failed);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *path = g_strdup_printf("/henc/echo/scan/%s", rows[i].name);
        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_scan);
        g_free(path);
    }
    g_test_add_func("/henc/echo/every-prefix", test_every_prefix);
    g_test_add_func("/henc/echo/length-limit", test_length_limit);
    g_test_add_func("/henc/echo/empty-answer", test_empty_answer);
    g_test_add_func("/henc/echo/write", test_write);
    return g_test_run();
}
