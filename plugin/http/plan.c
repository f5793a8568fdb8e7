/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "http/plan.h"

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

void grvhenc_plan_keep(struct grvhenc_plan *kept, const struct grvhenc_plan *plan)
{
    struct grvhenc_item *items =
        wmem_memdup(wmem_file_scope(), plan->items, plan->num_items * sizeof plan->items[0]);

    for (unsigned i = 0; i < plan->num_items; i++)
        items[i].read = NULL;
    *kept = *plan;
    kept->items = items;
}
