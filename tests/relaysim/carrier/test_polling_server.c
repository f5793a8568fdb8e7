/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Polling: each state of the server and each request. */
#include "carrier/door.h"
#include "carrier/http_options.h"
#include "carrier/http_services.h"
#include "carrier/polling.h"
#include "carrier/polling_options.h"

#include "pair.h"
#include "polling_states.h"
#include "rows.h"
#include "street.h"

static const char *const server_names[] = {NAME};

/* ------------------------------------------------------------------------
 * A server, and whatever is asked of it
 */

struct teller {
    struct pair *pair;
    struct http_server *server;
    struct carrier *carrier;             /* of the virtual connection; NULL before */
    struct carrier_transport *transport; /* of the last request */
    GByteArray *said;                    /* the last answer */
    struct henc_http http;
    struct henc_polling answer; /* of a 200 */
    int64_t now_ms;
};

#define GUID "m3u7m5ev6iz9hj6mx97s4kdrnk8khajvb3bwnba"

static void begin_telling(struct teller *teller, const struct polling_options *options)
{
    *teller = (struct teller){.now_ms = BEGIN_MS, .said = g_byte_array_new()};
    teller->pair = pair_new(&(struct pair_config){.a_minor = 6});
    pair_connect(teller->pair);
    teller->server = http_server_new(&(struct http_options){.services = http_services,
                                                            .server_names = server_names,
                                                            .num_server_names = 1,
                                                            .polling = options});
}

static void end_telling(struct teller *teller)
{
    carrier_free(teller->carrier);
    http_server_free(teller->server);
    pair_free(teller->pair);
    g_byte_array_free(teller->said, TRUE);
}

/* What the last transport says, after which it ends. */
static void hear_answer(struct teller *teller)
{
    struct sstp_span piece;
    g_byte_array_set_size(teller->said, 0);
    while (carrier_output(teller->transport, &piece, 1) > 0) {
        g_byte_array_append(teller->said, piece.data, 1);
        carrier_taken(teller->transport, 1);
    }
    g_assert_true(carrier_is_over(teller->transport));
    const struct sstp_span said = sstp_span(teller->said->data, teller->said->len);
    g_assert_cmpint(henc_http_head(said, &teller->http), ==, HENC_HTTP_DONE);
    g_assert_cmpuint(teller->http.content_length, ==, said.len - teller->http.head_len);
    teller->answer = (struct henc_polling){0};
    if (teller->http.status != 200)
        return;
    g_assert_cmpint(henc_polling_parse(sstp_span(said.data + teller->http.head_len,
                                                 said.len - teller->http.head_len),
                                       true, &teller->answer),
                    ==, HENC_POLLING_OK);
    g_assert_cmpuint(henc_polling_findings(&teller->answer, false), ==, 0);
}

/* Asks over a transport of its own; returns the status.  Checksum 1: a wrong one. */
static unsigned ask(struct teller *teller, struct henc_polling request, bool is_arriving)
{
    uint8_t body[HENC_BODY_LEN_MAX];
    struct sstp_writer w = sstp_writer(body, sizeof body);
    if (request.version.len == 0)
        request.version = sstp_span_of_string("1.2");
    if (request.server.len == 0)
        request.server = sstp_span_of_string(NAME);
    if (request.guid.len == 0)
        request.guid = sstp_span_of_string(GUID);
    henc_polling_write(&w, &request);
    if (request.checksum != 0)
        body[w.pos - 1] ^= 1;
    char *head = g_strdup_printf("POST / HTTP/1.0\r\nContent-Length: %zu\r\n\r\n", w.pos);
    struct carrier *door = carrier_new(
        &carrier_door, &(struct carrier_config){
                           .is_server = true, .now_ms = teller->now_ms, .shared = teller->server});
    teller->transport = carrier_accepted(door);
    carrier_receive(teller->transport, head, strlen(head));
    carrier_receive(teller->transport, body, w.pos);
    g_free(head);
    const bool is_taken = teller->transport->carrier == teller->carrier;
    if (teller->carrier == NULL && carrier_ops(door) != &carrier_door)
        teller->carrier = door;
    if (teller->carrier != NULL && carrier_is_ready(teller->carrier) &&
        carrier_ep(teller->carrier) == NULL)
        carrier_set_ep(teller->carrier, teller->pair->b.ep);
    if (is_arriving)
        hear_answer(teller);
    if (is_arriving || is_taken)
        carrier_lost(teller->transport);
    if (door != teller->carrier)
        carrier_free(door);
    return is_arriving ? teller->http.status : 0;
}

static bool is_there(const struct teller *teller)
{
    return http_server_find(teller->server, sstp_span_of_string(GUID)) != NULL &&
           !carrier_is_lost(teller->carrier);
}

static const struct sstp_span some_data = {noop, sizeof noop};

static void tell_to(struct teller *teller, enum state state)
{
    if (state == PROBING)
        return;
    g_assert_cmpuint(ask(teller, (struct henc_polling){.sequence = 0}, true), ==, 400);
    g_assert_cmpuint(teller->http.content_length, ==, 0);
    g_byte_array_append(teller->said, (const guint8 *)"", 1);
    g_assert_nonnull(strstr((const char *)teller->said->data, "\r\nConnection: Keep-Alive\r\n"));
    g_assert_false(carrier_is_ready(teller->carrier));
    if (state == CONNECTING)
        return;
    g_assert_cmpuint(ask(teller, (struct henc_polling){.sequence = 0, .data = some_data}, true), ==,
                     200);
    g_assert_cmpuint(teller->answer.sequence, ==, 0);
    g_assert_cmpuint(teller->answer.data.len, ==, 0);
}

struct request {
    const char *name;
    enum state state; /* what is awaited: a probe, the second request, the third */
    struct henc_polling fields;
    unsigned status;
    bool stays; /* the virtual connection is there after it */
};

#define NOOP                                                                                       \
    {                                                                                              \
        noop, sizeof noop                                                                          \
    }

static const struct request requests[] = {
    {"new/probe", PROBING, {.sequence = 0}, 400, true},
    {"new/data", PROBING, {.sequence = 0, .data = NOOP}, 400, false},
    {"new/number", PROBING, {.sequence = 1}, 400, false},
    {"new/version", PROBING, {.version = SPAN("1.1")}, 400, false},
    {"new/server", PROBING, {.server = SPAN("relay2.example")}, 404, false},
    {"new/server-in-capitals", PROBING, {.server = SPAN("RELAY1.EXAMPLE")}, 400, true},

    {"probed/data", CONNECTING, {.sequence = 0, .data = NOOP}, 200, true},
    {"probed/probe-again", CONNECTING, {.sequence = 0}, 400, true},
    {"probed/number", CONNECTING, {.sequence = 1, .data = NOOP}, 400, true},
    {"probed/version", CONNECTING, {.version = SPAN("1.3"), .data = NOOP}, 400, true},
    {"probed/server", CONNECTING, {.server = SPAN("relay2.example"), .data = NOOP}, 404, true},
    {"probed/checksum", CONNECTING, {.checksum = 1, .data = NOOP}, 400, false},

    {"established/data", ESTABLISHED, {.sequence = 1, .data = NOOP}, 200, true},
    {"established/poll", ESTABLISHED, {.sequence = 1}, 200, true},
    {"established/again", ESTABLISHED, {.sequence = 0, .data = NOOP}, 200, true},
    {"established/probe-again", ESTABLISHED, {.sequence = 0}, 400, true},
    {"established/number-too-high", ESTABLISHED, {.sequence = 2, .data = NOOP}, 400, true},
    {"established/version", ESTABLISHED, {.sequence = 1, .version = SPAN("1.3")}, 400, true},
    {"established/checksum", ESTABLISHED, {.sequence = 1, .checksum = 1, .data = NOOP}, 400, false},
};

/* Whoever asks for what is not awaited is refused, and the virtual connection does not notice;
 * what is awaited, and not as it was sent, ends it. */
static void test_request_to_server(gconstpointer data)
{
    const struct request *row = data;
    struct teller teller;
    begin_telling(&teller, NULL);
    tell_to(&teller, row->state);
    const uint64_t num_heard = sstp_ep_num_heard(teller.pair->b.ep);
    g_assert_cmpuint(ask(&teller, row->fields, true), ==, row->status);
    g_assert_cmpint(is_there(&teller), ==, row->stays);
    const bool is_heard = row->status == 200 && row->fields.data.len > 0 &&
                          !(row->state == ESTABLISHED && row->fields.sequence == 0);
    g_assert_cmpuint(sstp_ep_num_heard(teller.pair->b.ep) - num_heard, ==, is_heard ? 1 : 0);
    if (row->stays && row->state == ESTABLISHED) {
        const uint32_t next = row->status == 200 && row->fields.sequence == 1 ? 2 : 1;
        g_assert_cmpuint(ask(&teller, (struct henc_polling){.sequence = next}, true), ==, 200);
        g_assert_cmpuint(teller.answer.sequence, ==, next);
    }
    end_telling(&teller);
}

/* What it tells its clients, and what it has to say, is in every answer; the same request is
 * answered as it was. */
static void test_answer_of_server(void)
{
    static const struct polling_options options = {
        .establish_ms = 5000, .max = 20, .min = 2, .repetitions = 4, .patience_ms = 1000};
    struct teller teller;
    begin_telling(&teller, &options);
    tell_to(&teller, ESTABLISHED);
    g_assert_cmpuint(teller.answer.poll_max, ==, 20);
    g_assert_cmpuint(teller.answer.poll_min, ==, 2);
    g_assert_cmpuint(teller.answer.poll_repetitions, ==, 4);
    g_assert_true(sstp_span_is_equal(teller.answer.server, sstp_span_of_string(NAME)));
    g_assert_true(sstp_span_is_equal(teller.answer.guid, sstp_span_of_string(GUID)));
    for (int i = 0; i < 3; i++) {
        g_assert_cmpint(sstp_ep_noop(teller.pair->b.ep), ==, SSTP_EP_OK);
        (void)ask(&teller, (struct henc_polling){.sequence = 1}, i == 1);
    }
    g_assert_cmpuint(teller.answer.sequence, ==, 1);
    g_assert_cmpuint(teller.answer.data.len, ==, sizeof noop);
    g_assert_cmpuint(ask(&teller, (struct henc_polling){.sequence = 2}, true), ==, 200);
    g_assert_cmpuint(teller.answer.data.len, ==, 2 * sizeof noop);
    end_telling(&teller);
}

/* ConnectionEstablishment timer, and whoever does not ask any more. */
static void test_silence(void)
{
    for (int i = 0; i < 2; i++) {
        const int64_t end_ms = i == 0 ? 180000 : 120000 + 180000;
        struct teller teller;
        begin_telling(&teller, NULL);
        tell_to(&teller, i == 0 ? CONNECTING : ESTABLISHED);
        g_assert_cmpint(carrier_deadline(teller.carrier), ==, BEGIN_MS + end_ms);
        carrier_tick(teller.carrier, BEGIN_MS + end_ms - 1);
        g_assert_true(is_there(&teller));
        carrier_tick(teller.carrier, BEGIN_MS + end_ms);
        g_assert_true(carrier_is_gone(teller.carrier));
        g_assert_cmpint(sstp_ep_state(teller.pair->b.ep) == SSTP_CONNECTION_CLOSED, ==, i == 1);
        end_telling(&teller);
    }
}

/* Each request puts it off, and with its transport comes what time it is: nobody else tells. */
static void test_no_silence(void)
{
    struct teller teller;
    begin_telling(&teller, NULL);
    tell_to(&teller, ESTABLISHED);
    for (uint32_t number = 1; number < 5; number++) {
        teller.now_ms += 200000;
        g_assert_cmpuint(
            ask(&teller, (struct henc_polling){.sequence = number, .data = some_data}, true), ==,
            200);
        g_assert_cmpint(sstp_ep_last_heard_ms(teller.pair->b.ep), ==, teller.now_ms);
        carrier_tick(teller.carrier, teller.now_ms + 199999);
        g_assert_true(is_there(&teller));
    }
    end_telling(&teller);
}

/* The endpoint's last words are for the next request. */
static void test_end_of_server(void)
{
    struct teller teller;
    begin_telling(&teller, NULL);
    tell_to(&teller, ESTABLISHED);
    sstp_ep_close_connection(teller.pair->b.ep, SSTP_CONNECT_CLOSE_NO_REASON, 0);
    carrier_tick(teller.carrier, teller.now_ms + 1000);
    g_assert_true(is_there(&teller));
    g_assert_cmpuint(ask(&teller, (struct henc_polling){.sequence = 1}, true), ==, 200);
    g_assert_cmpuint(teller.answer.data.data[0], ==, SSTP_CONNECT_CLOSE);
    g_assert_true(carrier_is_gone(teller.carrier));
    end_telling(&teller);
}

/* Transports that have their answer, and do not go, are in the way of others until they do. */
static void test_crowded(void)
{
    struct teller teller;
    struct carrier_transport *transports[CARRIER_TRANSPORTS_MAX];
    begin_telling(&teller, NULL);
    tell_to(&teller, ESTABLISHED);
    for (uint32_t i = 0; i < CARRIER_TRANSPORTS_MAX; i++) {
        struct carrier *door = carrier_new(
            &carrier_door, &(struct carrier_config){.is_server = true, .shared = teller.server});
        uint8_t body[200];
        struct sstp_writer w = sstp_writer(body, sizeof body);
        henc_polling_write(&w, &(struct henc_polling){.version = sstp_span_of_string("1.2"),
                                                      .server = sstp_span_of_string(NAME),
                                                      .guid = sstp_span_of_string(GUID),
                                                      .sequence = i + 1});
        char *text = g_strdup_printf("POST / HTTP/1.0\r\nContent-Length: %zu\r\n\r\n", w.pos);
        transports[i] = carrier_accepted(door);
        carrier_receive(transports[i], text, strlen(text));
        carrier_receive(transports[i], body, w.pos);
        g_assert_true(transports[i]->carrier == teller.carrier);
        g_free(text);
        carrier_free(door);
    }
    g_assert_cmpuint(
        ask(&teller, (struct henc_polling){.sequence = CARRIER_TRANSPORTS_MAX + 1}, true), ==, 400);
    carrier_lost(transports[0]);
    g_assert_cmpuint(
        ask(&teller, (struct henc_polling){.sequence = CARRIER_TRANSPORTS_MAX + 1}, true), ==, 200);
    end_telling(&teller);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_rows("/polling/server", requests, test_request_to_server);
    g_test_add_func("/polling/server/answer", test_answer_of_server);
    g_test_add_func("/polling/server/silence", test_silence);
    g_test_add_func("/polling/server/no-silence", test_no_silence);
    g_test_add_func("/polling/server/end", test_end_of_server);
    g_test_add_func("/polling/server/crowded", test_crowded);
    return g_test_run();
}
