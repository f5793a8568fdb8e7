/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Polling's client: what it says, to the byte where GRVHENC prints it, and each answer in each
 * state. */
#include "base/random.h"
#include "carrier/http_line.h"
#include "carrier/polling.h"

#include "asker.h"
#include "rows.h"

static struct random_seeded seed = {1};
static const struct http_options client_options = {.server_name = NAME};

/* What comes of an answer: a failure while the way is not free, and a loss after that. */
struct answer {
    const char *name;
    enum state state;
    unsigned status; /* 0: an answer of these bytes, 200: of these fields */
    const char *bytes;
    struct henc_polling fields; /* checksum 1: a wrong one */
    const char *failure;
    bool is_lost;
};

static const struct answer answers[] = {
    {"probing/400", PROBING, 400, NULL, {0}, NULL, false},
    {"probing/400-of-1.1",
     PROBING,
     0,
     "HTTP/1.1 400 Bad Request\r\nTransfer-Encoding: chunked\r\n\r\n"
     "3\r\nabc\r\n0\r\n\r\n",
     {0},
     NULL,
     false},
    {"probing/100-and-400",
     PROBING,
     0,
     "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 400 Bad\r\n"
     "Content-Length: 0\r\n\r\n",
     {0},
     NULL,
     false},
    {"probing/200",
     PROBING,
     200,
     NULL,
     {0},
     "the other side answered 200 where 400 is the answer",
     true},
    {"probing/401", PROBING, 401, NULL, {0}, "the other side answered 401" WHO, true},
    {"probing/407", PROBING, 407, NULL, {0}, "the other side answered 407" WHO, true},
    {"probing/302", PROBING, 302, NULL, {0}, "the other side answered 302", true},
    {"probing/404", PROBING, 404, NULL, {0}, "the other side answered 404", true},
    {"probing/500", PROBING, 500, NULL, {0}, "the other side answered 500", true},
    {"probing/no-http",
     PROBING,
     0,
     "SSH-2.0-OpenSSH_9.2\r\n",
     {0},
     "the other side gave an answer that is none of HTTP",
     true},
    {"probing/a-request",
     PROBING,
     0,
     "POST / HTTP/1.0\r\n\r\n",
     {0},
     "the other side gave an answer that is none of HTTP",
     true},

    {"connecting/200", CONNECTING, 200, NULL, {.sequence = 0}, NULL, false},
    {"connecting/with-data",
     CONNECTING,
     200,
     NULL,
     {.sequence = 0, .data = {noop, 0}},
     NULL,
     false},
    {"connecting/number", CONNECTING, 200, NULL, {.sequence = 1}, NULL, true},
    {"connecting/guid", CONNECTING, 200, NULL, {.guid = SPAN("a")}, NULL, true},
    {"connecting/server", CONNECTING, 200, NULL, {.server = SPAN("relay2.example")}, NULL, true},
    {"connecting/server-in-capitals",
     CONNECTING,
     200,
     NULL,
     {.server = SPAN("RELAY1.EXAMPLE")},
     NULL,
     false},
    {"connecting/version", CONNECTING, 200, NULL, {.version = SPAN("1.3")}, NULL, true},
    {"connecting/no-body",
     CONNECTING,
     0,
     "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
     {0},
     NULL,
     true},
    {"connecting/400", CONNECTING, 400, NULL, {0}, NULL, true},
    {"connecting/401", CONNECTING, 401, NULL, {0}, NULL, true},
    {"connecting/503", CONNECTING, 503, NULL, {0}, NULL, true},

    {"established/200", ESTABLISHED, 200, NULL, {.sequence = 1}, NULL, false},
    {"established/number-again", ESTABLISHED, 200, NULL, {.sequence = 0}, NULL, true},
    {"established/number-too-high", ESTABLISHED, 200, NULL, {.sequence = 2}, NULL, true},
    {"established/checksum",
     ESTABLISHED,
     200,
     NULL,
     {.sequence = 1, .checksum = 1, .data = {noop, sizeof noop}},
     NULL,
     true},
    {"established/guid", ESTABLISHED, 200, NULL, {.sequence = 1, .guid = SPAN("a")}, NULL, true},
    {"established/server",
     ESTABLISHED,
     200,
     NULL,
     {.sequence = 1, .server = SPAN("a")},
     NULL,
     true},
    {"established/version",
     ESTABLISHED,
     200,
     NULL,
     {.sequence = 1, .version = SPAN("2.0")},
     NULL,
     true},
    {"established/400", ESTABLISHED, 400, NULL, {0}, NULL, true},
    {"established/407", ESTABLISHED, 407, NULL, {0}, NULL, true},
    {"established/502", ESTABLISHED, 502, NULL, {0}, NULL, true},
    {"established/no-http", ESTABLISHED, 0, "what?\r\n", {0}, NULL, true},
};

static void test_answer(gconstpointer data)
{
    const struct answer *row = data;
    for (size_t cut = 1; cut <= 1000; cut *= 1000) {
        struct asker asker;
        asker_begin(&asker, &client_options);
        asker_go_to(&asker, row->state);
        if (row->status == 200)
            asker_answer_ok(&asker, row->fields, cut);
        else if (row->status != 0)
            asker_answer_status(&asker, row->status);
        else
            asker_answer_bytes(&asker, row->bytes, strlen(row->bytes), cut);
        g_assert_cmpstr(carrier_failure(asker.carrier), ==, row->failure);
        g_assert_cmpint(carrier_is_lost(asker.carrier), ==, row->is_lost);
        g_assert_true(row->is_lost || carrier_is_over(asker.transport));
        carrier_lost(asker.transport);
        if (row->is_lost && row->state != PROBING) {
            g_assert_true(carrier_is_gone(asker.carrier));
            g_assert_cmpint(sstp_ep_state(asker.pair->a.ep), ==, SSTP_CONNECTION_CLOSED);
        }
        asker_end(&asker);
    }
}

/* The sixth field is not there. */
static void test_five_fields(void)
{
    static const char bytes[] = "HTTP/1.0 200 OK\r\nContent-Length: 22\r\n\r\n"
                                "1.2\0grooveDNS://r\0a\0"
                                "0\0"
                                "0";
    struct asker asker;
    asker_begin(&asker, &client_options);
    asker_go_to(&asker, CONNECTING);
    asker_answer_bytes(&asker, bytes, sizeof bytes, 1);
    g_assert_true(carrier_is_lost(asker.carrier));
    asker_end(&asker);
}

/* As GRVHENC 4.3 prints it, but for names. */
static void test_request(void)
{
    static const char head[] = "POST / HTTP/1.0\r\n"
                               "Accept: */*\r\n"
                               "Content-Type: application/octet-stream\r\n"
                               "User-Agent: Mozilla/4.0 (compatible; MSIE 5.5; Win32)\r\n"
                               "Host: " NAME "\r\n"
                               "Content-Length: 75\r\n"
                               "Pragma: no-cache\r\n"
                               "Cache-Control: no-cache\r\n"
                               "Expires: 0\r\n"
                               "Cache-Control: max-age=0\r\n"
                               "\r\n"
                               "1.2\0grooveDNS://" NAME;
    struct asker asker;
    asker_begin(&asker, &client_options);
    asker_go_to(&asker, PROBING);
    g_assert_cmpuint(asker.said->len, >, sizeof head);
    g_assert_cmpint(memcmp(asker.said->data, head, sizeof head), ==, 0);
    g_assert_true(henc_guid_is_regular(asker.request.guid));
    g_assert_false(henc_http_lacks_header(sstp_span(asker.said->data, asker.http.head_len),
                                          HENC_KIND_POLLING, HENC_HALF_POST));
    asker_end(&asker);
}

/* By a proxy, which is asked for the server. */
static void test_proxy(void)
{
    struct carrier *carrier = carrier_new(
        &carrier_polling, &(struct carrier_config){.target = NAME ":8080",
                                                   .has_proxy = true,
                                                   .http = &client_options,
                                                   .random = {random_seeded_fill, &seed}});
    struct carrier_transport *transport = carrier_next_wanted(carrier);
    struct sstp_span piece;
    g_assert_cmpint(transport->target, ==, CARRIER_TO_PROXY);
    carrier_opened(transport);
    g_assert_cmpuint(carrier_output(transport, &piece, 1), ==, 1);
    char *text = g_strndup((const char *)piece.data, piece.len);
    g_assert_true(g_str_has_prefix(text, "POST http://" NAME ":8080 HTTP/1.0\r\n"));
    g_free(text);
    carrier_free(carrier);
}

static void test_not_there(void)
{
    struct asker asker;
    asker_begin(&asker, &client_options);
    carrier_not_opened(carrier_next_wanted(asker.carrier), "connection refused");
    g_assert_cmpstr(carrier_failure(asker.carrier), ==, "connection refused");
    g_assert_true(carrier_is_gone(asker.carrier));
    asker_end(&asker);
}

static void test_closed_early(void)
{
    struct asker asker;
    asker_begin(&asker, &client_options);
    asker_go_to(&asker, PROBING);
    asker_answer_bytes(&asker, "HTTP/1.0 400", 12, 1);
    carrier_lost(asker.transport);
    g_assert_cmpstr(carrier_failure(asker.carrier), ==,
                    "the other side closed the connection before its answer");
    asker_end(&asker);
}

/* A body that ends with its TCP connection. */
static void test_no_length(void)
{
    struct asker asker;
    asker_begin(&asker, &client_options);
    asker_go_to(&asker, PROBING);
    asker_answer_bytes(&asker, "HTTP/1.0 400 Bad Request\r\n\r\n<p>Bad", 35, 1);
    g_assert_false(carrier_is_ready(asker.carrier));
    carrier_lost(asker.transport);
    g_assert_true(carrier_is_ready(asker.carrier));
    asker_end(&asker);
}

static void test_long_answer(void)
{
    struct asker asker;
    char *text = g_strnfill(HTTP_HEARD_MAX + 1, 'x');
    memcpy(text, "HTTP/1.0 400 B\r\nContent-Length: 999999\r\n\r\n", 42);
    asker_begin(&asker, &client_options);
    asker_go_to(&asker, PROBING);
    asker_answer_bytes(&asker, text, HTTP_HEARD_MAX + 1, 4096);
    g_assert_cmpstr(carrier_failure(asker.carrier), ==,
                    "the other side gave an answer that has no end");
    g_free(text);
    asker_end(&asker);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_rows("/polling/client", answers, test_answer);
    g_test_add_func("/polling/client/five-fields", test_five_fields);
    g_test_add_func("/polling/client/request", test_request);
    g_test_add_func("/polling/client/proxy", test_proxy);
    g_test_add_func("/polling/client/not-there", test_not_there);
    g_test_add_func("/polling/client/closed-early", test_closed_early);
    g_test_add_func("/polling/client/no-length", test_no_length);
    g_test_add_func("/polling/client/long-answer", test_long_answer);
    return g_test_run();
}
