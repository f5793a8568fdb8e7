/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "carrier/keepalive_server.h"

#include "carrier/http_head.h"
#include "carrier/http_noop.h"
#include "carrier/pass.h"
#include "henc/digest.h"
#include "henc/echo.h"

/* The states of GRVHENC 3.4.1.1: it is 'Connected' with one half's handshake, and 'Established'
 * with both, which is when the carrier is ready. */
struct keepalive {
    char *guid;
    struct carrier_transport *get;      /* whose GET is being answered, or awaits it; NULL */
    struct carrier_transport *post;     /* whose POST is being read; NULL */
    GByteArray *echo;                   /* NULL before it is there */
    bool is_asked;                      /* GET awaits its answer (ServerOKtoSend) */
    bool is_get_ready;                  /* GetSessionReady */
    bool is_ending;                     /* GET is lost */
    bool is_over;                       /* all is closed at once */
    int64_t deadline;                   /* ConnectionEstablishment, then IdleConnection */
    struct carrier_transport *last_get; /* that brought the last GET; NULL: lost */
    int64_t get_deadline;               /* for the next GET, where it is lost */

    /* The last POST with data, for when it comes again. */
    struct henc_digest last;
    struct carrier_transport *last_on; /* NULL: lost */
    bool has_last;
    int64_t last_ms;
};

static struct keepalive *keepalive_of(const struct carrier *carrier)
{
    return carrier_state(carrier);
}

static const struct http_options *options_of(const struct carrier *carrier)
{
    return http_server_options(http_server_of(carrier));
}

static void clear(struct carrier *carrier)
{
    const struct keepalive *keepalive = keepalive_of(carrier);
    if (keepalive->guid == NULL)
        return;
    http_server_leave(http_server_of(carrier), keepalive->guid);
    g_free(keepalive->guid);
    if (keepalive->echo != NULL)
        g_byte_array_free(keepalive->echo, TRUE);
}

static const char *connection_name(const struct carrier *carrier)
{
    return keepalive_of(carrier)->guid;
}

/* A protocol error: 400, and all is closed (GRVHENC 3.4.5.1.1.2, 3.4.5.2.4). */
static void refuse(struct carrier_transport *transport)
{
    door_refuse(transport, 400);
    keepalive_of(transport->carrier)->is_over = true;
}

/* ------------------------------------------------------------------------
 * The handshake
 */

/* What would be out of turn is refused, and changes nothing for whom the GUID belongs to. */
static unsigned refuses(const struct carrier *carrier, const struct door_request *request)
{
    const struct keepalive *keepalive = keepalive_of(carrier);
    if (keepalive->is_over)
        return 400;
    if (request->http.uri.half == HENC_HALF_GET)
        return keepalive->get != NULL || keepalive->is_ending ? 400 : 0;
    return !carrier_is_ready(carrier) && (keepalive->echo != NULL || keepalive->post != NULL) ? 400
                                                                                              : 0;
}

static void restart(struct carrier *carrier)
{
    if (!keepalive_of(carrier)->is_ending)
        keepalive_of(carrier)->deadline = carrier_now_ms(carrier) + options_of(carrier)->receive_ms;
}

/* GRVHENC 3.4.5.1.1.1 */
static void establish(struct carrier *carrier)
{
    struct keepalive *keepalive = keepalive_of(carrier);
    if (keepalive->get == NULL || keepalive->echo == NULL || carrier_is_ready(carrier))
        return;
    GByteArray *says = http_line_of(keepalive->get)->says;
    http_write_response(says, carrier, 200, true, keepalive->echo->len);
    g_byte_array_append(says, keepalive->echo->data, keepalive->echo->len);
    restart(carrier);
    carrier_set_ready(carrier);
}

/* GRVHENC 3.4.5.2.1, 3.4.5.2.3.1 */
static void take_echo(struct carrier_transport *transport, struct sstp_span body)
{
    struct keepalive *keepalive = keepalive_of(transport->carrier);
    struct henc_echo echo;
    if (henc_echo_scan(body, true, &echo) != HENC_ECHO_YES || echo.len != body.len) {
        refuse(transport);
        return;
    }
    uint8_t answer[64];
    struct sstp_writer writer = sstp_writer(answer, sizeof answer);
    henc_empty_answer_write(&writer);
    keepalive->echo = g_byte_array_new();
    g_byte_array_append(keepalive->echo, body.data, (guint)body.len);
    http_write_response(http_line_of(transport)->says, transport->carrier, 200, true, writer.pos);
    g_byte_array_append(http_line_of(transport)->says, answer, (guint)writer.pos);
    establish(transport->carrier);
}

/* ------------------------------------------------------------------------
 * Requests
 */

/* GRVHENC 3.4.5.1.1, 3.4.5.1.2 */
static void take_get(struct carrier_transport *transport, size_t len)
{
    struct carrier *carrier = transport->carrier;
    struct keepalive *keepalive = keepalive_of(carrier);
    http_line_understood(http_line_of(transport), len);
    keepalive->get = keepalive->last_get = transport;
    keepalive->get_deadline = SSTP_EP_NEVER;
    if (!carrier_is_ready(carrier)) {
        establish(carrier);
        return;
    }
    keepalive->is_asked = keepalive->is_get_ready = true;
    restart(carrier);
}

/* Whether a body is one that was heard, and comes again as its answer was lost. */
static bool is_repeat(const struct keepalive *keepalive, const struct carrier_transport *transport,
                      const struct henc_digest *digest)
{
    return keepalive->has_last && keepalive->last_on != transport &&
           carrier_now_ms(transport->carrier) - keepalive->last_ms <= KEEPALIVE_REPEAT_MS &&
           henc_digest_is_equal(&keepalive->last, digest);
}

/* GRVHENC 3.4.5.2.2, 3.4.5.2.3.2 */
static void take_data(struct carrier_transport *transport, struct sstp_span body)
{
    struct carrier *carrier = transport->carrier;
    struct keepalive *keepalive = keepalive_of(carrier);
    const struct henc_digest digest = henc_digest(body);
    const bool was_heard = is_repeat(keepalive, transport, &digest);
    keepalive->last = digest;
    keepalive->last_on = transport;
    keepalive->last_ms = carrier_now_ms(carrier);
    keepalive->has_last = body.len > 0;
    http_write_response(http_line_of(transport)->says, carrier, 200, true, 0);
    restart(carrier);
    if (!was_heard)
        sstp_ep_receive(carrier_ep(carrier), body.data, body.len);
}

/* A POST, if it is whole. */
static void take_post(struct carrier_transport *transport)
{
    struct carrier *carrier = transport->carrier;
    struct keepalive *keepalive = keepalive_of(carrier);
    struct http_line *line = http_line_of(transport);
    struct henc_http http;
    struct sstp_span body;
    const enum henc_http_result result = http_line_message(line, HENC_BODY_LEN_MAX, &http, &body);
    if (result == HENC_HTTP_MORE && !line->is_over) {
        if (line->deadline == SSTP_EP_NEVER)
            line->deadline = carrier_now_ms(carrier) + options_of(carrier)->establish_ms;
        return;
    }
    keepalive->post = NULL;
    if (result != HENC_HTTP_DONE || !http.has_content_length) {
        refuse(transport);
        return;
    }
    const size_t len = http.head_len + body.len;
    line->deadline = SSTP_EP_NEVER;
    if (carrier_is_ready(carrier))
        take_data(transport, body);
    else
        take_echo(transport, body);
    http_line_understood(line, len);
}

static void begin(struct carrier *carrier, const struct door_request *request)
{
    struct keepalive *keepalive = keepalive_of(carrier);
    keepalive->guid = door_guid(request);
    keepalive->deadline = carrier_now_ms(carrier) + options_of(carrier)->establish_ms;
    keepalive->get_deadline = SSTP_EP_NEVER;
    http_server_enter(http_server_of(carrier), keepalive->guid, carrier);
}

static void take(struct carrier_transport *transport, const struct door_request *request)
{
    struct carrier *carrier = transport->carrier;
    struct keepalive *keepalive = keepalive_of(carrier);
    if (keepalive->guid == NULL)
        begin(carrier, request);
    http_line_of(transport)->deadline = SSTP_EP_NEVER;
    if (request->http.uri.half == HENC_HALF_GET) {
        take_get(transport, request->http.head_len + (size_t)request->http.content_length);
        return;
    }
    /* A POST that is opened again takes the place of one that hangs (GRVHENC 3.3.7.1). */
    if (keepalive->post != NULL)
        http_line_of(keepalive->post)->is_over = true;
    keepalive->post = transport;
    take_post(transport);
}

/* ------------------------------------------------------------------------
 * Transports
 */

/* Whether a transport awaits or gets an answer: the next request on it has to wait. */
static bool is_busy(const struct carrier_transport *transport)
{
    const struct keepalive *keepalive = keepalive_of(transport->carrier);
    return transport == keepalive->get || http_line_output_len(transport) > 0 ||
           keepalive->is_over ||
           (carrier_is_ready(transport->carrier) && carrier_ep(transport->carrier) == NULL);
}

/* The next request of what has been heard.  It may be anybody's: the transport may be another
 * carrier's after that. */
static void go_on(struct carrier_transport *transport)
{
    const struct keepalive *keepalive = keepalive_of(transport->carrier);
    struct http_line *line = http_line_of(transport);
    if (transport == keepalive->post) {
        take_post(transport);
    } else if (!is_busy(transport) && line->heard->len > 0) {
        if (line->deadline == SSTP_EP_NEVER)
            line->deadline =
                carrier_now_ms(transport->carrier) + options_of(transport->carrier)->establish_ms;
        door_route(transport);
    }
}

static void on_receive(struct carrier_transport *transport, const void *data, size_t len)
{
    http_line_hear(http_line_of(transport), data, len);
    go_on(transport);
}

static void on_started(struct carrier *carrier)
{
    /* Those that move away make place for the next. */
    for (unsigned i = CARRIER_TRANSPORTS_MAX; i > 0; i--)
        if (carrier_transport(carrier, i - 1) != NULL)
            go_on(carrier_transport(carrier, i - 1));
}

static void on_lost(struct carrier_transport *transport)
{
    struct carrier *carrier = transport->carrier;
    struct keepalive *keepalive = keepalive_of(carrier);
    const struct sstp_ep *ep = carrier_ep(carrier);
    if (transport == keepalive->last_on)
        keepalive->last_on = NULL;
    if (transport == keepalive->post)
        keepalive->post = NULL;
    if (transport == keepalive->get) {
        /* POST may still have something to say, and ends by itself. */
        keepalive->get = NULL;
        keepalive->is_ending = true;
        keepalive->deadline = carrier_now_ms(carrier) + HTTP_LINGER_MS;
    } else if (transport == keepalive->last_get) {
        keepalive->get_deadline = carrier_now_ms(carrier) + KEEPALIVE_GET_AGAIN_MS;
    }
    if (transport == keepalive->last_get)
        keepalive->last_get = NULL;
    const bool is_last = carrier_transport(carrier, 1) == NULL;
    const bool is_closed = ep != NULL && sstp_ep_state(ep) == SSTP_CONNECTION_CLOSED;
    if (is_last && (keepalive->is_over || keepalive->is_ending || is_closed))
        carrier_lose(carrier);
}

static bool has_room(const struct carrier_transport *transport)
{
    return carrier_ep(transport->carrier) == NULL || carrier_pass_has_room(transport);
}

/* ------------------------------------------------------------------------
 * Output
 */

/* Whether GET may be answered (GRVHENC 3.4.4.3). */
static bool may_answer(const struct carrier_transport *transport)
{
    const struct carrier *carrier = transport->carrier;
    const struct keepalive *keepalive = keepalive_of(carrier);
    return transport == keepalive->get && keepalive->is_asked && keepalive->is_get_ready &&
           !keepalive->is_over && carrier_ep(carrier) != NULL &&
           sstp_ep_output_len(carrier_ep(carrier)) > 0;
}

static void answer(const struct carrier_transport *transport)
{
    const struct carrier *carrier = transport->carrier;
    GByteArray *says = http_line_of(transport)->says;
    uint8_t body[HENC_BODY_LEN_MAX];
    const size_t len = carrier_pass_move(carrier, body, sizeof body);
    keepalive_of(carrier)->is_asked = false;
    http_write_response(says, carrier, 200, true, len);
    g_byte_array_append(says, body, (guint)len);
}

static size_t output_len(const struct carrier_transport *transport)
{
    return http_line_output_len(transport) +
           (may_answer(transport) ? sstp_ep_output_len(carrier_ep(transport->carrier)) : 0);
}

static size_t output(const struct carrier_transport *transport, struct sstp_span *pieces,
                     size_t max)
{
    /* Only now, so that it is as much as there is. */
    if (may_answer(transport))
        answer(transport);
    return http_line_output(transport, pieces, max);
}

static void on_taken(struct carrier_transport *transport, size_t len)
{
    struct keepalive *keepalive = keepalive_of(transport->carrier);
    http_line_taken(transport, len);
    if (http_line_output_len(transport) > 0)
        return;
    if (transport == keepalive->get && !keepalive->is_asked)
        keepalive->get = NULL;
    go_on(transport);
}

/* When all has been said (GRVHENC 3.4.4.1). */
static bool is_over(const struct carrier_transport *transport)
{
    const struct keepalive *keepalive = keepalive_of(transport->carrier);
    const struct sstp_ep *ep = carrier_ep(transport->carrier);
    return keepalive->is_over || http_line_of(transport)->is_over ||
           (ep != NULL && sstp_ep_state(ep) == SSTP_CONNECTION_CLOSED &&
            sstp_ep_output_len(ep) == 0 &&
            (keepalive->get == NULL || http_line_output_len(keepalive->get) == 0));
}

/* ------------------------------------------------------------------------
 * Time
 */

static int64_t deadline(const struct carrier *carrier)
{
    int64_t first = MIN(keepalive_of(carrier)->deadline, keepalive_of(carrier)->get_deadline);
    for (unsigned i = 0; carrier_transport(carrier, i) != NULL; i++)
        first = MIN(first, http_line_of(carrier_transport(carrier, i))->deadline);
    return first;
}

/* ConnectionEstablishment and IdleConnection (GRVHENC 3.4.6.1, 3.4.6.2), and requests that come too
 * slowly. */
static void tick(struct carrier *carrier)
{
    struct keepalive *keepalive = keepalive_of(carrier);
    const int64_t now_ms = carrier_now_ms(carrier);
    for (unsigned i = 0; carrier_transport(carrier, i) != NULL; i++)
        if (now_ms >= http_line_of(carrier_transport(carrier, i))->deadline)
            door_refuse(carrier_transport(carrier, i), 408);
    if (now_ms < MIN(keepalive->deadline, keepalive->get_deadline))
        return;
    keepalive->deadline = keepalive->get_deadline = SSTP_EP_NEVER;
    keepalive->is_over = true;
    if (carrier_transport(carrier, 0) == NULL)
        carrier_lose(carrier);
}

static const struct carrier_ops ops = {.name = "keepalive",
                                       .port = 80,
                                       .state_size = sizeof(struct keepalive),
                                       .keepalive_ms = http_keepalive_ms,
                                       .clear = clear,
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

const struct door_service keepalive_service = {
    .kind = HENC_KIND_KEEPALIVE, .ops = &ops, .refuses = refuses, .take = take};
