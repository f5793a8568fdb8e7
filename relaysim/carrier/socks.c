/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "carrier/socks.h"

#include "carrier/proxy_login.h"
#include "carrier/tunnel.h"

#include <arpa/inet.h>
#include <string.h>

#define VERSION 5u
#define NO_AUTHENTICATION 0u
#define USER_AND_PASSWORD 2u
#define NO_ACCEPTABLE_METHOD 0xffu
#define CONNECT 1u
#define SUCCEEDED 0u
#define ADDRESS_IP4 1u
#define ADDRESS_NAME 3u
#define ADDRESS_IP6 4u
#define ADDRESS_AT 3u /* of the address's type in requests and replies */

#define LOGIN_VERSION 1u /* RFC 1929 */

/* The states of GRVHENC 3.9.1.1; what is 'Negotiated' asks at once. */
enum phase {
    NEGOTIATING,    /* awaits the method */
    AUTHENTICATING, /* 'Negotiating' still: awaits what becomes of user and password */
    CONNECTING      /* awaits the reply */
};

struct socks {
    struct tunnel tunnel;
    enum phase phase;
};

/* RFC 1928 section 6. */
static const char *const replies[] = {
    [1] = "general failure",       [2] = "not allowed",
    [3] = "network unreachable",   [4] = "host unreachable",
    [5] = "connection refused",    [6] = "time to live expired",
    [7] = "command not supported", [8] = "address type not supported",
};

/* Whom to be, or NULL. */
static const struct proxy_login *login_of(const struct carrier *carrier)
{
    const struct proxy_login *login = carrier_config(carrier)->login;
    return login != NULL && login->scheme == PROXY_BASIC ? login : NULL;
}

/* GRVHENC 3.9.4.1.1, but that nothing is offered that is not there. */
static void on_opened(struct carrier_transport *transport)
{
    static const uint8_t methods[] = {VERSION, 2, NO_AUTHENTICATION, USER_AND_PASSWORD};
    static const uint8_t method[] = {VERSION, 1, NO_AUTHENTICATION};
    tunnel_opened(transport);
    if (login_of(transport->carrier) != NULL)
        tunnel_say(transport->carrier, methods, sizeof methods);
    else
        tunnel_say(transport->carrier, method, sizeof method);
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

/* RFC 1929 section 2. */
static void tell(struct carrier *carrier)
{
    const struct proxy_login *login = login_of(carrier);
    const uint8_t lengths[] = {(uint8_t)strlen(login->user), (uint8_t)strlen(login->password)};
    tunnel_say(carrier, &(uint8_t){LOGIN_VERSION}, 1);
    tunnel_say(carrier, &lengths[0], 1);
    tunnel_say(carrier, login->user, lengths[0]);
    tunnel_say(carrier, &lengths[1], 1);
    tunnel_say(carrier, login->password, lengths[1]);
}

/* The method that the proxy has chosen. */
static void take_method(struct carrier *carrier, const uint8_t *heard)
{
    struct socks *socks = carrier_state(carrier);
    const bool has_login = login_of(carrier) != NULL;
    if (heard[0] != VERSION) {
        carrier_fail(carrier, "the proxy's answer is none of SOCKS5");
    } else if (heard[1] == NO_ACCEPTABLE_METHOD) {
        carrier_fail(carrier, has_login ? "the proxy takes neither a user and a password nor none"
                                        : "the proxy wants to know who asks, and is not told");
    } else if (heard[1] == NO_AUTHENTICATION) {
        socks->phase = CONNECTING;
        ask(carrier);
    } else if (heard[1] == USER_AND_PASSWORD && has_login) {
        socks->phase = AUTHENTICATING;
        tell(carrier);
    } else {
        carrier_fail(carrier, "the proxy chose a method that it was not offered");
    }
}

/* What became of user and password. */
static void take_verdict(struct carrier *carrier, const uint8_t *heard)
{
    struct socks *socks = carrier_state(carrier);
    if (heard[0] != LOGIN_VERSION) {
        carrier_fail(carrier, "the proxy's answer is none of SOCKS5");
    } else if (heard[1] != SUCCEEDED) {
        carrier_fail(carrier, "the proxy does not know this user, or not this password");
    } else {
        socks->phase = CONNECTING;
        ask(carrier);
    }
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
        tunnel_set_ready(carrier, len);
    }
}

/* Two bytes, before the reply. */
static void take_pair(struct carrier *carrier,
                      void (*take)(struct carrier *carrier, const uint8_t *heard))
{
    const struct socks *socks = carrier_state(carrier);
    take(carrier, socks->tunnel.heard->data);
    tunnel_understood(carrier, 2);
}

static void on_receive(struct carrier_transport *transport, const void *data, size_t len)
{
    struct carrier *carrier = transport->carrier;
    const struct socks *socks = carrier_state(carrier);
    if (!tunnel_receive(transport, data, len))
        return;
    if (socks->phase == NEGOTIATING && socks->tunnel.heard->len >= 2)
        take_pair(carrier, take_method);
    if (socks->phase == AUTHENTICATING && socks->tunnel.heard->len >= 2 &&
        carrier_failure(carrier) == NULL)
        take_pair(carrier, take_verdict);
    if (socks->phase == CONNECTING && carrier_failure(carrier) == NULL)
        take_reply(carrier);
}

const struct carrier_ops carrier_socks = {.name = "socks",
                                          .port = 1080,
                                          .state_size = sizeof(struct socks),
                                          .begin = tunnel_begin,
                                          .clear = tunnel_clear,
                                          .opened = on_opened,
                                          .lost = tunnel_lost,
                                          .receive = on_receive,
                                          TUNNEL_OPS};
