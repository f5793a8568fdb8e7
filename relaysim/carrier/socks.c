/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "carrier/socks.h"

#include "carrier/tunnel.h"

#include <arpa/inet.h>
#include <string.h>

#define VERSION 5u
#define NO_AUTHENTICATION 0u
#define NO_ACCEPTABLE_METHOD 0xffu
#define CONNECT 1u
#define SUCCEEDED 0u
#define ADDRESS_IP4 1u
#define ADDRESS_NAME 3u
#define ADDRESS_IP6 4u
#define ADDRESS_AT 3u /* of the address's type in requests and replies */

/* The states of GRVHENC 3.9.1.1; what is 'Negotiated' asks at once. */
struct socks {
    struct tunnel tunnel;
    bool is_connecting; /* awaits the reply; before, the method */
};

/* RFC 1928 section 6. */
static const char *const replies[] = {
    [1] = "general failure",       [2] = "not allowed",
    [3] = "network unreachable",   [4] = "host unreachable",
    [5] = "connection refused",    [6] = "time to live expired",
    [7] = "command not supported", [8] = "address type not supported",
};

static void on_opened(struct carrier_transport *transport)
{
    static const uint8_t methods[] = {VERSION, 1, NO_AUTHENTICATION};
    tunnel_opened(transport);
    tunnel_say(transport->carrier, methods, sizeof methods);
}

/* A name is the proxy's to look up (GRVHENC 3.9.5.1.2), an address is none. */
static void ask(struct carrier *carrier)
{
    uint8_t request[4 + 1 + 255 + 2] = {VERSION, CONNECT, 0};
    size_t len = 4;
    char *host = NULL;
    uint16_t port = 0;
    const bool is_target = tunnel_target(carrier_config(carrier)->target, &host, &port);
    g_assert(is_target);
    if (inet_pton(AF_INET, host, request + len) == 1) {
        request[ADDRESS_AT] = ADDRESS_IP4;
        len += 4;
    } else if (inet_pton(AF_INET6, host, request + len) == 1) {
        request[ADDRESS_AT] = ADDRESS_IP6;
        len += 16;
    } else {
        request[ADDRESS_AT] = ADDRESS_NAME;
        request[len++] = (uint8_t)strlen(host);
        memcpy(request + len, host, strlen(host));
        len += strlen(host);
    }
    request[len++] = (uint8_t)(port >> 8);
    request[len++] = (uint8_t)port;
    tunnel_say(carrier, request, len);
    g_free(host);
}

/* The method that the proxy has chosen; false while it is not there. */
static bool take_method(struct carrier *carrier)
{
    struct socks *socks = carrier_state(carrier);
    const GByteArray *heard = socks->tunnel.heard;
    if (heard->len < 2)
        return false;
    if (heard->data[0] != VERSION) {
        carrier_fail(carrier, "the proxy's answer is none of SOCKS5");
    } else if (heard->data[1] == NO_ACCEPTABLE_METHOD) {
        carrier_fail(carrier, "the proxy wants to know who asks, and is not told");
    } else if (heard->data[1] != NO_AUTHENTICATION) {
        carrier_fail(carrier, "the proxy chose a method that it was not offered");
    } else {
        socks->is_connecting = true;
        ask(carrier);
    }
    tunnel_understood(carrier, 2);
    return true;
}

/* How long a reply is, as far as `heard` tells; 0 for one that is none. */
static size_t reply_len(const GByteArray *heard)
{
    switch (heard->data[ADDRESS_AT]) {
    case ADDRESS_IP4:
        return 4 + 4 + 2;
    case ADDRESS_IP6:
        return 4 + 16 + 2;
    case ADDRESS_NAME:
        return 4 + 1 + heard->data[4] + 2u;
    default:
        return 0;
    }
}

static void take_reply(struct carrier *carrier)
{
    const struct socks *socks = carrier_state(carrier);
    const GByteArray *heard = socks->tunnel.heard;
    if (heard->len < 5)
        return;
    const unsigned reply = heard->data[1];
    const size_t len = reply_len(heard);
    if (heard->data[0] != VERSION || (reply == SUCCEEDED && len == 0)) {
        carrier_fail(carrier, "the proxy's answer is none of SOCKS5");
    } else if (reply != SUCCEEDED) {
        char *why = reply < G_N_ELEMENTS(replies)
                        ? g_strdup_printf("the proxy says: %s", replies[reply])
                        : g_strdup_printf("the proxy says: reply %u", reply);
        carrier_fail(carrier, why);
        g_free(why);
    } else if (heard->len >= len) {
        tunnel_understood(carrier, len);
        carrier_set_ready(carrier);
    }
}

static void on_receive(struct carrier_transport *transport, const void *data, size_t len)
{
    struct carrier *carrier = transport->carrier;
    const struct socks *socks = carrier_state(carrier);
    if (!tunnel_receive(transport, data, len))
        return;
    if (!socks->is_connecting && !take_method(carrier))
        return;
    if (socks->is_connecting && carrier_failure(carrier) == NULL)
        take_reply(carrier);
}

const struct carrier_ops carrier_socks = {.name = "socks",
                                          .port = 1080,
                                          .state_size = sizeof(struct socks),
                                          .opened = on_opened,
                                          .receive = on_receive,
                                          TUNNEL_OPS};
