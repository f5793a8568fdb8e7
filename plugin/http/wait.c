/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "http/wait.h"

#include "fields/henc_fields.h"
#include "follow/again.h"
#include "http/plan.h"

static uint64_t num_bytes_all; /* that wait in all directions */

void grvhenc_wait_reset(void)
{
    num_bytes_all = 0;
}

uint64_t grvhenc_wait_num_bytes(void)
{
    return num_bytes_all;
}

static struct sstp_span copy_bytes(struct sstp_span bytes)
{
    return bytes.len > 0
               ? sstp_span(wmem_memdup(grvsstp_passing_scope(), bytes.data, bytes.len), bytes.len)
               : bytes;
}

/* Puts the chunk among those that wait. */
static void insert(struct grvhenc_side *side, struct grvhenc_chunk *chunk)
{
    struct grvhenc_chunk **at = &side->waiting;

    while (*at != NULL && ((*at)->has_begun || (int32_t)((*at)->seq - chunk->seq) <= 0))
        at = &(*at)->next;
    chunk->next = *at;
    *at = chunk;
    side->num_waiting++;
    side->num_bytes += (uint32_t)chunk->bytes.len;
    num_bytes_all += chunk->bytes.len;
}

void grvhenc_wait_remove_first(struct grvhenc_side *side)
{
    struct grvhenc_chunk *first = side->waiting;

    side->waiting = first->next;
    side->num_waiting--;
    side->num_bytes -= first->kept_len;
    num_bytes_all -= first->kept_len;
}

/* A chunk that stopped at a message keeps what it was divided into so far; `before` is what it
 * kept till now, `num_before` of them. */
void grvhenc_wait_put_by(struct grvhenc_chunk *chunk, struct grvhenc_item *before,
                         unsigned num_before)
{
    for (unsigned i = 0; i < chunk->num_items; i++)
        chunk->items[i].read = NULL; /* of a packet's pool */
    if (chunk->num_items == num_before) {
        chunk->items = before;
    } else {
        chunk->items = wmem_memdup(grvsstp_passing_scope(), chunk->items,
                                   chunk->num_items * sizeof chunk->items[0]);
        wmem_free(grvsstp_passing_scope(), before);
    }
    chunk->pinfo = NULL;
    chunk->pool = NULL;
    chunk->tvb = NULL;
}

/* The chunk at hand is kept, with this plan for now. */
static struct grvhenc_chunk *keep_with(struct grvhenc_chunk *chunk, struct grvhenc_plan *plan)
{
    struct grvhenc_chunk *kept = wmem_memdup(grvsstp_passing_scope(), chunk, sizeof *chunk);

    if (chunk->num_carried == 0) /* else they are in a block of ours */
        kept->bytes = copy_bytes(chunk->bytes);
    kept->kept_len = (uint32_t)chunk->bytes.len;
    kept->kept = plan;
    grvsstp_again_keep(chunk->pinfo, proto_grvhenc, kept->key, plan);
    grvhenc_wait_put_by(kept, NULL, 0);
    return kept;
}

/* The chunk at hand has to wait.  Its plan for now. */
struct grvhenc_plan *grvhenc_wait(struct grvhenc_chunk *chunk)
{
    struct grvhenc_chunk *kept = keep_with(chunk, grvhenc_plan_for_now(chunk));

    insert(grvhenc_chunk_side(kept), kept);
    return kept->kept;
}

struct grvhenc_chunk *grvhenc_wait_hold(struct grvhenc_chunk *chunk)
{
    return keep_with(chunk, wmem_new0(wmem_file_scope(), struct grvhenc_plan));
}

void grvhenc_wait_held(struct grvhenc_chunk *chunk)
{
    insert(grvhenc_chunk_side(chunk), chunk);
}
