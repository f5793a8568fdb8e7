/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "henc/virtual.h"

#include "henc/virtual_half.h"
#include "henc/virtual_keepalive.h"
#include "henc/virtual_polling.h"

/* Whether a request comes over another TCP connection than the one before it, of which no end was
 * seen: the GUID would be in use, and of KeepAlive's bodies nobody knows which is first. */
static bool is_other_open(const struct henc_virtual *v, const struct henc_message *m)
{
    const struct henc_half_state *half = &v->halves[m->half];
    return half->has_transport && half->transport != m->transport && half->is_requested &&
           !half->is_challenged && v->phase != HENC_PHASE_CLOSED;
}

/* Whether a POST of KeepAlive comes over a TCP connection whose SYN was not seen so far, as all
 * else of v was: it may be captured before that, and need not be the first there.  Once one was
 * taken its numbers tell. */
static bool may_lack_beginning(const struct henc_virtual *v, const struct henc_message *m)
{
    const struct henc_half_state *half = &v->halves[HENC_HALF_POST];

    return v->kind == HENC_KIND_KEEPALIVE && m->half == HENC_HALF_POST && m->lacks_start &&
           half->is_requested && !(half->has_transport && half->transport == m->transport) &&
           v->handshake_is_seen && !v->has_lost && v->phase != HENC_PHASE_CLOSED;
}

/* Nobody would know better later what is cut off in an echo string. */
static bool is_cut_echo(const struct henc_virtual *v, enum henc_half half, struct sstp_span bytes,
                        bool is_cut)
{
    return is_cut && v->halves[half].awaits_echo && henc_echo_is_cut_off(bytes);
}

/* A POST of KeepAlive with data. */
static bool is_post_early(const struct henc_virtual *v, const struct henc_message *m)
{
    struct henc_echo echo;

    return m->body.len > 0 && henc_virtual_is_data_early(v, HENC_HALF_POST) &&
           !is_cut_echo(v, HENC_HALF_POST, m->body, m->is_cut) &&
           !henc_virtual_keepalive_is_echo(v, m, v->halves[HENC_HALF_POST].is_challenged, &echo);
}

/* A 200 to a GET of KeepAlive with data. */
static bool is_get_answer_early(const struct henc_virtual *v, const struct henc_message *m)
{
    struct henc_echo echo;

    return m->status == 200 && m->body.len > 0 && henc_virtual_is_data_early(v, HENC_HALF_GET) &&
           !is_cut_echo(v, HENC_HALF_GET, m->body, m->is_cut) &&
           !(v->halves[HENC_HALF_GET].awaits_echo &&
             henc_echo_scan(m->body, !m->is_cut, &echo) == HENC_ECHO_YES);
}

void henc_virtual_note_disorder(struct henc_virtual *v)
{
    v->may_have_begun = true;
}

bool henc_virtual_is_early(const struct henc_virtual *v, const struct henc_message *m)
{
    if (v->kind == HENC_KIND_POLLING)
        return henc_virtual_polling_is_early(v, m);
    if (m->status == 0 && (is_other_open(v, m) || may_lack_beginning(v, m)))
        return true;
    if (v->kind == HENC_KIND_LONGLIVED) /* its data are pieces */
        return false;
    return m->status == 0 ? m->half == HENC_HALF_POST && is_post_early(v, m)
                          : m->half == HENC_HALF_GET && is_get_answer_early(v, m);
}

bool henc_virtual_piece_is_early(const struct henc_virtual *v, const struct henc_piece *piece)
{
    const struct henc_half_state *half = &v->halves[piece->half];
    struct henc_echo echo;

    if (piece->bytes.len == 0 || piece->after_loss || !henc_virtual_is_data_early(v, piece->half) ||
        is_cut_echo(v, piece->half, piece->bytes, piece->is_cut))
        return false;
    return !(half->awaits_echo &&
             (henc_echo_scan(piece->bytes, false, &echo) == HENC_ECHO_YES ||
              henc_echo_scan(piece->bytes, true, &echo) == HENC_ECHO_YES) &&
             echo.len == piece->bytes.len);
}

bool henc_virtual_awaits_answer(const struct henc_virtual *v, const struct henc_message *m,
                                uint64_t *transport)
{
    const struct henc_flow *flow = &v->flows[HENC_TO_SERVER];
    const struct henc_polling *p = m->polling;
    unsigned num_open = 0;

    if (v->kind != HENC_KIND_POLLING || m->status != 0 || p == NULL || !p->sequence_is_valid ||
        (flow->is_known && p->sequence > flow->next) || v->has_dropped_request)
        return false;
    for (size_t i = 0; i < HENC_OUTSTANDING_MAX; i++) {
        const struct henc_outstanding *o = &v->outstanding[i];
        if (!o->is_used || o->is_challenged || o->has_ended || o->transport == m->transport)
            continue;
        num_open++;
        *transport = o->transport;
    }
    return num_open == 1;
}

/* What is missing of a TCP connection may be the answer 401 or 407 to its half's first request. */
static void note_perhaps_challenged(struct henc_virtual *v, uint64_t transport)
{
    for (size_t i = 0; i < 2; i++) {
        struct henc_half_state *half = &v->halves[i];
        const bool has_spoken = i == HENC_HALF_POST && v->flows[HENC_TO_SERVER].has_delivered;
        if (half->has_transport && half->transport == transport && !half->is_answered &&
            !has_spoken)
            half->is_challenged = true;
    }
}

/* Nobody is waited for any more on whom something is known to be missing. */
void henc_virtual_lose(struct henc_virtual *v, uint64_t transport)
{
    v->has_lost = true;
    v->halves[HENC_HALF_GET].order_is_noted = true;
    v->halves[HENC_HALF_POST].order_is_noted = true;
    if (v->kind == HENC_KIND_POLLING)
        henc_virtual_polling_transport_end(v, transport);
    else
        note_perhaps_challenged(v, transport);
}
