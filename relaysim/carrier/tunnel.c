/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "carrier/tunnel.h"

#include "carrier/pass.h"

#include <string.h>

bool tunnel_target(const char *target, char **host, uint16_t *port)
{
    const char *colon = strrchr(target, ':');
    guint64 number = 0;
    size_t len = colon != NULL ? (size_t)(colon - target) : 0;
    if (len == 0 || len > 255 ||
        !g_ascii_string_to_unsigned(colon + 1, 10, 1, UINT16_MAX, &number, NULL))
        return false;
    const bool is_bracketed = len > 2 && target[0] == '[' && target[len - 1] == ']';
    if (is_bracketed) {
        target++;
        len -= 2;
    }
    for (size_t i = 0; i < len; i++)
        if (!g_ascii_isalnum(target[i]) && strchr(is_bracketed ? ":.%" : "-._", target[i]) == NULL)
            return false;
    *host = g_strndup(target, len);
    *port = (uint16_t)number;
    return true;
}

static struct tunnel *tunnel_of(const struct carrier *carrier)
{
    return carrier_state(carrier);
}

void tunnel_say(struct carrier *carrier, const void *bytes, size_t len)
{
    g_byte_array_append(tunnel_of(carrier)->says, bytes, (guint)len);
}

void tunnel_understood(struct carrier *carrier, size_t len)
{
    g_byte_array_remove_range(tunnel_of(carrier)->heard, 0, (guint)len);
}

void tunnel_begin(struct carrier *carrier)
{
    struct tunnel *tunnel = tunnel_of(carrier);
    tunnel->says = g_byte_array_new();
    tunnel->heard = g_byte_array_new();
    tunnel->deadline = SSTP_EP_NEVER;
    carrier_want(carrier, CARRIER_TO_PROXY, tunnel->number);
}

void tunnel_anew(struct carrier *carrier)
{
    struct tunnel *tunnel = tunnel_of(carrier);
    tunnel->number++;
    g_byte_array_set_size(tunnel->says, 0);
    g_byte_array_set_size(tunnel->heard, 0);
    carrier_want(carrier, CARRIER_TO_PROXY, tunnel->number);
}

void tunnel_set_ready(struct carrier *carrier, size_t len)
{
    tunnel_understood(carrier, len);
    carrier_set_ready(carrier);
}

/* Whether a transport is one that tunnel_anew() has given up. */
static bool is_done_with(const struct carrier_transport *transport)
{
    return transport->number != tunnel_of(transport->carrier)->number;
}

void tunnel_clear(struct carrier *carrier)
{
    const struct tunnel *tunnel = tunnel_of(carrier);
    g_byte_array_free(tunnel->says, TRUE);
    g_byte_array_free(tunnel->heard, TRUE);
}

void tunnel_opened(struct carrier_transport *transport)
{
    const struct carrier *carrier = transport->carrier;
    tunnel_of(carrier)->deadline = carrier_now_ms(carrier) + carrier_config(carrier)->timeout_ms;
}

void tunnel_not_opened(struct carrier_transport *transport, const char *why)
{
    char *sentence = g_strdup_printf("the proxy: %s", why);
    carrier_fail(transport->carrier, sentence);
    g_free(sentence);
}

void tunnel_lost(struct carrier_transport *transport)
{
    if (is_done_with(transport))
        return;
    if (carrier_is_ready(transport->carrier))
        carrier_lose(transport->carrier);
    else
        carrier_fail(transport->carrier, "the proxy closed the connection");
}

/* ------------------------------------------------------------------------
 * Bytes
 */

bool tunnel_receive(struct carrier_transport *transport, const void *data, size_t len)
{
    struct carrier *carrier = transport->carrier;
    GByteArray *heard = tunnel_of(carrier)->heard;
    if (is_done_with(transport))
        return false;
    if (carrier_ep(carrier) != NULL) {
        carrier_pass_receive(transport, data, len);
        return false;
    }
    if (len > TUNNEL_HEARD_MAX - heard->len) {
        carrier_fail(carrier, "the proxy's answer has no end");
        return false;
    }
    g_byte_array_append(heard, data, (guint)len);
    return !carrier_is_ready(carrier) && carrier_failure(carrier) == NULL;
}

void tunnel_started(struct carrier *carrier)
{
    struct tunnel *tunnel = tunnel_of(carrier);
    tunnel->deadline = SSTP_EP_NEVER;
    if (tunnel->heard->len > 0)
        sstp_ep_receive(carrier_ep(carrier), tunnel->heard->data, tunnel->heard->len);
    g_byte_array_set_size(tunnel->heard, 0);
}

bool tunnel_has_room(const struct carrier_transport *transport)
{
    return is_done_with(transport) || carrier_ep(transport->carrier) == NULL ||
           carrier_pass_has_room(transport);
}

/* What is left for the proxy goes before what is SSTP. */
static bool is_passing(const struct carrier_transport *transport)
{
    return carrier_ep(transport->carrier) != NULL && tunnel_of(transport->carrier)->says->len == 0;
}

size_t tunnel_output_len(const struct carrier_transport *transport)
{
    if (is_done_with(transport))
        return 0;
    return is_passing(transport) ? carrier_pass_output_len(transport)
                                 : tunnel_of(transport->carrier)->says->len;
}

size_t tunnel_output(const struct carrier_transport *transport, struct sstp_span *pieces,
                     size_t max)
{
    const GByteArray *says = tunnel_of(transport->carrier)->says;
    if (is_done_with(transport))
        return 0;
    if (is_passing(transport))
        return carrier_pass_output(transport, pieces, max);
    if (says->len == 0 || max == 0)
        return 0;
    pieces[0] = sstp_span(says->data, says->len);
    return 1;
}

void tunnel_taken(struct carrier_transport *transport, size_t len)
{
    if (is_passing(transport))
        carrier_pass_taken(transport, len);
    else
        g_byte_array_remove_range(tunnel_of(transport->carrier)->says, 0, (guint)len);
}

bool tunnel_is_over(const struct carrier_transport *transport)
{
    return is_done_with(transport) ||
           (carrier_ep(transport->carrier) != NULL && carrier_pass_is_over(transport));
}

/* ------------------------------------------------------------------------
 * Time
 */

void tunnel_tick(struct carrier *carrier)
{
    if (carrier_is_ready(carrier) || carrier_now_ms(carrier) < tunnel_of(carrier)->deadline)
        return;
    tunnel_of(carrier)->deadline = SSTP_EP_NEVER;
    carrier_fail(carrier, "the proxy did not answer in time");
}

int64_t tunnel_deadline(const struct carrier *carrier)
{
    return tunnel_of(carrier)->deadline;
}
