/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CONNECT and SOCKS: what is said to the proxy, to the byte, and what is made of its answers,
 * whole and in pieces. */
#include "carrier/connect.h"
#include "carrier/proxy_login.h"
#include "carrier/proxy_ntlm.h"
#include "carrier/socks.h"
#include "carrier/tunnel.h"

#include "pair.h"

#define NAME "relay1.example:2492"

static struct carrier *begin_as(const struct carrier_ops *ops, const char *target,
                                struct proxy_login *login, struct carrier_transport **transport)
{
    struct carrier *carrier = carrier_new(
        ops, &(struct carrier_config){.target = target, .login = login, .now_ms = 1000});
    *transport = carrier_next_wanted(carrier);
    g_assert_cmpint((*transport)->target, ==, CARRIER_TO_PROXY);
    g_assert_null(carrier_next_wanted(carrier));
    carrier_opened(*transport);
    return carrier;
}

static struct carrier *begin(const struct carrier_ops *ops, const char *target,
                             struct carrier_transport **transport)
{
    return begin_as(ops, target, NULL, transport);
}

static struct proxy_login *alice(enum proxy_scheme scheme)
{
    char *error;
    struct proxy_login *login = proxy_login_new(scheme, "alice", "sesame", &error);
    g_assert_null(error);
    return login;
}

/* All that it has to say, taken a byte at a time. */
static GByteArray *said(struct carrier_transport *transport)
{
    GByteArray *bytes = g_byte_array_new();
    struct sstp_span piece;
    while (carrier_output(transport, &piece, 1) > 0) {
        g_assert_cmpuint(carrier_output_len(transport), ==, piece.len);
        g_byte_array_append(bytes, piece.data, 1);
        carrier_taken(transport, 1);
    }
    return bytes;
}

static void assert_said(struct carrier_transport *transport, const void *expected, size_t len)
{
    GByteArray *bytes = said(transport);
    g_assert_cmpuint(bytes->len, ==, len);
    g_assert_cmpint(memcmp(bytes->data, expected, len), ==, 0);
    g_byte_array_free(bytes, TRUE);
}

/* ------------------------------------------------------------------------
 * Targets
 */

static void test_targets(void)
{
    static const struct {
        const char *target, *host; /* NULL: it is none */
        uint16_t port;
    } rows[] = {{"relay1.example:2492", "relay1.example", 2492},
                {"127.0.0.1:1", "127.0.0.1", 1},
                {"[::1]:65535", "::1", 65535},
                {"a:65536", NULL, 0},
                {"a:0", NULL, 0},
                {"a:", NULL, 0},
                {":80", NULL, 0},
                {"a", NULL, 0},
                {"", NULL, 0},
                {"a b:80", NULL, 0},
                {"a\r\nb:80", NULL, 0},
                {"::1:80", NULL, 0},
                {"[]:80", NULL, 0},
                {"a:+80", NULL, 0}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *host = NULL;
        uint16_t port = 0;
        g_assert_cmpint(tunnel_target(rows[i].target, &host, &port), ==, rows[i].host != NULL);
        g_assert_cmpstr(host, ==, rows[i].host);
        g_assert_cmpuint(port, ==, rows[i].port);
        g_free(host);
    }
    for (size_t len = 255; len <= 256; len++) {
        char *host = NULL;
        uint16_t port;
        char *name = g_strnfill(len, 'x'), *target = g_strconcat(name, ":1", NULL);
        g_assert_cmpint(tunnel_target(target, &host, &port), ==, len == 255);
        g_free(host);
        g_free(name);
        g_free(target);
    }
}

/* ------------------------------------------------------------------------
 * Answers: of each, whole, and cut in two at every place
 */

struct answer {
    const char *name, *bytes;
    size_t len;
    const char *failure; /* NULL: the way is free */
    size_t rest;         /* of the bytes, that are for the endpoint */
};

#define TEXT(text) text, sizeof(text) - 1

static const struct answer connect_answers[] = {
    {"yes", TEXT("HTTP/1.0 200 Connection established\r\n\r\n"), NULL, 0},
    {"with-headers", TEXT("HTTP/1.1 200 OK\r\nVia: 1.1 SPIRIT1B\r\n\r\n"), NULL, 0},
    {"with-sstp-after-it", TEXT("HTTP/1.0 200 OK\r\n\r\nabc"), NULL, 3},
    {"forbidden", TEXT("HTTP/1.0 403 Access denied\r\nContent-Length: 2\r\n\r\nno"),
     "the proxy answered 403", 0},
    {"body", TEXT("HTTP/1.1 502 No\r\nContent-Length: 2\r\n\r\n"), "the proxy answered 502", 0},
    {"authentication", TEXT("HTTP/1.0 407 Who?\r\nProxy-Authenticate: NTLM\r\n\r\n"),
     "the proxy answered 407: it wants to know who asks, and is not told", 0},
    {"no-http", TEXT("SSH-2.0-OpenSSH_9.2\r\n\r\n"), "the proxy's answer is none of HTTP", 0},
    {"a-request", TEXT("GET / HTTP/1.0\r\n\r\n"), "the proxy's answer is none of HTTP", 0},
};

static const struct answer socks_answers[] = {
    {"ip4", TEXT("\5\0\5\0\0\1\x7f\0\0\1\x09\xbc"), NULL, 0},
    {"ip6", TEXT("\5\0\5\0\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\x09\xbc"), NULL, 0},
    {"name", TEXT("\5\0\5\0\0\3\1x\x09\xbc"), NULL, 0},
    {"with-sstp-after-it",
     TEXT("\5\0\5\0\0\1\x7f\0\0\1\x09\xbc"
          "abc"),
     NULL, 3},
    {"refused", TEXT("\5\0\5\5\0\1\0\0\0\0\0\0"), "the proxy says: connection refused", 0},
    {"unknown-reply", TEXT("\5\0\5\x63\0\1\0\0\0\0\0\0"), "the proxy says: reply 99", 0},
    {"no-method", TEXT("\5\xff"), "the proxy wants to know who asks, and is not told", 0},
    {"other-method", TEXT("\5\2"), "the proxy chose a method that it was not offered", 0},
    {"version-4", TEXT("\4\0"), "the proxy's answer is none of SOCKS5", 0},
    {"reply-of-version-4", TEXT("\5\0\4\0\0\1\0\0\0\0\0\0"), "the proxy's answer is none of SOCKS5",
     0},
    {"no-type", TEXT("\5\0\5\0\0\2\0\0\0\0\0\0"), "the proxy's answer is none of SOCKS5", 0},
};

static void answer_cut(const struct carrier_ops *ops, const struct answer *answer, size_t cut)
{
    struct carrier_transport *transport;
    struct carrier *carrier = begin(ops, NAME, &transport);
    g_byte_array_free(said(transport), TRUE);
    g_assert_false(carrier_is_ready(carrier));
    g_assert_true(carrier_has_room(transport));
    if (cut > 0)
        carrier_receive(transport, answer->bytes, cut);
    if (!carrier_is_lost(carrier) && cut < answer->len)
        carrier_receive(transport, answer->bytes + cut, answer->len - cut);
    g_assert_cmpstr(carrier_failure(carrier), ==, answer->failure);
    g_assert_cmpint(carrier_is_ready(carrier), ==, answer->failure == NULL);
    if (answer->failure == NULL) {
        struct pair *pair = pair_new(&(struct pair_config){.a_minor = 6});
        g_byte_array_free(said(transport), TRUE);
        carrier_set_ep(carrier, pair->a.ep);
        /* Bytes before its Connect are none that it can make anything of. */
        g_assert_cmpint(sstp_ep_state(pair->a.ep) == SSTP_CONNECTION_CLOSED, ==, answer->rest > 0);
        carrier_free(carrier);
        pair_free(pair);
    } else {
        carrier_free(carrier);
    }
}

static void test_answer(const struct carrier_ops *ops, const struct answer *answer)
{
    for (size_t cut = 0; cut <= answer->len - answer->rest; cut++)
        answer_cut(ops, answer, cut);
}

static void test_connect_answer(gconstpointer data)
{
    test_answer(&carrier_connect, data);
}

static void test_socks_answer(gconstpointer data)
{
    test_answer(&carrier_socks, data);
}

/* ------------------------------------------------------------------------
 * Questions
 */

static void test_connect_request(void)
{
    static const char request[] = "CONNECT " NAME " HTTP/1.0\r\n"
                                  "User-Agent: relaysim\r\n"
                                  "Proxy-Connection: Keep-Alive\r\n"
                                  "Pragma: no-cache\r\n"
                                  "\r\n";
    struct carrier_transport *transport;
    struct carrier *carrier = begin(&carrier_connect, NAME, &transport);
    assert_said(transport, TEXT(request));
    carrier_free(carrier);
}

static void test_socks_requests(void)
{
    static const struct {
        const char *target, *request;
        size_t len;
    } rows[] = {
        {NAME, TEXT("\5\1\0\3\x0erelay1.example\x09\xbc")},
        {"127.0.0.1:258", TEXT("\5\1\0\1\x7f\0\0\1\1\2")},
        {"[::1]:258", TEXT("\5\1\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\1\2")},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct carrier_transport *transport;
        struct carrier *carrier = begin(&carrier_socks, rows[i].target, &transport);
        assert_said(transport, TEXT("\5\1\0"));
        carrier_receive(transport, "\5\0", 2);
        assert_said(transport, rows[i].request, rows[i].len);
        carrier_free(carrier);
    }
}

/* ------------------------------------------------------------------------
 * Who asks, at a proxy of SOCKS
 */

static void test_socks_login(void)
{
    static const struct {
        const char *name;
        enum proxy_scheme scheme;
        const char *answers[3]; /* two bytes each */
        const char *failure;    /* NULL: it goes on */
    } rows[] = {
        {"told", PROXY_BASIC, {"\5\2", "\1\0"}, NULL},
        {"not-asked", PROXY_BASIC, {"\5\0"}, NULL},
        {"wrong",
         PROXY_BASIC,
         {"\5\2", "\1\1"},
         "the proxy does not know this user, or not this password"},
        {"no-method",
         PROXY_BASIC,
         {"\5\xff"},
         "the proxy takes neither a user and a password nor none"},
        {"other-method", PROXY_BASIC, {"\5\1"}, "the proxy chose a method that it was not offered"},
        {"no-verdict", PROXY_BASIC, {"\5\2", "\5\0"}, "the proxy's answer is none of SOCKS5"},
        {"ntlm", PROXY_NTLM, {"\5\2"}, "the proxy chose a method that it was not offered"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct carrier_transport *transport;
        struct proxy_login *login = alice(rows[i].scheme);
        struct carrier *carrier = begin_as(&carrier_socks, "127.0.0.1:258", login, &transport);
        g_test_message("%s", rows[i].name);
        if (rows[i].scheme == PROXY_BASIC)
            assert_said(transport, TEXT("\5\2\0\2"));
        else
            assert_said(transport, TEXT("\5\1\0"));
        for (size_t j = 0; rows[i].answers[j] != NULL; j++) {
            if (j == 1)
                assert_said(transport, TEXT("\1\5alice\6sesame"));
            carrier_receive(transport, rows[i].answers[j], 1);
            carrier_receive(transport, rows[i].answers[j] + 1, 1);
        }
        g_assert_cmpstr(carrier_failure(carrier), ==, rows[i].failure);
        if (rows[i].failure == NULL)
            assert_said(transport, TEXT("\5\1\0\1\x7f\0\0\1\1\2"));
        carrier_free(carrier);
        proxy_login_free(login);
    }
}

/* ------------------------------------------------------------------------
 * Who asks, at a proxy of HTTP: on one transport, or on another where it closes
 */

#define QUESTION(scheme, more) "HTTP/1.1 407 Who?\r\nProxy-Authenticate: " scheme "\r\n" more "\r\n"
#define KEPT "Content-Length: 2\r\n"
#define CLOSED KEPT "Connection: close\r\n"
#define YES "HTTP/1.1 200 OK\r\n\r\n"

/* What the last field of a request for a tunnel tells; NULL where none tells anything. */
static char *said_login(struct carrier_transport *transport)
{
    GByteArray *bytes = said(transport);
    g_byte_array_append(bytes, (const guint8 *)"", 1);
    const char *text = (const char *)bytes->data;
    const char *field = strstr(text, "\r\nProxy-Authorization: ");
    g_assert_true(g_str_has_prefix(text, "CONNECT " NAME " HTTP/1.0\r\n"));
    g_assert_true(g_str_has_suffix(text, "\r\n\r\n"));
    char *value = field != NULL ? g_strdup(field + 23) : NULL;
    if (value != NULL)
        *strstr(value, "\r\n") = '\0';
    g_byte_array_free(bytes, TRUE);
    return value;
}

static void assert_login(struct carrier_transport *transport, const char *expected)
{
    char *value = said_login(transport);
    g_assert_cmpstr(value, ==, expected);
    g_free(value);
}

static void receive_text(struct carrier_transport *transport, const char *text)
{
    for (; *text != '\0'; text++)
        carrier_receive(transport, text, 1);
}

/* The transport that it goes on with, after `old`, which it is done with. */
static struct carrier_transport *next_transport(struct carrier_transport *old)
{
    struct carrier *carrier = old->carrier;
    struct carrier_transport *next = carrier_next_wanted(carrier);
    g_assert_nonnull(next);
    g_assert_true(carrier_is_over(old));
    g_assert_true(carrier_has_room(old));
    g_assert_cmpuint(carrier_output_len(old), ==, 0);
    carrier_receive(old, "xx", 2);
    carrier_opened(next);
    carrier_lost(old);
    g_assert_false(carrier_is_lost(carrier));
    return next;
}

static void test_basic(gconstpointer data)
{
    const char *question = data;
    const bool has_kept = strstr(question, "close") == NULL;
    struct carrier_transport *transport;
    struct proxy_login *login = alice(PROXY_BASIC);
    struct carrier *carrier = begin_as(&carrier_connect, NAME, login, &transport);
    assert_login(transport, NULL);
    receive_text(transport, question);
    if (has_kept)
        receive_text(transport, "no");
    else
        transport = next_transport(transport);
    assert_login(transport, "Basic YWxpY2U6c2VzYW1l");
    receive_text(transport, YES);
    g_assert_true(carrier_is_ready(carrier));
    carrier_free(carrier);
    /* The next one tells it at once (GRVHENC 3.7.1.2). */
    carrier = begin_as(&carrier_connect, NAME, login, &transport);
    assert_login(transport, "Basic YWxpY2U6c2VzYW1l");
    receive_text(transport, QUESTION("Basic", KEPT));
    g_assert_cmpstr(carrier_failure(carrier), ==,
                    "the proxy answered 407: it does not know this user, or not this password");
    carrier_free(carrier);
    proxy_login_free(login);
}

/* A proxy that says it keeps the connection, and does not. */
static void test_basic_cut(void)
{
    struct carrier_transport *transport;
    struct proxy_login *login = alice(PROXY_BASIC);
    struct carrier *carrier = begin_as(&carrier_connect, NAME, login, &transport);
    g_byte_array_free(said(transport), TRUE);
    receive_text(transport, QUESTION("Basic", KEPT) "n");
    for (unsigned i = 0; i < 3; i++) {
        carrier_lost(transport);
        g_assert_false(carrier_is_lost(carrier));
        transport = carrier_next_wanted(carrier);
        carrier_opened(transport);
        assert_login(transport, "Basic YWxpY2U6c2VzYW1l");
    }
    carrier_lost(transport);
    g_assert_cmpstr(carrier_failure(carrier), ==, "the proxy closed the connection");
    carrier_free(carrier);
    proxy_login_free(login);
}

static const uint8_t challenge_bytes[PROXY_NTLM_CHALLENGE_LEN] = "01234567";

/* GRVHENC 4.6: asked and closed, then three steps on one connection. */
static void test_ntlm(gconstpointer password)
{
    const bool is_right = strcmp(password, "sesame") == 0;
    struct carrier_transport *transport;
    struct proxy_login *login = alice(PROXY_NTLM);
    char *error, *challenge = proxy_ntlm_challenge(challenge_bytes);
    struct proxy_login *known = proxy_login_new(PROXY_NTLM, "ALICE", password, &error);
    struct carrier *carrier = begin_as(&carrier_connect, NAME, login, &transport);
    assert_login(transport, NULL);
    receive_text(transport, QUESTION("Negotiate\r\nProxy-Authenticate: NTLM", CLOSED));
    transport = next_transport(transport);
    char *value = said_login(transport);
    g_assert_true(g_str_has_prefix(value, "NTLM "));
    g_assert_true(proxy_ntlm_is_negotiate(sstp_span_of_string(value + 5)));
    g_free(value);
    char *question = g_strdup_printf(QUESTION("NTLM %s", KEPT) "no", challenge);
    receive_text(transport, question);
    value = said_login(transport);
    g_assert_cmpint(proxy_ntlm_is_answer(sstp_span_of_string(value + 5), challenge_bytes, known),
                    ==, is_right);
    receive_text(transport, is_right ? YES : QUESTION("NTLM", KEPT));
    g_assert_cmpint(carrier_is_ready(carrier), ==, is_right);
    g_assert_cmpstr(
        carrier_failure(carrier), ==,
        is_right ? NULL
                 : "the proxy answered 407: it does not know this user, or not this password");
    g_free(value);
    g_free(question);
    g_free(challenge);
    carrier_free(carrier);
    proxy_login_free(known);
    proxy_login_free(login);
}

/* ------------------------------------------------------------------------
 * What else may happen
 */

static void test_silence(gconstpointer data)
{
    struct carrier_transport *transport;
    struct carrier *carrier = begin(data, NAME, &transport);
    g_assert_cmpint(carrier_deadline(carrier), ==, 1000 + CARRIER_PROXY_TIMEOUT_MS);
    carrier_tick(carrier, 1000 + CARRIER_PROXY_TIMEOUT_MS - 1);
    g_assert_null(carrier_failure(carrier));
    carrier_tick(carrier, 1000 + CARRIER_PROXY_TIMEOUT_MS);
    g_assert_cmpstr(carrier_failure(carrier), ==, "the proxy did not answer in time");
    carrier_free(carrier);
}

static void test_lost(gconstpointer data)
{
    struct carrier_transport *transport;
    struct carrier *carrier = begin(data, NAME, &transport);
    carrier_lost(transport);
    g_assert_cmpstr(carrier_failure(carrier), ==, "the proxy closed the connection");
    g_assert_true(carrier_is_gone(carrier));
    carrier_free(carrier);
}

static void test_no_proxy(gconstpointer data)
{
    struct carrier *carrier = carrier_new(data, &(struct carrier_config){.target = NAME});
    carrier_not_opened(carrier_next_wanted(carrier), "connection refused");
    g_assert_cmpstr(carrier_failure(carrier), ==, "the proxy: connection refused");
    carrier_free(carrier);
}

/* An answer that goes on for ever. */
static void test_endless(void)
{
    struct carrier_transport *transport;
    struct carrier *carrier = begin(&carrier_connect, NAME, &transport);
    char *line = g_strnfill(1000, 'x');
    carrier_receive(transport, "HTTP/1.0 200 OK\r\nX: ", 20);
    for (unsigned i = 0; i < 100 && carrier_failure(carrier) == NULL; i++)
        carrier_receive(transport, line, 1000);
    g_assert_nonnull(carrier_failure(carrier));
    g_free(line);
    carrier_free(carrier);
}

/* What the endpoint says goes after what is said to the proxy, and as it is. */
static void test_passing(void)
{
    struct pair *pair = pair_new(&(struct pair_config){.a_minor = 6});
    struct carrier_transport *transport;
    struct carrier *carrier = begin(&carrier_connect, NAME, &transport);
    carrier_receive(transport, TEXT("HTTP/1.0 200 OK\r\n\r\n"));
    carrier_set_ep(carrier, pair->a.ep);
    g_assert_cmpint(sstp_ep_connect(pair->a.ep, "dpp:///b", sstp_span(NULL, 0)), ==, SSTP_EP_OK);
    GByteArray *request = said(transport);
    g_assert_true(g_str_has_prefix((const char *)request->data, "CONNECT "));
    g_assert_cmpuint(request->data[request->len - 1], ==, 0); /* of the endpoint's Connect */
    g_assert_cmpuint(sstp_ep_output_len(pair->a.ep), ==, 0);
    g_assert_false(carrier_is_over(transport));
    carrier_lost(transport);
    g_assert_cmpint(sstp_ep_state(pair->a.ep), ==, SSTP_CONNECTION_CLOSED);
    g_byte_array_free(request, TRUE);
    carrier_free(carrier);
    pair_free(pair);
}

static void add_answers(const char *folder, const struct answer *answers, size_t num,
                        void (*test)(gconstpointer data))
{
    for (size_t i = 0; i < num; i++) {
        char *path = g_strconcat(folder, answers[i].name, NULL);
        g_test_add_data_func(path, &answers[i], test);
        g_free(path);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tunnel/targets", test_targets);
    g_test_add_func("/tunnel/connect/request", test_connect_request);
    g_test_add_func("/tunnel/socks/requests", test_socks_requests);
    g_test_add_func("/tunnel/socks/login", test_socks_login);
    g_test_add_data_func("/tunnel/connect/basic-kept", QUESTION("Basic realm=\"x\"", KEPT),
                         test_basic);
    g_test_add_data_func("/tunnel/connect/basic-closed",
                         QUESTION("NTLM, Basic realm=\"a, NTLM\"", CLOSED), test_basic);
    g_test_add_func("/tunnel/connect/basic-cut", test_basic_cut);
    g_test_add_data_func("/tunnel/connect/ntlm", "sesame", test_ntlm);
    g_test_add_data_func("/tunnel/connect/ntlm-wrong", "other", test_ntlm);
    add_answers("/tunnel/connect/", connect_answers, G_N_ELEMENTS(connect_answers),
                test_connect_answer);
    add_answers("/tunnel/socks/", socks_answers, G_N_ELEMENTS(socks_answers), test_socks_answer);
    g_test_add_data_func("/tunnel/connect/silence", &carrier_connect, test_silence);
    g_test_add_data_func("/tunnel/socks/silence", &carrier_socks, test_silence);
    g_test_add_data_func("/tunnel/connect/lost", &carrier_connect, test_lost);
    g_test_add_data_func("/tunnel/socks/lost", &carrier_socks, test_lost);
    g_test_add_data_func("/tunnel/connect/no-proxy", &carrier_connect, test_no_proxy);
    g_test_add_data_func("/tunnel/socks/no-proxy", &carrier_socks, test_no_proxy);
    g_test_add_func("/tunnel/endless", test_endless);
    g_test_add_func("/tunnel/passing", test_passing);
    return g_test_run();
}
