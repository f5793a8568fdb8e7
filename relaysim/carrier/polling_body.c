/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "carrier/polling_body.h"

#include <glib.h>

/* A checksum has so many characters more than that of nothing, with its sign. */
#define CHECKSUM_LEN_MORE 11u
#define PIECES_MAX 64u

/* Copies the first bytes of the output; returns how many. */
static size_t copy_output(const struct sstp_ep *ep, uint8_t *data, size_t room)
{
    struct sstp_span pieces[PIECES_MAX];
    const size_t num = sstp_ep_output_pieces(ep, pieces, PIECES_MAX);
    size_t len = 0;
    for (size_t i = 0; i < num && len < room; i++) {
        const size_t part = MIN(pieces[i].len, room - len);
        memcpy(data + len, pieces[i].data, part);
        len += part;
    }
    return len;
}

size_t polling_body_write(uint8_t body[HENC_BODY_LEN_MAX], struct henc_polling *fields,
                          struct sstp_ep *ep)
{
    uint8_t data[HENC_BODY_LEN_MAX];
    struct sstp_writer w = sstp_writer(body, HENC_BODY_LEN_MAX);
    fields->data = sstp_span(NULL, 0);
    henc_polling_write(&w, fields);
    if (w.failed || HENC_BODY_LEN_MAX - w.pos <= CHECKSUM_LEN_MORE)
        return 0;
    if (ep == NULL || sstp_ep_output_len(ep) == 0)
        return w.pos;
    const size_t len = copy_output(ep, data, HENC_BODY_LEN_MAX - w.pos - CHECKSUM_LEN_MORE);
    fields->data = sstp_span(data, len);
    w = sstp_writer(body, HENC_BODY_LEN_MAX);
    henc_polling_write(&w, fields);
    g_assert(!w.failed);
    fields->data = sstp_span(body + w.pos - len, len);
    sstp_ep_output_taken(ep, len);
    return w.pos;
}
