/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "carrier/connect.h"

#include "carrier/proxy_auth.h"
#include "carrier/tunnel.h"
#include "henc/http.h"

struct connect {
    struct tunnel tunnel;
    struct proxy_auth auth;
    bool is_to_ask; /* again, when the body of the answer that is there is over */
};

static struct connect *connect_of(const struct carrier *carrier)
{
    return carrier_state(carrier);
}

static void begin(struct carrier *carrier)
{
    proxy_auth_init(&connect_of(carrier)->auth, carrier, true);
    tunnel_begin(carrier);
}

static void clear(struct carrier *carrier)
{
    proxy_auth_clear(&connect_of(carrier)->auth);
    tunnel_clear(carrier);
}

/* As the products write it (GRVHENC 4.6), but for the name of the program. */
static void ask(struct carrier *carrier)
{
    GString *request = g_string_new(NULL);
    g_string_printf(request,
                    "CONNECT %s HTTP/1.0\r\n"
                    "User-Agent: relaysim\r\n"
                    "Proxy-Connection: Keep-Alive\r\n"
                    "Pragma: no-cache\r\n",
                    carrier_config(carrier)->target);
    proxy_auth_append(&connect_of(carrier)->auth, request);
    g_string_append(request, "\r\n");
    tunnel_say(carrier, request->str, request->len);
    g_string_free(request, TRUE);
}

static void on_opened(struct carrier_transport *transport)
{
    tunnel_opened(transport);
    proxy_auth_begin(&connect_of(transport->carrier)->auth);
    ask(transport->carrier);
}

static void ask_anew(struct carrier *carrier)
{
    connect_of(carrier)->is_to_ask = false;
    tunnel_anew(carrier);
}

/* It wants to know who asks (GRVHENC 3.7.5.1.3). */
static void on_question(struct carrier *carrier, const struct henc_http *http,
                        struct sstp_span heard)
{
    struct connect *connect = connect_of(carrier);
    char *why;
    switch (proxy_auth_answered(&connect->auth, http, heard, true, &why)) {
    case PROXY_AUTH_AGAIN:
        connect->is_to_ask = true;
        break;
    case PROXY_AUTH_ANEW:
        ask_anew(carrier);
        break;
    case PROXY_AUTH_REFUSED:
        carrier_fail(carrier, why);
        break;
    }
    g_free(why);
}

/* The body of a question is of no interest, but for its end. */
static void skip_body(struct carrier *carrier, const struct henc_http *http, struct sstp_span heard)
{
    size_t len;
    const enum henc_http_result result = proxy_auth_skip(http, heard, &len);
    if (result == HENC_HTTP_NOT)
        carrier_fail(carrier, "the proxy's answer is none of HTTP");
    if (result != HENC_HTTP_DONE)
        return;
    connect_of(carrier)->is_to_ask = false;
    tunnel_understood(carrier, len);
    ask(carrier);
}

static void on_answer(struct carrier *carrier, const struct henc_http *http, struct sstp_span heard)
{
    struct connect *connect = connect_of(carrier);
    if (http->status == 401 || http->status == 407) {
        if (!connect->is_to_ask)
            on_question(carrier, http, heard);
        if (connect->is_to_ask)
            skip_body(carrier, http, heard);
    } else if (http->status == 200) {
        proxy_auth_passed(&connect->auth);
        tunnel_set_ready(carrier, http->head_len);
    } else { /* GRVHENC 3.7.5.1.2, .4 */
        char *why = g_strdup_printf("the proxy answered %u", http->status);
        carrier_fail(carrier, why);
        g_free(why);
    }
}

static void on_receive(struct carrier_transport *transport, const void *data, size_t len)
{
    struct carrier *carrier = transport->carrier;
    struct henc_http http;
    if (!tunnel_receive(transport, data, len))
        return;
    const GByteArray *heard = connect_of(carrier)->tunnel.heard;
    const struct sstp_span bytes = sstp_span(heard->data, heard->len);
    const enum henc_http_result result = henc_http_head(bytes, &http);
    if (result == HENC_HTTP_NOT || (result == HENC_HTTP_DONE && !http.is_response))
        carrier_fail(carrier, "the proxy's answer is none of HTTP");
    else if (result == HENC_HTTP_DONE)
        on_answer(carrier, &http, bytes);
}

static void on_lost(struct carrier_transport *transport)
{
    struct carrier *carrier = transport->carrier;
    struct connect *connect = connect_of(carrier);
    const bool is_current = transport->number == connect->tunnel.number;
    if (is_current && !carrier_is_lost(carrier) && proxy_auth_lost(&connect->auth))
        ask_anew(carrier);
    else
        tunnel_lost(transport);
}

const struct carrier_ops carrier_connect = {.name = "connect",
                                            .port = 8080,
                                            .state_size = sizeof(struct connect),
                                            .begin = begin,
                                            .clear = clear,
                                            .opened = on_opened,
                                            .lost = on_lost,
                                            .receive = on_receive,
                                            TUNNEL_OPS};
