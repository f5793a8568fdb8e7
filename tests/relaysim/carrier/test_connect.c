/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CONNECT: what is said to the proxy, to the byte, and what is made of its answers, whole and in
 * pieces; and who asks. */
#include "carrier/connect.h"
#include "carrier/proxy_ntlm.h"

#include "rows.h"
#include "tunnelled.h"

static const struct tunnelled_answer answers[] = {
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

static void test_answer(gconstpointer data)
{
    tunnelled_answer(&carrier_connect, data);
}

static void test_request(void)
{
    static const char request[] = "CONNECT " RELAY " HTTP/1.0\r\n"
                                  "User-Agent: relaysim\r\n"
                                  "Proxy-Connection: Keep-Alive\r\n"
                                  "Pragma: no-cache\r\n"
                                  "\r\n";
    struct carrier_transport *transport;
    struct carrier *carrier = tunnelled_begin(&carrier_connect, RELAY, &transport);
    tunnelled_assert_said(transport, TEXT(request));
    carrier_free(carrier);
}

#define QUESTION(scheme, more) "HTTP/1.1 407 Who?\r\nProxy-Authenticate: " scheme "\r\n" more "\r\n"
#define KEPT "Content-Length: 2\r\n"
#define CLOSED KEPT "Connection: close\r\n"
#define YES "HTTP/1.1 200 OK\r\n\r\n"

/* What the last field of a request for a tunnel tells; NULL where none tells anything. */
static char *said_login(struct carrier_transport *transport)
{
    GByteArray *bytes = tunnelled_said(transport);
    g_byte_array_append(bytes, (const guint8 *)"", 1);
    const char *text = (const char *)bytes->data;
    const char *field = strstr(text, "\r\nProxy-Authorization: ");
    g_assert_true(g_str_has_prefix(text, "CONNECT " RELAY " HTTP/1.0\r\n"));
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
    struct proxy_login *login = tunnelled_alice(PROXY_BASIC);
    struct carrier *carrier = tunnelled_begin_as(&carrier_connect, RELAY, login, &transport);
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
    carrier = tunnelled_begin_as(&carrier_connect, RELAY, login, &transport);
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
    struct proxy_login *login = tunnelled_alice(PROXY_BASIC);
    struct carrier *carrier = tunnelled_begin_as(&carrier_connect, RELAY, login, &transport);
    g_byte_array_free(tunnelled_said(transport), TRUE);
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

static const uint8_t challenge_bytes[PROXY_NTLM_CHALLENGE_LEN] = {'0', '1', '2', '3',
                                                                  '4', '5', '6', '7'};

/* GRVHENC 4.6: asked and closed, then three steps on one connection. */
static void test_ntlm(gconstpointer password)
{
    const bool is_right = strcmp(password, "sesame") == 0;
    struct carrier_transport *transport;
    struct proxy_login *login = tunnelled_alice(PROXY_NTLM);
    char *error, *challenge = proxy_ntlm_challenge(challenge_bytes);
    struct proxy_login *known = proxy_login_new(PROXY_NTLM, "ALICE", password, &error);
    struct carrier *carrier = tunnelled_begin_as(&carrier_connect, RELAY, login, &transport);
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

/* An answer that goes on for ever. */
static void test_endless(void)
{
    struct carrier_transport *transport;
    struct carrier *carrier = tunnelled_begin(&carrier_connect, RELAY, &transport);
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
    struct carrier *carrier = tunnelled_begin(&carrier_connect, RELAY, &transport);
    carrier_receive(transport, TEXT("HTTP/1.0 200 OK\r\n\r\n"));
    carrier_set_ep(carrier, pair->a.ep);
    g_assert_cmpint(sstp_ep_connect(pair->a.ep, "dpp:///b", sstp_span(NULL, 0)), ==, SSTP_EP_OK);
    GByteArray *request = tunnelled_said(transport);
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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/connect/request", test_request);
    g_test_add_data_func("/connect/basic-kept", QUESTION("Basic realm=\"x\"", KEPT), test_basic);
    g_test_add_data_func("/connect/basic-closed", QUESTION("NTLM, Basic realm=\"a, NTLM\"", CLOSED),
                         test_basic);
    g_test_add_func("/connect/basic-cut", test_basic_cut);
    g_test_add_data_func("/connect/ntlm", "sesame", test_ntlm);
    g_test_add_data_func("/connect/ntlm-wrong", "other", test_ntlm);
    g_test_add_func("/connect/endless", test_endless);
    g_test_add_func("/connect/passing", test_passing);
    add_rows("/connect/answer", answers, test_answer);
    return g_test_run();
}
