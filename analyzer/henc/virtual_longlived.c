/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "henc/virtual_longlived.h"

#include "henc/virtual_half.h"

void henc_virtual_longlived_limit(struct henc_half_state *half, uint64_t limit,
                                  struct henc_result *result)
{
    if (limit > HENC_LONGLIVED_LENGTH_MAX)
        henc_virtual_raise(result, HENC_FINDING_CONTENT_LENGTH_EXCEEDED);
    if (limit < half->octets_limit)
        half->octets_limit = limit;
}

static void count_octets(struct henc_half_state *half, size_t len, struct henc_result *result)
{
    half->octets += len;
    if (half->octets <= half->octets_limit || half->length_is_noted)
        return;
    half->length_is_noted = true;
    henc_virtual_raise(result, HENC_FINDING_CONTENT_LENGTH_EXCEEDED);
}

/* The echo string at the start of a LongLived body; returns where the data begins. */
static size_t take_echo(struct henc_virtual *v, const struct henc_piece *piece,
                        struct henc_result *result)
{
    struct henc_half_state *half = &v->halves[piece->half];
    struct henc_echo echo;
    half->awaits_echo = false;
    if (piece->is_cut && henc_echo_is_cut_off(piece->bytes)) {
        half->order_is_noted = true;
        if (piece->half == HENC_HALF_GET)
            henc_virtual_step(v, HENC_EVENT_ECHO_BACK);
        return piece->bytes.len;
    }
    if (henc_echo_scan(piece->bytes, false, &echo) != HENC_ECHO_YES &&
        henc_echo_scan(piece->bytes, true, &echo) != HENC_ECHO_YES) {
        henc_virtual_note_order(half, true, result); /* it is its own first byte */
        return 0;
    }
    henc_virtual_note_echo(v, piece->half, &echo, result);
    if (piece->half == HENC_HALF_GET)
        henc_virtual_step(v, HENC_EVENT_ECHO_BACK);
    return echo.len;
}

void henc_virtual_longlived_piece(struct henc_virtual *v, const struct henc_piece *piece,
                                  struct henc_result *result)
{
    struct henc_half_state *half = &v->halves[piece->half];
    half->last_chunk = piece->chunk;
    count_octets(half, piece->bytes.len, result);
    if (piece->after_loss) {
        /* The echo string may be among what was lost: claim nothing. */
        v->flows[piece->half == HENC_HALF_POST ? HENC_TO_SERVER : HENC_TO_CLIENT].is_lost = true;
        half->order_is_noted = true;
        if (half->awaits_echo && piece->half == HENC_HALF_GET)
            henc_virtual_step(v, HENC_EVENT_ECHO_BACK);
        half->awaits_echo = false;
    }
    size_t start = 0;
    if (half->awaits_echo && (piece->bytes.len > 0 || piece->is_cut))
        start = take_echo(v, piece, result);
    const struct henc_body body =
        henc_virtual_body_after(piece->chunk, piece->bytes, start, piece->is_cut);
    henc_virtual_pass_data(v, piece->half, &body, result);
}

void henc_virtual_longlived_body(struct henc_virtual *v, const struct henc_message *m,
                                 struct henc_result *result)
{
    if (m->has_content_length)
        henc_virtual_longlived_limit(&v->halves[m->half], m->content_length, result);
    if (m->body.len == 0 && !m->is_cut)
        return;
    const struct henc_piece piece = {m->chunk, m->half, m->is_cut, false, m->body};
    henc_virtual_longlived_piece(v, &piece, result);
}
