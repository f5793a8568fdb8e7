/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "henc/http.h"

#include <glib.h>
#include <string.h>

#define GUID "kicxp8rrgwqdwhf7c6xsgbagmcdnxm9phtvbj5a"
#define TARGET "/2.0/relay.example/" GUID ",ConnType=KeepAlive"

static struct sstp_span span_of(const char *text)
{
    return sstp_span_of_string(text);
}

static void assert_text(struct sstp_span text, const char *wanted)
{
    char *shown = g_strndup(text.len > 0 ? (const char *)text.data : "", text.len);
    g_assert_cmpstr(shown, ==, wanted);
    g_free(shown);
}

/* ------------------------------------------------------------------------
 * Heads
 */

struct head_row {
    const char *name, *bytes;
    enum henc_http_result result;
    size_t after; /* bytes that follow the head */
    uint64_t content_length;
    const char *encoding, *guid;
};

static const struct head_row head_rows[] = {
    {"crlf", "GET " TARGET " HTTP/1.0\r\nHost: r\r\n\r\nx", HENC_HTTP_DONE, 1, 0, "", GUID},
    {"lf", "GET " TARGET " HTTP/1.0\nHost: r\n\nx", HENC_HTTP_DONE, 1, 0, "", GUID},
    {"lf-and-crlf", "GET " TARGET " HTTP/1.0\nHost: r\n\r\nx", HENC_HTTP_DONE, 1, 0, "", GUID},
    {"answer-lf", "HTTP/1.0 200 OK\nContent-Length: 5\n\nhello", HENC_HTTP_DONE, 5, 5, "", NULL},
    {"lf-in-the-uri",
     "GET /2.0/relay\n.example/" GUID ",ConnType=KeepAlive HTTP/1.0\r\nHost: r\r\n\r\n",
     HENC_HTTP_DONE, 0, 0, "", GUID},
    {"crlf-in-the-uri",
     "GET /2.0/relay\r\n.example/" GUID ",ConnType=KeepAlive HTTP/1.0\r\nHost: r\r\n\r\n",
     HENC_HTTP_DONE, 0, 0, "", GUID},
    {"gzip", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\n",
     HENC_HTTP_DONE, 0, 5, "gzip", NULL},
    {"encoding-in-other-case", "HTTP/1.1 200 OK\r\ncontent-encoding:  br\r\n\r\n", HENC_HTTP_DONE,
     0, 0, "br", NULL},
    {"identity", "HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\n\r\n", HENC_HTTP_DONE, 0, 0, "",
     NULL},
    {"encoding-of-another", "HTTP/1.1 200 OK\r\nX-Content-Encoding: gzip\r\n\r\n", HENC_HTTP_DONE,
     0, 0, "", NULL},
    {"without-end", "GET " TARGET " HTTP/1.0\nHost: r\n", HENC_HTTP_MORE, 0, 0, "", NULL},
    {"no-version", "GET " TARGET "\nHost: r\n\n", HENC_HTTP_NOT, 0, 0, "", NULL},
};

static void check_head(gconstpointer data)
{
    const struct head_row *row = data;
    struct henc_http http;

    g_assert_cmpint(henc_http_head(span_of(row->bytes), &http), ==, row->result);
    if (row->result != HENC_HTTP_DONE)
        return;
    g_assert_cmpuint(http.head_len, ==, strlen(row->bytes) - row->after);
    g_assert_cmpuint(http.content_length, ==, row->content_length);
    assert_text(http.content_encoding, row->encoding);
    g_assert_cmpint(http.has_uri, ==, row->guid != NULL);
    if (row->guid != NULL)
        assert_text(http.uri.guid, row->guid);
}

/* ------------------------------------------------------------------------
 * Whose it is
 */

struct look_row {
    const char *name, *bytes;
    bool is_ours, may_become_ours;
};

static const struct look_row look_rows[] = {
    {"longlived", "GET /2.0/r/" GUID ",ConnType=LongLived HTTP/1.0\r\n", true, false},
    {"longlived-lf", "GET /2.0/r/" GUID ",ConnType=LongLived HTTP/1.0\n", true, false},
    {"begun", "GET /2.0/r/" GUID ",Conn", false, true},
    {"begun-early", "PO", false, true},
    {"begun-by-a-proxy", "GET http://relay.exa", false, true},
    {"other-path", "GET /index.html", false, false},
    {"other-request", "GET /index.html HTTP/1.0\r\n\r\n", false, false},
    {"polling", "POST / HTTP/1.0\r\nContent-Length: 40\r\n\r\n1.2", false, true},
    {"polling-target", "POST /", false, true},
    {"polling-line-begun", "POST / HTTP/1", false, true},
    {"polling-line-without-end", "POST / HTTP/1.0\r", false, true},
    {"polling-begun-by-a-proxy", "POST http://relay.example/ HTT", false, true},
    {"polling-begun-without-path", "POST http://relay.example HTTP/1.", false, true},
    {"get-of-root", "GET / HTTP/1", false, false},
    {"post-elsewhere", "POST /form HTTP/1", false, false},
    {"polling-line", "POST / HTTP/1.1\r\n", false, true},
    {"polling-head-begun", "POST / HTTP/1.1\r\nHost: rel", false, true},
    {"form", "POST / HTTP/1.0\r\nContent-Length: 40\r\n\r\nname=value&other=value", false, false},
    {"empty-form", "POST / HTTP/1.0\r\nContent-Length: 0\r\n\r\n", false, false},
    {"greeting", "220 ready\r\n", false, false},
};

static void check_look(gconstpointer data)
{
    const struct look_row *row = data;
    struct henc_http http;
    const struct sstp_span bytes = span_of(row->bytes);

    g_assert_cmpint(henc_http_is_encapsulation(bytes, &http), ==, row->is_ours);
    if (!row->is_ours)
        g_assert_cmpint(henc_http_begins_encapsulation(bytes), ==, row->may_become_ours);
}

static void test_connect(void)
{
    static const char one[] = "CONNECT r:443 HTTP/1.0\r\nUser-Agent: x\r\n\r\n";
    static const char two[] = "CONNECT p:8080 HTTP/1.0\n\nCONNECT r:443 HTTP/1.0\r\n\r\n\1\2";

    g_assert_cmpuint(henc_http_connect_len(span_of(one)), ==, sizeof one - 1);
    g_assert_cmpuint(henc_http_connect_len(sstp_span_of_string(two)), ==, sizeof two - 3);
    for (size_t len = 0; len < sizeof one - 1; len++)
        g_assert_cmpuint(henc_http_connect_len(sstp_span((const uint8_t *)one, len)), ==, 0);
    g_assert_cmpuint(henc_http_connect_len(span_of("GET / HTTP/1.0\r\n\r\n")), ==, 0);
}

static void add_row(const char *group, const char *name, gconstpointer row, GTestDataFunc check)
{
    char *path = g_strdup_printf("/henc_http/%s/%s", group, name);
    g_test_add_data_func(path, row, check);
    g_free(path);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(head_rows); i++)
        add_row("head", head_rows[i].name, &head_rows[i], check_head);
    for (size_t i = 0; i < G_N_ELEMENTS(look_rows); i++)
        add_row("look", look_rows[i].name, &look_rows[i], check_look);
    g_test_add_func("/henc_http/connect", test_connect);
    return g_test_run();
}
