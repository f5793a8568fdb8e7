/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "take/opening.h"

#include "fields/fields.h"
#include "henc/http.h"

struct grvsstp_opening *grvsstp_opening_of(conversation_t *conversation)
{
    /* The slot of the hidden protocol: the other two hold taken connections. */
    return conversation_get_proto_data(conversation, proto_grvsstp_sstp);
}

const struct grvsstp_opening *grvsstp_opening_intact(conversation_t *conversation, uint32_t frame)
{
    const struct grvsstp_opening *opening = grvsstp_opening_of(conversation);
    const bool is_kept = opening != NULL && !opening->is_over &&
                         conversation_get_dissector(conversation, frame) == grvsstp_watch_handle;
    return is_kept ? opening : NULL;
}

const struct grvsstp_opening *grvsstp_opening_counted(conversation_t *conversation, uint32_t frame)
{
    const struct grvsstp_opening *opening = grvsstp_opening_of(conversation);
    if (opening != NULL && opening->is_by_tcp)
        return opening;
    const bool is_first_hole = opening != NULL && opening->last_frame == frame &&
                               (opening->sides[0].has_hole || opening->sides[1].has_hole);
    return is_first_hole ? opening : grvsstp_opening_intact(conversation, frame);
}

struct grvsstp_opening *grvsstp_opening_begin(conversation_t *conversation)
{
    struct grvsstp_opening *opening = wmem_new0(wmem_file_scope(), struct grvsstp_opening);
    opening->conversation = conversation;
    conversation_add_proto_data(conversation, proto_grvsstp_sstp, opening);
    return opening;
}

void grvsstp_opening_count(struct grvsstp_opening *opening, conversation_t *conversation,
                           const packet_info *pinfo)
{
    const struct tcp_analysis *analysis = grvsstp_transport_analysis(conversation);

    if (analysis == NULL || analysis->server_port == 0)
        return;
    const bool from_client = pinfo->destport == analysis->server_port;
    for (int i = 0; i < 2; i++) {
        struct grvsstp_opening_side *side = &opening->sides[i];
        const tcp_flow_t *flow = (i != 0) == from_client ? analysis->fwd : analysis->rev;
        if (!grvsstp_transport_count(flow, &side->first, &side->len))
            continue;
        opening->is_by_tcp = true;
        side->bytes = NULL; /* there are not as many */
    }
}

bool grvsstp_opening_is_unread(const struct grvsstp_transport *transport, size_t prefix_len)
{
    const struct grvsstp_opening *opening = grvsstp_opening_of(transport->conversation);
    return opening != NULL && opening->is_unread && prefix_len == 0 &&
           transport->way == GRVSSTP_WAY_TCP;
}

bool grvsstp_opening_is_client(const struct grvsstp_transport *transport)
{
    return transport->analysis != NULL && transport->destport == transport->analysis->server_port;
}

/* Whether bytes that begin so may be a handshake, or a request, whose end is to be awaited. */
static bool may_begin_ours(const struct grvsstp_opening *opening, bool from_client, uint8_t first)
{
    if (!from_client)
        return opening->sides[true].bytes != NULL;
    return first == 'G' || first == 'P' || first == 4 || first == 5;
}

/* A request that is known to be ours may be as long as what is held beside it. */
static uint32_t len_max(const struct grvsstp_opening *opening)
{
    return opening->has_request ? GRVSSTP_OPENING_HELD_LEN_MAX : GRVSSTP_OPENING_LEN_MAX;
}

/* Whether the client has begun what may be a request of an encapsulation, where this chunk of his
 * is cut off, or comes after missing bytes. */
static bool has_begun_request(const struct grvsstp_opening_side *side, tvbuff_t *tvb,
                              uint32_t offset)
{
    const unsigned captured = offset == 0 ? tvb_captured_length(tvb) : 0;
    struct sstp_span bytes = {NULL, 0};

    if (captured > 0)
        bytes = sstp_span(tvb_get_ptr(tvb, 0, (int)captured), captured);
    else if (side->bytes != NULL)
        bytes = sstp_span(side->bytes, side->len);
    return bytes.len > 0 && henc_http_begins_encapsulation(bytes);
}

void grvsstp_opening_note(struct grvsstp_opening *opening,
                          const struct grvsstp_transport *transport, tvbuff_t *tvb, uint32_t frame)
{
    const bool from_client = grvsstp_opening_is_client(transport);
    struct grvsstp_opening_side *side = &opening->sides[from_client];
    const uint32_t len = tvb_reported_length(tvb), captured = tvb_captured_length(tvb);

    if (opening->is_over || transport->tcpinfo == NULL)
        return;
    if (side->len == 0)
        side->first = grvsstp_transport_start(transport);
    const uint32_t offset = transport->seq - side->first;
    if ((int32_t)offset < 0) /* TCP's keep-alive has a byte before the first */
        return;
    opening->num_chunks++;
    opening->last_frame = frame;
    if (offset > side->len || captured < len) {
        side->has_hole = true;
        opening->is_over = true;
        opening->is_unread = from_client && has_begun_request(side, tvb, offset);
        return;
    }
    if (offset + len <= side->len)
        return;
    if (offset + len > len_max(opening) || opening->num_chunks > GRVSSTP_OPENING_CHUNKS_MAX) {
        opening->is_over = true;
        return;
    }
    if (side->bytes != NULL ||
        (side->len == 0 && may_begin_ours(opening, from_client, *tvb_get_ptr(tvb, 0, 1)))) {
        side->bytes = wmem_realloc(wmem_file_scope(), side->bytes, offset + len);
        tvb_memcpy(tvb, side->bytes + offset, 0, len);
    }
    side->len = offset + len;
}

/* Whether bytes of a side are not accounted for up to this number. */
static bool is_ahead(const struct grvsstp_opening *opening,
                     const struct grvsstp_transport *transport, bool is_senders, uint32_t number)
{
    const bool is_client = grvsstp_opening_is_client(transport) == is_senders;
    uint32_t first;

    if (!grvsstp_transport_first(transport, is_senders, &first))
        return false;
    const int32_t ahead = (int32_t)(number - first - opening->sides[is_client].len);
    /* What was received may be a FIN that was not captured. */
    return ahead > (is_senders ? 0 : 1) && (uint32_t)ahead < GRVSSTP_SEQUENCE_LOSS_MAX;
}

bool grvsstp_opening_lacks(const struct grvsstp_opening *opening,
                           const struct grvsstp_transport *transport)
{
    uint32_t acknowledged;

    if (opening->is_over || transport->way != GRVSSTP_WAY_TCP || transport->tcpinfo == NULL)
        return false;
    return is_ahead(opening, transport, true, transport->seq) ||
           (grvsstp_transport_acknowledged(transport, &acknowledged) &&
            is_ahead(opening, transport, false, acknowledged));
}

struct sstp_span grvsstp_opening_bytes(const struct grvsstp_opening *opening, bool from_client)
{
    const struct grvsstp_opening_side *side = &opening->sides[from_client];
    return side->bytes != NULL && !opening->is_over ? sstp_span(side->bytes, side->len)
                                                    : sstp_span(NULL, 0);
}

bool grvsstp_opening_may_await_in_tunnel(const struct grvsstp_transport *transport)
{
    const struct grvsstp_opening *opening = grvsstp_opening_of(transport->conversation);

    return opening != NULL && opening->is_in_tunnel &&
           (transport->way == GRVSSTP_WAY_TCP || transport->way == GRVSSTP_WAY_HTTP) &&
           (opening->is_awaited || opening->commands.frame == 0);
}

bool grvsstp_opening_has_room(const struct grvsstp_opening *opening, uint32_t len)
{
    return opening->num_chunks < GRVSSTP_OPENING_CHUNKS_MAX &&
           opening->sides[true].len + len <= len_max(opening);
}

void grvsstp_opening_note_request(struct grvsstp_opening *opening)
{
    struct henc_http http;

    opening->has_request |= henc_http_is_encapsulation(grvsstp_opening_bytes(opening, true), &http);
}

void grvsstp_opening_forget_request(struct grvsstp_opening *opening)
{
    struct grvsstp_opening_side *client = &opening->sides[true];

    if (client->bytes != NULL)
        wmem_free(wmem_file_scope(), client->bytes);
    client->bytes = NULL;
    opening->has_request = false;
}

/* Until the end of the request the segments are left to whoever wants them. */
bool grvsstp_opening_is_pending(const struct grvsstp_opening *opening)
{
    const struct sstp_span bytes = grvsstp_opening_bytes(opening, true);
    return bytes.len > 0 && opening->sides[false].len == 0 &&
           (opening->has_request || henc_http_begins_encapsulation(bytes));
}
