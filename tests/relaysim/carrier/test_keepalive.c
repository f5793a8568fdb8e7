/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KeepAlive: what each side says, to the byte where GRVHENC prints it; each state and what may
 * come in it; each timer; a POST that is lost; and both sides together. */
#include "carrier/keepalive_client.h"
#include "carrier/keepalive_server.h"

#include "base/random.h"
#include "doorstep.h"
#include "spoken.h"
#include "street.h"

#define NAME "server.domain.net"
#define GUID "kicxp8rrgwqdwhf7c6xsgbagmcdnxm9phtvbj5a"
#define ECHO "GroovePing: 1.0,Ping\r\n"
#define OK "HTTP/1.0 200 OK\r\nContent-Length: "
#define GET_OK OK "22\r\n\r\n" ECHO
#define POST_OK OK "15\r\n\r\n<html></html>\r\n"
#define TAKEN OK "0\r\n\r\n"
#define NOOP "\x10\x07\x01\x01\x01\x01\x01" /* no zeros, for texts: a count of 16843009 */

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

static void begin(struct client *client, bool has_proxy)
{
    *client = (struct client){.seed = {1}};
    client->pair = pair_new(&(struct pair_config){.a_minor = 6});
    client->carrier =
        carrier_new(&carrier_keepalive,
                    &(struct carrier_config){.target = NAME ":80",
                                             .has_proxy = has_proxy,
                                             .http = &client_options,
                                             .random = {random_seeded_fill, &client->seed}});
    client->get = carrier_next_wanted(client->carrier);
    client->post = carrier_next_wanted(client->carrier);
    g_assert_null(carrier_next_wanted(client->carrier));
    carrier_opened(client->get);
    carrier_opened(client->post);
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

/* Up to a virtual connection, on which the endpoint has said its Connect, and GET has asked. */
static void connect_client(struct client *client)
{
    drain(client->get);
    drain(client->post);
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
    struct client client;
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
    end(&client);
}

/* A proxy gets absolute URIs, GET's with an ID that is never the same, and is asked to stay. */
static void test_proxy(void)
{
    struct client client;
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
    const struct answer *answer = data;
    for (size_t cut = 0; cut <= 1; cut++) {
        struct client client;
        begin(&client, false);
        drain(client.get);
        drain(client.post);
        if (answer->is_ready) {
            connect_client(&client);
            drain(client.get);
            drain(client.post);
        }
        spoken_to(answer->is_get ? client.get : client.post, answer->bytes, cut);
        g_assert_cmpint(carrier_is_lost(client.carrier), ==, !answer->is_fine);
        g_assert_cmpstr(carrier_failure(client.carrier), ==, answer->failure);
        end(&client);
    }
}

/* ClientOKtoSend: one request at a time, of at most 32768 octets; and GET asks again. */
static void test_in_turn(void)
{
    struct client client;
    begin(&client, false);
    connect_client(&client);
    assert_spoken_prefix(client.get, "GET /2.0/");
    assert_spoken_prefix(client.post, "POST /2.0/");
    (void)sstp_ep_noop(client.pair->a.ep);
    assert_spoken(client.post, "");
    spoken_to(client.post, TAKEN, 1);
    g_assert_cmpuint(sstp_ep_output_len(client.pair->a.ep), ==, 0);
    end(&client);
}

/* An answer before the request is out is none to it. */
static void test_answered_early(void)
{
    struct client client;
    begin(&client, false);
    drain(client.get);
    spoken_to(client.post, POST_OK, 0);
    g_assert_cmpstr(carrier_failure(client.carrier), ==,
                    "the other side answered before it was asked");
    end(&client);
}

/* GRVHENC 3.3.7.1: the same request again, as it was, on another transport with the same GUID. */
static void test_reopened(void)
{
    struct client client;
    begin(&client, false);
    connect_client(&client);
    drain(client.get);
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
    end(&client);
}

/* Where nothing is to be said it is not opened, however often it is lost; and then it is. */
static void test_reopened_for_nothing(void)
{
    struct client client;
    begin(&client, false);
    connect_client(&client);
    drain(client.post);
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
    end(&client);
}

/* It cannot be opened again. */
static void test_not_reopened(void)
{
    struct client client;
    begin(&client, false);
    connect_client(&client);
    drain(client.post);
    carrier_lost(client.post);
    carrier_not_opened(carrier_next_wanted(client.carrier), "nobody there");
    g_assert_true(carrier_is_lost(client.carrier));
    end(&client);
}

/* GET is lost: what was heard is acknowledged, and then all is closed. */
static void test_get_lost(void)
{
    struct client client;
    begin(&client, false);
    connect_client(&client);
    drain(client.post);
    spoken_to(client.post, TAKEN, 0);
    carrier_lost(client.get);
    g_assert_false(carrier_is_over(client.post));
    carrier_tick(client.carrier, carrier_deadline(client.carrier));
    drain(client.post);
    spoken_to(client.post, TAKEN, 0);
    g_assert_true(carrier_is_over(client.post));
    carrier_lost(client.post);
    g_assert_true(carrier_is_gone(client.carrier));
    end(&client);
}

/* Either half, before the virtual connection is there. */
static void test_lost_early(void)
{
    for (unsigned half = 0; half < 2; half++) {
        struct client client;
        begin(&client, false);
        carrier_lost(half == 0 ? client.get : client.post);
        g_assert_cmpstr(carrier_failure(client.carrier), ==,
                        "the other side closed the connection");
        end(&client);
    }
}

/* ConnectionEstablishment, GetNetworkReceiveIO and PostNetworkReceiveIO. */
static void test_client_timers(void)
{
    struct client client;
    begin(&client, false);
    g_assert_cmpint(carrier_deadline(client.carrier), ==, HTTP_CLIENT_ESTABLISH_MS);
    carrier_tick(client.carrier, HTTP_CLIENT_ESTABLISH_MS - 1);
    g_assert_false(carrier_is_lost(client.carrier));
    carrier_tick(client.carrier, HTTP_CLIENT_ESTABLISH_MS);
    g_assert_cmpstr(carrier_failure(client.carrier), ==, "the other side did not answer in time");
    end(&client);
    for (unsigned half = 0; half < 2; half++) {
        begin(&client, false);
        connect_client(&client);
        drain(client.get);
        if (half == 0)
            drain(client.post);
        if (half == 0)
            spoken_to(client.post, TAKEN, 0);
        carrier_tick(client.carrier, HTTP_CLIENT_RECEIVE_MS - 1);
        g_assert_false(carrier_is_over(client.get));
        carrier_tick(client.carrier, HTTP_CLIENT_RECEIVE_MS);
        g_assert_true(carrier_is_over(client.get) && carrier_is_over(client.post));
        end(&client);
    }
}

/* ------------------------------------------------------------------------
 * The server
 */

#define REQUEST_LINE(method) method " /2.0/" NAME "/" GUID ",ConnType=KeepAlive HTTP/1.0\r\n"
#define GET REQUEST_LINE("GET") "\r\n"
#define POST(len, body) REQUEST_LINE("POST") "Content-Length: " len "\r\n\r\n" body

/* The handshake, in either order; and each half's answer. */
static void shake(struct doorstep *server, struct carrier_transport **get,
                  struct carrier_transport **post, bool get_first)
{
    *get = doorstep_visit(server);
    *post = doorstep_visit(server);
    if (get_first) {
        doorstep_say(server, *get, GET);
        assert_spoken(*get, "");
    }
    doorstep_say(server, *post, POST("22", ECHO));
    char *answer = spoken_by(*post);
    g_assert_true(g_str_has_prefix(answer, "HTTP/1.0 200 OK\r\nDate: "));
    g_assert_true(g_str_has_suffix(answer, "Server: Groove-Relay/14.0\r\nConnection: "
                                           "Keep-Alive\r\nContent-Length: "
                                           "15\r\n\r\n<html></html>\r\n"));
    g_free(answer);
    if (!get_first)
        doorstep_say(server, *get, GET);
    answer = spoken_by(*get);
    g_assert_true(g_str_has_suffix(answer, "\r\nContent-Length: 22\r\n\r\n" ECHO));
    g_free(answer);
    g_assert_true((*get)->carrier == (*post)->carrier);
    g_assert_true(carrier_ep((*get)->carrier) == server->pair->b.ep);
    g_assert_cmpstr(carrier_connection_name((*get)->carrier), ==, GUID);
}

static void test_handshake(void)
{
    for (unsigned get_first = 0; get_first < 2; get_first++) {
        struct doorstep server;
        struct carrier_transport *get, *post;
        doorstep_begin(&server, (struct http_options){0});
        shake(&server, &get, &post, get_first);
        doorstep_end(&server);
    }
}

/* ServerOKtoSend and GetSessionReady: nothing is said but as the answer to a GET after the
 * handshake. */
static void test_server_in_turn(void)
{
    struct doorstep server;
    struct carrier_transport *get, *post;
    doorstep_begin(&server, (struct http_options){0});
    shake(&server, &get, &post, true);
    pair_connect(server.pair); /* by another way, so that there is something to say */
    (void)sstp_ep_noop(server.pair->b.ep);
    assert_spoken(get, "");
    doorstep_say(&server, get, GET);
    assert_spoken_prefix(get, "HTTP/1.0 200 OK\r\n");
    (void)sstp_ep_noop(server.pair->b.ep);
    assert_spoken(get, "");
    doorstep_say(&server, get, GET);
    assert_spoken_prefix(get, "HTTP/1.0 200 OK\r\n");
    doorstep_end(&server);
}

/* What may come in a state, and on which transport: 0 GET's, 1 POST's, 2 a new one, 3 a new one
 * from another address. */
struct request {
    const char *name;
    bool is_ready;
    unsigned on;
    const char *bytes;
    const char *status; /* of the answer */
    bool is_closed;     /* the virtual connection is, and not only the transport */
};

static const struct request requests[] = {
    {"second-get", false, 2, GET, "400", false},
    {"get-of-another-kind", false, 2,
     "GET /2.0/" NAME "/" GUID ",ConnType=LongLived,ContentLength=2147479552 HTTP/1.0\r\n\r\n",
     "400", false},
    {"get-of-somebody-else", false, 3, GET, "400", false},
    {"post-of-somebody-else", false, 3, POST("22", ECHO), "400", false},
    {"post-without-echo", false, 2, POST("7", NOOP), "400", true},
    {"post-with-more-than-echo", false, 2, POST("29", ECHO NOOP), "400", true},
    {"post-empty", false, 2, POST("0", ""), "400", true},
    {"post-without-length", false, 2, REQUEST_LINE("POST") "\r\n", "400", true},
    {"post-too-long", false, 2, POST("32769", ""), "400", true},
    {"ready-get-on-another", true, 2, GET, NULL, false},
    {"ready-get-of-somebody-else", true, 3, GET, "400", false},
    {"ready-post-of-somebody-else", true, 3, POST("7", NOOP), "400", false},
    {"ready-post-in-chunks", true, 1, REQUEST_LINE("POST") "Transfer-Encoding: chunked\r\n\r\n",
     "501", false},
    {"ready-post-too-long", true, 1, POST("32769", ""), "400", true},
    {"ready-post-no-http", true, 1, NOOP, "400", false},
    {"ready-post-empty", true, 1, POST("0", ""), "200", false},
    {"ready-version-3", true, 1,
     "POST /3.0/" NAME "/" GUID ",ConnType=KeepAlive HTTP/1.0\r\nContent-Length: 0\r\n\r\n", "400",
     false},
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
    struct carrier *carrier = transports[0]->carrier;
    doorstep_say(&server, transports[row->on], row->bytes);
    doorstep_assert_status(transports[row->on], row->status);
    g_assert_cmpint(carrier_is_over(transports[0]), ==, row->is_closed);
    g_assert_true(transports[0]->carrier == carrier);
    doorstep_end(&server);
}

/* Two GETs at a time: the second is refused, and the first still gets what there is to say. */
static void test_two_gets(void)
{
    struct doorstep server;
    struct carrier_transport *get, *post;
    doorstep_begin(&server, (struct http_options){0});
    shake(&server, &get, &post, true);
    pair_connect(server.pair);
    doorstep_say(&server, get, GET);
    struct carrier_transport *second = doorstep_visit(&server);
    doorstep_say(&server, second, GET);
    assert_spoken_prefix(second, "HTTP/1.0 400 Bad Request\r\n");
    g_assert_true(carrier_is_over(second));
    (void)sstp_ep_noop(server.pair->b.ep);
    assert_spoken_prefix(get, "HTTP/1.0 200 OK\r\n");
    doorstep_end(&server);
}

/* A proxy's connection is used for another client in between: each request says whose it is, and
 * an unknown one cannot begin there. */
static void test_shared_transport(void)
{
    struct doorstep server;
    struct carrier_transport *get, *post;
    doorstep_begin(&server, (struct http_options){0});
    shake(&server, &get, &post, true);
    struct carrier *first = get->carrier;
    struct carrier_transport *other = doorstep_visit(&server);
    spoken_to(other,
              "POST /2.0/" NAME "/other,ConnType=KeepAlive HTTP/1.0\r\nContent-Length: "
              "22\r\n\r\n" ECHO,
              0);
    drain(other);
    struct carrier *second = other->carrier;
    g_assert_true(first != second);
    spoken_to(post, "GET /2.0/" NAME "/other,ConnType=KeepAlive HTTP/1.0\r\n\r\n", 0);
    g_assert_true(post->carrier == second);
    assert_spoken_prefix(post, "HTTP/1.0 200 OK\r\n");
    g_assert_true(carrier_is_ready(second) && !carrier_is_lost(first));
    spoken_to(get, "GET /2.0/" NAME "/third,ConnType=KeepAlive HTTP/1.0\r\n\r\n", 0);
    g_assert_true(get->carrier == first && carrier_is_over(get));
    assert_spoken(get, "");
    doorstep_end(&server);
}

/* A body whose answer was lost comes again, and is heard once; later, or another, is another. */
static void test_repeat(void)
{
    static const struct {
        int64_t later_ms;
        bool is_heard;
    } rows[] = {{0, false}, {KEEPALIVE_REPEAT_MS, false}, {KEEPALIVE_REPEAT_MS + 1, true}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct doorstep server;
        struct carrier_transport *get, *post;
        doorstep_begin(&server, (struct http_options){0});
        shake(&server, &get, &post, true);
        pair_connect(server.pair);
        struct carrier *carrier = get->carrier;
        /* Half a command: the second half would be wrong. */
        doorstep_say(&server, post, POST("2", "\x10\x07"));
        drain(post);
        carrier_lost(post);
        carrier_tick(carrier, rows[i].later_ms);
        post = doorstep_visit(&server);
        doorstep_say(&server, post, POST("2", "\x10\x07"));
        assert_spoken_prefix(post, "HTTP/1.0 200 OK\r\n");
        g_assert_true(post->carrier == carrier);
        doorstep_say(&server, post, POST("5", ""));
        carrier_receive(post, "\0\0\0\0\0", 5);
        /* Its Connect, and a Noop that is whole only if its beginning was heard once. */
        g_assert_cmpuint(sstp_ep_num_heard(server.pair->b.ep), ==, rows[i].is_heard ? 1 : 2);
        doorstep_end(&server);
    }
}

/* ConnectionEstablishment, IdleConnection, slow requests, and a lost GET. */
static void test_server_timers(void)
{
    struct doorstep server;
    struct carrier_transport *get, *post;
    doorstep_begin(&server, (struct http_options){0});
    get = doorstep_visit(&server);
    doorstep_say(&server, get, GET);
    carrier_tick(get->carrier, HTTP_SERVER_ESTABLISH_MS - 1);
    g_assert_false(carrier_is_over(get));
    carrier_tick(get->carrier, HTTP_SERVER_ESTABLISH_MS);
    g_assert_true(carrier_is_over(get));
    doorstep_end(&server);

    doorstep_begin(&server, (struct http_options){0});
    shake(&server, &get, &post, true);
    struct carrier *carrier = get->carrier;
    pair_connect(server.pair);
    doorstep_say(&server, get, GET);
    carrier_tick(carrier, 50000);
    doorstep_say(&server, post, POST("0", ""));
    drain(post);
    carrier_tick(carrier, 50000 + HTTP_SERVER_RECEIVE_MS - 1);
    g_assert_false(carrier_is_over(get));
    carrier_tick(carrier, 50000 + HTTP_SERVER_RECEIVE_MS);
    g_assert_true(carrier_is_over(get) && carrier_is_over(post));
    carrier_lost(get);
    g_assert_false(carrier_is_lost(carrier));
    carrier_lost(post);
    g_assert_true(carrier_is_gone(carrier));
    doorstep_end(&server);
}

static void test_server_get_lost(void)
{
    for (unsigned is_answered = 0; is_answered < 2; is_answered++) {
        struct doorstep server;
        struct carrier_transport *get, *post;
        doorstep_begin(&server, (struct http_options){0});
        shake(&server, &get, &post, true);
        struct carrier *carrier = get->carrier;
        if (!is_answered)
            doorstep_say(&server, get, GET);
        carrier_lost(get);
        g_assert_false(carrier_is_lost(carrier));
        g_assert_cmpint(carrier_deadline(carrier), ==,
                        is_answered ? KEEPALIVE_GET_AGAIN_MS : HTTP_LINGER_MS);
        carrier_tick(carrier, carrier_deadline(carrier));
        g_assert_true(carrier_is_over(post));
        carrier_lost(post);
        g_assert_true(carrier_is_gone(carrier));
        doorstep_end(&server);
    }
}

/* No transport at all is left, and time ends it. */
static void test_server_alone(void)
{
    struct doorstep server;
    struct carrier_transport *get, *post;
    doorstep_begin(&server, (struct http_options){0});
    shake(&server, &get, &post, true);
    struct carrier *carrier = get->carrier;
    carrier_lost(get);
    carrier_lost(post);
    g_assert_false(carrier_is_gone(carrier));
    carrier_tick(carrier, carrier_deadline(carrier));
    g_assert_true(carrier_is_gone(carrier));
    g_assert_cmpint(sstp_ep_state(server.pair->b.ep), ==, SSTP_CONNECTION_CLOSED);
    doorstep_end(&server);
}

/* ------------------------------------------------------------------------
 * Both
 */

static void test_messages(void)
{
    for (uint64_t random = 1; random <= 3; random++)
        street_exchange(&(struct street_config){.ops = &carrier_keepalive,
                                                .client = &client_options,
                                                .random = random,
                                                .ends_alone = true,
                                                .patience_ms = 1000});
}

/* POST is lost again and again, in the middle of whatever: nothing is missing or comes twice. */
static void test_messages_where_post_breaks(void)
{
    for (uint64_t random = 1; random <= 20; random++)
        street_exchange(&(struct street_config){.ops = &carrier_keepalive,
                                                .client = &client_options,
                                                .random = random,
                                                .losing = 100 + 5 * random,
                                                .loses_one = true,
                                                .lost = HENC_HALF_POST,
                                                .ends_alone = true,
                                                .patience_ms = 1000});
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/keepalive/client/requests", test_requests);
    g_test_add_func("/keepalive/client/proxy", test_proxy);
    for (size_t i = 0; i < G_N_ELEMENTS(answers); i++) {
        char *path = g_strconcat("/keepalive/client/answer/", answers[i].name, NULL);
        g_test_add_data_func(path, &answers[i], test_answer);
        g_free(path);
    }
    g_test_add_func("/keepalive/client/in-turn", test_in_turn);
    g_test_add_func("/keepalive/client/answered-early", test_answered_early);
    g_test_add_func("/keepalive/client/reopened", test_reopened);
    g_test_add_func("/keepalive/client/reopened-for-nothing", test_reopened_for_nothing);
    g_test_add_func("/keepalive/client/not-reopened", test_not_reopened);
    g_test_add_func("/keepalive/client/get-lost", test_get_lost);
    g_test_add_func("/keepalive/client/lost-early", test_lost_early);
    g_test_add_func("/keepalive/client/timers", test_client_timers);
    g_test_add_func("/keepalive/server/handshake", test_handshake);
    g_test_add_func("/keepalive/server/in-turn", test_server_in_turn);
    for (size_t i = 0; i < G_N_ELEMENTS(requests); i++) {
        char *path = g_strconcat("/keepalive/server/request/", requests[i].name, NULL);
        g_test_add_data_func(path, &requests[i], test_request);
        g_free(path);
    }
    g_test_add_func("/keepalive/server/two-gets", test_two_gets);
    g_test_add_func("/keepalive/server/shared-transport", test_shared_transport);
    g_test_add_func("/keepalive/server/repeat", test_repeat);
    g_test_add_func("/keepalive/server/timers", test_server_timers);
    g_test_add_func("/keepalive/server/get-lost", test_server_get_lost);
    g_test_add_func("/keepalive/server/alone", test_server_alone);
    g_test_add_func("/keepalive/messages", test_messages);
    g_test_add_func("/keepalive/messages-where-post-breaks", test_messages_where_post_breaks);
    return g_test_run();
}
