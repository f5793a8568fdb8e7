/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "carrier/longlived_server.h"

#include "carrier/http_head.h"
#include "carrier/longlived.h"
#include "henc/echo.h"

/* The states of GRVHENC 3.1.1.1: a half that is there is 'Connected', and when it is ready, all is
 * 'Established'.  `may_speak` is GetSessionReady. */
struct longlived_server {
    struct longlived both;
    GByteArray *echo; /* the echo string; NULL before it is there */
};

static void clear(struct carrier *carrier)
{
    const struct longlived_server *server = carrier_state(carrier);
    if (server->both.guid == NULL)
        return;
    http_server_leave(http_server_of(carrier), server->both.guid);
    g_free(server->both.guid);
    if (server->echo != NULL)
        g_byte_array_free(server->echo, TRUE);
}

static const struct http_options *options_of(const struct carrier *carrier)
{
    return http_server_options(http_server_of(carrier));
}

/* A protocol error: answered where an answer can still be understood, and all is closed
 * (GRVHENC 3.2.5.1.1.2, 3.2.5.2.1.1). */
static void refuse(struct carrier_transport *transport)
{
    if (!carrier_is_ready(transport->carrier) || transport->number == HENC_HALF_POST)
        door_refuse(transport, 400);
    longlived_close(carrier_state(transport->carrier));
}

/* ------------------------------------------------------------------------
 * The handshake
 */

/* Each half comes once. */
static unsigned refuses(const struct carrier *carrier, const struct door_request *request)
{
    const struct longlived *longlived = carrier_state(carrier);
    return longlived->is_ending || longlived->is_over || carrier_is_ready(carrier) ||
                   longlived->halves[request->http.uri.half] != NULL
               ? 400
               : 0;
}

/* Both halves and the echo string are there (GRVHENC 3.2.5.1.1.1). */
static void establish(struct carrier *carrier)
{
    struct longlived_server *server = carrier_state(carrier);
    struct longlived *longlived = &server->both;
    struct carrier_transport *get = longlived->halves[HENC_HALF_GET];
    if (get == NULL || server->echo == NULL || longlived->is_ending || longlived->is_over ||
        carrier_is_ready(carrier))
        return;
    if (server->echo->len > longlived->said_limit) {
        refuse(get);
        return;
    }
    GByteArray *says = http_line_of(get)->says;
    http_write_response(says, carrier, 200, true, longlived->said_limit);
    g_byte_array_append(says, server->echo->data, server->echo->len);
    longlived->num_said = server->echo->len;
    longlived->deadline = carrier_now_ms(carrier) + options_of(carrier)->receive_ms;
    carrier_set_ready(carrier);
}

/* Whatever comes before the virtual connection is there, and is no echo string, has no business
 * there (GRVHENC 3.2.5.1.2, 3.2.5.2.2). */
static void take_echo(struct carrier_transport *transport)
{
    struct longlived_server *server = carrier_state(transport->carrier);
    struct http_line *line = http_line_of(transport);
    struct henc_echo echo;
    if (server->echo == NULL) {
        const enum henc_echo_result result = henc_echo_scan(http_line_heard(line), false, &echo);
        if (result == HENC_ECHO_NEED_MORE)
            return;
        if (result == HENC_ECHO_NO) {
            refuse(transport);
            return;
        }
        server->echo = g_byte_array_new();
        g_byte_array_append(server->echo, line->heard->data, (guint)echo.len);
        server->both.num_heard = echo.len;
        http_line_understood(line, echo.len);
    }
    if (line->heard->len > 0 || server->both.num_heard > server->both.heard_limit)
        refuse(transport);
    else
        establish(transport->carrier);
}

static void take_get(struct carrier_transport *transport, const struct henc_uri *uri,
                     size_t head_len)
{
    struct longlived *longlived = carrier_state(transport->carrier);
    const uint64_t limit = options_of(transport->carrier)->longlived_limit;
    longlived->said_limit = uri->has_content_length ? MIN(uri->content_length, limit) : limit;
    http_line_understood(http_line_of(transport), head_len);
    if (http_line_of(transport)->heard->len > 0)
        refuse(transport);
    else
        establish(transport->carrier);
}

static void begin(struct carrier *carrier, const struct door_request *request)
{
    struct longlived *longlived = carrier_state(carrier);
    longlived->guid = door_guid(request);
    longlived->spoken = HENC_HALF_GET;
    longlived->hangs = options_of(carrier)->longlived_hangs;
    longlived->deadline = carrier_now_ms(carrier) + options_of(carrier)->establish_ms;
    http_server_enter(http_server_of(carrier), longlived->guid, carrier);
}

static void take(struct carrier_transport *transport, const struct door_request *request)
{
    struct longlived *longlived = carrier_state(transport->carrier);
    const struct henc_http *http = &request->http;
    const struct henc_uri *uri = &http->uri;
    if (longlived->guid == NULL)
        begin(transport->carrier, request);
    transport->number = uri->half;
    longlived->halves[uri->half] = transport;
    http_line_of(transport)->deadline = SSTP_EP_NEVER;
    if (uri->half == HENC_HALF_GET) {
        take_get(transport, uri, http->head_len);
        return;
    }
    longlived->heard_limit = http->content_length;
    http_line_understood(http_line_of(transport), http->head_len);
    take_echo(transport);
}

/* ------------------------------------------------------------------------
 * Hearing
 */

/* GRVHENC 3.2.5.2.2 */
static void hear(struct carrier_transport *transport, const void *data, size_t len)
{
    struct carrier *carrier = transport->carrier;
    struct longlived *longlived = carrier_state(carrier);
    longlived->may_speak = true;
    if (!longlived_hear(carrier, data, len, options_of(carrier)->receive_ms))
        refuse(transport);
}

static void on_receive(struct carrier_transport *transport, const void *data, size_t len)
{
    struct carrier *carrier = transport->carrier;
    struct http_line *line = http_line_of(transport);
    if (line->is_over)
        return;
    if (transport->number == HENC_HALF_GET) {
        refuse(transport);
    } else if (carrier_ep(carrier) != NULL) {
        hear(transport, data, len);
    } else {
        http_line_hear(line, data, len);
        take_echo(transport);
    }
}

/* ------------------------------------------------------------------------
 * Time
 */

/* ConnectionEstablishment and NetworkReceiveIO (GRVHENC 3.2.6.1, 3.2.6.2). */
static void tick(struct carrier *carrier)
{
    const struct longlived *longlived = carrier_state(carrier);
    if (carrier_now_ms(carrier) >= longlived->deadline)
        longlived_expired(carrier);
}

static const struct carrier_ops ops = {.state_size = sizeof(struct longlived_server),
                                       .clear = clear,
                                       .lost = longlived_lost,
                                       .receive = on_receive,
                                       .tick = tick,
                                       LONGLIVED_OPS};

const struct door_service longlived_service = {
    .kind = HENC_KIND_LONGLIVED, .ops = &ops, .refuses = refuses, .take = take};
