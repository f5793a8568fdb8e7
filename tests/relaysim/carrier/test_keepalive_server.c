/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KeepAlive's server: each state and what may come in it, each timer, repeated bodies, shared
 * transports. */
#include "carrier/keepalive_server.h"

#include "doorstep.h"
#include "rows.h"
#include "spoken.h"

#define NAME "server.domain.net"
#define GUID "kicxp8rrgwqdwhf7c6xsgbagmcdnxm9phtvbj5a"
#define ECHO "GroovePing: 1.0,Ping\r\n"
#define NOOP "\x10\x07\x01\x01\x01\x01\x01" /* no zeros, for texts: a count of 16843009 */

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
    doorstep_assert_joined(server, *get, *post, GUID);
}

static void test_handshake(void)
{
    doorstep_enter_in_any_order(shake, NULL);
}

/* ServerOKtoSend and GetSessionReady: nothing is said but as the answer to a GET after the
 * handshake. */
static void test_server_in_turn(void)
{
    struct doorstep server;
    struct carrier_transport *get, *post;
    doorstep_enter(&server, shake, &get, &post);
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

static const struct doorstep_request requests[] = {
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
    const struct doorstep_request *row = data;
    struct doorstep server;
    struct carrier_transport *get, *post;
    doorstep_reach(&server, row, shake, GET, &get, &post);
    struct carrier *carrier = get->carrier;
    (void)doorstep_ask(&server, row, get, post);
    g_assert_true(get->carrier == carrier);
    doorstep_end(&server);
}

/* Two GETs at a time: the second is refused, and the first still gets what there is to say. */
static void test_two_gets(void)
{
    struct doorstep server;
    struct carrier_transport *get, *post;
    doorstep_enter(&server, shake, &get, &post);
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
    doorstep_enter(&server, shake, &get, &post);
    struct carrier *first = get->carrier;
    struct carrier_transport *other = doorstep_visit(&server);
    spoken_to(other,
              "POST /2.0/" NAME "/other,ConnType=KeepAlive HTTP/1.0\r\nContent-Length: "
              "22\r\n\r\n" ECHO,
              0);
    spoken_pass(other);
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

/* The same while both virtual connections are half made: what one has said stays, though its only
 * transport is the other's by now; for as long as it may take. */
static void test_swapped_transports(void)
{
    struct doorstep server;
    struct pair *pair = pair_new(&(struct pair_config){.a_minor = 6}); /* of the second */
    doorstep_begin(&server, (struct http_options){0});
    struct carrier_transport *one = doorstep_visit(&server), *other = doorstep_visit(&server);
    doorstep_say(&server, one, POST("22", ECHO));
    spoken_to(other,
              "POST /2.0/" NAME "/other,ConnType=KeepAlive HTTP/1.0\r\nContent-Length: "
              "22\r\n\r\n" ECHO,
              0);
    spoken_pass(one);
    spoken_pass(other);
    struct carrier *first = one->carrier, *second = other->carrier;
    spoken_to(one, "GET /2.0/" NAME "/other,ConnType=KeepAlive HTTP/1.0\r\n\r\n", 0);
    g_assert_true(one->carrier == second && carrier_is_ready(second));
    g_assert_false(carrier_is_gone(first));
    g_assert_cmpint(carrier_deadline(first), ==, HTTP_SERVER_ESTABLISH_MS);
    carrier_set_ep(second, pair->a.ep);
    spoken_to(other, GET, 0);
    g_assert_true(other->carrier == first && carrier_is_ready(first));
    assert_spoken_prefix(other, "HTTP/1.0 200 OK\r\n");
    doorstep_end(&server);
    pair_free(pair);
}

/* One whose transport was taken away, and that nobody comes back to. */
static void test_left_behind(void)
{
    struct doorstep server;
    struct carrier_transport *get, *post;
    doorstep_enter(&server, shake, &get, &post);
    struct carrier_transport *other = doorstep_visit(&server);
    spoken_to(other,
              "POST /2.0/" NAME "/other,ConnType=KeepAlive HTTP/1.0\r\nContent-Length: "
              "22\r\n\r\n" ECHO,
              0);
    spoken_pass(other);
    struct carrier *half = other->carrier;
    spoken_to(other, POST("7", NOOP), 0);
    g_assert_true(other->carrier == get->carrier && !carrier_is_gone(half));
    carrier_tick(half, HTTP_SERVER_ESTABLISH_MS);
    g_assert_true(carrier_is_gone(half));
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
        spoken_pass(post);
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

    doorstep_enter(&server, shake, &get, &post);
    struct carrier *carrier = get->carrier;
    pair_connect(server.pair);
    doorstep_say(&server, get, GET);
    carrier_tick(carrier, 50000);
    doorstep_say(&server, post, POST("0", ""));
    spoken_pass(post);
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
    doorstep_enter(&server, shake, &get, &post);
    struct carrier *carrier = get->carrier;
    carrier_lost(get);
    carrier_lost(post);
    g_assert_false(carrier_is_gone(carrier));
    carrier_tick(carrier, carrier_deadline(carrier));
    g_assert_true(carrier_is_gone(carrier));
    g_assert_cmpint(sstp_ep_state(server.pair->b.ep), ==, SSTP_CONNECTION_CLOSED);
    doorstep_end(&server);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/keepalive/server/handshake", test_handshake);
    g_test_add_func("/keepalive/server/in-turn", test_server_in_turn);
    add_rows("/keepalive/server/request", requests, test_request);
    g_test_add_func("/keepalive/server/two-gets", test_two_gets);
    g_test_add_func("/keepalive/server/shared-transport", test_shared_transport);
    g_test_add_func("/keepalive/server/swapped-transports", test_swapped_transports);
    g_test_add_func("/keepalive/server/left-behind", test_left_behind);
    g_test_add_func("/keepalive/server/repeat", test_repeat);
    g_test_add_func("/keepalive/server/timers", test_server_timers);
    g_test_add_func("/keepalive/server/get-lost", test_server_get_lost);
    g_test_add_func("/keepalive/server/alone", test_server_alone);
    return g_test_run();
}
