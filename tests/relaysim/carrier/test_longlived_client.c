/* SPDX-License-Identifier: GPL-2.0-or-later */
/* LongLived's client: what it says, to the byte where GRVHENC prints it; each state and what may be
 * answered in it; each timer; the content limits. */
#include "carrier/longlived_client.h"
#include "henc/uri.h"

#include "halves.h"
#include "rows.h"

#define NAME "server.domain.net"
#define ECHO "GroovePing: 1.0,Ping\r\n"
#define LIMIT "2147479552"
#define GET_OK "HTTP/1.0 200 OK\r\nContent-Length: " LIMIT "\r\n\r\n" ECHO

static const struct http_options client_options = {.server_name = NAME};

static void begin(struct halves *client)
{
    halves_begin(client, &carrier_longlived, &client_options, NAME ":8000", false);
}

/* Up to a virtual connection with an endpoint. */
static void connect_client(struct halves *client)
{
    halves_drain(client);
    spoken_to(client->get, GET_OK, 1);
    g_assert_true(carrier_is_ready(client->carrier));
    carrier_set_ep(client->carrier, client->pair->a.ep);
}

/* As GRVHENC 4.1 prints it, but for the GUID, which is the client's own, and the port. */
static void test_requests(void)
{
    struct halves client;
    begin(&client);
    char *get = spoken_by(client.get), *post = spoken_by(client.post);
    const char *guid = carrier_connection_name(client.carrier);
    g_assert_true(henc_guid_is_regular(sstp_span_of_string(guid)));
    char *expected = g_strdup_printf(
        "GET /2.0/" NAME "/%s,ConnType=LongLived,ContentLength=" LIMIT " HTTP/1.0\r\n"
        "Accept: */*\r\nContent-Type: application/octet-stream\r\n"
        "User-Agent: Mozilla/4.0 (compatible; MSIE 5.5; Win32)\r\nHost: " NAME ":8000\r\n"
        "Pragma: no-cache\r\nCache-Control: no-cache\r\nExpires: 0\r\n"
        "Cache-Control: max-age=0\r\n\r\n",
        guid);
    g_assert_cmpstr(get, ==, expected);
    g_free(expected);
    expected = g_strdup_printf(
        "POST /2.0/" NAME "/%s,ConnType=LongLived HTTP/1.0\r\nAccept: */*\r\n"
        "Content-Type: application/octet-stream\r\n"
        "User-Agent: Mozilla/4.0 (compatible; MSIE 5.5; Win32)\r\nUserAgent: " NAME "\r\n"
        "Content-Length: " LIMIT "\r\nPragma: no-cache\r\nCache-Control: no-cache\r\n"
        "Expires: 0\r\nCache-Control: max-age=0\r\n\r\n" ECHO,
        guid);
    g_assert_cmpstr(post, ==, expected);
    g_free(expected);
    g_free(get);
    g_free(post);
    halves_end(&client);
}

static void test_proxy(void)
{
    struct halves client;
    halves_begin(&client, &carrier_longlived, &client_options, NAME ":8000", true);
    g_assert_cmpint(client.post->target, ==, CARRIER_TO_PROXY);
    char *get = spoken_by(client.get), *post = spoken_by(client.post);
    g_assert_true(g_str_has_prefix(get, "GET http://" NAME ":8000/2.0/" NAME "/"));
    g_assert_true(g_str_has_prefix(post, "POST http://" NAME ":8000/2.0/" NAME "/"));
    g_assert_nonnull(strstr(get, ",ContentLength=" LIMIT ",ID="));
    g_assert_null(strstr(post, ",ID="));
    carrier_lost(client.post);
    g_assert_cmpstr(carrier_failure(client.carrier), ==, "the proxy closed the connection");
    g_free(get);
    g_free(post);
    halves_end(&client);
}

static const struct halves_answer answers[] = {
    {"get-echo", false, true, GET_OK, NULL, true},
    {"get-echo-1.1", false, true,
     "HTTP/1.1 200 OK\r\nVia: 1.1 spirit\r\nContent-Length: " LIMIT "\r\n\r\n" ECHO, NULL, true},
    {"get-without-length", false, true, "HTTP/1.0 200 OK\r\n\r\n" ECHO, NULL, true},
    {"get-400", false, true, "HTTP/1.0 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
     "the other side answered 400", false},
    {"get-407", false, true, "HTTP/1.0 407 Who\r\nContent-Length: 0\r\n\r\n",
     "the other side answered 407: it wants to know who asks, and is not told", false},
    {"get-302", false, true, "HTTP/1.0 302 Moved\r\nContent-Length: 0\r\n\r\n",
     "the other side answered 302", false},
    {"get-other-echo", false, true,
     "HTTP/1.0 200 OK\r\nContent-Length: " LIMIT "\r\n\r\nGroovePing: 1.0,Pong\r\n",
     "the other side did not bring back the echo string", false},
    {"get-data-for-echo", false, true,
     "HTTP/1.0 200 OK\r\nContent-Length: " LIMIT "\r\n\r\n\x10\x07",
     "the other side did not bring back the echo string", false},
    {"get-short-length", false, true, "HTTP/1.0 200 OK\r\nContent-Length: 21\r\n\r\n" ECHO,
     "the other side said more than its Content-Length", false},
    {"get-chunks", false, true, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
     "the other side gave an answer that is none of LongLived", false},
    {"get-no-http", false, true, "\x01\x02\r\n",
     "the other side gave an answer that is none of LongLived", false},
    {"get-a-request", false, true, "GET / HTTP/1.0\r\n\r\n",
     "the other side gave an answer that is none of LongLived", false},
    {"post-400", false, false, "HTTP/1.0 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
     "the other side answered 400", false},
    {"post-401", false, false, "HTTP/1.0 401 Who\r\nContent-Length: 0\r\n\r\n",
     "the other side answered 401: it wants to know who asks, and is not told", false},
    {"post-200", false, false, "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
     "the other side answered 200", false},
    {"post-data", false, false, "\x10\x07\r\n",
     "the other side said something where it has nothing to say", false},
    {"ready-post-400", true, false, "HTTP/1.0 400 Bad Request\r\nContent-Length: 0\r\n\r\n", NULL,
     false},
    {"ready-post-data", true, false, "\x10", NULL, false},
};

static void test_answer(gconstpointer data)
{
    const struct halves_answer *answer = data;
    for (size_t cut = 0; cut <= 1; cut++) {
        struct halves client;
        begin(&client);
        halves_drain(&client);
        if (answer->is_ready)
            connect_client(&client);
        halves_hear(&client, answer, cut);
        g_assert_cmpint(carrier_is_ready(client.carrier), ==,
                        answer->is_ready || answer->failure == NULL);
        halves_end(&client);
    }
}

/* What follows the echo string at once is the endpoint's; before that, nothing is said of it. */
static void test_data(void)
{
    struct halves client;
    begin(&client);
    g_assert_cmpint(sstp_ep_connect(client.pair->a.ep, "dpp:///b", sstp_span(NULL, 0)), ==,
                    SSTP_EP_OK);
    halves_drain(&client);
    spoken_to(client.get, GET_OK "\xff\xff\xff", 0);
    assert_spoken(client.post, "");
    carrier_set_ep(client.carrier, client.pair->a.ep);
    /* What it heard is no command. */
    g_assert_cmpint(sstp_ep_state(client.pair->a.ep), ==, SSTP_CONNECTION_CLOSED);
    halves_end(&client);
}

/* POST is filled to its limit, and ends; GET is heard until it ends, too. */
static void test_client_limit(void)
{
    static const struct http_options options = {.server_name = NAME, .longlived_limit = 30};
    struct halves client;
    halves_begin(&client, &carrier_longlived, &options, NAME ":8000", false);
    char *get = spoken_by(client.get);
    g_assert_nonnull(strstr(get, ",ContentLength=30 "));
    g_free(get);
    spoken_pass(client.post);
    spoken_to(client.get, GET_OK, 0);
    g_assert_cmpint(sstp_ep_connect(client.pair->a.ep, "dpp:///b", sstp_span(NULL, 0)), ==,
                    SSTP_EP_OK);
    carrier_set_ep(client.carrier, client.pair->a.ep);
    const size_t len = sstp_ep_output_len(client.pair->a.ep);
    g_assert_false(carrier_is_over(client.post));
    spoken_pass(client.post);
    g_assert_cmpuint(sstp_ep_output_len(client.pair->a.ep), ==, len - 8);
    g_assert_true(carrier_is_over(client.post));
    g_assert_false(carrier_is_over(client.get));
    carrier_lost(client.post);
    g_assert_false(carrier_is_over(client.get) || carrier_is_lost(client.carrier));
    carrier_lost(client.get);
    g_assert_true(carrier_is_gone(client.carrier));
    halves_end(&client);
}

/* More than the server has said it would say. */
static void test_heard_limit(void)
{
    struct halves client;
    begin(&client);
    spoken_pass(client.get);
    spoken_to(client.get, "HTTP/1.0 200 OK\r\nContent-Length: 24\r\n\r\n" ECHO, 0);
    carrier_set_ep(client.carrier, client.pair->a.ep);
    carrier_receive(client.get, "\x01\xbc", 2);
    g_assert_false(carrier_is_lost(client.carrier));
    carrier_receive(client.get, "\x01", 1);
    g_assert_true(carrier_is_lost(client.carrier));
    halves_end(&client);
}

/* A last acknowledgement goes out when GET is lost; and nothing of what is said after that. */
static void test_last_words(void)
{
    struct halves client;
    begin(&client);
    connect_client(&client);
    pair_connect(client.pair);
    carrier_lost(client.get);
    g_assert_false(carrier_is_over(client.post));
    assert_spoken(client.post, "");
    carrier_tick(client.carrier, HTTP_GRACE_MS);
    g_assert_cmpuint(carrier_output_len(client.post), ==, 7);
    (void)sstp_ep_noop(client.pair->a.ep);
    g_assert_cmpuint(carrier_output_len(client.post), ==, 7);
    g_assert_true(carrier_is_over(client.post));
    carrier_taken(client.post, 7);
    g_assert_cmpuint(carrier_output_len(client.post), ==, 0);
    carrier_tick(client.carrier, HTTP_GRACE_MS + HTTP_LINGER_MS);
    carrier_lost(client.post);
    g_assert_true(carrier_is_gone(client.carrier));
    halves_end(&client);
}

/* As the products do (GRVHENC note 13): who loses GET goes on with POST, until nothing has come for
 * too long; before the virtual connection is there, and where POST is lost, it is over as usual. */
static void test_client_hangs(void)
{
    static const struct http_options options = {.server_name = NAME, .longlived_hangs = true};
    struct halves client;
    halves_begin(&client, &carrier_longlived, &options, NAME ":8000", false);
    carrier_lost(client.get);
    g_assert_cmpstr(carrier_failure(client.carrier), ==, "the other side closed the connection");
    halves_end(&client);
    halves_begin(&client, &carrier_longlived, &options, NAME ":8000", false);
    connect_client(&client);
    pair_connect(client.pair);
    carrier_lost(client.get);
    carrier_tick(client.carrier, HTTP_CLIENT_RECEIVE_MS - 1);
    for (unsigned i = 0; i < 3; i++) {
        (void)sstp_ep_noop(client.pair->a.ep);
        g_assert_cmpuint(carrier_output_len(client.post), ==, 7);
        g_free(spoken_by(client.post));
        g_assert_false(carrier_is_over(client.post));
    }
    carrier_tick(client.carrier, HTTP_CLIENT_RECEIVE_MS);
    g_assert_true(carrier_is_over(client.post));
    carrier_lost(client.post);
    g_assert_true(carrier_is_gone(client.carrier));
    halves_end(&client);
    halves_begin(&client, &carrier_longlived, &options, NAME ":8000", false);
    connect_client(&client);
    pair_connect(client.pair);
    carrier_lost(client.post);
    carrier_tick(client.carrier, HTTP_GRACE_MS);
    carrier_tick(client.carrier, HTTP_GRACE_MS + HTTP_LINGER_MS);
    g_assert_true(carrier_is_over(client.get));
    halves_end(&client);
}

static void test_client_timers(void)
{
    struct halves client;
    begin(&client);
    g_assert_cmpint(carrier_deadline(client.carrier), ==, HTTP_CLIENT_ESTABLISH_MS);
    carrier_tick(client.carrier, HTTP_CLIENT_ESTABLISH_MS);
    g_assert_cmpstr(carrier_failure(client.carrier), ==, "the other side did not answer in time");
    halves_end(&client);
    begin(&client);
    connect_client(&client);
    pair_connect(client.pair);
    carrier_tick(client.carrier, 200000);
    carrier_receive(client.get, "\x10", 1);
    carrier_tick(client.carrier, 200000 + HTTP_CLIENT_RECEIVE_MS - 1);
    g_assert_false(carrier_is_over(client.get));
    carrier_tick(client.carrier, 200000 + HTTP_CLIENT_RECEIVE_MS);
    g_assert_true(carrier_is_over(client.get) && carrier_is_over(client.post));
    halves_end(&client);
}

static void test_unreachable(void)
{
    struct halves client = {.seed = {1}};
    client.pair = pair_new(&(struct pair_config){.a_minor = 6});
    client.carrier = carrier_new(
        &carrier_longlived, &(struct carrier_config){.target = NAME ":80",
                                                     .http = &client_options,
                                                     .random = {random_seeded_fill, &client.seed}});
    carrier_not_opened(carrier_next_wanted(client.carrier), "nobody there");
    g_assert_cmpstr(carrier_failure(client.carrier), ==, "nobody there");
    halves_end(&client);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/longlived/client/requests", test_requests);
    g_test_add_func("/longlived/client/proxy", test_proxy);
    add_rows("/longlived/client/answer", answers, test_answer);
    g_test_add_func("/longlived/client/data", test_data);
    g_test_add_func("/longlived/client/limit", test_client_limit);
    g_test_add_func("/longlived/client/heard-limit", test_heard_limit);
    g_test_add_func("/longlived/client/last-words", test_last_words);
    g_test_add_func("/longlived/client/hangs", test_client_hangs);
    g_test_add_func("/longlived/client/timers", test_client_timers);
    g_test_add_func("/longlived/client/unreachable", test_unreachable);
    return g_test_run();
}
