/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/message.h"

#include "follow/fragments.h"

/* Frames named in the tree of one message. */
#define SEGMENTS_SHOWN 1000u

/* `payload` is NULL where it is not put together. */
static void show_payload(const struct grvsstp_envelope *envelope, const uint8_t *payload,
                         uint64_t length)
{
    const struct grvsstp_place *place = envelope->place;
    proto_item *item = proto_tree_add_uint64(envelope->tree, grvsstp_own_hf(GRVSSTP_MESSAGE_LENGTH),
                                             place->tvb, place->offset, 0, length);
    proto_item_set_generated(item);
    if (payload == NULL && length > 0) {
        proto_item_append_text(item, ", payload not put together");
        return;
    }
    tvbuff_t *whole = tvb_new_child_real_data(place->tvb, payload, (unsigned)length, (int)length);
    if (length > 0) {
        add_new_data_source(place->pinfo, whole, "SSTP message");
        proto_item_set_generated(proto_tree_add_item(envelope->tree,
                                                     grvsstp_own_hf(GRVSSTP_MESSAGE_PAYLOAD), whole,
                                                     0, (int)length, ENC_NA));
    }
    grvsstp_payload_hand_over(envelope, whole);
}

static void show_segment(const struct grvsstp_envelope *envelope, uint32_t frame)
{
    proto_item_set_generated(
        proto_tree_add_uint(envelope->tree, grvsstp_own_hf(GRVSSTP_MESSAGE_SEGMENT),
                            envelope->place->tvb, envelope->place->offset, 0, frame));
}

static void depend_on(packet_info *pinfo, uint32_t frame)
{
    if (frame != pinfo->num)
        grvsstp_mark_depended_upon(pinfo, frame);
}

static void depend_on_pieces(packet_info *pinfo, const struct grvsstp_contributions *pieces)
{
    if (pieces == NULL)
        return;
    for (const struct grvsstp_contribution *piece = pieces->first; piece != NULL;
         piece = piece->next)
        depend_on(pinfo, piece->frame);
}

/* Who saves the frame of the EndMessage wants those that the message needs as well: of its
 * Message and of every piece of every Data. */
static void depend_on_message(packet_info *pinfo, const struct grvsstp_message *message)
{
    depend_on(pinfo, message->begin_frame);
    depend_on_pieces(pinfo, message->begin_pieces);
    depend_on_pieces(pinfo, &message->contributions);
    for (const struct grvsstp_payload *part = message->first; part != NULL; part = part->next)
        depend_on_pieces(pinfo, part->pieces);
}

/* How its payload begins, where that may say who wants it. */
static struct sstp_span beginning_of(const struct grvsstp_envelope *envelope,
                                     const struct grvsstp_message *message)
{
    const struct grvsstp_payload *first = envelope->tree != NULL ? message->first : NULL;

    if (first == NULL || first->bytes != NULL)
        return sstp_span(first != NULL ? first->bytes : NULL, first != NULL ? first->len : 0);
    uint8_t *bytes = wmem_alloc(envelope->place->pinfo->pool, first->len);
    return sstp_span(bytes,
                     grvsstp_payload_read(first, envelope->place->pinfo, bytes) ? first->len : 0);
}

/* All of its payload; NULL where it is not put together. */
static const uint8_t *put_together(const struct grvsstp_message *message, packet_info *pinfo)
{
    if (!message->is_whole || message->length == 0)
        return NULL;
    uint8_t *whole = wmem_alloc(pinfo->pool, (size_t)message->length), *end = whole;
    for (const struct grvsstp_payload *part = message->first; part != NULL; part = part->next) {
        if (!grvsstp_payload_read(part, pinfo, end))
            return NULL;
        end += part->len;
    }
    return whole;
}

void grvsstp_show_message(const struct grvsstp_envelope *envelope,
                          const struct grvsstp_message *message)
{
    packet_info *pinfo = envelope->place->pinfo;
    unsigned num = 0;

    if (envelope->tree != NULL) /* also where the message itself is not asked for */
        depend_on_message(pinfo, message);
    if (!grvsstp_payload_is_wanted(envelope, beginning_of(envelope, message)))
        return;
    const uint8_t *whole = put_together(message, pinfo);
    for (const struct grvsstp_contribution *segment = message->contributions.first;
         segment != NULL && num < SEGMENTS_SHOWN; segment = segment->next, num++)
        show_segment(envelope, segment->frame);
    show_payload(envelope, whole, message->length);
}

/* Who saves the frame of the last fragment wants those of the others, too. */
static grvsstp_bool depend_on_fragment(const void *key, void *value, void *pinfo)
{
    const struct grvsstp_message *message = value;

    (void)key;
    depend_on(pinfo, message->end_frame);
    depend_on_message(pinfo, message);
    return FALSE;
}

void grvsstp_show_fragments(const struct grvsstp_place *place, proto_tree *tree,
                            const struct grvsstp_message *message, bool is_end)
{
    const struct grvsstp_fragments *fragments = message->fragments;

    if (fragments->whole_in == 0)
        return;
    if (fragments->last != message) {
        if (PINFO_FD_VISITED(place->pinfo))
            proto_item_set_generated(
                proto_tree_add_uint(tree, grvsstp_own_hf(GRVSSTP_FRAGMENT_REASSEMBLED_IN),
                                    place->tvb, place->offset, 0, fragments->whole_in));
        return;
    }
    if (!is_end)
        return;
    wmem_tree_foreach(fragments->by_number, depend_on_fragment, place->pinfo);
    if (!proto_field_is_referenced(tree, grvsstp_own_hf(GRVSSTP_MESSAGE_WHOLE)))
        return;
    const struct sstp_span whole = grvsstp_fragments_join(fragments, place->pinfo->pool);
    if (whole.len == 0)
        return;
    tvbuff_t *tvb =
        tvb_new_child_real_data(place->tvb, whole.data, (unsigned)whole.len, (int)whole.len);
    add_new_data_source(place->pinfo, tvb, "SSTP fragments");
    proto_item_set_generated(proto_tree_add_item(tree, grvsstp_own_hf(GRVSSTP_MESSAGE_WHOLE), tvb,
                                                 0, (int)whole.len, ENC_NA));
}

void grvsstp_show_local_message(const struct grvsstp_envelope *envelope,
                                const struct grvsstp_local *local)
{
    packet_info *pinfo = envelope->place->pinfo;
    uint8_t *payload = NULL;
    size_t pos = 0;
    bool is_whole = true;

    /* The first slice is the Message's, the next the first Data's. */
    const struct grvsstp_slice *data = local->first != NULL ? local->first->next : NULL;
    if (!grvsstp_payload_is_wanted(envelope, data != NULL ? data->bytes : sstp_span(NULL, 0)))
        return;
    if (local->length > 0)
        payload = wmem_alloc(pinfo->pool, (size_t)local->length);
    for (const struct grvsstp_slice *slice = local->first; slice != NULL; slice = slice->next) {
        is_whole = is_whole && slice->num_missing == 0;
        if (slice->bytes.len > 0)
            memcpy(payload + pos, slice->bytes.data, slice->bytes.len);
        pos += slice->bytes.len;
    }
    if (local->first != local->last) /* there was a Data after the Message */
        show_segment(envelope, pinfo->num);
    show_payload(envelope, is_whole ? payload : NULL, local->length);
}
