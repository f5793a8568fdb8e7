/* SPDX-License-Identifier: GPL-2.0-or-later */
/* LongLived: what each side says, to the byte where GRVHENC prints it; each state and what may
 * come in it; each timer; the content limits; and both sides together. */
#include "carrier/longlived_client.h"

#include "base/random.h"
#include "henc/echo.h"
#include "doorstep.h"
#include "spoken.h"
#include "street.h"

#define NAME "server.domain.net"
#define GUID "hczn5kctbrpxfgkgxzqs6zmkp9uwvswszvs6f72"
#define ECHO "GroovePing: 1.0,Ping\r\n"
#define LIMIT "2147479552"
#define GET_OK "HTTP/1.0 200 OK\r\nContent-Length: " LIMIT "\r\n\r\n" ECHO

static const struct http_options client_options = {.server_name = NAME};

/* ------------------------------------------------------------------------
 * The client
 */

struct client {
    struct random_seeded seed;
    struct pair *pair;
    struct carrier *carrier;
    struct carrier_transport *get, *post;
};

static void begin_with(struct client *client, const struct http_options *options, bool has_proxy)
{
    *client = (struct client){.seed = {1}};
    client->pair = pair_new(&(struct pair_config){.a_minor = 6});
    client->carrier =
        carrier_new(&carrier_longlived,
                    &(struct carrier_config){.target = NAME ":8000",
                                             .has_proxy = has_proxy,
                                             .http = options,
                                             .random = {random_seeded_fill, &client->seed}});
    client->get = carrier_next_wanted(client->carrier);
    client->post = carrier_next_wanted(client->carrier);
    g_assert_null(carrier_next_wanted(client->carrier));
    carrier_opened(client->get);
    carrier_opened(client->post);
}

static void begin(struct client *client)
{
    begin_with(client, &client_options, false);
}

static void end(struct client *client)
{
    carrier_free(client->carrier);
    pair_free(client->pair);
}

static void drain(struct carrier_transport *transport)
{
    g_free(spoken_by(transport));
}

/* Up to a virtual connection with an endpoint. */
static void connect_client(struct client *client)
{
    drain(client->get);
    drain(client->post);
    spoken_to(client->get, GET_OK, 1);
    g_assert_true(carrier_is_ready(client->carrier));
    carrier_set_ep(client->carrier, client->pair->a.ep);
}

/* As GRVHENC 4.1 prints it, but for the GUID, which is the client's own, and the port. */
static void test_requests(void)
{
    struct client client;
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
    end(&client);
}

static void test_proxy(void)
{
    struct client client;
    begin_with(&client, &client_options, true);
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
    end(&client);
}

/* An answer, in a state: before anything is answered, or when the virtual connection is there. */
struct answer {
    const char *name;
    bool is_ready, is_get;
    const char *bytes;
    const char *failure; /* before it is ready; after that it is lost */
    bool is_fine;
};

static const struct answer answers[] = {
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
    const struct answer *answer = data;
    for (size_t cut = 0; cut <= 1; cut++) {
        struct client client;
        begin(&client);
        drain(client.get);
        drain(client.post);
        if (answer->is_ready)
            connect_client(&client);
        spoken_to(answer->is_get ? client.get : client.post, answer->bytes, cut);
        g_assert_cmpint(carrier_is_lost(client.carrier), ==, !answer->is_fine);
        g_assert_cmpstr(carrier_failure(client.carrier), ==, answer->failure);
        g_assert_cmpint(carrier_is_ready(client.carrier), ==,
                        answer->is_ready || answer->failure == NULL);
        end(&client);
    }
}

/* What follows the echo string at once is the endpoint's; before that, nothing is said of it. */
static void test_data(void)
{
    struct client client;
    begin(&client);
    g_assert_cmpint(sstp_ep_connect(client.pair->a.ep, "dpp:///b", sstp_span(NULL, 0)), ==,
                    SSTP_EP_OK);
    drain(client.get);
    drain(client.post);
    spoken_to(client.get, GET_OK "\xff\xff\xff", 0);
    assert_spoken(client.post, "");
    carrier_set_ep(client.carrier, client.pair->a.ep);
    /* What it heard is no command. */
    g_assert_cmpint(sstp_ep_state(client.pair->a.ep), ==, SSTP_CONNECTION_CLOSED);
    end(&client);
}

/* POST is filled to its limit, and ends; GET is heard until it ends, too. */
static void test_client_limit(void)
{
    static const struct http_options options = {.server_name = NAME, .longlived_limit = 30};
    struct client client;
    begin_with(&client, &options, false);
    char *get = spoken_by(client.get);
    g_assert_nonnull(strstr(get, ",ContentLength=30 "));
    g_free(get);
    drain(client.post);
    spoken_to(client.get, GET_OK, 0);
    g_assert_cmpint(sstp_ep_connect(client.pair->a.ep, "dpp:///b", sstp_span(NULL, 0)), ==,
                    SSTP_EP_OK);
    carrier_set_ep(client.carrier, client.pair->a.ep);
    const size_t len = sstp_ep_output_len(client.pair->a.ep);
    g_assert_false(carrier_is_over(client.post));
    drain(client.post);
    g_assert_cmpuint(sstp_ep_output_len(client.pair->a.ep), ==, len - 8);
    g_assert_true(carrier_is_over(client.post));
    g_assert_false(carrier_is_over(client.get));
    carrier_lost(client.post);
    g_assert_false(carrier_is_over(client.get) || carrier_is_lost(client.carrier));
    carrier_lost(client.get);
    g_assert_true(carrier_is_gone(client.carrier));
    end(&client);
}

/* More than the server has said it would say. */
static void test_heard_limit(void)
{
    struct client client;
    begin(&client);
    drain(client.get);
    spoken_to(client.get, "HTTP/1.0 200 OK\r\nContent-Length: 24\r\n\r\n" ECHO, 0);
    carrier_set_ep(client.carrier, client.pair->a.ep);
    carrier_receive(client.get, "\x01\xbc", 2);
    g_assert_false(carrier_is_lost(client.carrier));
    carrier_receive(client.get, "\x01", 1);
    g_assert_true(carrier_is_lost(client.carrier));
    end(&client);
}

/* A last acknowledgement goes out when GET is lost; and nothing of what is said after that. */
static void test_last_words(void)
{
    struct client client;
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
    end(&client);
}

static void test_client_timers(void)
{
    struct client client;
    begin(&client);
    g_assert_cmpint(carrier_deadline(client.carrier), ==, HTTP_CLIENT_ESTABLISH_MS);
    carrier_tick(client.carrier, HTTP_CLIENT_ESTABLISH_MS);
    g_assert_cmpstr(carrier_failure(client.carrier), ==, "the other side did not answer in time");
    end(&client);
    begin(&client);
    connect_client(&client);
    pair_connect(client.pair);
    carrier_tick(client.carrier, 200000);
    carrier_receive(client.get, "\x10", 1);
    carrier_tick(client.carrier, 200000 + HTTP_CLIENT_RECEIVE_MS - 1);
    g_assert_false(carrier_is_over(client.get));
    carrier_tick(client.carrier, 200000 + HTTP_CLIENT_RECEIVE_MS);
    g_assert_true(carrier_is_over(client.get) && carrier_is_over(client.post));
    end(&client);
}

static void test_unreachable(void)
{
    struct client client = {.seed = {1}};
    client.pair = pair_new(&(struct pair_config){.a_minor = 6});
    client.carrier = carrier_new(
        &carrier_longlived, &(struct carrier_config){.target = NAME ":80",
                                                     .http = &client_options,
                                                     .random = {random_seeded_fill, &client.seed}});
    carrier_not_opened(carrier_next_wanted(client.carrier), "nobody there");
    g_assert_cmpstr(carrier_failure(client.carrier), ==, "nobody there");
    end(&client);
}

/* ------------------------------------------------------------------------
 * The server
 */

#define GET_OF(limit)                                                                              \
    "GET /2.0/" NAME "/" GUID ",ConnType=LongLived,ContentLength=" limit " HTTP/1.0\r\n\r\n"
#define GET GET_OF(LIMIT)
#define POST_OF(limit)                                                                             \
    "POST /2.0/" NAME "/" GUID ",ConnType=LongLived HTTP/1.0\r\nContent-Length: " limit "\r\n\r\n"
#define POST POST_OF(LIMIT) ECHO

static void shake(struct doorstep *server, struct carrier_transport **get,
                  struct carrier_transport **post, bool get_first)
{
    *get = doorstep_visit(server);
    *post = doorstep_visit(server);
    if (get_first)
        doorstep_say(server, *get, GET);
    doorstep_say(server, *post, POST);
    if (!get_first)
        doorstep_say(server, *get, GET);
    assert_spoken(*post, "");
    char *answer = spoken_by(*get);
    g_assert_true(g_str_has_prefix(answer, "HTTP/1.0 200 OK\r\nDate: "));
    g_assert_true(g_str_has_suffix(answer, "\r\nContent-Length: " LIMIT "\r\n\r\n" ECHO));
    g_free(answer);
    g_assert_true((*get)->carrier == (*post)->carrier);
    g_assert_true(carrier_ep((*get)->carrier) == server->pair->b.ep);
    g_assert_cmpstr(carrier_connection_name((*get)->carrier), ==, GUID);
}

/* In either order; GetSessionReady: what the endpoint says waits for the first of POST's. */
static void test_handshake(void)
{
    for (unsigned get_first = 0; get_first < 2; get_first++) {
        struct doorstep server;
        struct carrier_transport *get, *post;
        doorstep_begin(&server, (struct http_options){0});
        shake(&server, &get, &post, get_first);
        pair_connect(server.pair);
        (void)sstp_ep_noop(server.pair->b.ep);
        assert_spoken(get, "");
        carrier_receive(post, "\x10", 1);
        g_assert_cmpuint(carrier_output_len(get), ==, 7);
        doorstep_end(&server);
    }
}

/* What may come in a state, and on which transport: 0 GET's, 1 POST's, 2 a new one, 3 a new one
 * from another address. */
struct request {
    const char *name;
    bool is_ready;
    unsigned on;
    const char *bytes;
    const char *status; /* of the answer; NULL: none */
    bool is_closed;     /* the virtual connection is */
};

static const struct request requests[] = {
    {"second-get", false, 2, GET, "400", false},
    {"get-of-somebody-else", false, 3, GET, "400", false},
    {"post-of-somebody-else", false, 3, POST, "400", false},
    {"data-on-get", false, 0, "x", "400", true},
    {"post-without-echo", false, 2, POST_OF(LIMIT) "\x10\x07", "400", true},
    {"post-with-data-at-once", false, 2, POST "\x10\x07", "400", true},
    {"post-without-length", false, 2,
     "POST /2.0/" NAME "/" GUID ",ConnType=LongLived HTTP/1.0\r\n\r\n" ECHO, "400", true},
    {"post-shorter-than-echo", false, 2, POST_OF("21") ECHO, "400", true},
    {"post-of-another-kind", false, 2,
     "POST /2.0/" NAME "/" GUID ",ConnType=KeepAlive HTTP/1.0\r\nContent-Length: 22\r\n\r\n" ECHO,
     "400", false},
    {"post-in-chunks", false, 2,
     "POST /2.0/" NAME "/" GUID ",ConnType=LongLived HTTP/1.1\r\nTransfer-Encoding: "
     "chunked\r\n\r\n",
     "501", false},
    {"ready-data-on-get", true, 0, "x", NULL, true},
    {"ready-second-get", true, 2, GET, "400", false},
    {"ready-second-post", true, 2, POST, "400", false},
    {"ready-post-of-somebody-else", true, 3, POST, "400", false},
};

static void test_request(gconstpointer data)
{
    const struct request *row = data;
    struct doorstep server;
    struct carrier_transport *transports[4] = {NULL};
    doorstep_begin(&server, (struct http_options){0});
    if (row->is_ready) {
        shake(&server, &transports[0], &transports[1], true);
    } else {
        transports[0] = doorstep_visit(&server);
        doorstep_say(&server, transports[0], GET);
    }
    transports[2] = doorstep_visit(&server);
    transports[3] = doorstep_visit_from(&server, 2);
    doorstep_say(&server, transports[row->on], row->bytes);
    doorstep_assert_status(transports[row->on], row->status);
    g_assert_true(row->status == NULL || carrier_is_over(transports[row->on]));
    g_assert_cmpint(carrier_is_over(transports[0]), ==, row->is_closed);
    doorstep_end(&server);
}

/* The client's limit, or the server's own where that is less; one without room for the echo string
 * is none. */
static void test_server_limit(void)
{
    static const struct {
        const char *get;
        uint64_t own;
        const char *length; /* of the answer; NULL: 400 */
    } rows[] = {{GET_OF("1000"), 0, "1000"},
                {GET_OF("1000"), 999, "999"},
                {GET_OF("999999999999"), 0, LIMIT},
                {"GET /2.0/" NAME "/" GUID ",ConnType=LongLived HTTP/1.0\r\n\r\n", 0, LIMIT},
                {GET_OF("22"), 0, "22"},
                {GET_OF("21"), 0, NULL},
                {GET_OF("0"), 0, NULL}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct doorstep server;
        doorstep_begin(&server, (struct http_options){.longlived_limit = rows[i].own});
        struct carrier_transport *get = doorstep_visit(&server), *post = doorstep_visit(&server);
        doorstep_say(&server, get, rows[i].get);
        doorstep_say(&server, post, POST);
        char *answer = spoken_by(get);
        char *end = rows[i].length != NULL
                        ? g_strconcat("\r\nContent-Length: ", rows[i].length, "\r\n\r\n" ECHO, NULL)
                        : g_strdup("\r\nContent-Length: 0\r\n\r\n");
        g_assert_true(g_str_has_suffix(answer, end));
        g_assert_cmpint(carrier_is_over(get), ==, rows[i].length == NULL);
        g_free(end);
        g_free(answer);
        doorstep_end(&server);
    }
}

/* GET is full: it ends, and POST is heard until it ends, too. */
static void test_server_full(void)
{
    struct doorstep server;
    doorstep_begin(&server, (struct http_options){0});
    struct carrier_transport *get = doorstep_visit(&server), *post = doorstep_visit(&server);
    doorstep_say(&server, get, GET_OF("26"));
    doorstep_say(&server, post, POST);
    drain(get);
    struct carrier *carrier = get->carrier;
    pair_connect(server.pair);
    carrier_receive(post, "\x10", 1);
    g_assert_false(carrier_is_over(get));
    (void)sstp_ep_noop(server.pair->b.ep);
    g_assert_cmpuint(carrier_output_len(get), ==, 4);
    drain(get);
    g_assert_cmpuint(carrier_output_len(get), ==, 0);
    g_assert_true(carrier_is_over(get));
    g_assert_false(carrier_is_over(post));
    carrier_lost(get);
    carrier_receive(post, "\x07\0\0\0\0\0", 6);
    g_assert_cmpuint(sstp_ep_num_heard(server.pair->b.ep), ==, 2);
    carrier_lost(post);
    g_assert_true(carrier_is_gone(carrier));
    doorstep_end(&server);
}

/* More than POST was to be. */
static void test_post_full(void)
{
    struct doorstep server;
    doorstep_begin(&server, (struct http_options){0});
    struct carrier_transport *get = doorstep_visit(&server), *post = doorstep_visit(&server);
    doorstep_say(&server, get, GET);
    doorstep_say(&server, post, POST_OF("24") ECHO);
    carrier_receive(post, "\x01\xbc", 2);
    g_assert_false(carrier_is_over(post));
    carrier_receive(post, "\x01", 1);
    g_assert_true(carrier_is_over(post) && carrier_is_over(get));
    assert_spoken_prefix(post, "HTTP/1.0 400 Bad Request\r\n");
    doorstep_end(&server);
}

static void test_server_timers(void)
{
    struct doorstep server;
    struct carrier_transport *get, *post;
    for (unsigned half = 0; half < 2; half++) {
        doorstep_begin(&server, (struct http_options){0});
        get = doorstep_visit(&server);
        doorstep_say(&server, get, half == 0 ? GET : POST);
        carrier_tick(get->carrier, HTTP_SERVER_ESTABLISH_MS - 1);
        g_assert_false(carrier_is_over(get));
        carrier_tick(get->carrier, HTTP_SERVER_ESTABLISH_MS);
        g_assert_true(carrier_is_over(get));
        carrier_lost(get);
        g_assert_null(http_server_find(server.http, sstp_span_of_string("x")));
        doorstep_end(&server);
    }
    doorstep_begin(&server, (struct http_options){0});
    shake(&server, &get, &post, true);
    pair_connect(server.pair);
    carrier_tick(get->carrier, 50000);
    carrier_receive(post, "\x10", 1);
    carrier_tick(get->carrier, 50000 + HTTP_SERVER_RECEIVE_MS - 1);
    g_assert_false(carrier_is_over(get));
    carrier_tick(get->carrier, 50000 + HTTP_SERVER_RECEIVE_MS);
    g_assert_true(carrier_is_over(get) && carrier_is_over(post));
    doorstep_end(&server);
}

/* Half of a virtual connection that goes before the other comes leaves nothing. */
static void test_half_lost(void)
{
    struct doorstep server;
    doorstep_begin(&server, (struct http_options){0});
    struct carrier_transport *get = doorstep_visit(&server);
    struct carrier *carrier = get->carrier;
    doorstep_say(&server, get, GET);
    g_assert_true(http_server_find(server.http, sstp_span_of_string(GUID)) == carrier);
    carrier_lost(get);
    g_assert_true(carrier_is_gone(carrier));
    g_ptr_array_remove(server.carriers, carrier);
    carrier_free(carrier);
    g_assert_null(http_server_find(server.http, sstp_span_of_string(GUID)));
    doorstep_end(&server);
}

/* ------------------------------------------------------------------------
 * Both
 */

static void test_messages(void)
{
    for (uint64_t random = 1; random <= 3; random++)
        street_exchange(&(struct street_config){.ops = &carrier_longlived,
                                                .client = &client_options,
                                                .random = random,
                                                .ends_alone = true,
                                                .patience_ms = 1000});
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/longlived/client/requests", test_requests);
    g_test_add_func("/longlived/client/proxy", test_proxy);
    for (size_t i = 0; i < G_N_ELEMENTS(answers); i++) {
        char *path = g_strconcat("/longlived/client/answer/", answers[i].name, NULL);
        g_test_add_data_func(path, &answers[i], test_answer);
        g_free(path);
    }
    g_test_add_func("/longlived/client/data", test_data);
    g_test_add_func("/longlived/client/limit", test_client_limit);
    g_test_add_func("/longlived/client/heard-limit", test_heard_limit);
    g_test_add_func("/longlived/client/last-words", test_last_words);
    g_test_add_func("/longlived/client/timers", test_client_timers);
    g_test_add_func("/longlived/client/unreachable", test_unreachable);
    g_test_add_func("/longlived/server/handshake", test_handshake);
    for (size_t i = 0; i < G_N_ELEMENTS(requests); i++) {
        char *path = g_strconcat("/longlived/server/request/", requests[i].name, NULL);
        g_test_add_data_func(path, &requests[i], test_request);
        g_free(path);
    }
    g_test_add_func("/longlived/server/limit", test_server_limit);
    g_test_add_func("/longlived/server/full", test_server_full);
    g_test_add_func("/longlived/server/post-full", test_post_full);
    g_test_add_func("/longlived/server/timers", test_server_timers);
    g_test_add_func("/longlived/server/half-lost", test_half_lost);
    g_test_add_func("/longlived/messages", test_messages);
    return g_test_run();
}
