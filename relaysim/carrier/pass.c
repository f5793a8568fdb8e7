/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "carrier/pass.h"

#include <glib.h>
#include <string.h>

#define UNSENT_MAX (1u << 20) /* answers beyond which nothing more is read from the peer */

void carrier_pass_receive(struct carrier_transport *transport, const void *data, size_t len)
{
    sstp_ep_receive(carrier_ep(transport->carrier), data, len);
}

/* Who does not take our answers is not asked for more questions.  Messages do not count: if
 * both ends waited for the other to take a long one, neither would. */
bool carrier_pass_has_room(const struct carrier_transport *transport)
{
    return sstp_ep_output_answers_len(carrier_ep(transport->carrier)) < UNSENT_MAX;
}

size_t carrier_pass_output_len(const struct carrier_transport *transport)
{
    return sstp_ep_output_len(carrier_ep(transport->carrier));
}

size_t carrier_pass_output(const struct carrier_transport *transport, struct sstp_span *pieces,
                           size_t max)
{
    return sstp_ep_output_pieces(carrier_ep(transport->carrier), pieces, max);
}

size_t carrier_pass_output_cut(const struct carrier_transport *transport, struct sstp_span *pieces,
                               size_t max, size_t len)
{
    if (len == 0)
        return 0;
    const size_t num = carrier_pass_output(transport, pieces, max);
    for (size_t i = 0; i < num; i++) {
        if (pieces[i].len >= len) {
            pieces[i].len = len;
            return i + 1;
        }
        len -= pieces[i].len;
    }
    return num;
}

void carrier_pass_taken(struct carrier_transport *transport, size_t len)
{
    sstp_ep_output_taken(carrier_ep(transport->carrier), len);
}

size_t carrier_pass_move(const struct carrier *carrier, uint8_t *data, size_t room)
{
    size_t len = 0;
    while (len < room && sstp_ep_output_len(carrier_ep(carrier)) > 0) {
        const struct sstp_span first = sstp_ep_output(carrier_ep(carrier));
        const size_t part = MIN(first.len, room - len);
        memcpy(data + len, first.data, part);
        sstp_ep_output_taken(carrier_ep(carrier), part);
        len += part;
    }
    return len;
}

bool carrier_pass_is_over(const struct carrier_transport *transport)
{
    return sstp_ep_state(carrier_ep(transport->carrier)) == SSTP_CONNECTION_CLOSED;
}
