/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "carrier/polling_server.h"

#include "carrier/http_head.h"
#include "carrier/polling_body.h"
#include "carrier/polling_options.h"
#include "henc/digest.h"
#include "henc/text.h"

/* ConnectionState and PostSessionState of GRVHENC 3.5.1.1, as a server has them. */
enum state {
    STATE_NEW,      /* awaits the probe */
    STATE_PROBED,   /* awaits the first request with data */
    STATE_STARTING, /* has it, and awaits its endpoint */
    STATE_ESTABLISHED
};

struct polling {
    enum state state;
    char *guid, *server_name; /* as the probe has them */
    uint32_t request_number;  /* RequestSequenceNum: of the next request */
    uint32_t response_number; /* ResponseSequenceNum: of the next answer */
    int64_t establish_deadline;
    int64_t silence_deadline; /* for the next request */

    /* The last exchange, to know it when it comes again, and how it was answered. */
    struct henc_digest last_digest;
    GByteArray *last_answer;

    struct carrier_transport *first; /* of the first request with data, in STARTING */
    bool is_ending;                  /* once its last answer has gone */
};

static struct polling *polling_of(const struct carrier *carrier)
{
    return carrier_state(carrier);
}

static const struct polling_options *options_of(const struct carrier *carrier)
{
    const struct polling_options *options = http_server_options(http_server_of(carrier))->polling;
    return options != NULL ? options : &polling_options_default;
}

/* ------------------------------------------------------------------------
 * What a request is (GRVHENC 3.6.5)
 */

enum kind {
    KIND_WRONG,  /* nothing that is awaited here */
    KIND_BROKEN, /* what is awaited, and not as it was sent */
    KIND_PROBE,
    KIND_NEXT,
    KIND_REPEATED /* whose answer did not arrive */
};

static bool is_probe(const struct henc_polling *request)
{
    return request->sequence == 0 && request->data.len == 0;
}

/* GRVHENC 3.6.5, and for each state 3.6.5.1 to 3.6.5.3. */
static enum kind kind_of(const struct polling *polling, const struct henc_polling *request)
{
    const bool is_good =
        request->checksum_is_valid &&
        henc_polling_checksum_is_good(request->checksum, henc_polling_checksum(request->data));
    if (!request->sequence_is_valid || !henc_text_is(request->version, HENC_POLLING_VERSION))
        return KIND_WRONG;
    if (polling->state == STATE_NEW || polling->state == STATE_PROBED) {
        if (is_probe(request))
            return is_good ? KIND_PROBE : KIND_WRONG;
        if (polling->state == STATE_NEW || request->sequence != 0)
            return KIND_WRONG;
        return is_good ? KIND_NEXT : KIND_BROKEN;
    }
    if (polling->state == STATE_ESTABLISHED && request->sequence == polling->request_number)
        return is_good ? KIND_NEXT : KIND_BROKEN;
    const struct henc_digest digest = henc_digest(request->data);
    return polling->state == STATE_ESTABLISHED &&
                   request->sequence == polling->request_number - 1 &&
                   henc_digest_is_equal(&digest, &polling->last_digest)
               ? KIND_REPEATED
               : KIND_WRONG;
}

/* ------------------------------------------------------------------------
 * Answers
 */

/* The answer is the last that a transport says. */
static void say(struct carrier_transport *transport, const GByteArray *answer)
{
    struct http_line *line = http_line_of(transport);
    g_byte_array_append(line->says, answer->data, answer->len);
    line->is_over = true;
}

static void await_request(struct carrier *carrier)
{
    const struct polling_options *options = options_of(carrier);
    polling_of(carrier)->silence_deadline =
        carrier_now_ms(carrier) + options->max * 1000 + options->patience_ms;
}

/* GRVHENC 3.6.5.1.1. */
static void answer_probe(struct carrier_transport *transport)
{
    struct carrier *carrier = transport->carrier;
    struct polling *polling = polling_of(carrier);
    if (polling->state == STATE_NEW)
        polling->establish_deadline = carrier_now_ms(carrier) + options_of(carrier)->establish_ms;
    polling->state = STATE_PROBED;
    http_write_response(http_line_of(transport)->says, carrier, 400, true, 0);
    http_line_of(transport)->is_over = true;
}

/* With what the endpoint has to say by now (GRVHENC 3.6.4.3, 3.6.5.2.1). */
static void answer(struct carrier_transport *transport)
{
    struct carrier *carrier = transport->carrier;
    struct polling *polling = polling_of(carrier);
    const struct polling_options *options = options_of(carrier);
    uint8_t body[HENC_BODY_LEN_MAX];
    struct henc_polling fields = {.is_response = true,
                                  .version = sstp_span_of_string(HENC_POLLING_VERSION),
                                  .server = sstp_span_of_string(polling->server_name),
                                  .guid = sstp_span_of_string(polling->guid),
                                  .sequence = polling->response_number,
                                  .poll_max = (uint32_t)options->max,
                                  .poll_min = (uint32_t)options->min,
                                  .poll_repetitions = (uint32_t)options->repetitions};
    const size_t len = polling_body_write(body, &fields, carrier_ep(carrier));
    g_assert(len > 0); /* the names had room in a request */
    g_byte_array_set_size(polling->last_answer, 0);
    http_write_response(polling->last_answer, carrier, 200, true, len);
    g_byte_array_append(polling->last_answer, body, (guint)len);
    polling->response_number++;
    say(transport, polling->last_answer);
    await_request(carrier);
}

/* ------------------------------------------------------------------------
 * Requests
 */

/* The request that a transport has heard, which has been read before. */
static struct henc_polling request_of(const struct carrier_transport *transport)
{
    struct henc_http http;
    struct sstp_span body;
    struct henc_polling request;
    const enum henc_http_result result =
        http_line_message(http_line_of(transport), HENC_BODY_LEN_MAX, &http, &body);
    g_assert(result == HENC_HTTP_DONE);
    const enum henc_polling_result parsed = henc_polling_parse(body, false, &request);
    g_assert(parsed == HENC_POLLING_OK);
    return request;
}

/* The request that is due: its data is the endpoint's, and it is answered. */
static void take_next(struct carrier_transport *transport, const struct henc_polling *request)
{
    struct carrier *carrier = transport->carrier;
    struct polling *polling = polling_of(carrier);
    polling->request_number++;
    polling->last_digest = henc_digest(request->data);
    if (request->data.len > 0)
        sstp_ep_receive(carrier_ep(carrier), request->data.data, request->data.len);
    answer(transport);
}

/* The endpoint is there, for what it was made for. */
static void started(struct carrier *carrier)
{
    struct polling *polling = polling_of(carrier);
    struct carrier_transport *first = polling->first;
    polling->state = STATE_ESTABLISHED;
    polling->establish_deadline = SSTP_EP_NEVER;
    polling->first = NULL;
    await_request(carrier);
    if (first == NULL)
        return; /* it is sent again */
    const struct henc_polling request = request_of(first);
    take_next(first, &request);
}

static void begin(struct carrier_transport *transport, const struct door_request *door_request,
                  const struct henc_polling *request)
{
    struct carrier *carrier = transport->carrier;
    struct polling *polling = polling_of(carrier);
    polling->establish_deadline = polling->silence_deadline = SSTP_EP_NEVER;
    polling->last_answer = g_byte_array_new();
    polling->is_ending = kind_of(polling, request) != KIND_PROBE;
    if (polling->is_ending)
        return;
    polling->guid = door_guid(door_request);
    polling->server_name = g_strndup((const char *)request->server.data, request->server.len);
    http_server_enter(http_server_of(carrier), polling->guid, carrier);
}

static void take(struct carrier_transport *transport, const struct door_request *door_request)
{
    struct carrier *carrier = transport->carrier;
    struct polling *polling = polling_of(carrier);
    const struct henc_polling request = request_of(transport);
    if (polling->last_answer == NULL)
        begin(transport, door_request, &request);
    switch (kind_of(polling, &request)) {
    case KIND_WRONG:
        door_refuse(transport, 400);
        break;
    case KIND_BROKEN:
        door_refuse(transport, 400);
        polling->is_ending = true;
        break;
    case KIND_PROBE:
        answer_probe(transport);
        break;
    case KIND_NEXT:
        if (polling->state == STATE_ESTABLISHED) {
            take_next(transport, &request);
        } else {
            polling->state = STATE_STARTING;
            polling->first = transport;
            carrier_set_ready(carrier);
        }
        break;
    case KIND_REPEATED:
        say(transport, polling->last_answer);
        await_request(carrier);
        break;
    }
}

static unsigned refuses(const struct carrier *carrier, const struct door_request *door_request)
{
    struct henc_polling request;
    return polling_of(carrier)->is_ending ||
                   henc_polling_parse(door_request->body, false, &request) != HENC_POLLING_OK ||
                   kind_of(polling_of(carrier), &request) == KIND_WRONG
               ? 400
               : 0;
}

/* ------------------------------------------------------------------------
 * The row
 */

static void clear(struct carrier *carrier)
{
    struct polling *polling = polling_of(carrier);
    if (polling->guid != NULL)
        http_server_leave(http_server_of(carrier), polling->guid);
    if (polling->last_answer != NULL)
        g_byte_array_free(polling->last_answer, TRUE);
    g_free(polling->guid);
    g_free(polling->server_name);
}

/* Whether there is nothing more to be said, nor awaited. */
static bool is_done(const struct carrier *carrier)
{
    const struct sstp_ep *ep = carrier_ep(carrier);
    return polling_of(carrier)->is_ending ||
           (ep != NULL && sstp_ep_state(ep) == SSTP_CONNECTION_CLOSED &&
            sstp_ep_output_len(ep) == 0);
}

/* The last answer has arrived with the end of its transport. */
static void on_lost(struct carrier_transport *transport)
{
    struct carrier *carrier = transport->carrier;
    struct polling *polling = polling_of(carrier);
    if (polling->first == transport)
        polling->first = NULL;
    if (is_done(carrier) && carrier_transport(carrier, 1) == NULL)
        carrier_lose(carrier);
}

/* Each transport brings one request; what comes after it is not looked at. */
static void on_receive(struct carrier_transport *transport, const void *data, size_t len)
{
    (void)transport;
    (void)data;
    (void)len;
}

static bool has_room(const struct carrier_transport *transport)
{
    (void)transport;
    return true;
}

static bool is_over(const struct carrier_transport *transport)
{
    return http_line_of(transport)->is_over;
}

static void tick(struct carrier *carrier)
{
    const struct polling *polling = polling_of(carrier);
    const int64_t now_ms = carrier_now_ms(carrier);
    if (now_ms >= polling->establish_deadline || now_ms >= polling->silence_deadline ||
        (is_done(carrier) && carrier_transport(carrier, 0) == NULL))
        carrier_lose(carrier);
}

static int64_t deadline(const struct carrier *carrier)
{
    const struct polling *polling = polling_of(carrier);
    return is_done(carrier) && carrier_transport(carrier, 0) == NULL
               ? carrier_now_ms(carrier)
               : MIN(polling->establish_deadline, polling->silence_deadline);
}

static const char *connection_name(const struct carrier *carrier)
{
    return polling_of(carrier)->guid;
}

static const struct carrier_ops polling_server = {.name = "polling",
                                                  .port = 80,
                                                  .state_size = sizeof(struct polling),
                                                  .clear = clear,
                                                  .lost = on_lost,
                                                  .started = started,
                                                  .connection_name = connection_name,
                                                  .receive = on_receive,
                                                  .has_room = has_room,
                                                  .output_len = http_line_output_len,
                                                  .output = http_line_output,
                                                  .taken = http_line_taken,
                                                  .is_over = is_over,
                                                  .tick = tick,
                                                  .deadline = deadline};

const struct door_service polling_service = {
    .kind = HENC_KIND_POLLING, .ops = &polling_server, .refuses = refuses, .take = take};
