/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "carrier/keepalive_client.h"

#include "carrier/http_client.h"
#include "carrier/http_halves.h"
#include "carrier/http_head.h"
#include "carrier/http_line.h"
#include "carrier/http_noop.h"
#include "carrier/keepalive_post.h"
#include "carrier/pass.h"
#include "henc/echo.h"

/* The states of GRVHENC 3.3.1.1: a half is 'Established' when its handshake is answered, which for
 * a client without questions of a proxy's is at once after 'Connected'; both are when the carrier
 * is ready. */
struct keepalive {
    char *guid;
    struct carrier_transport *open[2]; /* by enum henc_half; NULL */
    struct http_halves halves;
    struct keepalive_post post;
    bool is_established[2];
    bool is_over;        /* all is closed at once */
    bool is_ending;      /* GET is lost: only the last words are said */
    bool has_last_words; /* and they are known */
    size_t num_last_words;
    bool is_reopening;     /* POST */
    unsigned num_reopened; /* since the last answer */
    int64_t establish_deadline, ending_deadline;
    int64_t deadlines[2]; /* for an answer (Get- and PostNetworkReceiveIO) */
};

static struct keepalive *keepalive_of(const struct carrier *carrier)
{
    return carrier_state(carrier);
}

static void begin(struct carrier *carrier)
{
    struct keepalive *keepalive = keepalive_of(carrier);
    keepalive->guid = http_guid_new(&carrier_config(carrier)->random);
    http_halves_begin(&keepalive->halves, carrier, keepalive->open);
    keepalive_post_init(&keepalive->post, carrier, keepalive->guid,
                        &keepalive->halves.auths[HENC_HALF_POST]);
    keepalive->establish_deadline = carrier_now_ms(carrier) + http_client_establish_ms(carrier);
    keepalive->ending_deadline = SSTP_EP_NEVER;
    keepalive->deadlines[HENC_HALF_GET] = keepalive->deadlines[HENC_HALF_POST] = SSTP_EP_NEVER;
}

static void clear(struct carrier *carrier)
{
    struct keepalive *keepalive = keepalive_of(carrier);
    http_halves_clear(&keepalive->halves);
    keepalive_post_clear(&keepalive->post);
    g_free(keepalive->guid);
}

static const char *connection_name(const struct carrier *carrier)
{
    return keepalive_of(carrier)->guid;
}

/* ------------------------------------------------------------------------
 * Requests
 */

static void say_get(struct carrier *carrier)
{
    struct keepalive *keepalive = keepalive_of(carrier);
    GString *fields = g_string_new(NULL);
    proxy_auth_append(&keepalive->halves.auths[HENC_HALF_GET], fields);
    http_write_request(http_line_of(keepalive->open[HENC_HALF_GET])->says, carrier,
                       &(struct http_request){.kind = HENC_KIND_KEEPALIVE,
                                              .half = HENC_HALF_GET,
                                              .guid = keepalive->guid,
                                              .more = fields->str});
    g_string_free(fields, TRUE);
    if (carrier_is_ready(carrier))
        keepalive->deadlines[HENC_HALF_GET] =
            carrier_now_ms(carrier) + http_client_receive_ms(carrier);
}

/* What the endpoint has to say, as much as one request has room for (GRVHENC 3.3.4.7). */
static void make_data(struct carrier *carrier)
{
    struct keepalive *keepalive = keepalive_of(carrier);
    uint8_t body[HENC_BODY_LEN_MAX];
    const size_t room =
        keepalive->is_ending ? MIN(keepalive->num_last_words, sizeof body) : sizeof body;
    const size_t len = carrier_pass_move(carrier, body, room);
    keepalive_post_say(&keepalive->post, sstp_span(body, len));
    if (keepalive->is_ending)
        keepalive->num_last_words -= len;
    keepalive->deadlines[HENC_HALF_POST] =
        carrier_now_ms(carrier) + http_client_receive_ms(carrier);
}

static bool may_make_data(const struct carrier *carrier)
{
    const struct keepalive *keepalive = keepalive_of(carrier);
    return carrier_ep(carrier) != NULL && !keepalive_post_is_waiting(&keepalive->post) &&
           !keepalive->is_over && (!keepalive->is_ending || keepalive->num_last_words > 0) &&
           sstp_ep_output_len(carrier_ep(carrier)) > 0;
}

/* ------------------------------------------------------------------------
 * Transports
 */

static void on_opened(struct carrier_transport *transport)
{
    struct carrier *carrier = transport->carrier;
    struct keepalive *keepalive = keepalive_of(carrier);
    struct keepalive_post *post = &keepalive->post;
    http_halves_opened(&keepalive->halves, transport);
    if (transport->number == HENC_HALF_GET) {
        say_get(carrier);
        return;
    }
    keepalive->is_reopening = false;
    if (!keepalive_post_is_waiting(post)) {
        if (!carrier_is_ready(carrier))
            keepalive_post_handshake(post);
    } else if (carrier_config(carrier)->login != NULL) {
        keepalive_post_write(post); /* what is told is about the transport */
    } else {
        keepalive_post_restart(post);
    }
}

/* All has been said, and taken. */
static bool is_done(const struct carrier *carrier)
{
    const struct keepalive *keepalive = keepalive_of(carrier);
    const struct sstp_ep *ep = carrier_ep(carrier);
    if (ep == NULL || keepalive_post_is_waiting(&keepalive->post))
        return false;
    if (keepalive->is_ending)
        return keepalive->has_last_words && keepalive->num_last_words == 0;
    return sstp_ep_state(ep) == SSTP_CONNECTION_CLOSED && sstp_ep_output_len(ep) == 0;
}

/* Whether POST is opened again (GRVHENC 3.3.7.1). */
static bool may_reopen(const struct carrier *carrier)
{
    const struct keepalive *keepalive = keepalive_of(carrier);
    return keepalive->open[HENC_HALF_GET] != NULL && !keepalive->is_over && !is_done(carrier) &&
           keepalive->num_reopened < KEEPALIVE_REOPEN_MAX;
}

static void reopen(struct carrier *carrier)
{
    struct keepalive *keepalive = keepalive_of(carrier);
    keepalive->is_reopening = true;
    keepalive->num_reopened++;
    http_client_want(carrier, HENC_HALF_POST);
}

/* Whether it has to be, by now: with nothing to be said nobody needs it, and a proxy may close it
 * as often as it likes. */
static bool has_to_reopen(const struct carrier *carrier)
{
    const struct keepalive *keepalive = keepalive_of(carrier);
    return keepalive->open[HENC_HALF_POST] == NULL && !keepalive->is_reopening &&
           may_make_data(carrier);
}

/* GET is lost, and nothing more can be heard; but what was can be acknowledged. */
static void begin_ending(struct carrier *carrier)
{
    struct keepalive *keepalive = keepalive_of(carrier);
    keepalive->deadlines[HENC_HALF_GET] = SSTP_EP_NEVER;
    keepalive->is_ending = true;
    keepalive->ending_deadline = carrier_now_ms(carrier) + HTTP_GRACE_MS;
}

static void end_now(struct carrier *carrier)
{
    struct keepalive *keepalive = keepalive_of(carrier);
    keepalive->is_over = true;
    if (keepalive->open[HENC_HALF_GET] == NULL && keepalive->open[HENC_HALF_POST] == NULL)
        carrier_lose(carrier);
}

/* GRVHENC 3.3.7 */
static void on_lost(struct carrier_transport *transport)
{
    struct carrier *carrier = transport->carrier;
    struct keepalive *keepalive = keepalive_of(carrier);
    if (!http_halves_lost(&keepalive->halves, transport) || carrier_is_lost(carrier))
        return;
    if (!carrier_is_ready(carrier)) {
        http_client_end(carrier, "closed the connection");
    } else if (may_reopen(carrier)) {
        if (keepalive_post_is_waiting(&keepalive->post))
            reopen(carrier);
    } else if (transport->number == HENC_HALF_GET && keepalive->open[HENC_HALF_POST] != NULL &&
               carrier_ep(carrier) != NULL && !keepalive->is_over && !is_done(carrier)) {
        begin_ending(carrier);
    } else {
        end_now(carrier);
    }
}

/* ------------------------------------------------------------------------
 * Answers
 */

/* Both handshakes are answered (GRVHENC 3.3.5.1.1.1, 3.3.5.2.1.1). */
static void establish(struct carrier *carrier, enum henc_half half)
{
    struct keepalive *keepalive = keepalive_of(carrier);
    keepalive->is_established[half] = true;
    if (!keepalive->is_established[HENC_HALF_GET] || !keepalive->is_established[HENC_HALF_POST])
        return;
    keepalive->establish_deadline = SSTP_EP_NEVER;
    carrier_set_ready(carrier);
    say_get(carrier);
}

static bool is_echo(struct sstp_span body)
{
    struct henc_echo echo;
    return henc_echo_scan(body, true, &echo) == HENC_ECHO_YES && echo.len == body.len &&
           sstp_span_is_equal(echo.ping_data, sstp_span_of_string(HENC_ECHO_PING_DATA));
}

/* GRVHENC 3.3.5.2.1 */
static void take_get(struct carrier *carrier, struct sstp_span body)
{
    struct keepalive *keepalive = keepalive_of(carrier);
    if (keepalive->is_established[HENC_HALF_GET]) {
        if (body.len == 0)
            http_client_end(carrier, "answered without anything to say");
        else
            say_get(carrier);
    } else if (is_echo(body)) {
        establish(carrier, HENC_HALF_GET);
    } else {
        http_client_end(carrier, "did not bring back the echo string");
    }
}

/* GRVHENC 3.3.5.1.1 */
static void take_post(struct carrier *carrier, struct sstp_span body)
{
    struct keepalive *keepalive = keepalive_of(carrier);
    const bool is_handshake = !keepalive->is_established[HENC_HALF_POST];
    if (!keepalive_post_is_waiting(&keepalive->post) || !keepalive_post_is_said(&keepalive->post)) {
        http_client_end(carrier, "answered before it was asked");
    } else if (is_handshake ? !henc_empty_answer_is(body) : body.len > 0) {
        http_client_end(carrier, "gave an answer that is none of KeepAlive");
    } else {
        keepalive_post_answered(&keepalive->post);
        keepalive->deadlines[HENC_HALF_POST] = SSTP_EP_NEVER;
        keepalive->num_reopened = 0;
        if (is_handshake)
            establish(carrier, HENC_HALF_POST);
    }
}

/* Whether an answer that begins here is a proxy's, which wants to know who asks (GRVHENC 3.3.5.1.3,
 * 3.3.5.2.3), and has been dealt with: by the same request again. */
static bool is_question(struct carrier_transport *transport)
{
    struct carrier *carrier = transport->carrier;
    struct keepalive *keepalive = keepalive_of(carrier);
    const bool is_get = transport->number == HENC_HALF_GET;
    struct henc_http http;
    if (henc_http_head(http_line_heard(http_line_of(transport)), &http) != HENC_HTTP_DONE ||
        !http.is_response || !http_client_is_question(carrier, http.status))
        return false;
    if (!http_halves_asked(&keepalive->halves, transport, &http,
                           is_get || keepalive_post_is_said(&keepalive->post), "KeepAlive"))
        return true;
    if (is_get)
        say_get(carrier);
    else
        keepalive_post_write(&keepalive->post);
    return true;
}

/* One answer, if it is whole.  GET's may be the endpoint's to hear, after which all may be over. */
static bool take_answer(struct carrier_transport *transport)
{
    struct carrier *carrier = transport->carrier;
    struct http_line *line = http_line_of(transport);
    const bool is_data = carrier_is_ready(carrier) && transport->number == HENC_HALF_GET;
    struct henc_http http;
    struct sstp_span body;
    if (line->heard->len == 0 || carrier_is_lost(carrier) ||
        (carrier_is_ready(carrier) && carrier_ep(carrier) == NULL) || is_question(transport))
        return false;
    const enum henc_http_result result = http_line_message(line, HENC_BODY_LEN_MAX, &http, &body);
    if (result == HENC_HTTP_MORE && !line->is_over)
        return false;
    if (result == HENC_HTTP_DONE && http.is_response && http.status != 200) {
        http_client_refused(carrier, http.status);
        return false;
    }
    if (result != HENC_HTTP_DONE || !http.is_response) {
        http_client_end(carrier, "gave an answer that is none of KeepAlive");
        return false;
    }
    const size_t len = http.head_len + body.len;
    proxy_auth_passed(&keepalive_of(carrier)->halves.auths[transport->number]);
    if (transport->number == HENC_HALF_GET)
        take_get(carrier, body);
    else
        take_post(carrier, body);
    if (is_data && !carrier_is_lost(carrier))
        sstp_ep_receive(carrier_ep(carrier), body.data, body.len);
    http_line_understood(line, len);
    return true;
}

static void on_receive(struct carrier_transport *transport, const void *data, size_t len)
{
    if (!http_halves_have(&keepalive_of(transport->carrier)->halves, transport))
        return;
    http_line_hear(http_line_of(transport), data, len);
    while (take_answer(transport))
        ;
}

static void on_started(struct carrier *carrier)
{
    const struct keepalive *keepalive = keepalive_of(carrier);
    for (unsigned half = 0; half < 2; half++)
        while (keepalive->open[half] != NULL && take_answer(keepalive->open[half]))
            ;
}

static bool has_room(const struct carrier_transport *transport)
{
    return carrier_ep(transport->carrier) == NULL || carrier_pass_has_room(transport);
}

/* ------------------------------------------------------------------------
 * Output
 */

static size_t output_len(const struct carrier_transport *transport)
{
    const struct keepalive *keepalive = keepalive_of(transport->carrier);
    if (!http_halves_have(&keepalive_of(transport->carrier)->halves, transport))
        return 0;
    if (transport->number == HENC_HALF_GET)
        return http_line_output_len(transport);
    return keepalive_post_output(&keepalive->post).len +
           (may_make_data(transport->carrier) ? sstp_ep_output_len(carrier_ep(transport->carrier))
                                              : 0);
}

static size_t output(const struct carrier_transport *transport, struct sstp_span *pieces,
                     size_t max)
{
    const struct keepalive *keepalive = keepalive_of(transport->carrier);
    if (!http_halves_have(&keepalive_of(transport->carrier)->halves, transport))
        return 0;
    if (transport->number == HENC_HALF_GET)
        return http_line_output(transport, pieces, max);
    /* Only now, so that it is as much as there is. */
    if (may_make_data(transport->carrier))
        make_data(transport->carrier);
    if (keepalive_post_is_said(&keepalive->post) || max == 0)
        return 0;
    pieces[0] = keepalive_post_output(&keepalive->post);
    return 1;
}

static void on_taken(struct carrier_transport *transport, size_t len)
{
    if (transport->number == HENC_HALF_GET)
        http_line_taken(transport, len);
    else
        keepalive_post_taken(&keepalive_of(transport->carrier)->post, len);
}

/* Both halves end together (GRVHENC 3.3.4.2). */
static bool is_over(const struct carrier_transport *transport)
{
    return keepalive_of(transport->carrier)->is_over || is_done(transport->carrier) ||
           !http_halves_have(&keepalive_of(transport->carrier)->halves, transport);
}

/* ------------------------------------------------------------------------
 * Time
 */

static int64_t deadline(const struct carrier *carrier)
{
    const struct keepalive *keepalive = keepalive_of(carrier);
    if (has_to_reopen(carrier))
        return carrier_now_ms(carrier);
    return MIN(MIN(keepalive->establish_deadline, keepalive->ending_deadline),
               MIN(keepalive->deadlines[HENC_HALF_GET], keepalive->deadlines[HENC_HALF_POST]));
}

/* With all that has been taken, as far as anybody knows. */
static void say_last_words(struct carrier *carrier)
{
    struct keepalive *keepalive = keepalive_of(carrier);
    keepalive->has_last_words = true;
    keepalive->ending_deadline = carrier_now_ms(carrier) + HTTP_LINGER_MS;
    (void)sstp_ep_noop(carrier_ep(carrier)); /* no memory: then there is nothing to be said */
    keepalive->num_last_words = sstp_ep_output_len(carrier_ep(carrier));
}

/* ConnectionEstablishment, Get- and PostNetworkReceiveIO (GRVHENC 3.3.6), and the end. */
static void tick(struct carrier *carrier)
{
    struct keepalive *keepalive = keepalive_of(carrier);
    if (has_to_reopen(carrier) && may_reopen(carrier)) {
        reopen(carrier);
        return;
    }
    if (carrier_now_ms(carrier) < deadline(carrier))
        return;
    if (keepalive->is_ending && !keepalive->has_last_words) {
        say_last_words(carrier);
        return;
    }
    keepalive->establish_deadline = keepalive->ending_deadline = SSTP_EP_NEVER;
    keepalive->deadlines[HENC_HALF_GET] = keepalive->deadlines[HENC_HALF_POST] = SSTP_EP_NEVER;
    if (!carrier_is_ready(carrier))
        http_client_end(carrier, "did not answer in time");
    else
        end_now(carrier);
}

const struct carrier_ops carrier_keepalive = {.name = "keepalive",
                                              .port = 80,
                                              .proxy_port = 8080,
                                              .state_size = sizeof(struct keepalive),
                                              .keepalive_ms = http_keepalive_ms,
                                              .begin = begin,
                                              .clear = clear,
                                              .opened = on_opened,
                                              .not_opened = http_client_not_opened,
                                              .lost = on_lost,
                                              .started = on_started,
                                              .connection_name = connection_name,
                                              .receive = on_receive,
                                              .has_room = has_room,
                                              .output_len = output_len,
                                              .output = output,
                                              .taken = on_taken,
                                              .is_over = is_over,
                                              .tick = tick,
                                              .deadline = deadline};
