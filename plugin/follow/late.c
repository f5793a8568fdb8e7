/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "follow/late.h"

static uint64_t num_bytes_all;

void grvsstp_late_reset(void)
{
    num_bytes_all = 0;
}

static struct grvsstp_late_chunk *copy_chunk(const struct grvsstp_chunk *chunk)
{
    struct grvsstp_late_chunk *late_chunk = wmem_new0(wmem_file_scope(), struct grvsstp_late_chunk);
    const struct sstp_span bytes = chunk->bytes.bytes;

    late_chunk->chunk = *chunk;
    if (bytes.len > 0)
        late_chunk->chunk.bytes.bytes =
            sstp_span(wmem_memdup(wmem_file_scope(), bytes.data, bytes.len), bytes.len);
    return late_chunk;
}

static void insert(struct grvsstp_late *late, struct grvsstp_late_chunk *late_chunk)
{
    struct grvsstp_late_chunk **at = &late->first;

    while (*at != NULL && (*at)->chunk.stand.position <= late_chunk->chunk.stand.position)
        at = &(*at)->next;
    late_chunk->next = *at;
    *at = late_chunk;
    late->num++;
    late->num_bytes += (uint32_t)late_chunk->chunk.bytes.bytes.len;
    num_bytes_all += late_chunk->chunk.bytes.bytes.len;
}

struct grvsstp_plan *grvsstp_late_keep(struct grvsstp_late *late,
                                       struct grvsstp_connection *connection,
                                       const struct grvsstp_half *half,
                                       const struct grvsstp_chunk *chunk, uint32_t lost,
                                       wmem_allocator_t *pool)
{
    const uint64_t begin = chunk->stand.position, end = begin + chunk->bytes.wire_len - chunk->tail;
    struct grvsstp_chunk for_now = *chunk;

    for_now.has_gap = false; /* that shows when they do not come */

    if (late->num == 0) {
        (void)sstp_stream_copy(&late->half.stream, &half->stream);
        late->half.open = NULL;
        late->next = begin - lost;
    }
    if (begin > late->next) {
        sstp_stream_hole(&late->half.stream, begin - late->next);
        late->half.open = NULL;
    } else {
        for_now.skip = (uint32_t)MIN(late->next - begin, end - begin);
    }
    late->next = MAX(late->next, end);

    struct grvsstp_late_chunk *late_chunk = copy_chunk(chunk);
    late_chunk->plan = grvsstp_plan_for_now(connection, &late->half, &for_now, pool);
    if (chunk->plan != NULL) {
        grvsstp_plan_replace(chunk->plan, late_chunk->plan, chunk);
        late_chunk->plan = chunk->plan;
    }
    insert(late, late_chunk);
    return late_chunk->plan;
}

uint32_t grvsstp_late_overlap(const struct grvsstp_late *late, const struct grvsstp_chunk *chunk)
{
    const uint64_t begin = chunk->stand.position, end = begin + chunk->bytes.wire_len;
    const struct grvsstp_late_chunk *at = late->first;

    while (at != NULL && at->chunk.stand.position + at->chunk.bytes.wire_len <= begin)
        at = at->next;
    if (at == NULL || at->chunk.stand.position >= end)
        return 0;
    const uint64_t overlap = MAX(at->chunk.stand.position, begin);
    uint64_t covered = overlap;
    for (; at != NULL && at->chunk.stand.position <= covered; at = at->next)
        covered = MAX(covered, at->chunk.stand.position + at->chunk.bytes.wire_len);
    return covered >= end ? (uint32_t)(end - overlap) : 0;
}

bool grvsstp_late_has_expired(const struct grvsstp_late *late, int64_t now_ns)
{
    if (late->num == 0)
        return false;
    return (late->num > GRVSSTP_LATE_CHUNKS_MIN &&
            now_ns - late->first->chunk.time_ns > GRVSSTP_LATE_TIME_MIN_NS) ||
           late->num > GRVSSTP_LATE_CHUNKS_MAX || late->num_bytes > GRVSSTP_LATE_BYTES_MAX ||
           num_bytes_all > GRVSSTP_LATE_BYTES_ALL_MAX;
}

struct grvsstp_late_chunk *grvsstp_late_remove(struct grvsstp_late *late)
{
    struct grvsstp_late_chunk *first = late->first;

    late->first = first->next;
    late->num--;
    late->num_bytes -= (uint32_t)first->chunk.bytes.bytes.len;
    num_bytes_all -= first->chunk.bytes.bytes.len;
    if (late->num == 0)
        sstp_stream_clear(&late->half.stream);
    return first;
}

void grvsstp_late_free(struct grvsstp_late_chunk *late_chunk, const struct grvsstp_plan *plan)
{
    grvsstp_plan_replace(late_chunk->plan, plan, &late_chunk->chunk);
    wmem_free(wmem_file_scope(), (void *)late_chunk->chunk.bytes.bytes.data);
    wmem_free(wmem_file_scope(), late_chunk);
}
