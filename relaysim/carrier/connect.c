/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "carrier/connect.h"

#include "carrier/tunnel.h"
#include "henc/http.h"

static void on_opened(struct carrier_transport *transport)
{
    struct carrier *carrier = transport->carrier;
    /* As the products write it (GRVHENC 4.6), but for the name of the program. */
    char *request = g_strdup_printf("CONNECT %s HTTP/1.0\r\n"
                                    "User-Agent: relaysim\r\n"
                                    "Proxy-Connection: Keep-Alive\r\n"
                                    "Pragma: no-cache\r\n"
                                    "\r\n",
                                    carrier_config(carrier)->target);
    tunnel_opened(transport);
    tunnel_say(carrier, request, strlen(request));
    g_free(request);
}

/* Which it refuses with (GRVHENC 3.7.5.1.2 to .4). */
static void fail(struct carrier *carrier, unsigned status)
{
    char *why = g_strdup_printf(
        "the proxy answered %u%s", status,
        status == 401 || status == 407 ? ": it wants to know who asks, and is not told" : "");
    carrier_fail(carrier, why);
    g_free(why);
}

static void on_receive(struct carrier_transport *transport, const void *data, size_t len)
{
    struct carrier *carrier = transport->carrier;
    struct henc_http http;
    if (!tunnel_receive(transport, data, len))
        return;
    const struct tunnel *tunnel = carrier_state(carrier);
    switch (henc_http_head(sstp_span(tunnel->heard->data, tunnel->heard->len), &http)) {
    case HENC_HTTP_MORE:
        return;
    case HENC_HTTP_NOT:
        carrier_fail(carrier, "the proxy's answer is none of HTTP");
        return;
    case HENC_HTTP_DONE:
        break;
    }
    if (!http.is_response) {
        carrier_fail(carrier, "the proxy's answer is none of HTTP");
    } else if (http.status == 200) {
        tunnel_understood(carrier, http.head_len);
        carrier_set_ready(carrier);
    } else {
        fail(carrier, http.status);
    }
}

const struct carrier_ops carrier_connect = {.name = "connect",
                                            .port = 8080,
                                            .state_size = sizeof(struct tunnel),
                                            .opened = on_opened,
                                            .receive = on_receive,
                                            TUNNEL_OPS};
