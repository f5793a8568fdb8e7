/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "henc/virtual_half.h"

#include "henc/text.h"

/* A host's name has no more than 255 octets (RFC 1123, 2.1). */
#define NAME_LEN_MAX 255u

struct henc_digest henc_virtual_name_digest(struct sstp_span name)
{
    uint8_t lower[NAME_LEN_MAX];
    const size_t len = name.len < sizeof lower ? name.len : sizeof lower;

    for (size_t i = 0; i < len; i++)
        lower[i] = name.data[i] >= 'A' && name.data[i] <= 'Z' ? (uint8_t)(name.data[i] | 0x20)
                                                              : name.data[i];
    return henc_digest(sstp_span(lower, len));
}

void henc_virtual_note_echo(struct henc_virtual *v, enum henc_half half,
                            const struct henc_echo *echo, struct henc_result *result)
{
    const struct henc_half_state *other = &v->halves[half ^ 1];
    result->echo = *echo;
    v->handshake_is_seen = true;
    v->halves[half].has_echo = true;
    v->halves[half].echo = henc_digest(echo->ping_data);
    if (other->has_echo && !henc_digest_is_equal(&other->echo, &v->halves[half].echo))
        henc_virtual_raise(result, HENC_FINDING_ECHO_MISMATCH);
}

void henc_virtual_note_order(struct henc_half_state *half, bool is_proven,
                             struct henc_result *result)
{
    if (!half->order_is_noted && is_proven)
        henc_virtual_raise(result, HENC_FINDING_HANDSHAKE_ORDER);
    half->order_is_noted = true;
}

bool henc_virtual_is_open(const struct henc_virtual *v)
{
    return v->phase == HENC_PHASE_ESTABLISHED || v->phase == HENC_PHASE_MIDSTREAM ||
           v->phase == HENC_PHASE_CLOSED;
}

bool henc_virtual_hears_server(const struct henc_virtual *v)
{
    const struct henc_half_state *get = &v->halves[HENC_HALF_GET];
    return !v->has_lost && get->is_heard && (v->kind == HENC_KIND_LONGLIVED || get->is_from_start);
}

/* The server speaks when the client has spoken, whom it may have heard where we have not. */
static bool is_client_silent(const struct henc_virtual *v)
{
    const struct henc_flow *client = &v->flows[HENC_TO_SERVER];
    return !client->has_delivered && !client->is_lost;
}

bool henc_virtual_is_data_early(const struct henc_virtual *v, enum henc_half half)
{
    const struct henc_half_state *get = &v->halves[HENC_HALF_GET];

    if (v->halves[half].order_is_noted || !v->handshake_is_seen)
        return false;
    if (half == HENC_HALF_GET)
        return !henc_virtual_is_open(v) || is_client_silent(v);
    if (!get->is_requested && v->has_early_data)
        return false; /* it was waited for */
    /* An echo string without CRLF is known to be whole only when more comes after
     * it; the client may well have it. */
    return !henc_virtual_is_open(v) && !(get->is_answered && get->awaits_echo);
}

/* Application data from the client: only on an established connection (GRVHENC
 * 3.2.5.2.2, 3.4.5.2.2).  Where nothing of GET was seen nothing can be said yet. */
static void judge_client_data(struct henc_virtual *v, struct henc_result *result)
{
    if (!v->halves[HENC_HALF_GET].is_requested)
        v->has_early_data |= !henc_virtual_is_open(v);
    else if (henc_virtual_is_data_early(v, HENC_HALF_POST))
        henc_virtual_note_order(&v->halves[HENC_HALF_POST], henc_virtual_hears_server(v), result);
}

/* From the server: after the echo, and not before the client's first (GRVHENC
 * 3.2.5.1.1.1, 3.4.1.1, GetSessionReady). */
static void judge_server_data(struct henc_virtual *v, struct henc_result *result)
{
    const struct henc_half_state *post = &v->halves[HENC_HALF_POST];
    const struct henc_half_state *get = &v->halves[HENC_HALF_GET];

    if (!henc_virtual_is_data_early(v, HENC_HALF_GET))
        return;
    /* The echo of KeepAlive's first GET may have been before what was captured of that half. */
    if (v->kind == HENC_KIND_KEEPALIVE && !get->is_from_start && !is_client_silent(v))
        return;
    /* Of a half that was not captured nobody knows when it spoke. */
    const bool would_be_heard =
        post->is_requested && !post->is_challenged
            ? is_client_silent(v) || post->is_heard || v->kind == HENC_KIND_LONGLIVED
            : !henc_virtual_is_open(v) && (post->is_heard || v->kind == HENC_KIND_LONGLIVED);
    henc_virtual_note_order(&v->halves[HENC_HALF_GET], !v->has_lost && would_be_heard, result);
}

/* Application data of LongLived or KeepAlive. */
void henc_virtual_pass_data(struct henc_virtual *v, enum henc_half half,
                            const struct henc_body *body, struct henc_result *result)
{
    if (body->bytes.len > 0) {
        if (half == HENC_HALF_GET && !v->handshake_is_seen) {
            v->flows[HENC_TO_SERVER].is_lost |= !v->flows[HENC_TO_SERVER].has_delivered;
            v->flows[HENC_TO_CLIENT].is_lost |= !v->flows[HENC_TO_CLIENT].has_delivered;
        }
        /* The server knows of a POST that the capture lacks. */
        if (half == HENC_HALF_GET && (!v->handshake_is_seen || v->phase == HENC_PHASE_GET_ECHOED))
            henc_virtual_step(v, HENC_EVENT_GET_DATA);
        if (half == HENC_HALF_GET)
            judge_server_data(v, result);
        else
            judge_client_data(v, result);
    }
    henc_flow_pass(&v->flows[half == HENC_HALF_POST ? HENC_TO_SERVER : HENC_TO_CLIENT], body,
                   &result->deliveries);
}

struct henc_body henc_virtual_body_after(uint64_t chunk, struct sstp_span bytes, size_t start,
                                         bool is_cut)
{
    return (struct henc_body){chunk, 0, henc_text_from(bytes, start), is_cut};
}
