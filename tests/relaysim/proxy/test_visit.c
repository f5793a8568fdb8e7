/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Conversations with the proxy, each with what comes whole and byte by byte; and bytes that make
 * no sense. */
#include "carrier/proxy_ntlm.h"
#include "endpoint/endpoint.h"
#include "proxy/visit.h"

#include "rows.h"

#include <string.h>

#define REQUEST_MS 1000
#define IDLE_MS 5000

static void fill(void *cookie, void *bytes, size_t len)
{
    (void)cookie;
    memset(bytes, 'r', len);
}

/* What happens, and what has come of it by then. */
struct event {
    enum { END, CLIENT, SERVER, OPENED, REFUSED, LATE, SERVER_LOST } kind;
    const char *bytes;
    size_t len;
    const char *wanted;    /* the address, or NULL */
    const char *to_client; /* what begins the output, which is taken; NULL: there is none */
    const char *to_server;
    size_t to_client_len, to_server_len; /* 0: strings */
    bool is_over;
};

struct row {
    const char *name;
    enum { FREE, BASIC, NTLM } login;
    struct event events[8];
};

#define TEXT(text) .bytes = text, .len = sizeof(text) - 1
#define CLIENT_GETS(text) .to_client = text, .to_client_len = sizeof(text) - 1
#define SERVER_GETS(text) .to_server = text, .to_server_len = sizeof(text) - 1
#define NO_HTTP "HTTP/1.0 400 Bad Request\r\n"
#define YES "HTTP/1.0 200 Connection established\r\nVia: 1.0 relaysim\r\n\r\n"
#define WHO "HTTP/1.0 407 Proxy Authentication Required\r\nProxy-Authenticate: "
#define FORWARDED "Connection: Keep-Alive\r\nVia: 1.0 relaysim\r\n\r\n"
#define CLOSED "Connection: close\r\nVia: 1.0 relaysim\r\n\r\n"

static const struct row rows[] = {
    {"connect",
     FREE,
     {{CLIENT, TEXT("CONNECT a.example:2492 HTTP/1.0\r\n\r\nxyz"), .wanted = "a.example:2492"},
      {OPENED, CLIENT_GETS(YES), SERVER_GETS("xyz")},
      {SERVER, TEXT("abc"), CLIENT_GETS("abc")},
      {CLIENT, TEXT("def"), SERVER_GETS("def")},
      {SERVER_LOST, .is_over = true}}},
    {"connect-refused",
     FREE,
     {{CLIENT, TEXT("CONNECT a.example:2492 HTTP/1.0\r\n\r\n"), .wanted = "a.example:2492"},
      {REFUSED, CLIENT_GETS("HTTP/1.0 502 Bad Gateway\r\n"), .is_over = true}}},
    {"connect-late",
     FREE,
     {{CLIENT, TEXT("CONNECT a.example:2492 HTTP/1.0\r\n\r\n"), .wanted = "a.example:2492"},
      {LATE, CLIENT_GETS("HTTP/1.0 504 Gateway Timeout\r\n"), .is_over = true}}},
    {"connect-nowhere",
     FREE,
     {{CLIENT, TEXT("CONNECT a.example HTTP/1.0\r\n\r\n"), CLIENT_GETS(NO_HTTP), .is_over = true}}},
    {"connect-slow",
     FREE,
     {{CLIENT, TEXT("CONNECT a.example:1")},
      {LATE, CLIENT_GETS("HTTP/1.0 408 Request Timeout\r\n"), .is_over = true}}},
    {"silence", FREE, {{LATE, .is_over = true}}},
    {"no-http",
     FREE,
     {{CLIENT, TEXT("\x01\xbc\0\r\n\r\n"), CLIENT_GETS(NO_HTTP), .is_over = true}}},
    {"a-response",
     FREE,
     {{CLIENT, TEXT("HTTP/1.0 200 OK\r\n\r\n"), CLIENT_GETS(NO_HTTP), .is_over = true}}},
    {"relative",
     FREE,
     {{CLIENT, TEXT("GET /2.0/x HTTP/1.0\r\n\r\n"), CLIENT_GETS(NO_HTTP), .is_over = true}}},
    {"chunked",
     FREE,
     {{CLIENT, TEXT("POST http://a/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"),
       CLIENT_GETS("HTTP/1.0 411 Length Required\r\n"), .is_over = true}}},
    {"forward-and-again",
     FREE,
     {{CLIENT,
       TEXT("POST http://a.example/2.0/K?x HTTP/1.0\r\nProxy-Connection: Keep-Alive\r\n"
            "Content-Length: 3\r\n\r\nabc"),
       .wanted = "a.example:80"},
      {OPENED, SERVER_GETS("POST /2.0/K?x HTTP/1.0\r\nContent-Length: 3\r\n" FORWARDED "abc")},
      {SERVER, TEXT("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nno"),
       CLIENT_GETS("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n" FORWARDED "no")},
      {CLIENT, TEXT("GET http://a.example:80 HTTP/1.0\r\n\r\n"),
       SERVER_GETS("GET / HTTP/1.0\r\n" CLOSED)},
      {SERVER, TEXT("HTTP/1.0 400 No\r\n\r\nx"), CLIENT_GETS("HTTP/1.0 400 No\r\n" CLOSED "x")},
      {SERVER, TEXT("yz"), CLIENT_GETS("yz")},
      {SERVER_LOST, .is_over = true}}},
    {"forward-elsewhere",
     FREE,
     {{CLIENT, TEXT("GET http://a/ HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), .wanted = "a:80"},
      {OPENED, SERVER_GETS("GET / HTTP/1.0\r\n" FORWARDED)},
      {SERVER, TEXT("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n"),
       CLIENT_GETS("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n" FORWARDED)},
      {CLIENT, TEXT("GET http://b/ HTTP/1.0\r\n\r\n")},
      {SERVER_LOST, .wanted = "b:80"},
      {OPENED, SERVER_GETS("GET / HTTP/1.0\r\n" CLOSED)}}},
    {"on-the-way",
     FREE,
     {{CLIENT, TEXT("GET http://a/ HTTP/1.0\r\n\r\n"), .wanted = "a:80"},
      {OPENED, SERVER_GETS("GET / HTTP/1.0\r\n" CLOSED)},
      {SERVER, TEXT("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No\r\n\r\n"),
       CLIENT_GETS("HTTP/1.1 204 No\r\n" CLOSED), .is_over = true}}},
    {"server-is-none",
     FREE,
     {{CLIENT, TEXT("GET http://a/ HTTP/1.0\r\n\r\n"), .wanted = "a:80"},
      {OPENED, SERVER_GETS("GET / HTTP/1.0\r\n" CLOSED)},
      {SERVER, TEXT("SSH-2.0\r\n\r\n"), CLIENT_GETS("HTTP/1.0 502 Bad Gateway\r\n"),
       .is_over = true}}},
    {"server-cuts",
     FREE,
     {{CLIENT, TEXT("GET http://a/ HTTP/1.0\r\n\r\n"), .wanted = "a:80"},
      {OPENED, SERVER_GETS("GET / HTTP/1.0\r\n" CLOSED)},
      {SERVER_LOST, CLIENT_GETS("HTTP/1.0 502 Bad Gateway\r\n"), .is_over = true}}},
    {"basic",
     BASIC,
     {{CLIENT,
       TEXT("CONNECT a:1 HTTP/1.0\r\nProxy-Connection: Keep-Alive\r\nContent-Length: 2\r\n\r\nxx"),
       CLIENT_GETS(WHO "Basic realm=\"relaysim\"\r\n")},
      {CLIENT, TEXT("CONNECT a:1 HTTP/1.0\r\nProxy-Authorization: basic YWxpY2U6c2VzYW1l\r\n\r\n"),
       .wanted = "a:1"}}},
    {"basic-wrong",
     BASIC,
     {{CLIENT, TEXT("CONNECT a:1 HTTP/1.0\r\nProxy-Authorization: Basic YWxpY2U6c2VzYW1m\r\n\r\n"),
       CLIENT_GETS(WHO "Basic realm=\"relaysim\"\r\n"), .is_over = true}}},
    {"basic-is-not-forwarded",
     BASIC,
     {{CLIENT,
       TEXT("GET http://a/ HTTP/1.0\r\nProxy-Authorization: Basic YWxpY2U6c2VzYW1l\r\n\r\n"),
       .wanted = "a:80"},
      {OPENED, SERVER_GETS("GET / HTTP/1.0\r\n" CLOSED)}}},
    {"basic-long-body",
     BASIC,
     {{CLIENT,
       TEXT("POST http://a/ HTTP/1.0\r\nProxy-Connection: Keep-Alive\r\n"
            "Content-Length: 2147479552\r\n\r\n"),
       CLIENT_GETS(WHO), .is_over = true}}},
    {"ntlm-question-ends-the-connection",
     NTLM,
     {{CLIENT, TEXT("CONNECT a:1 HTTP/1.0\r\nProxy-Connection: Keep-Alive\r\n\r\n"),
       CLIENT_GETS(WHO "NTLM\r\n"), .is_over = true}}},
    {"socks-name",
     FREE,
     {{CLIENT, TEXT("\5\2\2\0"), CLIENT_GETS("\5\0")},
      {CLIENT, TEXT("\5\1\0\3\1a\x09\xbcxyz"), .wanted = "a:2492"},
      {OPENED, CLIENT_GETS("\5\0\0\1\0\0\0\0\0\0"), SERVER_GETS("xyz")}}},
    {"socks-ip6",
     FREE,
     {{CLIENT, TEXT("\5\1\0"), CLIENT_GETS("\5\0")},
      {CLIENT, TEXT("\5\1\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\1"), .wanted = "[::1]:1"},
      {REFUSED, CLIENT_GETS("\5\5\0\1\0\0\0\0\0\0"), .is_over = true}}},
    {"socks-ip4",
     FREE,
     {{CLIENT, TEXT("\5\1\0"), CLIENT_GETS("\5\0")},
      {CLIENT, TEXT("\5\1\0\1\x7f\0\0\1\0\1"), .wanted = "127.0.0.1:1"},
      {LATE, CLIENT_GETS("\5\6\0\1\0\0\0\0\0\0"), .is_over = true}}},
    {"socks-login",
     BASIC,
     {{CLIENT, TEXT("\5\2\0\2"), CLIENT_GETS("\5\2")},
      {CLIENT, TEXT("\1\5alice\6sesame"), CLIENT_GETS("\1\0")},
      {CLIENT, TEXT("\5\1\0\1\x7f\0\0\1\0\1"), .wanted = "127.0.0.1:1"}}},
    {"socks-wrong-login",
     BASIC,
     {{CLIENT, TEXT("\5\2\0\2"), CLIENT_GETS("\5\2")},
      {CLIENT, TEXT("\1\5alice\6sesamf"), CLIENT_GETS("\1\1"), .is_over = true}}},
    {"socks-no-method", BASIC, {{CLIENT, TEXT("\5\1\0"), CLIENT_GETS("\5\xff"), .is_over = true}}},
    {"socks-bind",
     FREE,
     {{CLIENT, TEXT("\5\1\0"), CLIENT_GETS("\5\0")},
      {CLIENT, TEXT("\5\2\0\1\x7f"), CLIENT_GETS("\5\7\0\1\0\0\0\0\0\0"), .is_over = true}}},
    {"socks-no-type",
     FREE,
     {{CLIENT, TEXT("\5\1\0"), CLIENT_GETS("\5\0")},
      {CLIENT, TEXT("\5\1\0\2\x7f"), CLIENT_GETS("\5\x08\0\1\0\0\0\0\0\0"), .is_over = true}}},
    {"socks-bad-name",
     FREE,
     {{CLIENT, TEXT("\5\1\0"), CLIENT_GETS("\5\0")},
      {CLIENT, TEXT("\5\1\0\3\3a/b\0\1"), CLIENT_GETS("\5\4\0\1\0\0\0\0\0\0"), .is_over = true}}},
};

static struct proxy_login *login_of(const struct row *row)
{
    char *error;
    return row->login == FREE ? NULL
                              : proxy_login_new(row->login == BASIC ? PROXY_BASIC : PROXY_NTLM,
                                                "alice", "sesame", &error);
}

static struct proxy_visit_config config_of(const struct proxy_login *login)
{
    return (struct proxy_visit_config){
        .login = login, .random = {fill, NULL}, .request_ms = REQUEST_MS, .idle_ms = IDLE_MS};
}

/* The output begins with what is expected, and with nothing else. */
static void assert_output(struct proxy_visit *visit, enum proxy_side to, const char *expected,
                          size_t len)
{
    const struct sstp_span output = proxy_visit_output(visit, to);
    g_assert_cmpint(output.len > 0, ==, expected != NULL);
    if (expected != NULL) {
        g_assert_cmpuint(output.len, >=, len);
        g_assert_cmpint(memcmp(output.data, expected, len), ==, 0);
    }
    proxy_visit_taken(visit, to, output.len);
}

static void happen(struct proxy_visit *visit, const struct event *event, bool is_whole,
                   int64_t *now_ms)
{
    const enum proxy_side from = event->kind == CLIENT ? PROXY_CLIENT : PROXY_SERVER;
    switch (event->kind) {
    case CLIENT:
    case SERVER:
        for (size_t i = 0; i < event->len; i += is_whole ? event->len : 1) {
            g_assert_true(proxy_visit_has_room(visit, from));
            proxy_visit_receive(visit, from, event->bytes + i, is_whole ? event->len : 1, *now_ms);
        }
        break;
    case OPENED:
        proxy_visit_opened(visit, *now_ms);
        break;
    case REFUSED:
        proxy_visit_not_opened(visit, PROXY_REFUSED, *now_ms);
        break;
    case LATE:
        *now_ms = proxy_visit_deadline(visit);
        proxy_visit_tick(visit, *now_ms - 1);
        g_assert_false(proxy_visit_is_over(visit, PROXY_CLIENT));
        proxy_visit_tick(visit, *now_ms);
        break;
    case SERVER_LOST:
        proxy_visit_lost(visit, PROXY_SERVER, *now_ms);
        break;
    case END:
        break;
    }
}

static void converse(const struct row *row, bool is_whole)
{
    struct proxy_login *login = login_of(row);
    const struct proxy_visit_config config = config_of(login);
    int64_t now_ms = 100;
    struct proxy_visit *visit = proxy_visit_new(&config, now_ms);
    for (const struct event *event = row->events; event->kind != END; event++) {
        happen(visit, event, is_whole, &now_ms);
        g_assert_cmpstr(proxy_visit_wanted(visit), ==, event->wanted);
        g_assert_null(proxy_visit_wanted(visit));
        assert_output(visit, PROXY_CLIENT, event->to_client, event->to_client_len);
        assert_output(visit, PROXY_SERVER, event->to_server, event->to_server_len);
        g_assert_cmpint(proxy_visit_is_over(visit, PROXY_CLIENT), ==, event->is_over);
    }
    proxy_visit_free(visit);
    proxy_login_free(login);
}

static void test_row(gconstpointer data)
{
    converse(data, true);
    converse(data, false);
}

/* After the question, on one connection; and nothing is told to whoever answers wrongly. */
static void test_ntlm(gconstpointer password)
{
    const bool is_right = strcmp(password, "sesame") == 0;
    const struct row row = {.login = NTLM};
    char *error;
    struct proxy_login *known = login_of(&row);
    struct proxy_login *asking = proxy_login_new(PROXY_NTLM, "alice", password, &error);
    const struct proxy_visit_config config = config_of(known);
    struct proxy_visit *visit = proxy_visit_new(&config, 0);
    char *negotiate = proxy_ntlm_negotiate();
    char *challenge = proxy_ntlm_challenge((const uint8_t *)"rrrrrrrr");
    char *answer = proxy_ntlm_authenticate(sstp_span_of_string(challenge), asking,
                                           &(struct proxy_ntlm_extra){.wall_ms = 0});
    const char *texts[] = {negotiate, answer};
    for (unsigned i = 0; i < 2; i++) {
        char *request = g_strdup_printf("CONNECT a:1 HTTP/1.0\r\nProxy-Connection: keep-alive\r\n"
                                        "Proxy-Authorization: NTLM %s\r\n\r\n",
                                        texts[i]);
        char *expected =
            g_strdup_printf(WHO "NTLM%s%s\r\n", i == 0 ? " " : "", i == 0 ? challenge : "");
        proxy_visit_receive(visit, PROXY_CLIENT, request, strlen(request), 0);
        if (i == 0 || !is_right)
            assert_output(visit, PROXY_CLIENT, expected, strlen(expected));
        g_free(request);
        g_free(expected);
    }
    g_assert_cmpstr(proxy_visit_wanted(visit), ==, is_right ? "a:1" : NULL);
    g_free(negotiate);
    g_free(challenge);
    g_free(answer);
    proxy_visit_free(visit);
    proxy_login_free(known);
    proxy_login_free(asking);
}

/* Whoever does not take what the other side sends has that other side wait. */
static void test_room(void)
{
    const struct proxy_visit_config config = config_of(NULL);
    struct proxy_visit *visit = proxy_visit_new(&config, 0);
    static const char request[] = "CONNECT a:1 HTTP/1.0\r\n\r\n";
    char *block = g_strnfill(PROXY_UNSENT_MAX, 'x');
    proxy_visit_receive(visit, PROXY_CLIENT, request, strlen(request), 0);
    g_assert_nonnull(proxy_visit_wanted(visit));
    proxy_visit_opened(visit, 0);
    proxy_visit_receive(visit, PROXY_SERVER, block, PROXY_UNSENT_MAX, 0);
    g_assert_false(proxy_visit_has_room(visit, PROXY_SERVER));
    g_assert_true(proxy_visit_has_room(visit, PROXY_CLIENT));
    proxy_visit_taken(visit, PROXY_CLIENT, proxy_visit_output(visit, PROXY_CLIENT).len);
    g_assert_true(proxy_visit_has_room(visit, PROXY_SERVER));
    /* It may be silent for some time, and not for more. */
    proxy_visit_tick(visit, IDLE_MS - 1);
    g_assert_false(proxy_visit_is_over(visit, PROXY_CLIENT));
    proxy_visit_tick(visit, IDLE_MS);
    g_assert_true(proxy_visit_is_over(visit, PROXY_CLIENT));
    g_assert_true(proxy_visit_is_over(visit, PROXY_SERVER));
    g_free(block);
    proxy_visit_free(visit);
}

/* A head without an end is one that is none, and a byte now and then is no request. */
static void test_endless(void)
{
    const struct proxy_visit_config config = config_of(NULL);
    struct proxy_visit *visit = proxy_visit_new(&config, 0);
    char *line = g_strnfill(1000, 'x');
    proxy_visit_receive(visit, PROXY_CLIENT, "GET http://a/", 13, 0);
    for (unsigned i = 0; i < 100 && proxy_visit_has_room(visit, PROXY_CLIENT); i++)
        proxy_visit_receive(visit, PROXY_CLIENT, line, 1000, 0);
    g_assert_true(proxy_visit_is_over(visit, PROXY_CLIENT));
    proxy_visit_free(visit);
    visit = proxy_visit_new(&config, 0);
    proxy_visit_receive(visit, PROXY_CLIENT, "GET http://a/", 13, 0);
    for (int64_t now = 0; now < REQUEST_MS; now += 10)
        proxy_visit_receive(visit, PROXY_CLIENT, "x", 1, now);
    g_assert_cmpint(proxy_visit_deadline(visit), <=, REQUEST_MS);
    g_free(line);
    proxy_visit_free(visit);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_rows("/visit", rows, test_row);
    g_test_add_data_func("/visit/ntlm", "sesame", test_ntlm);
    g_test_add_data_func("/visit/ntlm-wrong", "other", test_ntlm);
    g_test_add_func("/visit/room", test_room);
    g_test_add_func("/visit/endless", test_endless);
    return g_test_run();
}
