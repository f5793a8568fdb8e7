/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KeepAlive's client: what it says, to the byte where GRVHENC prints it; each state and what may be
 * answered in it; each timer; a POST that is lost. */
#include "carrier/keepalive_client.h"
#include "henc/uri.h"

#include "halves.h"
#include "rows.h"

#define NAME "server.domain.net"
#define ECHO "GroovePing: 1.0,Ping\r\n"
#define OK "HTTP/1.0 200 OK\r\nContent-Length: "
#define GET_OK OK "22\r\n\r\n" ECHO
#define POST_OK OK "15\r\n\r\n<html></html>\r\n"
#define TAKEN OK "0\r\n\r\n"

static const struct http_options client_options = {.server_name = NAME};

static void begin(struct halves *client, bool has_proxy)
{
    halves_begin(client, &carrier_keepalive, &client_options, NAME ":80", has_proxy);
}

/* Up to a virtual connection, on which the endpoint has said its Connect, and GET has asked. */
static void connect_client(struct halves *client)
{
    halves_drain(client);
    spoken_to(client->post, POST_OK, 1);
    g_assert_false(carrier_is_ready(client->carrier));
    spoken_to(client->get, GET_OK, 1);
    g_assert_true(carrier_is_ready(client->carrier));
    g_assert_cmpint(sstp_ep_connect(client->pair->a.ep, "dpp:///b", sstp_span(NULL, 0)), ==,
                    SSTP_EP_OK);
    carrier_set_ep(client->carrier, client->pair->a.ep);
}

/* As GRVHENC 4.2 prints it, but for the GUID, which is the client's own. */
static void test_requests(void)
{
    struct halves client;
    begin(&client, false);
    char *get = spoken_by(client.get), *post = spoken_by(client.post);
    char **parts = g_strsplit(get, "/", 5);
    char *guid = g_strndup(parts[3], HENC_GUID_LEN);
    char *expected = g_strdup_printf(
        "GET /2.0/" NAME "/%s,ConnType=KeepAlive HTTP/1.0\r\nAccept: */*\r\n"
        "Content-Type: application/octet-stream\r\n"
        "User-Agent: Mozilla/4.0 (compatible; MSIE 5.5; Win32)\r\nHost: " NAME "\r\n"
        "Pragma: no-cache\r\nCache-Control: no-cache\r\nExpires: 0\r\nConnection: Keep-Alive\r\n"
        "Cache-Control: max-age=0\r\n\r\n",
        guid);
    g_assert_cmpstr(get, ==, expected);
    g_free(expected);
    expected = g_strdup_printf(
        "POST /2.0/" NAME "/%s,ConnType=KeepAlive HTTP/1.0\r\nAccept: */*\r\n"
        "Content-Type: application/octet-stream\r\n"
        "User-Agent: Mozilla/4.0 (compatible; MSIE 5.5; Win32)\r\nUserAgent: " NAME "\r\n"
        "Connection: Keep-Alive\r\nContent-Length: 22\r\nPragma: no-cache\r\n"
        "Cache-Control: no-cache\r\nExpires: 0\r\nCache-Control: max-age=0\r\n\r\n" ECHO,
        guid);
    g_assert_cmpstr(post, ==, expected);
    g_free(expected);
    g_assert_true(henc_guid_is_regular(sstp_span_of_string(guid)));
    g_assert_cmpstr(carrier_connection_name(client.carrier), ==, guid);
    g_strfreev(parts);
    g_free(guid);
    g_free(get);
    g_free(post);
    halves_end(&client);
}

/* A proxy gets absolute URIs, GET's with an ID that is never the same, and is asked to stay. */
static void test_proxy(void)
{
    struct halves client;
    begin(&client, true);
    g_assert_cmpint(client.get->target, ==, CARRIER_TO_PROXY);
    char *first = spoken_by(client.get), *post = spoken_by(client.post);
    g_assert_true(g_str_has_prefix(first, "GET http://" NAME "/2.0/" NAME "/"));
    g_assert_true(g_str_has_prefix(post, "POST http://" NAME "/2.0/" NAME "/"));
    g_assert_nonnull(strstr(first, ",ConnType=KeepAlive,ID="));
    g_assert_null(strstr(post, ",ID="));
    g_assert_nonnull(strstr(first, "\r\nProxy-Connection: Keep-Alive\r\n"));
    g_assert_nonnull(strstr(post, "\r\nProxy-Connection: Keep-Alive\r\n"));
    connect_client(&client);
    char *second = spoken_by(client.get);
    g_assert_true(g_str_has_prefix(second, "GET http://" NAME "/2.0/" NAME "/"));
    g_assert_cmpstr(first, !=, second);
    g_free(first);
    g_free(second);
    g_free(post);
    halves_end(&client);
}

static const struct halves_answer answers[] = {
    {"get-400", false, true, "HTTP/1.0 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
     "the other side answered 400", false},
    {"post-400", false, false, "HTTP/1.0 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
     "the other side answered 400", false},
    {"get-404", false, true, "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno",
     "the other side answered 404", false},
    {"get-401", false, true, "HTTP/1.0 401 Who\r\nContent-Length: 0\r\n\r\n",
     "the other side answered 401: it wants to know who asks, and is not told", false},
    {"get-other-echo", false, true, OK "22\r\n\r\nGroovePing: 1.0,Pong\r\n",
     "the other side did not bring back the echo string", false},
    {"get-more-than-echo", false, true, OK "23\r\n\r\n" ECHO "\x01",
     "the other side did not bring back the echo string", false},
    {"get-empty", false, true, TAKEN, "the other side did not bring back the echo string", false},
    {"get-echo", false, true, GET_OK, NULL, true},
    {"get-echo-1.1", false, true,
     "HTTP/1.1 200 OK\r\nVia: 1.1 spirit\r\nContent-Length: 22\r\n\r\n" ECHO, NULL, true},
    {"post-ok", false, false, POST_OK, NULL, true},
    {"post-capitals", false, false, OK "13\r\n\r\n<HTML></HTML>", NULL, true},
    {"post-other", false, false, OK "4\r\n\r\nwhat",
     "the other side gave an answer that is none "
     "of KeepAlive",
     false},
    {"post-empty", false, false, TAKEN, "the other side gave an answer that is none of KeepAlive",
     false},
    {"no-http", false, true, "SSH-2.0-OpenSSH\r\n",
     "the other side gave an answer that is none of KeepAlive", false},
    {"a-request", false, true, "GET / HTTP/1.0\r\n\r\n",
     "the other side gave an answer that is none of KeepAlive", false},
    {"without-length", false, true, "HTTP/1.0 200 OK\r\n\r\n" ECHO,
     "the other side gave an answer that is none of KeepAlive", false},
    {"in-chunks", false, true, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
     "the other side gave an answer that is none of KeepAlive", false},
    {"too-long", false, true, OK "32769\r\n\r\n",
     "the other side gave an answer that is none of KeepAlive", false},
    {"ready-post-taken", true, false, TAKEN, NULL, true},
    {"ready-post-with-body", true, false, OK "1\r\n\r\nx", NULL, false},
    {"ready-post-400", true, false, "HTTP/1.0 400 Bad Request\r\nContent-Length: 0\r\n\r\n", NULL,
     false},
    {"ready-post-407", true, false, "HTTP/1.0 407 Who\r\nContent-Length: 0\r\n\r\n", NULL, false},
    {"ready-get-empty", true, true, TAKEN, NULL, false},
    {"ready-get-500", true, true, "HTTP/1.0 500 Oh\r\nContent-Length: 0\r\n\r\n", NULL, false},
    {"ready-get-no-http", true, true, "\x10\x07\r\n", NULL, false},
};

static void test_answer(gconstpointer data)
{
    const struct halves_answer *answer = data;
    for (size_t cut = 0; cut <= 1; cut++) {
        struct halves client;
        begin(&client, false);
        halves_drain(&client);
        if (answer->is_ready) {
            connect_client(&client);
            halves_drain(&client);
        }
        halves_hear(&client, answer, cut);
        halves_end(&client);
    }
}

/* ClientOKtoSend: one request at a time, of at most 32768 octets; and GET asks again. */
static void test_in_turn(void)
{
    struct halves client;
    begin(&client, false);
    connect_client(&client);
    assert_spoken_prefix(client.get, "GET /2.0/");
    assert_spoken_prefix(client.post, "POST /2.0/");
    (void)sstp_ep_noop(client.pair->a.ep);
    assert_spoken(client.post, "");
    spoken_to(client.post, TAKEN, 1);
    g_assert_cmpuint(sstp_ep_output_len(client.pair->a.ep), ==, 0);
    halves_end(&client);
}

/* An answer before the request is out is none to it. */
static void test_answered_early(void)
{
    struct halves client;
    begin(&client, false);
    spoken_pass(client.get);
    spoken_to(client.post, POST_OK, 0);
    g_assert_cmpstr(carrier_failure(client.carrier), ==,
                    "the other side answered before it was asked");
    halves_end(&client);
}

/* GRVHENC 3.3.7.1: the same request again, as it was, on another transport with the same GUID. */
static void test_reopened(void)
{
    struct halves client;
    begin(&client, false);
    connect_client(&client);
    spoken_pass(client.get);
    char *request = spoken_by(client.post);
    for (unsigned i = 0; i < KEEPALIVE_REOPEN_MAX; i++) {
        carrier_lost(client.post);
        client.post = carrier_next_wanted(client.carrier);
        g_assert_nonnull(client.post);
        carrier_opened(client.post);
        assert_spoken(client.post, request);
    }
    carrier_lost(client.post);
    g_assert_null(carrier_next_wanted(client.carrier));
    g_assert_true(carrier_is_over(client.get));
    carrier_lost(client.get);
    g_assert_true(carrier_is_gone(client.carrier));
    g_free(request);
    halves_end(&client);
}

/* Where nothing is to be said it is not opened, however often it is lost; and then it is. */
static void test_reopened_for_nothing(void)
{
    struct halves client;
    begin(&client, false);
    connect_client(&client);
    spoken_pass(client.post);
    spoken_to(client.post, TAKEN, 0);
    carrier_lost(client.post);
    carrier_tick(client.carrier, 1000);
    g_assert_null(carrier_next_wanted(client.carrier));
    g_assert_cmpint(carrier_deadline(client.carrier), >, 1000);
    sstp_ep_close_connection(client.pair->a.ep, SSTP_CONNECT_CLOSE_NO_REASON, 0);
    g_assert_cmpint(carrier_deadline(client.carrier), ==, 1000);
    carrier_tick(client.carrier, 1000);
    client.post = carrier_next_wanted(client.carrier);
    g_assert_nonnull(client.post);
    carrier_opened(client.post);
    assert_spoken_prefix(client.post, "POST /2.0/");
    halves_end(&client);
}

/* It cannot be opened again. */
static void test_not_reopened(void)
{
    struct halves client;
    begin(&client, false);
    connect_client(&client);
    spoken_pass(client.post);
    carrier_lost(client.post);
    carrier_not_opened(carrier_next_wanted(client.carrier), "nobody there");
    g_assert_true(carrier_is_lost(client.carrier));
    halves_end(&client);
}

/* GET is lost: what was heard is acknowledged, and then all is closed. */
static void test_get_lost(void)
{
    struct halves client;
    begin(&client, false);
    connect_client(&client);
    spoken_pass(client.post);
    spoken_to(client.post, TAKEN, 0);
    carrier_lost(client.get);
    g_assert_false(carrier_is_over(client.post));
    carrier_tick(client.carrier, carrier_deadline(client.carrier));
    spoken_pass(client.post);
    spoken_to(client.post, TAKEN, 0);
    g_assert_true(carrier_is_over(client.post));
    carrier_lost(client.post);
    g_assert_true(carrier_is_gone(client.carrier));
    halves_end(&client);
}

/* Either half, before the virtual connection is there. */
static void test_lost_early(void)
{
    for (unsigned half = 0; half < 2; half++) {
        struct halves client;
        begin(&client, false);
        carrier_lost(half == 0 ? client.get : client.post);
        g_assert_cmpstr(carrier_failure(client.carrier), ==,
                        "the other side closed the connection");
        halves_end(&client);
    }
}

/* ConnectionEstablishment, GetNetworkReceiveIO and PostNetworkReceiveIO. */
static void test_client_timers(void)
{
    struct halves client;
    begin(&client, false);
    g_assert_cmpint(carrier_deadline(client.carrier), ==, HTTP_CLIENT_ESTABLISH_MS);
    carrier_tick(client.carrier, HTTP_CLIENT_ESTABLISH_MS - 1);
    g_assert_false(carrier_is_lost(client.carrier));
    carrier_tick(client.carrier, HTTP_CLIENT_ESTABLISH_MS);
    g_assert_cmpstr(carrier_failure(client.carrier), ==, "the other side did not answer in time");
    halves_end(&client);
    for (unsigned half = 0; half < 2; half++) {
        begin(&client, false);
        connect_client(&client);
        spoken_pass(client.get);
        if (half == 0)
            spoken_pass(client.post);
        if (half == 0)
            spoken_to(client.post, TAKEN, 0);
        carrier_tick(client.carrier, HTTP_CLIENT_RECEIVE_MS - 1);
        g_assert_false(carrier_is_over(client.get));
        carrier_tick(client.carrier, HTTP_CLIENT_RECEIVE_MS);
        g_assert_true(carrier_is_over(client.get) && carrier_is_over(client.post));
        halves_end(&client);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/keepalive/client/requests", test_requests);
    g_test_add_func("/keepalive/client/proxy", test_proxy);
    add_rows("/keepalive/client/answer", answers, test_answer);
    g_test_add_func("/keepalive/client/in-turn", test_in_turn);
    g_test_add_func("/keepalive/client/answered-early", test_answered_early);
    g_test_add_func("/keepalive/client/reopened", test_reopened);
    g_test_add_func("/keepalive/client/reopened-for-nothing", test_reopened_for_nothing);
    g_test_add_func("/keepalive/client/not-reopened", test_not_reopened);
    g_test_add_func("/keepalive/client/get-lost", test_get_lost);
    g_test_add_func("/keepalive/client/lost-early", test_lost_early);
    g_test_add_func("/keepalive/client/timers", test_client_timers);
    return g_test_run();
}
