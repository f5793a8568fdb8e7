/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "carrier/longlived_client.h"

#include "carrier/http_client.h"
#include "carrier/http_halves.h"
#include "carrier/http_head.h"
#include "carrier/longlived.h"
#include "henc/echo.h"

/* The states of GRVHENC 3.1.1.1: without an answer both halves are 'Connecting', with it
 * 'Connected', and ready, 'Established'. */
struct longlived_client {
    struct longlived both;
    struct http_halves halves;
    bool is_answered; /* the head of GET's answer is read */
    bool is_posting;  /* POST's body has begun, which has no end to wait for */
};

static void begin(struct carrier *carrier)
{
    struct longlived_client *client = carrier_state(carrier);
    struct longlived *longlived = &client->both;
    http_halves_begin(&client->halves, carrier, longlived->halves);
    longlived->guid = http_guid_new(&carrier_config(carrier)->random);
    longlived->spoken = HENC_HALF_POST;
    longlived->may_speak = true;
    longlived->hangs = carrier_config(carrier)->http->longlived_hangs;
    longlived->said_limit = http_client_longlived_limit(carrier);
    longlived->deadline = carrier_now_ms(carrier) + http_client_establish_ms(carrier);
}

static void clear(struct carrier *carrier)
{
    struct longlived_client *client = carrier_state(carrier);
    http_halves_clear(&client->halves);
    g_free(client->both.guid);
}

/* ------------------------------------------------------------------------
 * Transports
 */

/* GRVHENC 3.1.4.1.1 to .4. */
static void say_request(struct carrier_transport *transport)
{
    struct carrier *carrier = transport->carrier;
    struct longlived_client *client = carrier_state(carrier);
    struct longlived *longlived = &client->both;
    struct http_line *line = http_line_of(transport);
    const enum henc_half half = (enum henc_half)transport->number;
    struct proxy_auth *auth = &client->halves.auths[half];
    const bool is_asking = half == HENC_HALF_POST && proxy_auth_is_asking(auth);
    GString *fields = g_string_new(NULL);
    proxy_auth_append(auth, fields);
    http_write_request(
        line->says, carrier,
        &(struct http_request){.kind = HENC_KIND_LONGLIVED,
                               .half = half,
                               .guid = longlived->guid,
                               .content_length = is_asking ? 0 : longlived->said_limit,
                               .more = fields->str});
    g_string_free(fields, TRUE);
    if (half == HENC_HALF_GET)
        return;
    client->is_posting = !is_asking;
    if (is_asking)
        return;
    uint8_t echo[64];
    struct sstp_writer writer = sstp_writer(echo, sizeof echo);
    henc_echo_write(&writer, sstp_span_of_string(HENC_ECHO_PING_DATA));
    g_byte_array_append(line->says, echo, (guint)writer.pos);
    longlived->num_said = writer.pos;
}

static void on_opened(struct carrier_transport *transport)
{
    struct longlived_client *client = carrier_state(transport->carrier);
    http_halves_opened(&client->halves, transport);
    say_request(transport);
}

static void on_lost(struct carrier_transport *transport)
{
    struct carrier *carrier = transport->carrier;
    struct longlived_client *client = carrier_state(carrier);
    if (!http_halves_lost(&client->halves, transport))
        return;
    if (!carrier_is_ready(carrier))
        http_client_end(carrier, "closed the connection");
    longlived_lost(transport);
}

/* A proxy wants to know who asks (GRVHENC 3.1.5.1.1.2); its answer may not be whole yet. */
static void on_question(struct carrier_transport *transport, const struct henc_http *http)
{
    struct longlived_client *client = carrier_state(transport->carrier);
    const bool can_follow = transport->number == HENC_HALF_GET || !client->is_posting;
    if (http_halves_asked(&client->halves, transport, http, can_follow, "LongLived"))
        say_request(transport);
}

/* ------------------------------------------------------------------------
 * Hearing
 */

static void hear(struct carrier *carrier, const void *data, size_t len)
{
    if (!longlived_hear(carrier, data, len, http_client_receive_ms(carrier)))
        http_client_end(carrier, "said more than its Content-Length");
}

/* The head of the answer to GET (GRVHENC 3.1.5.2.1). */
static void take_head(struct carrier_transport *transport)
{
    struct carrier *carrier = transport->carrier;
    struct http_line *line = http_line_of(transport);
    struct longlived_client *client = carrier_state(carrier);
    struct henc_http http;
    const enum henc_http_result result = henc_http_head(http_line_heard(line), &http);
    if (result == HENC_HTTP_MORE && !line->is_over)
        return;
    if (result != HENC_HTTP_DONE || !http.is_response || (http.status == 200 && http.is_chunked)) {
        http_client_end(carrier, "gave an answer that is none of LongLived");
    } else if (http_client_is_question(carrier, http.status)) {
        on_question(transport, &http);
    } else if (http.status != 200) {
        http_client_refused(carrier, http.status);
    } else {
        client->is_answered = true;
        client->both.heard_limit = http.has_content_length ? http.content_length : UINT64_MAX;
        http_line_understood(line, http.head_len);
    }
}

/* The echo string, with which the virtual connection is there (GRVHENC 3.1.5.2.1.1). */
static void take_echo(struct carrier *carrier, struct http_line *line)
{
    struct longlived *longlived = carrier_state(carrier);
    struct henc_echo echo;
    const enum henc_echo_result result = henc_echo_scan(http_line_heard(line), false, &echo);
    if (result == HENC_ECHO_NEED_MORE && !line->is_over)
        return;
    if (result != HENC_ECHO_YES ||
        !sstp_span_is_equal(echo.ping_data, sstp_span_of_string(HENC_ECHO_PING_DATA))) {
        http_client_end(carrier, "did not bring back the echo string");
        return;
    }
    if (echo.len > longlived->heard_limit) {
        http_client_end(carrier, "said more than its Content-Length");
        return;
    }
    struct longlived_client *client = carrier_state(carrier);
    proxy_auth_passed(&client->halves.auths[HENC_HALF_GET]);
    proxy_auth_passed(&client->halves.auths[HENC_HALF_POST]);
    longlived->num_heard = echo.len;
    longlived->deadline = carrier_now_ms(carrier) + http_client_receive_ms(carrier);
    http_line_understood(line, echo.len);
    carrier_set_ready(carrier);
}

static void receive_get(struct carrier_transport *transport, const void *data, size_t len)
{
    struct carrier *carrier = transport->carrier;
    struct http_line *line = http_line_of(transport);
    const struct longlived_client *client = carrier_state(carrier);
    if (carrier_ep(carrier) != NULL) {
        hear(carrier, data, len);
        return;
    }
    http_line_hear(line, data, len);
    if (!client->is_answered)
        take_head(transport);
    if (client->is_answered && !carrier_is_ready(carrier) && !carrier_is_lost(carrier))
        take_echo(carrier, line);
}

/* Nothing is to come there but the answer of a proxy or to an error (GRVHENC 3.1.5.1). */
static void receive_post(struct carrier_transport *transport, const void *data, size_t len)
{
    struct carrier *carrier = transport->carrier;
    struct http_line *line = http_line_of(transport);
    struct henc_http http;
    http_line_hear(line, data, len);
    const enum henc_http_result result = henc_http_head(http_line_heard(line), &http);
    if (result == HENC_HTTP_MORE && !carrier_is_ready(carrier) && !line->is_over)
        return;
    if (result == HENC_HTTP_DONE && http.is_response && !carrier_is_ready(carrier) &&
        http_client_is_question(carrier, http.status))
        on_question(transport, &http);
    else if (result == HENC_HTTP_DONE && http.is_response)
        http_client_refused(carrier, http.status);
    else
        http_client_end(carrier, "said something where it has nothing to say");
}

static void on_receive(struct carrier_transport *transport, const void *data, size_t len)
{
    const struct carrier *carrier = transport->carrier;
    const struct longlived_client *client = carrier_state(carrier);
    if (carrier_is_lost(carrier) || !http_halves_have(&client->halves, transport))
        return;
    if (transport->number == HENC_HALF_GET)
        receive_get(transport, data, len);
    else
        receive_post(transport, data, len);
}

static void on_started(struct carrier *carrier)
{
    const struct longlived *longlived = carrier_state(carrier);
    const struct carrier_transport *get = longlived->halves[HENC_HALF_GET];
    if (get == NULL)
        return;
    struct http_line *line = http_line_of(get);
    if (line->heard->len > 0)
        hear(carrier, line->heard->data, line->heard->len);
    g_byte_array_set_size(line->heard, 0);
}

/* ------------------------------------------------------------------------
 * Time
 */

/* ConnectionEstablishment and NetworkReceiveIO (GRVHENC 3.1.6.1, 3.1.6.2). */
static void tick(struct carrier *carrier)
{
    const struct longlived *longlived = carrier_state(carrier);
    if (carrier_now_ms(carrier) < longlived->deadline)
        return;
    longlived_expired(carrier);
    if (!carrier_is_ready(carrier))
        http_client_end(carrier, "did not answer in time");
}

const struct carrier_ops carrier_longlived = {.state_size = sizeof(struct longlived_client),
                                              .begin = begin,
                                              .clear = clear,
                                              .opened = on_opened,
                                              .not_opened = http_client_not_opened,
                                              .lost = on_lost,
                                              .started = on_started,
                                              .receive = on_receive,
                                              .tick = tick,
                                              LONGLIVED_OPS};
