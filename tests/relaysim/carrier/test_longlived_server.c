/* SPDX-License-Identifier: GPL-2.0-or-later */
/* LongLived's server: each state and what may come in it, each timer, the content limits. */
#include "doorstep.h"
#include "rows.h"
#include "spoken.h"

#define NAME "server.domain.net"
#define GUID "hczn5kctbrpxfgkgxzqs6zmkp9uwvswszvs6f72"
#define ECHO "GroovePing: 1.0,Ping\r\n"
#define LIMIT "2147479552"

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
    doorstep_assert_joined(server, *get, *post, GUID);
}

/* GetSessionReady: what the endpoint says waits for the first of POST's. */
static void say_noop(struct doorstep *server, struct carrier_transport *get,
                     struct carrier_transport *post)
{
    pair_connect(server->pair);
    (void)sstp_ep_noop(server->pair->b.ep);
    assert_spoken(get, "");
    carrier_receive(post, "\x10", 1);
    g_assert_cmpuint(carrier_output_len(get), ==, 7);
}

static void test_handshake(void)
{
    doorstep_enter_in_any_order(shake, say_noop);
}

static const struct doorstep_request requests[] = {
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
    const struct doorstep_request *row = data;
    struct doorstep server;
    struct carrier_transport *get, *post;
    doorstep_reach(&server, row, shake, GET, &get, &post);
    struct carrier_transport *transport = doorstep_ask(&server, row, get, post);
    g_assert_true(row->status == NULL || carrier_is_over(transport));
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
    spoken_pass(get);
    struct carrier *carrier = get->carrier;
    pair_connect(server.pair);
    carrier_receive(post, "\x10", 1);
    g_assert_false(carrier_is_over(get));
    (void)sstp_ep_noop(server.pair->b.ep);
    g_assert_cmpuint(carrier_output_len(get), ==, 4);
    spoken_pass(get);
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

/* As the products do (GRVHENC note 17): POST is heard on, until nothing comes there for too long;
 * but not where GET is lost before it is full. */
static void test_server_hangs(void)
{
    for (unsigned is_full = 0; is_full < 2; is_full++) {
        struct doorstep server;
        doorstep_begin(&server, (struct http_options){.longlived_hangs = true});
        struct carrier_transport *get = doorstep_visit(&server), *post = doorstep_visit(&server);
        doorstep_say(&server, get, is_full ? GET_OF("26") : GET);
        doorstep_say(&server, post, POST);
        g_free(spoken_by(get));
        struct carrier *carrier = get->carrier;
        pair_connect(server.pair);
        carrier_receive(post, "\x10", 1);
        (void)sstp_ep_noop(server.pair->b.ep);
        g_free(spoken_by(get));
        g_assert_cmpint(carrier_is_over(get), ==, is_full);
        carrier_lost(get);
        carrier_tick(carrier, HTTP_SERVER_RECEIVE_MS - 1);
        carrier_receive(post, "\x07\0\0\0\0\0", 6);
        g_assert_cmpuint(sstp_ep_num_heard(server.pair->b.ep), ==, 2);
        carrier_tick(carrier, 2 * HTTP_SERVER_RECEIVE_MS - 2);
        g_assert_cmpint(carrier_is_over(post), ==, !is_full);
        carrier_tick(carrier, 2 * HTTP_SERVER_RECEIVE_MS - 1);
        g_assert_true(carrier_is_over(post));
        carrier_lost(post);
        g_assert_true(carrier_is_gone(carrier));
        doorstep_end(&server);
    }
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
    doorstep_enter(&server, shake, &get, &post);
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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/longlived/server/handshake", test_handshake);
    add_rows("/longlived/server/request", requests, test_request);
    g_test_add_func("/longlived/server/limit", test_server_limit);
    g_test_add_func("/longlived/server/full", test_server_full);
    g_test_add_func("/longlived/server/hangs", test_server_hangs);
    g_test_add_func("/longlived/server/post-full", test_post_full);
    g_test_add_func("/longlived/server/timers", test_server_timers);
    g_test_add_func("/longlived/server/half-lost", test_half_lost);
    return g_test_run();
}
