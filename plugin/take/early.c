/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "take/early.h"

#include "follow/late.h"

static uint64_t num_bytes_all;

void grvsstp_early_reset(void)
{
    num_bytes_all = 0;
}

struct grvsstp_early *grvsstp_early_new(void)
{
    struct grvsstp_early *early = wmem_new0(wmem_file_scope(), struct grvsstp_early);
    early->end = &early->first;
    return early;
}

void grvsstp_early_free(struct grvsstp_early *early)
{
    struct grvsstp_early_chunk *at = early->first;

    while (at != NULL) {
        struct grvsstp_early_chunk *next = at->next;
        wmem_free(wmem_file_scope(), (void *)at->chunk.bytes.bytes.data);
        wmem_free(wmem_file_scope(), at);
        at = next;
    }
    num_bytes_all -= early->num_bytes;
    wmem_free(wmem_file_scope(), early);
}

static bool has_expired(const struct grvsstp_early *early, int64_t now_ns)
{
    return (early->num > GRVSSTP_LATE_CHUNKS_MIN &&
            now_ns - early->first->chunk.time_ns > GRVSSTP_LATE_TIME_MIN_NS) ||
           early->num > GRVSSTP_LATE_CHUNKS_MAX || early->num_bytes > GRVSSTP_LATE_BYTES_MAX ||
           num_bytes_all > GRVSSTP_LATE_BYTES_ALL_MAX;
}

bool grvsstp_early_keep(struct grvsstp_early *early, bool from_initiator,
                        const struct grvsstp_chunk *chunk, const uint32_t *acknowledged,
                        struct grvsstp_plan *plan)
{
    const struct sstp_span bytes = chunk->bytes.bytes;
    struct grvsstp_early_chunk *kept = wmem_new0(wmem_file_scope(), struct grvsstp_early_chunk);

    kept->chunk = *chunk;
    kept->chunk.skip = kept->chunk.tail = 0;
    kept->chunk.has_gap = false;
    kept->chunk.plan = plan;
    if (bytes.len > 0)
        kept->chunk.bytes.bytes =
            sstp_span(wmem_memdup(wmem_file_scope(), bytes.data, bytes.len), bytes.len);
    kept->from_initiator = from_initiator;
    kept->has_acknowledged = acknowledged != NULL;
    kept->acknowledged = acknowledged != NULL ? *acknowledged : 0;
    *early->end = kept;
    early->end = &kept->next;
    early->num++;
    early->num_bytes += (uint32_t)bytes.len;
    num_bytes_all += bytes.len;
    return !has_expired(early, chunk->time_ns);
}
