/* SPDX-License-Identifier: GPL-2.0-or-later */
/* polling_client: the client's side of carrier/polling.h (GRVHENC 3.5). */
#include "carrier/polling.h"

#include "carrier/http_client.h"
#include "carrier/http_head.h"
#include "carrier/http_line.h"
#include "carrier/poll_pace.h"
#include "carrier/polling_body.h"
#include "carrier/polling_options.h"
#include "henc/text.h"

#include <stdlib.h>

#define REPEAT_PAUSE_MS 200 /* before a request is sent again */
#define ROOM_PAUSE_MS 50    /* while the transports of earlier ones are closing */

/* PostSessionState of GRVHENC 3.5.1.1.  'Connected' is over at once where the proxy asks nothing,
 * and 'Closed' is the carrier's end. */
enum state {
    STATE_PROBING,    /* awaits the 400 */
    STATE_PROBED,     /* awaits what the endpoint has to say */
    STATE_CONNECTING, /* awaits the first 200 */
    STATE_ESTABLISHED
};

const struct polling_options polling_options_default = POLLING_OPTIONS_DEFAULT;

struct polling {
    enum state state;
    char *guid;
    uint32_t request_number;  /* RequestSequenceNum: of the next request */
    uint32_t response_number; /* of the next answer */
    struct poll_pace pace;
    int64_t establish_deadline; /* ConnectionEstablishment timer */
    int64_t receive_deadline;   /* NetworkReceiveIO timer */
    int64_t poll_deadline;

    /* The exchange under way; ClientOKtoSend is that there is none. */
    bool is_asking;
    unsigned number;     /* of its transport; all others are over */
    int64_t num_tries;   /* transports that it has had */
    int64_t again_ms;    /* it awaits its next one; or SSTP_EP_NEVER */
    bool has_data;       /* of ours */
    GByteArray *request; /* its body; empty until its first transport is there */
    struct proxy_auth auth;
};

static struct polling *polling_of(const struct carrier *carrier)
{
    return carrier_state(carrier);
}

static const struct polling_options *options_of(const struct carrier *carrier)
{
    const struct polling_options *options = carrier_config(carrier)->http->polling;
    return options != NULL ? options : &polling_options_default;
}

/* ------------------------------------------------------------------------
 * Asking
 */

static void want(struct carrier *carrier)
{
    struct polling *polling = polling_of(carrier);
    if (carrier_transport(carrier, CARRIER_TRANSPORTS_MAX - 1) != NULL) {
        polling->again_ms = carrier_now_ms(carrier) + ROOM_PAUSE_MS;
        return;
    }
    polling->again_ms = SSTP_EP_NEVER;
    polling->number++;
    polling->num_tries++;
    http_client_want(carrier, polling->number);
}

/* An exchange begins: it wants its transport, and what is said is seen when that is there. */
static void ask(struct carrier *carrier)
{
    struct polling *polling = polling_of(carrier);
    polling->is_asking = true;
    polling->num_tries = 0;
    polling->poll_deadline = SSTP_EP_NEVER;
    g_byte_array_set_size(polling->request, 0);
    want(carrier);
}

/* GRVHENC 2.2.4.1, 3.5.4.1.1, 3.5.4.3.1. */
static void write_request(struct carrier *carrier)
{
    struct polling *polling = polling_of(carrier);
    uint8_t body[HENC_BODY_LEN_MAX];
    struct henc_polling fields = {
        .version = sstp_span_of_string(HENC_POLLING_VERSION),
        .server = sstp_span_of_string(carrier_config(carrier)->http->server_name),
        .guid = sstp_span_of_string(polling->guid),
        .sequence = polling->request_number};
    struct sstp_ep *ep = polling->state == STATE_PROBING ? NULL : carrier_ep(carrier);
    const size_t len = polling_body_write(body, &fields, ep);
    g_assert(len > 0); /* a server's name has room in a command */
    polling->has_data = fields.data.len > 0;
    if (polling->state == STATE_PROBED)
        polling->state = STATE_CONNECTING;
    if (polling->state == STATE_ESTABLISHED && !polling->has_data)
        poll_pace_polled(&polling->pace);
    g_byte_array_append(polling->request, body, (guint)len);
}

/* The request under way, over its transport. */
static void say_request(struct carrier_transport *transport)
{
    struct carrier *carrier = transport->carrier;
    struct polling *polling = polling_of(carrier);
    GByteArray *says = http_line_of(transport)->says;
    GString *fields = g_string_new(NULL);
    proxy_auth_append(&polling->auth, fields);
    http_write_request(says, carrier,
                       &(struct http_request){.kind = HENC_KIND_POLLING,
                                              .half = HENC_HALF_POST,
                                              .content_length = polling->request->len,
                                              .more = fields->str});
    g_byte_array_append(says, polling->request->data, polling->request->len);
    g_string_free(fields, TRUE);
    polling->receive_deadline = carrier_now_ms(carrier) + options_of(carrier)->receive_ms;
}

/* Whether all is said, and answered. */
static bool is_done(const struct carrier *carrier)
{
    const struct sstp_ep *ep = carrier_ep(carrier);
    return ep != NULL && !polling_of(carrier)->is_asking && sstp_ep_output_len(ep) == 0 &&
           sstp_ep_state(ep) == SSTP_CONNECTION_CLOSED;
}

/* What is to be done when no exchange is under way. */
static void go_on(struct carrier *carrier)
{
    struct polling *polling = polling_of(carrier);
    const struct sstp_ep *ep = carrier_ep(carrier);
    if (carrier_is_lost(carrier) || ep == NULL || polling->is_asking)
        return;
    /* At its end the last transport ends in order first. */
    if (is_done(carrier)) {
        if (carrier_transport(carrier, 0) == NULL)
            carrier_lose(carrier);
    } else if (sstp_ep_output_len(ep) > 0 || carrier_now_ms(carrier) >= polling->poll_deadline) {
        ask(carrier);
    }
}

/* ------------------------------------------------------------------------
 * Answers
 */

/* Number and names of a 200, and its data (GRVHENC 3.5.5.1.1.1, 3.5.5.1.1.2); NULL where all is
 * well, or what is not. */
static const char *check_answer(const struct carrier *carrier, const struct henc_polling *answer)
{
    const struct polling *polling = polling_of(carrier);
    if (!henc_text_is(answer->version, HENC_POLLING_VERSION))
        return "gave an answer of another version of Polling than 1.2";
    if (!henc_text_is(answer->server, carrier_config(carrier)->http->server_name))
        return "gave an answer of another server";
    if (!sstp_span_is_equal(answer->guid, sstp_span_of_string(polling->guid)))
        return "gave an answer of another connection";
    if (!answer->sequence_is_valid || answer->sequence != polling->response_number)
        return "gave an answer with a wrong number";
    if (!answer->checksum_is_valid ||
        !henc_polling_checksum_is_good(answer->checksum, henc_polling_checksum(answer->data)))
        return "gave an answer with a wrong checksum";
    return NULL;
}

/* The answer to a request that has been sent, or to the endpoint's first. */
static void take_ok(struct carrier *carrier, struct sstp_span body)
{
    struct polling *polling = polling_of(carrier);
    struct henc_polling answer;
    if (polling->state == STATE_PROBING) {
        http_client_end(carrier, "answered 200 where 400 is the answer");
        return;
    }
    const char *why = henc_polling_parse(body, true, &answer) == HENC_POLLING_OK
                          ? check_answer(carrier, &answer)
                          : "gave an answer that is none of Polling";
    if (why != NULL) {
        http_client_end(carrier, "%s", why);
        return;
    }
    polling->state = STATE_ESTABLISHED;
    polling->establish_deadline = SSTP_EP_NEVER;
    polling->request_number++;
    polling->response_number++;
    poll_pace_set(&polling->pace, &answer);
    if (polling->has_data || answer.data.len > 0)
        poll_pace_reset(&polling->pace);
    polling->poll_deadline = carrier_now_ms(carrier) + polling->pace.interval_ms;
    if (answer.data.len > 0)
        sstp_ep_receive(carrier_ep(carrier), answer.data.data, answer.data.len);
}

/* GRVHENC 3.5.5.1.2 to 3.5.5.1.4. */
static void take_other_status(struct carrier *carrier, unsigned status)
{
    struct polling *polling = polling_of(carrier);
    if (status == 400 && polling->state == STATE_PROBING) {
        polling->state = STATE_PROBED;
        carrier_set_ready(carrier);
        return;
    }
    http_client_refused(carrier, status);
}

static void take_answer(struct carrier *carrier, const struct henc_http *http,
                        struct sstp_span body)
{
    struct polling *polling = polling_of(carrier);
    polling->is_asking = false;
    polling->receive_deadline = SSTP_EP_NEVER;
    proxy_auth_passed(&polling->auth);
    if (http->status == 200)
        take_ok(carrier, body);
    else
        take_other_status(carrier, http->status);
    go_on(carrier);
}

/* A proxy wants to know who asks (GRVHENC 3.5.5.1.3): the same request again, on this transport or
 * another.  `len` is that of all that was heard with the answer; 0: nothing can follow it. */
static void take_question(struct carrier_transport *transport, const struct henc_http *http,
                          struct sstp_span head, size_t len)
{
    struct carrier *carrier = transport->carrier;
    struct polling *polling = polling_of(carrier);
    const bool can_follow = len > 0 && http_line_output_len(transport) == 0;
    switch (http_client_asked(carrier, &polling->auth, http, head, can_follow)) {
    case PROXY_AUTH_AGAIN:
        http_line_understood(http_line_of(transport), len);
        say_request(transport);
        break;
    case PROXY_AUTH_ANEW:
        polling->num_tries--; /* it is no loss */
        want(carrier);
        break;
    case PROXY_AUTH_REFUSED:
        break;
    }
}

/* Looks for a whole answer in what was heard; `is_all` says that there will be no more. */
static void look(struct carrier_transport *transport, bool is_all)
{
    struct carrier *carrier = transport->carrier;
    struct sstp_span heard = http_line_heard(http_line_of(transport)), body;
    struct henc_http http;
    size_t len, wanted;
    enum henc_http_result result;

    /* What is said on the way to an answer (RFC 9110 15.2) is passed over. */
    while ((result = henc_http_head(heard, &http)) == HENC_HTTP_DONE && http.is_response &&
           http.status < 200)
        heard = henc_text_from(heard, http.head_len);
    if (result == HENC_HTTP_NOT || (result == HENC_HTTP_DONE && !http.is_response)) {
        http_client_end(carrier, "gave an answer that is none of HTTP");
        return;
    }
    if (result == HENC_HTTP_MORE)
        return;
    if (http.has_no_end) {
        if (is_all && http_client_is_question(carrier, http.status))
            take_question(transport, &http, heard, 0);
        else if (is_all)
            take_answer(carrier, &http, henc_text_from(heard, http.head_len));
        return;
    }
    result = henc_http_body(&http, heard, &sstp_mem_libc, &len, &body, &wanted);
    if (result == HENC_HTTP_NOT) {
        http_client_end(carrier, "gave an answer that is none of HTTP");
    } else if (result == HENC_HTTP_DONE) {
        if (http_client_is_question(carrier, http.status))
            take_question(transport, &http, heard,
                          http_line_heard(http_line_of(transport)).len - heard.len + len);
        else
            take_answer(carrier, &http, body);
        if (http.is_chunked)
            free((void *)(uintptr_t)body.data);
    }
}

/* ------------------------------------------------------------------------
 * Transports
 */

static bool is_current(const struct carrier_transport *transport)
{
    const struct polling *polling = polling_of(transport->carrier);
    return polling->is_asking && polling->again_ms == SSTP_EP_NEVER &&
           transport->number == polling->number;
}

/* The exchange has lost its transport: whether it gets another one (GRVHENC 3.5.7). */
static bool is_repeated(struct carrier *carrier)
{
    struct polling *polling = polling_of(carrier);
    if (!carrier_is_ready(carrier) || polling->num_tries > options_of(carrier)->repeats)
        return false;
    polling->again_ms = carrier_now_ms(carrier) + REPEAT_PAUSE_MS;
    return true;
}

static void begin(struct carrier *carrier)
{
    struct polling *polling = polling_of(carrier);
    polling->guid = http_guid_new(&carrier_config(carrier)->random);
    polling->request = g_byte_array_new();
    proxy_auth_init(&polling->auth, carrier, false);
    polling->receive_deadline = polling->poll_deadline = SSTP_EP_NEVER;
    polling->establish_deadline = carrier_now_ms(carrier) + options_of(carrier)->establish_ms;
    poll_pace_init(&polling->pace);
    ask(carrier);
}

static void clear(struct carrier *carrier)
{
    struct polling *polling = polling_of(carrier);
    proxy_auth_clear(&polling->auth);
    g_byte_array_free(polling->request, TRUE);
    g_free(polling->guid);
}

static void on_opened(struct carrier_transport *transport)
{
    struct carrier *carrier = transport->carrier;
    struct polling *polling = polling_of(carrier);
    (void)http_line_begin(transport);
    if (!is_current(transport))
        return;
    proxy_auth_begin(&polling->auth);
    if (polling->request->len == 0)
        write_request(carrier);
    say_request(transport);
}

static void on_not_opened(struct carrier_transport *transport, const char *why)
{
    if (is_current(transport) && !is_repeated(transport->carrier))
        http_client_not_opened(transport, why);
}

static void on_lost(struct carrier_transport *transport)
{
    if (is_done(transport->carrier) && carrier_transport(transport->carrier, 1) == NULL)
        carrier_lose(transport->carrier);
    if (!is_current(transport))
        return;
    look(transport, true);
    if (!is_current(transport) || carrier_is_lost(transport->carrier))
        return;
    if (proxy_auth_lost(&polling_of(transport->carrier)->auth))
        want(transport->carrier);
    else if (!is_repeated(transport->carrier))
        http_client_end(transport->carrier, "closed the connection before its answer");
}

static void on_receive(struct carrier_transport *transport, const void *data, size_t len)
{
    struct http_line *line = http_line_of(transport);
    if (!is_current(transport))
        return;
    http_line_hear(line, data, len);
    if (line->is_over)
        http_client_end(transport->carrier, "gave an answer that has no end");
    else
        look(transport, false);
}

static bool has_room(const struct carrier_transport *transport)
{
    (void)transport;
    return true;
}

/* What is left of a request that has its answer is not said any more. */
static size_t output_len(const struct carrier_transport *transport)
{
    return is_current(transport) ? http_line_output_len(transport) : 0;
}

static size_t output(const struct carrier_transport *transport, struct sstp_span *pieces,
                     size_t max)
{
    return is_current(transport) ? http_line_output(transport, pieces, max) : 0;
}

static bool is_over(const struct carrier_transport *transport)
{
    return !is_current(transport);
}

/* ------------------------------------------------------------------------
 * Time
 */

static void tick(struct carrier *carrier)
{
    struct polling *polling = polling_of(carrier);
    const int64_t now_ms = carrier_now_ms(carrier);
    if (carrier_is_lost(carrier))
        return;
    if (now_ms >= polling->establish_deadline)
        http_client_end(carrier, "did not establish the connection in time"); /* 3.5.6.1 */
    else if (polling->is_asking && now_ms >= polling->receive_deadline)
        http_client_end(carrier, "did not answer in time"); /* 3.5.6.2 */
    else if (polling->is_asking && now_ms >= polling->again_ms)
        want(carrier);
    else
        go_on(carrier);
}

static int64_t deadline(const struct carrier *carrier)
{
    const struct polling *polling = polling_of(carrier);
    const struct sstp_ep *ep = carrier_ep(carrier);
    if (carrier_is_lost(carrier))
        return SSTP_EP_NEVER;
    if (polling->is_asking)
        return MIN(MIN(polling->establish_deadline, polling->receive_deadline), polling->again_ms);
    if (is_done(carrier))
        return carrier_transport(carrier, 0) == NULL ? carrier_now_ms(carrier) : SSTP_EP_NEVER;
    if (ep != NULL && sstp_ep_output_len(ep) > 0)
        return carrier_now_ms(carrier);
    return MIN(polling->establish_deadline, polling->poll_deadline);
}

static const char *connection_name(const struct carrier *carrier)
{
    return polling_of(carrier)->guid;
}

const struct carrier_ops carrier_polling = {.name = "polling",
                                            .port = 80,
                                            .state_size = sizeof(struct polling),
                                            .begin = begin,
                                            .clear = clear,
                                            .opened = on_opened,
                                            .not_opened = on_not_opened,
                                            .lost = on_lost,
                                            .started = go_on,
                                            .connection_name = connection_name,
                                            .receive = on_receive,
                                            .has_room = has_room,
                                            .output_len = output_len,
                                            .output = output,
                                            .taken = http_line_taken,
                                            .is_over = is_over,
                                            .tick = tick,
                                            .deadline = deadline};
