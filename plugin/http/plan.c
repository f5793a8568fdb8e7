/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "http/plan.h"

#include "follow/source.h"
#include "http/stream.h"

/* What the frame shows until the chunk is divided: what it was divided into so far, and what the
 * rest looks like. */
struct grvhenc_plan *grvhenc_plan_for_now(struct grvhenc_chunk *chunk)
{
    const unsigned num = chunk->num_items;
    struct grvhenc_plan *plan = wmem_new0(wmem_file_scope(), struct grvhenc_plan);
    struct grvhenc_item *items = wmem_alloc0_array(wmem_file_scope(), struct grvhenc_item, num + 1);

    for (unsigned i = 0; i < num; i++) {
        items[i] = chunk->items[i];
        items[i].read = NULL; /* of a packet's pool */
    }
    const struct sstp_span rest =
        sstp_span(chunk->bytes.data + chunk->pos, chunk->bytes.len - chunk->pos);
    struct henc_http http;
    items[num].kind = GRVHENC_ITEM_HTTP;
    items[num].offset = (uint32_t)chunk->pos;
    if (grvhenc_chunk_side(chunk)->streaming != NULL) {
        items[num].kind = GRVHENC_ITEM_STREAM;
        items[num].len = (uint32_t)rest.len;
        items[num].record = grvhenc_stream_for_now(chunk, chunk->pos);
    } else if (henc_http_head(rest, &http) == HENC_HTTP_DONE) {
        items[num].len = (uint32_t)http.head_len; /* HTTP would ask others about the body */
    }
    if (chunk->num_carried > 0)
        plan->joined = chunk->bytes;
    plan->num_items = items[num].len > 0 ? num + 1 : num;
    plan->items = items;
    return plan;
}

/* The plan of a chunk that was divided, or NULL for a plain piece of a LongLived body. */
struct grvhenc_plan *grvhenc_plan_of(const struct grvhenc_chunk *chunk)
{
    if (chunk->num_carried == 0 && chunk->num_items == 1 &&
        chunk->items[0].kind == GRVHENC_ITEM_STREAM && chunk->items[0].record == NULL)
        return NULL;
    struct grvhenc_plan *plan = wmem_new0(chunk->pool, struct grvhenc_plan);
    if (chunk->num_carried > 0) {
        plan->joined = chunk->bytes;
        plan->joint = chunk->joint;
    }
    plan->num_items = chunk->num_items;
    plan->items = chunk->items;
    return plan;
}

/* Whether two plans say the same of segments of the same length, which are nothing but pieces of
 * one message. */
static bool are_same_part(const struct grvhenc_plan *a, const struct grvhenc_plan *b)
{
    return a->num_items == 1 && b->num_items == 1 && a->items->kind == GRVHENC_ITEM_PART &&
           b->items->kind == GRVHENC_ITEM_PART && a->items->joint == b->items->joint &&
           a->items->offset == b->items->offset && a->items->len == b->items->len &&
           a->joined.len == 0 && b->joined.len == 0;
}

struct grvhenc_plan *grvhenc_plan_copy(const struct grvhenc_plan *plan, struct grvhenc_side *side)
{
    if (side->last_part != NULL && are_same_part(plan, side->last_part))
        return side->last_part;
    struct block {
        struct grvhenc_plan plan;
        struct grvhenc_item items[];
    } *block =
        wmem_alloc(wmem_file_scope(), sizeof *block + plan->num_items * sizeof block->items[0]);
    memcpy(block->items, plan->items, plan->num_items * sizeof block->items[0]);
    for (unsigned i = 0; i < plan->num_items; i++)
        block->items[i].read = NULL;
    block->plan = *plan;
    block->plan.items = block->items;
    side->last_part = &block->plan;
    return &block->plan;
}

void grvhenc_plan_keep(struct grvhenc_plan *kept, const struct grvhenc_plan *plan)
{
    struct grvhenc_item *items =
        wmem_memdup(wmem_file_scope(), plan->items, plan->num_items * sizeof plan->items[0]);

    for (unsigned i = 0; i < plan->num_items; i++)
        items[i].read = NULL;
    *kept = *plan;
    kept->items = items;
}

struct sstp_span grvhenc_plan_joined(const struct grvhenc_plan *plan, const packet_info *pinfo)
{
    if (plan->joined.data != NULL)
        return plan->joined;
    const unsigned num = wmem_array_get_count(plan->joint->pieces);
    uint8_t *bytes = wmem_alloc(pinfo->pool, plan->joined.len), *end = bytes;

    for (unsigned i = 0; i < num; i++) {
        const struct grvhenc_piece_of *piece = wmem_array_index(plan->joint->pieces, i);
        if (!grvsstp_source_read(pinfo, piece->frame, piece->offset, piece->len, end))
            break;
        end += piece->len;
    }
    return sstp_span(bytes, (size_t)(end - bytes));
}
