/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "carrier/http_halves.h"

#include "carrier/http_client.h"
#include "carrier/http_line.h"

void http_halves_begin(struct http_halves *halves, struct carrier *carrier,
                       struct carrier_transport **open)
{
    halves->open = open;
    for (unsigned half = 0; half < 2; half++) {
        proxy_auth_init(&halves->auths[half], carrier, false);
        http_client_want(carrier, half);
    }
}

void http_halves_clear(struct http_halves *halves)
{
    for (unsigned half = 0; half < 2; half++)
        proxy_auth_clear(&halves->auths[half]);
}

void http_halves_opened(struct http_halves *halves, struct carrier_transport *transport)
{
    http_line_begin(transport);
    halves->open[transport->number] = transport;
    halves->is_to_ask[transport->number] = false;
    proxy_auth_begin(&halves->auths[transport->number]);
}

bool http_halves_have(const struct http_halves *halves, const struct carrier_transport *transport)
{
    return halves->open[transport->number] == transport;
}

/* Another one is wanted for its half. */
static void ask_anew(struct http_halves *halves, const struct carrier_transport *transport)
{
    halves->open[transport->number] = NULL;
    http_client_want(transport->carrier, transport->number);
}

bool http_halves_lost(struct http_halves *halves, struct carrier_transport *transport)
{
    const struct carrier *carrier = transport->carrier;
    if (!http_halves_have(halves, transport))
        return false;
    if (!carrier_is_lost(carrier) && !carrier_is_ready(carrier) &&
        proxy_auth_lost(&halves->auths[transport->number])) {
        ask_anew(halves, transport);
        return false;
    }
    halves->open[transport->number] = NULL;
    return true;
}

bool http_halves_asked(struct http_halves *halves, struct carrier_transport *transport,
                       const struct henc_http *http, bool can_follow, const char *kind)
{
    struct carrier *carrier = transport->carrier;
    struct http_line *line = http_line_of(transport);
    const unsigned half = transport->number;
    size_t len;
    if (!halves->is_to_ask[half])
        switch (http_client_asked(carrier, &halves->auths[half], http, http_line_heard(line),
                                  can_follow)) {
        case PROXY_AUTH_AGAIN:
            halves->is_to_ask[half] = true;
            break;
        case PROXY_AUTH_ANEW:
            g_byte_array_set_size(line->says, 0);
            line->is_over = true;
            ask_anew(halves, transport);
            return false;
        case PROXY_AUTH_REFUSED:
            return false;
        }
    const enum henc_http_result result = proxy_auth_skip(http, http_line_heard(line), &len);
    if (result == HENC_HTTP_NOT || (result == HENC_HTTP_MORE && line->is_over))
        http_client_end(carrier, "gave an answer that is none of %s", kind);
    if (result != HENC_HTTP_DONE)
        return false;
    http_line_understood(line, len);
    halves->is_to_ask[half] = false;
    return true;
}
