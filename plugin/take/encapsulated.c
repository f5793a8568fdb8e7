/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "take/encapsulated.h"

#include "follow/states.h"
#include "http/chunk.h"
#include "http/packet-grvhenc.h"
#include "take/held.h"
#include "take/hold.h"
#include "take/opening.h"
#include "take/ports.h"
#include "take/tunnel.h"

/* Where what the chunk's sender, or the other side, sent goes on after what is accounted for; false
 * where nobody knows. */
static bool first_of(const struct grvsstp_transport *transport, const packet_info *pinfo,
                     bool is_senders, uint32_t *first)
{
    const struct grvsstp_opening *opening =
        grvsstp_opening_intact(transport->conversation, pinfo->num);

    if (opening == NULL || transport->way != GRVSSTP_WAY_TCP ||
        !grvsstp_transport_first(transport, is_senders, first))
        return false;
    *first += opening->sides[grvsstp_opening_is_client(transport) == is_senders].len;
    return !is_senders || (int32_t)(transport->seq - *first) > 0;
}

void grvsstp_encapsulated_take(const struct grvsstp_transport *transport, packet_info *pinfo,
                               const struct grvsstp_recognised *recognised)
{
    const struct grvsstp_opening *opening =
        grvsstp_opening_intact(transport->conversation, pinfo->num);
    uint32_t own, others;
    const bool has_own = first_of(transport, pinfo, true, &own);
    const bool has_others = first_of(transport, pinfo, false, &others);
    /* An answer may come before the rest of its request. */
    const bool is_pending = recognised->head.is_response && has_others && opening != NULL &&
                            grvsstp_opening_is_pending(opening);

    grvhenc_take(
        transport, pinfo, is_pending ? grvsstp_opening_bytes(opening, true) : sstp_span(NULL, 0),
        has_own ? &own : NULL, has_others ? &others : NULL, &recognised->head, recognised->head_at);
    grvsstp_encapsulated_take_held(transport);
}

/* Commands before it, and before any SYN, may be of its body. */
static void take_early(const struct grvsstp_transport *transport, struct grvsstp_opening *opening)
{
    wmem_array_t *early = opening->commands.frame != 0 ? opening->early : NULL;

    for (unsigned i = 0; early != NULL && i < wmem_array_get_count(early); i++) {
        struct grvhenc_chunk *chunk = *(struct grvhenc_chunk **)wmem_array_index(early, i);
        if (chunk->frame >= opening->commands.frame)
            grvhenc_take_held(transport, chunk);
        else
            grvhenc_let_go(chunk);
    }
    if (early != NULL)
        opening->early = NULL;
}

void grvsstp_encapsulated_take_held(const struct grvsstp_transport *transport)
{
    struct grvsstp_opening *opening = grvsstp_opening_of(transport->conversation);
    const unsigned num =
        opening != NULL && opening->held != NULL ? wmem_array_get_count(opening->held) : 0;

    for (unsigned i = 0; i < num; i++)
        grvhenc_take_held(transport, *(struct grvhenc_chunk **)wmem_array_index(opening->held, i));
    if (opening == NULL)
        return;
    opening->held = NULL;
    grvsstp_opening_forget_request(opening);
    take_early(transport, opening);
    if (opening->early_of != NULL)
        grvhenc_take_early(transport, opening->early_of);
}

/* Only HTTP's ports: on others nobody takes the bytes of an encapsulation for SSTP's own. */
bool grvsstp_encapsulated_hold(struct grvsstp_opening *opening,
                               const struct grvsstp_transport *transport, tvbuff_t *tvb,
                               packet_info *pinfo)
{
    const int64_t now_ns = grvsstp_states_time(pinfo);
    const unsigned num = opening->held != NULL ? wmem_array_get_count(opening->held) : 0;

    if (grvsstp_hold_has(opening, pinfo->num, transport->seq, tvb_captured_length(tvb)))
        return true;
    if (opening->is_in_tunnel || opening->is_by_tcp ||
        grvsstp_tunnel_is_asked_for(transport->conversation) ||
        !grvsstp_opening_lacks(opening, transport) || num >= GRVSSTP_OPENING_HELD_CHUNKS_MAX ||
        opening->held_len + tvb_captured_length(tvb) > GRVSSTP_OPENING_HELD_LEN_MAX ||
        (num > 0 && now_ns - opening->held_since_ns > GRVSSTP_OPENING_HELD_TIME_MAX_NS))
        return false;
    grvsstp_hold(opening, transport, tvb, pinfo);
    return true;
}

/* ------------------------------------------------------------------------
 * Before a SYN
 */

bool grvsstp_encapsulated_may_be_early(conversation_t *conversation,
                                       const struct grvsstp_opening *opening,
                                       const packet_info *pinfo)
{
    return (opening == NULL || !opening->has_no_early) &&
           grvsstp_transport_analysis(conversation) != NULL &&
           !grvsstp_transport_has_syn(conversation) &&
           (grvsstp_tunnel_is_http(grvsstp_port_owner_behind(pinfo->srcport)) ||
            grvsstp_tunnel_is_http(grvsstp_port_owner_behind(pinfo->destport)));
}

static void free_early(struct grvsstp_opening *opening)
{
    for (unsigned i = 0; opening->early != NULL && i < wmem_array_get_count(opening->early); i++)
        grvhenc_let_go(*(struct grvhenc_chunk **)wmem_array_index(opening->early, i));
    opening->early = NULL;
}

bool grvsstp_encapsulated_keep_early(struct grvsstp_opening *opening,
                                     const struct grvsstp_transport *transport, tvbuff_t *tvb,
                                     packet_info *pinfo)
{
    const int64_t now_ns = grvsstp_states_time(pinfo);

    if (opening->early == NULL) {
        opening->early = wmem_array_new(wmem_file_scope(), sizeof(struct grvhenc_chunk *));
        opening->early_since_ns = now_ns;
    }
    opening->early_len += tvb_captured_length(tvb);
    const bool is_over = wmem_array_get_count(opening->early) >= GRVSSTP_OPENING_HELD_CHUNKS_MAX ||
                         opening->early_len > GRVSSTP_OPENING_HELD_LEN_MAX ||
                         now_ns - opening->early_since_ns > GRVSSTP_OPENING_HELD_TIME_MAX_NS;
    if (is_over && opening->commands.frame == 0) {
        free_early(opening);
        opening->has_no_early = true;
        return false;
    }
    struct grvhenc_chunk *chunk = grvhenc_hold(transport, tvb, pinfo);
    wmem_array_append_one(opening->early, chunk);
    if (is_over)
        (void)grvsstp_held_take(opening, pinfo->pool);
    return true;
}

/* Whether all of what was held or kept goes on from the client's first byte, which has this number.
 */
static bool goes_on(wmem_array_t *chunks, uint32_t client_port, uint32_t first)
{
    const unsigned num = chunks != NULL ? wmem_array_get_count(chunks) : 0;

    for (unsigned i = 0; i < num; i++)
        if (!grvhenc_held_goes_on(*(struct grvhenc_chunk **)wmem_array_index(chunks, i),
                                  client_port, first))
            return false;
    return num > 0;
}

/* Moves it to another account. */
static void move_to(struct grvsstp_opening *opening, wmem_array_t *chunks)
{
    const unsigned num = wmem_array_get_count(chunks);

    if (num > 0 && opening->held == NULL)
        opening->held = wmem_array_new(wmem_file_scope(), sizeof(struct grvhenc_chunk *));
    for (unsigned i = 0; i < num; i++) {
        struct grvhenc_chunk *chunk = *(struct grvhenc_chunk **)wmem_array_index(chunks, i);
        opening->held_len += (uint32_t)grvhenc_held_len(chunk);
        wmem_array_append_one(opening->held, chunk);
    }
}

/* Whether a command stands where the request would, at this number. */
static bool begins_with_command(const struct grvsstp_opening *opening, uint32_t first)
{
    const unsigned num = wmem_array_get_count(opening->early);

    for (unsigned i = 0; i < num; i++) {
        const struct sstp_span bytes = grvhenc_held_bytes(
            *(struct grvhenc_chunk **)wmem_array_index(opening->early, i), first);
        if (bytes.len > 0 && bytes.data[0] == SSTP_CONNECT)
            return true;
    }
    return false;
}

/* A SYN has begun a connection, whose client's first byte has this number: holds what was held and
 * kept of an older one. */
static void take_over(struct grvsstp_opening *opening, struct grvsstp_opening *older,
                      packet_info *pinfo, uint32_t first)
{
    const bool has_held = goes_on(older->held, pinfo->srcport, first);
    const bool has_early = goes_on(older->early, pinfo->srcport, first);

    if (older->commands.frame != 0 && older->early != NULL &&
        (!has_early || begins_with_command(older, first))) {
        (void)grvsstp_held_take(older, pinfo->pool); /* which a SYN may begin, too */
        return;
    }
    if (has_held)
        move_to(opening, older->held);
    if (has_early)
        move_to(opening, older->early);
    if (has_early)
        opening->commands = older->commands;
    older->held = older->early = NULL;
    opening->held_since_ns = grvsstp_states_time(pinfo);
    opening->early_of = opening->held != NULL ? older->conversation : NULL;
}

void grvsstp_encapsulated_hold_early(struct grvsstp_opening *opening, conversation_t *conversation,
                                     packet_info *pinfo)
{
    const struct tcp_analysis *analysis = grvsstp_transport_analysis(conversation);
    conversation_t *before = pinfo->num > 1
                                 ? find_conversation(pinfo->num - 1, grvsstp_own_source(pinfo),
                                                     grvsstp_own_target(pinfo), CONVERSATION_TCP,
                                                     pinfo->srcport, pinfo->destport, 0)
                                 : NULL;

    if (before == NULL || before == conversation || analysis == NULL)
        return;
    const uint32_t first = analysis->fwd->base_seq + 1;
    struct grvsstp_opening *older = grvsstp_opening_of(before);
    if (grvhenc_is_followed_by(before, first)) {
        opening->early_of = before;
    } else if (older != NULL && !older->has_no_early) {
        take_over(opening, older, pinfo, first);
    }
}

void grvsstp_encapsulated_hold_torn(struct grvsstp_opening *opening)
{
    wmem_array_t *early = opening->early;

    if (early == NULL || opening->commands.frame != 0)
        return;
    if (opening->held == NULL)
        opening->held_since_ns = opening->early_since_ns;
    opening->early = NULL;
    move_to(opening, early);
}

struct sstp_span grvsstp_encapsulated_join(const struct grvsstp_opening *opening,
                                           struct sstp_span bytes, uint32_t next,
                                           wmem_allocator_t *pool)
{
    const unsigned num = opening->held != NULL ? wmem_array_get_count(opening->held) : 0;
    uint8_t *all = wmem_alloc(pool, bytes.len + (num > 0 ? opening->held_len : 0));
    size_t len = bytes.len;
    bool has_more = true;

    memcpy(all, bytes.data, bytes.len);
    while (has_more) { /* they lie in the order of the capture */
        has_more = false;
        for (unsigned i = 0; i < num; i++) {
            const struct sstp_span held = grvhenc_held_bytes(
                *(struct grvhenc_chunk **)wmem_array_index(opening->held, i), next);
            if (held.len == 0 || len + held.len > bytes.len + opening->held_len)
                continue;
            memcpy(all + len, held.data, held.len);
            len += held.len;
            next += (uint32_t)held.len;
            has_more = true;
        }
    }
    return sstp_span(all, len);
}
