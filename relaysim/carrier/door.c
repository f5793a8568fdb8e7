/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "carrier/door.h"

#include "carrier/http_head.h"
#include "henc/text.h"

#include <string.h>

/* ------------------------------------------------------------------------
 * Whose it is
 */

char *door_guid(const struct door_request *request)
{
    return g_strndup((const char *)request->guid.data, request->guid.len);
}

void door_refuse(struct carrier_transport *transport, unsigned status)
{
    struct http_line *line = http_line_of(transport);
    http_write_response(line->says, transport->carrier, status, false, 0);
    line->is_over = true;
    line->deadline = SSTP_EP_NEVER;
}

static const struct door_service *service_of(const struct carrier *carrier, enum henc_kind kind)
{
    const struct door_service *const *services =
        http_server_options(http_server_of(carrier))->services;
    for (size_t i = 0; services != NULL && services[i] != NULL; i++)
        if (services[i]->kind == kind)
            return services[i];
    return NULL;
}

/* Whether a GUID can be one: it is a key here, and part of lines elsewhere. */
static bool is_guid(struct sstp_span guid)
{
    for (size_t i = 0; i < guid.len; i++)
        if (guid.data[i] <= ' ' || guid.data[i] >= 0x7f)
            return false;
    return guid.len > 0 && guid.len <= HTTP_GUID_LEN_MAX;
}

/* The status that a request is refused with, before anybody asks whose it is; 0. */
static unsigned judge_head(const struct carrier *carrier, const struct henc_http *http)
{
    if (http->is_response)
        return 400;
    if (!http->has_uri)
        return 404;
    if (http->is_chunked)
        return 501;
    /* GRVHENC 3.2.5.1.1, steps 1 and 2. */
    if (http->uri.kind != HENC_KIND_POLLING &&
        (http->uri.is_malformed || !henc_text_is(http->uri.version, HENC_VERSION)))
        return 400;
    return service_of(carrier, http->uri.kind) == NULL ? 501 : 0;
}

/* Reads the GUID and the server's name.  Those of Polling are in the body, those of the others in
 * the URI (GRVHENC 2.2.4.1.3.1, 2.2.2.1.1, 2.2.3.1.1). */
static enum henc_http_result read_whose(const struct http_line *line, struct door_request *request,
                                        struct sstp_span *server_name)
{
    struct henc_polling polling;
    request->guid = request->http.uri.guid;
    *server_name = request->http.uri.server;
    if (request->http.uri.kind != HENC_KIND_POLLING)
        return HENC_HTTP_DONE;
    const enum henc_http_result result =
        http_line_message(line, HENC_BODY_LEN_MAX, &request->http, &request->body);
    if (result != HENC_HTTP_DONE)
        return result;
    if (henc_polling_parse(request->body, false, &polling) != HENC_POLLING_OK)
        return HENC_HTTP_NOT;
    request->guid = polling.guid;
    *server_name = polling.server;
    return HENC_HTTP_DONE;
}

/* ------------------------------------------------------------------------
 * Handing on
 */

/* The virtual connection is there. */
static unsigned judge_join(const struct carrier_transport *transport, const struct carrier *there,
                           const struct door_service *service, const struct door_request *request)
{
    const struct carrier_config *config = carrier_config(transport->carrier);
    if (carrier_ops(there) != service->ops || carrier_is_lost(there))
        return 400;
    if (memcmp(config->peer, carrier_config(there)->peer, sizeof config->peer) != 0)
        return 400;
    if (there != transport->carrier && carrier_transport(there, CARRIER_TRANSPORTS_MAX - 1) != NULL)
        return 400;
    return service->refuses(there, request);
}

static void hand_on(struct carrier_transport *transport, const struct door_request *request)
{
    const struct http_server *server = http_server_of(transport->carrier);
    const struct door_service *service = service_of(transport->carrier, request->http.uri.kind);
    struct carrier *there = http_server_find(server, request->guid);
    const unsigned status = there != NULL ? judge_join(transport, there, service, request)
                            : http_server_is_full(server) ? 500u
                                                          : 0u;
    if (status != 0) {
        door_refuse(transport, status);
        return;
    }
    if (there == NULL && carrier_ops(transport->carrier) != &carrier_door) {
        /* A new virtual connection needs a carrier of its own.  Who asked comes again over another
         * TCP connection, as after every persistent one that was closed (RFC 2616 8.1.4). */
        http_line_of(transport)->is_over = true;
        return;
    }
    if (there == NULL)
        carrier_become(transport->carrier, service->ops);
    else if (there != transport->carrier)
        carrier_move(transport, there);
    service->take(transport, request);
}

void door_route(struct carrier_transport *transport)
{
    const struct http_line *line = http_line_of(transport);
    struct door_request request = {.guid = {NULL, 0}};
    struct sstp_span name;
    if (line->is_over)
        return;
    enum henc_http_result result = henc_http_head(http_line_heard(line), &request.http);
    if (result == HENC_HTTP_MORE)
        return;
    unsigned status =
        result == HENC_HTTP_DONE ? judge_head(transport->carrier, &request.http) : 400;
    if (status == 0) {
        result = read_whose(line, &request, &name);
        if (result == HENC_HTTP_MORE)
            return;
        if (result == HENC_HTTP_NOT || !is_guid(request.guid))
            status = 400;
        else if (!http_server_is_named(http_server_of(transport->carrier), name))
            status = 404;
    }
    if (status != 0)
        door_refuse(transport, status);
    else
        hand_on(transport, &request);
}

/* ------------------------------------------------------------------------
 * The carrier
 */

static void on_opened(struct carrier_transport *transport)
{
    const struct carrier *carrier = transport->carrier;
    http_line_begin(transport)->deadline =
        carrier_now_ms(carrier) + http_server_options(http_server_of(carrier))->establish_ms;
}

static void on_lost(struct carrier_transport *transport)
{
    carrier_lose(transport->carrier);
}

static void on_receive(struct carrier_transport *transport, const void *data, size_t len)
{
    http_line_hear(http_line_of(transport), data, len);
    door_route(transport);
}

static bool has_room(const struct carrier_transport *transport)
{
    (void)transport; /* of what is too much, the line takes care */
    return true;
}

static bool is_over(const struct carrier_transport *transport)
{
    return http_line_of(transport)->is_over;
}

/* It has one transport at most. */
static void tick(struct carrier *carrier)
{
    struct carrier_transport *transport = carrier_transport(carrier, 0);
    if (transport != NULL && carrier_now_ms(carrier) >= http_line_of(transport)->deadline)
        door_refuse(transport, 408);
}

static int64_t deadline(const struct carrier *carrier)
{
    const struct carrier_transport *transport = carrier_transport(carrier, 0);
    return transport != NULL ? http_line_of(transport)->deadline : SSTP_EP_NEVER;
}

const struct carrier_ops carrier_door = {.name = "http",
                                         .port = 80,
                                         .opened = on_opened,
                                         .lost = on_lost,
                                         .receive = on_receive,
                                         .has_room = has_room,
                                         .output_len = http_line_output_len,
                                         .output = http_line_output,
                                         .taken = http_line_taken,
                                         .is_over = is_over,
                                         .tick = tick,
                                         .deadline = deadline};
