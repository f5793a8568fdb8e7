/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "carrier/longlived.h"

#include "carrier/pass.h"

static struct longlived *longlived_of(const struct carrier *carrier)
{
    return carrier_state(carrier);
}

const char *longlived_connection_name(const struct carrier *carrier)
{
    return longlived_of(carrier)->guid;
}

int64_t longlived_deadline(const struct carrier *carrier)
{
    return longlived_of(carrier)->deadline;
}

/* ------------------------------------------------------------------------
 * Hearing
 */

bool longlived_hear(struct carrier *carrier, const void *data, size_t len, int64_t patience_ms)
{
    struct longlived *longlived = longlived_of(carrier);
    if (len > longlived->heard_limit - longlived->num_heard)
        return false;
    if (!longlived->is_ending && !longlived->is_over)
        longlived->deadline = carrier_now_ms(carrier) + patience_ms;
    longlived->num_heard += len;
    sstp_ep_receive(carrier_ep(carrier), data, len);
    return true;
}

bool longlived_has_room(const struct carrier_transport *transport)
{
    return carrier_ep(transport->carrier) == NULL || carrier_pass_has_room(transport);
}

/* ------------------------------------------------------------------------
 * The end
 */

void longlived_close(struct longlived *longlived)
{
    longlived->is_over = true;
    longlived->deadline = SSTP_EP_NEVER;
}

/* Whether the loss of a half is ignored.  Of its own GET a server knows that it was full. */
static bool hangs_without(const struct longlived *longlived,
                          const struct carrier_transport *transport)
{
    return longlived->hangs && transport->number == HENC_HALF_GET &&
           carrier_ep(transport->carrier) != NULL &&
           (longlived->spoken == HENC_HALF_POST || longlived->num_said >= longlived->said_limit);
}

void longlived_lost(struct carrier_transport *transport)
{
    const struct carrier *carrier = transport->carrier;
    struct longlived *longlived = longlived_of(carrier);
    longlived->halves[transport->number] = NULL;
    if (longlived->halves[HENC_HALF_GET] == NULL && longlived->halves[HENC_HALF_POST] == NULL) {
        carrier_lose(transport->carrier);
        return;
    }
    if (longlived->is_over || longlived->is_ending || hangs_without(longlived, transport))
        return;
    longlived->is_ending = true;
    longlived->deadline = carrier_now_ms(carrier) + HTTP_GRACE_MS;
}

/* With all that has been taken, as far as anybody knows. */
static void say_last_words(struct carrier *carrier)
{
    struct longlived *longlived = longlived_of(carrier);
    struct sstp_ep *ep = carrier_ep(carrier);
    longlived->has_last_words = true;
    longlived->deadline = carrier_now_ms(carrier) + HTTP_LINGER_MS;
    if (ep == NULL || !longlived->may_speak || longlived->halves[longlived->spoken] == NULL)
        return;
    (void)sstp_ep_noop(ep); /* no memory, or no connection: then there is nothing to be said */
    longlived->num_last_words = sstp_ep_output_len(ep);
}

void longlived_expired(struct carrier *carrier)
{
    struct longlived *longlived = longlived_of(carrier);
    if (longlived->is_ending && !longlived->has_last_words)
        say_last_words(carrier);
    else
        longlived_close(longlived);
}

/* The body is full, and there is more to be said (GRVHENC 3.1.4.3, 3.2.4.2). */
static bool is_full(const struct carrier *carrier)
{
    const struct longlived *longlived = longlived_of(carrier);
    return carrier_ep(carrier) != NULL && longlived->num_said >= longlived->said_limit &&
           sstp_ep_output_len(carrier_ep(carrier)) > 0;
}

/* How much of the endpoint's output may go now. */
static size_t body_len(const struct carrier_transport *transport)
{
    const struct carrier *carrier = transport->carrier;
    const struct longlived *longlived = longlived_of(carrier);
    if (longlived->halves[longlived->spoken] != transport || carrier_ep(carrier) == NULL ||
        !longlived->may_speak || longlived->is_over || longlived->num_said >= longlived->said_limit)
        return 0;
    const uint64_t len = MIN(longlived->said_limit - longlived->num_said,
                             (uint64_t)sstp_ep_output_len(carrier_ep(carrier)));
    return (size_t)(longlived->is_ending ? MIN(len, longlived->num_last_words) : len);
}

/* All has been said, or the body is full: the half ends over which this side speaks.  The other
 * one, the peer ends; or it does not, and time does (GRVHENC 3.1.4.2, 3.2.4.1). */
bool longlived_is_over(const struct carrier_transport *transport)
{
    const struct carrier *carrier = transport->carrier;
    const struct longlived *longlived = longlived_of(carrier);
    const struct sstp_ep *ep = carrier_ep(carrier);
    if (longlived->is_over || http_line_of(transport)->is_over)
        return true;
    if (transport->number != longlived->spoken)
        return longlived->is_ending && ep == NULL;
    if (longlived->is_ending)
        return longlived->has_last_words || ep == NULL;
    if (is_full(carrier))
        return true;
    return ep != NULL && sstp_ep_state(ep) == SSTP_CONNECTION_CLOSED &&
           (sstp_ep_output_len(ep) == 0 || !longlived->may_speak);
}

/* ------------------------------------------------------------------------
 * Speaking
 */

size_t longlived_output_len(const struct carrier_transport *transport)
{
    return http_line_output_len(transport) + body_len(transport);
}

size_t longlived_output(const struct carrier_transport *transport, struct sstp_span *pieces,
                        size_t max)
{
    const size_t num = http_line_output(transport, pieces, max);
    return num > 0 ? num : carrier_pass_output_cut(transport, pieces, max, body_len(transport));
}

void longlived_taken(struct carrier_transport *transport, size_t len)
{
    struct longlived *longlived = longlived_of(transport->carrier);
    if (http_line_output_len(transport) > 0) {
        http_line_taken(transport, len);
        return;
    }
    longlived->num_said += len;
    longlived->num_last_words -= MIN(longlived->num_last_words, len);
    carrier_pass_taken(transport, len);
}
