/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "take/opening.h"

#include "fields/fields.h"

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

struct grvsstp_opening *grvsstp_opening_begin(conversation_t *conversation)
{
    struct grvsstp_opening *opening = wmem_new0(wmem_file_scope(), struct grvsstp_opening);
    conversation_add_proto_data(conversation, proto_grvsstp_sstp, opening);
    return opening;
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
        return;
    }
    if (offset + len <= side->len)
        return;
    if (offset + len > GRVSSTP_OPENING_LEN_MAX ||
        opening->num_chunks > GRVSSTP_OPENING_CHUNKS_MAX) {
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

struct sstp_span grvsstp_opening_bytes(const struct grvsstp_opening *opening, bool from_client)
{
    const struct grvsstp_opening_side *side = &opening->sides[from_client];
    return side->bytes != NULL && !opening->is_over ? sstp_span(side->bytes, side->len)
                                                    : sstp_span(NULL, 0);
}
