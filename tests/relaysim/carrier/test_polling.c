/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Polling: each state of the client and each answer, and both sides together, where transports are
 * lost. */
#include "carrier/door.h"
#include "carrier/http_options.h"
#include "carrier/http_services.h"
#include "carrier/polling.h"
#include "carrier/polling_options.h"
#include "base/random.h"

#include "pair.h"
#include "polling_states.h"
#include "random.h"
#include "street.h"

static struct random_seeded seed = {1};
static const struct http_options client_options = {.server_name = NAME};
static const struct polling_options slow = {
    .establish_ms = 180000, .receive_ms = 300000, .repeats = 0};
static const struct http_options slow_options = {.server_name = NAME, .polling = &slow};
static const struct polling_options strict = {
    .establish_ms = 180000, .receive_ms = 120000, .repeats = 0};
static const struct http_options strict_options = {.server_name = NAME, .polling = &strict};

/* ------------------------------------------------------------------------
 * A client, and whatever is said to it
 */

struct asker {
    struct pair *pair;
    struct carrier *carrier;
    struct carrier_transport *transport; /* of the request under way; NULL */
    GByteArray *said;                    /* the last request */
    struct henc_http http;
    struct henc_polling request;
    int64_t now_ms;
};

/* The next request, which takes its transport and is said. */
static bool hear_request(struct asker *asker)
{
    struct sstp_span piece;
    asker->transport = carrier_next_wanted(asker->carrier);
    if (asker->transport == NULL)
        return false;
    g_assert_cmpint(asker->transport->target, ==, CARRIER_TO_SERVER);
    carrier_opened(asker->transport);
    g_assert_false(carrier_is_over(asker->transport));
    g_byte_array_set_size(asker->said, 0);
    while (carrier_output(asker->transport, &piece, 1) > 0) {
        g_assert_cmpuint(carrier_output_len(asker->transport), ==, piece.len);
        g_byte_array_append(asker->said, piece.data, 1);
        carrier_taken(asker->transport, 1);
    }
    const struct sstp_span said = sstp_span(asker->said->data, asker->said->len);
    g_assert_cmpint(henc_http_head(said, &asker->http), ==, HENC_HTTP_DONE);
    g_assert_cmpuint(asker->http.content_length, ==, said.len - asker->http.head_len);
    g_assert_cmpint(henc_polling_parse(sstp_span(said.data + asker->http.head_len,
                                                 said.len - asker->http.head_len),
                                       false, &asker->request),
                    ==, HENC_POLLING_OK);
    g_assert_cmpuint(henc_polling_findings(&asker->request, false), ==, 0);
    return true;
}

static void answer_bytes(struct asker *asker, const void *bytes, size_t len, size_t cut)
{
    for (size_t at = 0; at < len && !carrier_is_lost(asker->carrier); at += cut)
        carrier_receive(asker->transport, (const char *)bytes + at, MIN(cut, len - at));
}

static void answer_status(struct asker *asker, unsigned status)
{
    char *text = g_strdup_printf("HTTP/1.0 %u Whatever\r\nContent-Length: 0\r\n\r\n", status);
    answer_bytes(asker, text, strlen(text), 1);
    g_free(text);
}

/* A 200 with this body, of which what is not set is as it should be. */
static void answer_ok(struct asker *asker, struct henc_polling answer, size_t cut)
{
    uint8_t bytes[HENC_BODY_LEN_MAX + 100];
    char head[64];
    struct sstp_writer w = sstp_writer(bytes + 100, HENC_BODY_LEN_MAX);
    answer.is_response = true;
    if (answer.version.len == 0)
        answer.version = asker->request.version;
    if (answer.server.len == 0)
        answer.server = asker->request.server;
    if (answer.guid.len == 0)
        answer.guid = asker->request.guid;
    henc_polling_write(&w, &answer);
    g_assert_false(w.failed);
    if (answer.checksum != 0)
        bytes[100 + w.pos - 1] ^= 1;
    const int len =
        g_snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", w.pos);
    memcpy(bytes + 100 - len, head, (size_t)len);
    answer_bytes(asker, bytes + 100 - len, (size_t)len + w.pos, cut);
}

static void begin_asking(struct asker *asker, const struct http_options *options)
{
    *asker = (struct asker){.now_ms = BEGIN_MS, .said = g_byte_array_new()};
    asker->pair = pair_new(&(struct pair_config){.a_minor = 6});
    pair_connect(asker->pair);
    asker->carrier = carrier_new(&carrier_polling,
                                 &(struct carrier_config){.now_ms = BEGIN_MS,
                                                          .target = NAME ":80",
                                                          .http = options,
                                                          .random = {random_seeded_fill, &seed}});
}

static void end_asking(struct asker *asker)
{
    carrier_free(asker->carrier);
    pair_free(asker->pair);
    g_byte_array_free(asker->said, TRUE);
}

static void let_pass(struct asker *asker, int64_t ms)
{
    asker->now_ms += ms;
    carrier_tick(asker->carrier, asker->now_ms);
}

/* The endpoint has output, and nobody has told the carrier: its deadline does. */
static void say_something(struct asker *asker)
{
    g_assert_cmpint(sstp_ep_noop(asker->pair->a.ep), ==, SSTP_EP_OK);
    g_assert_cmpint(carrier_deadline(asker->carrier), <=, asker->now_ms);
    carrier_tick(asker->carrier, asker->now_ms);
}

/* Up to a request that has no answer yet. */
static void go_to(struct asker *asker, enum state state)
{
    g_assert_true(hear_request(asker));
    g_assert_cmpuint(asker->request.sequence, ==, 0);
    g_assert_cmpuint(asker->request.data.len, ==, 0);
    if (state == PROBING)
        return;
    answer_status(asker, 400);
    g_assert_true(carrier_is_ready(asker->carrier) && carrier_is_over(asker->transport));
    carrier_lost(asker->transport);
    g_assert_null(carrier_next_wanted(asker->carrier));
    carrier_set_ep(asker->carrier, asker->pair->a.ep);
    g_assert_null(carrier_next_wanted(asker->carrier));
    say_something(asker);
    g_assert_true(hear_request(asker));
    g_assert_cmpuint(asker->request.sequence, ==, 0);
    g_assert_cmpuint(asker->request.data.len, >, 0);
    if (state == CONNECTING)
        return;
    answer_ok(asker, (struct henc_polling){.sequence = 0}, 100);
    carrier_lost(asker->transport);
    let_pass(asker, 5000);
    g_assert_true(hear_request(asker));
    g_assert_cmpuint(asker->request.sequence, ==, 1);
    g_assert_cmpuint(asker->request.data.len, ==, 0);
}

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
        begin_asking(&asker, &client_options);
        go_to(&asker, row->state);
        if (row->status == 200)
            answer_ok(&asker, row->fields, cut);
        else if (row->status != 0)
            answer_status(&asker, row->status);
        else
            answer_bytes(&asker, row->bytes, strlen(row->bytes), cut);
        g_assert_cmpstr(carrier_failure(asker.carrier), ==, row->failure);
        g_assert_cmpint(carrier_is_lost(asker.carrier), ==, row->is_lost);
        g_assert_true(row->is_lost || carrier_is_over(asker.transport));
        carrier_lost(asker.transport);
        if (row->is_lost && row->state != PROBING) {
            g_assert_true(carrier_is_gone(asker.carrier));
            g_assert_cmpint(sstp_ep_state(asker.pair->a.ep), ==, SSTP_CONNECTION_CLOSED);
        }
        end_asking(&asker);
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
    begin_asking(&asker, &client_options);
    go_to(&asker, CONNECTING);
    answer_bytes(&asker, bytes, sizeof bytes, 1);
    g_assert_true(carrier_is_lost(asker.carrier));
    end_asking(&asker);
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
    begin_asking(&asker, &client_options);
    go_to(&asker, PROBING);
    g_assert_cmpuint(asker.said->len, >, sizeof head);
    g_assert_cmpint(memcmp(asker.said->data, head, sizeof head), ==, 0);
    g_assert_true(henc_guid_is_regular(asker.request.guid));
    g_assert_false(henc_http_lacks_header(sstp_span(asker.said->data, asker.http.head_len),
                                          HENC_KIND_POLLING, HENC_HALF_POST));
    end_asking(&asker);
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
    begin_asking(&asker, &client_options);
    carrier_not_opened(carrier_next_wanted(asker.carrier), "connection refused");
    g_assert_cmpstr(carrier_failure(asker.carrier), ==, "connection refused");
    g_assert_true(carrier_is_gone(asker.carrier));
    end_asking(&asker);
}

static void test_closed_early(void)
{
    struct asker asker;
    begin_asking(&asker, &client_options);
    go_to(&asker, PROBING);
    answer_bytes(&asker, "HTTP/1.0 400", 12, 1);
    carrier_lost(asker.transport);
    g_assert_cmpstr(carrier_failure(asker.carrier), ==,
                    "the other side closed the connection before its answer");
    end_asking(&asker);
}

/* A body that ends with its TCP connection. */
static void test_no_length(void)
{
    struct asker asker;
    begin_asking(&asker, &client_options);
    go_to(&asker, PROBING);
    answer_bytes(&asker, "HTTP/1.0 400 Bad Request\r\n\r\n<p>Bad", 35, 1);
    g_assert_false(carrier_is_ready(asker.carrier));
    carrier_lost(asker.transport);
    g_assert_true(carrier_is_ready(asker.carrier));
    end_asking(&asker);
}

static void test_long_answer(void)
{
    struct asker asker;
    char *text = g_strnfill(HTTP_HEARD_MAX + 1, 'x');
    memcpy(text, "HTTP/1.0 400 B\r\nContent-Length: 999999\r\n\r\n", 42);
    begin_asking(&asker, &client_options);
    go_to(&asker, PROBING);
    answer_bytes(&asker, text, HTTP_HEARD_MAX + 1, 4096);
    g_assert_cmpstr(carrier_failure(asker.carrier), ==,
                    "the other side gave an answer that has no end");
    g_free(text);
    end_asking(&asker);
}

/* ConnectionEstablishment timer, in each state. */
static void test_establish_timeout(void)
{
    for (int i = 0; i < 2; i++) {
        struct asker asker;
        begin_asking(&asker, i == 0 ? &client_options : &slow_options);
        go_to(&asker, i == 0 ? PROBING : CONNECTING);
        let_pass(&asker, i == 0 ? 119999 : 179999);
        g_assert_false(carrier_is_lost(asker.carrier));
        let_pass(&asker, 1);
        g_assert_true(carrier_is_lost(asker.carrier));
        g_assert_cmpstr(carrier_failure(asker.carrier), ==,
                        i == 0 ? "the other side did not answer in time" : NULL);
        end_asking(&asker);
    }
}

/* Whoever cannot even be reached. */
static void test_unreachable(void)
{
    struct asker asker;
    begin_asking(&asker, &client_options);
    asker.transport = carrier_next_wanted(asker.carrier);
    g_assert_cmpint(carrier_deadline(asker.carrier), ==, BEGIN_MS + 180000);
    let_pass(&asker, 180000);
    g_assert_cmpstr(carrier_failure(asker.carrier), ==,
                    "the other side did not establish the connection in time");
    carrier_abandon(asker.transport);
    end_asking(&asker);
}

/* NetworkReceiveIO timer, from when the request is said. */
static void test_receive_timeout(void)
{
    struct asker asker;
    begin_asking(&asker, &client_options);
    go_to(&asker, ESTABLISHED);
    g_assert_cmpint(carrier_deadline(asker.carrier), ==, asker.now_ms + 120000);
    let_pass(&asker, 119999);
    g_assert_false(carrier_is_lost(asker.carrier));
    let_pass(&asker, 1);
    g_assert_true(carrier_is_lost(asker.carrier));
    end_asking(&asker);
}

/* Answers the request under way, and has the next one come by itself after so long. */
static void await_poll(struct asker *asker, struct henc_polling *answer, int64_t ms)
{
    answer_ok(asker, *answer, 1000);
    carrier_lost(asker->transport);
    answer->sequence++;
    answer->data = sstp_span(NULL, 0);
    g_assert_cmpint(carrier_deadline(asker->carrier), ==, asker->now_ms + ms);
    let_pass(asker, ms - 1);
    g_assert_false(hear_request(asker));
    let_pass(asker, 1);
    g_assert_true(hear_request(asker));
    g_assert_cmpuint(asker->request.sequence, ==, answer->sequence);
    g_assert_cmpuint(asker->request.data.len, ==, 0);
}

/* Each interval so often as the server has named, then doubled; from the beginning with data
 * either way, and by what the last answer says. */
static void test_back_off(void)
{
    struct henc_polling answer = {
        .sequence = 1, .poll_max = 7, .poll_min = 2, .poll_repetitions = 2};
    struct asker asker;
    begin_asking(&asker, &client_options);
    go_to(&asker, ESTABLISHED);
    answer.data = sstp_span(noop, sizeof noop);
    await_poll(&asker, &answer, 2000);
    await_poll(&asker, &answer, 2000);
    await_poll(&asker, &answer, 4000);
    await_poll(&asker, &answer, 4000);
    await_poll(&asker, &answer, 7000);
    await_poll(&asker, &answer, 7000);
    await_poll(&asker, &answer, 7000);

    /* The server's. */
    answer.data = sstp_span(noop, sizeof noop);
    await_poll(&asker, &answer, 2000);
    await_poll(&asker, &answer, 2000);
    await_poll(&asker, &answer, 4000);

    /* Ours: it does not wait. */
    answer_ok(&asker, answer, 1000);
    carrier_lost(asker.transport);
    answer.sequence++;
    let_pass(&asker, 1);
    say_something(&asker);
    g_assert_true(hear_request(&asker));
    g_assert_cmpuint(asker.request.data.len, ==, sizeof noop);
    await_poll(&asker, &answer, 2000);

    answer.poll_min = 3;
    await_poll(&asker, &answer, 3000);
    await_poll(&asker, &answer, 6000);
    end_asking(&asker);
}

/* What is said while a request has no answer waits for that: ClientOKtoSend. */
static void test_in_turn(void)
{
    struct asker asker;
    begin_asking(&asker, &client_options);
    go_to(&asker, ESTABLISHED);
    g_assert_cmpint(sstp_ep_noop(asker.pair->a.ep), ==, SSTP_EP_OK);
    let_pass(&asker, 60000);
    g_assert_null(carrier_next_wanted(asker.carrier));
    answer_ok(&asker, (struct henc_polling){.sequence = 1}, 1000);
    struct carrier_transport *last = asker.transport;
    g_assert_true(hear_request(&asker));
    g_assert_cmpuint(asker.request.data.len, ==, sizeof noop);
    g_assert_true(carrier_is_over(last));

    /* The end of the last one is no loss; nor does what comes of it then matter. */
    carrier_receive(last, "HTTP/1.0 500 X\r\nContent-Length: 0\r\n\r\n", 39);
    carrier_lost(last);
    g_assert_false(carrier_is_lost(asker.carrier));
    end_asking(&asker);
}

/* A request whose answer was lost comes again as it was, so often as is allowed. */
static void test_repeated(void)
{
    struct asker asker;
    begin_asking(&asker, &client_options);
    go_to(&asker, CONNECTING);
    GByteArray *first = g_byte_array_new();
    g_byte_array_append(first, asker.said->data, asker.said->len);
    g_assert_cmpint(sstp_ep_noop(asker.pair->a.ep), ==, SSTP_EP_OK);
    for (int i = 0; i < 2; i++) {
        if (i == 0) {
            carrier_lost(asker.transport);
        } else {
            let_pass(&asker, 200);
            carrier_not_opened(carrier_next_wanted(asker.carrier), "connection refused");
        }
        g_assert_null(carrier_next_wanted(asker.carrier));
        g_assert_cmpint(carrier_deadline(asker.carrier), ==, asker.now_ms + 200);
    }
    let_pass(&asker, 200);
    g_assert_true(hear_request(&asker));
    g_assert_cmpuint(asker.said->len, ==, first->len);
    g_assert_cmpint(memcmp(asker.said->data, first->data, first->len), ==, 0);
    carrier_lost(asker.transport);
    g_assert_true(carrier_is_gone(asker.carrier));
    g_byte_array_free(first, TRUE);
    end_asking(&asker);
}

/* The count begins anew with each request; and 0 is what GRVHENC 3.5.7 has. */
static void test_repeats(void)
{
    struct asker asker;
    begin_asking(&asker, &client_options);
    go_to(&asker, CONNECTING);
    for (uint32_t number = 0; number < 4; number++) {
        for (int i = 0; i < 2; i++) {
            carrier_lost(asker.transport);
            let_pass(&asker, 200);
            g_assert_true(hear_request(&asker));
            g_assert_cmpuint(asker.request.sequence, ==, number);
        }
        answer_ok(&asker, (struct henc_polling){.sequence = number}, 1000);
        carrier_lost(asker.transport);
        say_something(&asker);
        g_assert_true(hear_request(&asker));
    }
    end_asking(&asker);

    begin_asking(&asker, &strict_options);
    go_to(&asker, ESTABLISHED);
    carrier_lost(asker.transport);
    g_assert_true(carrier_is_gone(asker.carrier));
    end_asking(&asker);
}

/* The endpoint's last words have an exchange of their own. */
static void test_end(void)
{
    struct asker asker;
    begin_asking(&asker, &client_options);
    go_to(&asker, ESTABLISHED);
    answer_ok(&asker, (struct henc_polling){.sequence = 1}, 1000);
    carrier_lost(asker.transport);
    sstp_ep_close_connection(asker.pair->a.ep, SSTP_CONNECT_CLOSE_NO_REASON, 0);
    g_assert_cmpint(carrier_deadline(asker.carrier), <=, asker.now_ms);
    let_pass(&asker, 0);
    g_assert_true(hear_request(&asker));
    g_assert_cmpuint(asker.request.data.data[0], ==, SSTP_CONNECT_CLOSE);
    g_assert_false(carrier_is_lost(asker.carrier));
    answer_ok(&asker, (struct henc_polling){.sequence = 2}, 1000);
    g_assert_true(carrier_is_over(asker.transport));
    g_assert_false(carrier_is_lost(asker.carrier)); /* its transport ends in order */
    carrier_lost(asker.transport);
    g_assert_true(carrier_is_gone(asker.carrier));
    end_asking(&asker);
}

/* ------------------------------------------------------------------------
 * Both, and what is between them
 */

/* Messages both ways, some longer than a body, and whatever happens to the wires. */
static void exchange_messages(uint64_t random, size_t losing)
{
    static const struct polling_options patient = {.establish_ms = 180000,
                                                   .receive_ms = 120000,
                                                   .repeats = 1000,
                                                   .max = 120,
                                                   .min = 5,
                                                   .repetitions = 3,
                                                   .patience_ms = 180000};
    static const struct http_options patient_options = {.server_name = NAME, .polling = &patient};
    street_exchange(&(struct street_config){.ops = &carrier_polling,
                                            .client = &patient_options,
                                            .server = {.polling = &patient},
                                            .random = random,
                                            .losing = losing,
                                            .patience_ms = 20000});
}

static void test_messages(void)
{
    exchange_messages(1, 0);
}

static void test_messages_where_wires_break(void)
{
    for (uint64_t random = 1; random <= 20; random++)
        exchange_messages(random, 3 + random);
}

static void add_rows(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(answers); i++) {
        char *path = g_strconcat("/polling/client/", answers[i].name, NULL);
        g_test_add_data_func(path, &answers[i], test_answer);
        g_free(path);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_rows();
    g_test_add_func("/polling/client/five-fields", test_five_fields);
    g_test_add_func("/polling/client/request", test_request);
    g_test_add_func("/polling/client/proxy", test_proxy);
    g_test_add_func("/polling/client/not-there", test_not_there);
    g_test_add_func("/polling/client/closed-early", test_closed_early);
    g_test_add_func("/polling/client/no-length", test_no_length);
    g_test_add_func("/polling/client/long-answer", test_long_answer);
    g_test_add_func("/polling/client/establish-timeout", test_establish_timeout);
    g_test_add_func("/polling/client/unreachable", test_unreachable);
    g_test_add_func("/polling/client/receive-timeout", test_receive_timeout);
    g_test_add_func("/polling/client/back-off", test_back_off);
    g_test_add_func("/polling/client/in-turn", test_in_turn);
    g_test_add_func("/polling/client/repeated", test_repeated);
    g_test_add_func("/polling/client/repeats", test_repeats);
    g_test_add_func("/polling/client/end", test_end);
    g_test_add_func("/polling/messages", test_messages);
    g_test_add_func("/polling/messages-where-wires-break", test_messages_where_wires_break);
    return g_test_run();
}
