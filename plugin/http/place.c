/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "http/place.h"

#include "http/observe.h"
#include "tcp/fin.h"

/* Up to which number the bytes of a direction are there, or given up. */
static uint32_t reached_of(const struct grvhenc_side *side)
{
    const uint32_t next = side->sequence.next;
    return side->is_given_up && (int32_t)(side->given_up - next) > 0 ? side->given_up : next;
}

/* Whether all bytes before the chunk's first are there. */
bool grvhenc_place_is_reached(const struct grvhenc_chunk *chunk)
{
    const struct grvhenc_side *side = grvhenc_chunk_side(chunk);
    const int32_t ahead = side->sequence.is_known ? (int32_t)(chunk->seq - reached_of(side)) : 0;

    return ahead <= 0 || (uint32_t)ahead > GRVSSTP_SEQUENCE_LOSS_MAX;
}

/* Up to which number a direction was taken: a chunk may have stopped at a message. */
static uint32_t taken_of(const struct grvhenc_side *side)
{
    const struct grvhenc_chunk *first = side->waiting;

    if (first == NULL || !first->has_begun)
        return reached_of(side);
    return first->seq +
           (uint32_t)(first->pos > first->num_carried ? first->pos - first->num_carried : 0);
}

/* Up to which number the chunk's sender had received the other direction; a FIN may have come after
 * the chunk. */
static uint32_t acknowledged_by(const struct grvhenc_chunk *chunk)
{
    return grvsstp_fin_before(chunk->tcp->flows[!chunk->from_client], chunk->ack);
}

/* Whether a message has ended where a direction was taken up to, or none has begun: one byte more
 * is no message, and may be a FIN that was not captured. */
static bool is_between(const struct grvhenc_side *side)
{
    return side->waiting == NULL && side->carried.len == 0 && side->streaming == NULL;
}

/* How many bytes of the other direction, that the chunk's sender had received, were not taken. */
static uint32_t num_awaited(const struct grvhenc_chunk *chunk)
{
    const struct grvhenc_side *other = &chunk->tcp->sides[!chunk->from_client];
    const int32_t ahead = chunk->has_ack && other->sequence.is_known
                              ? (int32_t)(acknowledged_by(chunk) - taken_of(other))
                              : 0;

    if (ahead <= 0 || (uint32_t)ahead > GRVSSTP_SEQUENCE_LOSS_MAX)
        return 0;
    return ahead == 1 && is_between(other) ? 0 : (uint32_t)ahead;
}

/* Whether all that the chunk's sender had received was taken. */
bool grvhenc_place_is_answer_reached(const struct grvhenc_chunk *chunk)
{
    const struct grvhenc_side *other = &chunk->tcp->sides[!chunk->from_client];
    const struct grvhenc_chunk *first = other->waiting;

    if (other->is_absent || num_awaited(chunk) == 0)
        return true;
    /* A segment that was sent again, and so was captured after who had received it first,
     * acknowledges more than it did then: what waits for it comes after it all the same. */
    return first != NULL && grvhenc_place_is_reached(first) && first->has_ack &&
           (int32_t)(first->ack - chunk->end) >= 0 && chunk->frame > first->frame;
}

/* Up to which number all bytes of a direction are there, though some wait. */
static uint32_t covered_of(const struct grvhenc_side *side)
{
    uint32_t covered = reached_of(side);

    for (const struct grvhenc_chunk *at = side->waiting; at != NULL; at = at->next) {
        const uint32_t end = at->end;
        if ((int32_t)(at->seq - covered) > 0)
            break;
        if ((int32_t)(end - covered) > 0)
            covered = end;
    }
    return covered;
}

bool grvhenc_place_misses_bytes(const struct grvhenc_chunk *chunk)
{
    const struct grvhenc_side *other = &chunk->tcp->sides[!chunk->from_client];

    if (chunk->has_begun)
        return false;
    return !grvhenc_place_is_reached(chunk) ||
           (!grvhenc_place_is_answer_reached(chunk) &&
            (int32_t)(acknowledged_by(chunk) - covered_of(other)) > 0);
}

bool grvhenc_place_is_after_hole(const struct grvhenc_tcp *tcp, uint32_t frame)
{
    const struct grvhenc_virtual *v = tcp->current;

    if (v == NULL || v->listed == NULL)
        return false;
    for (wmem_list_frame_t *at = wmem_list_head(v->listed); at != NULL;
         at = wmem_list_frame_next(at)) {
        const struct grvhenc_tcp *other = wmem_list_frame_data(at);
        for (int i = 0; i < 2 && other != tcp; i++) {
            const struct grvhenc_chunk *first = other->sides[i].waiting;
            if (first != NULL && first->frame < frame && grvhenc_place_misses_bytes(first))
                return true;
        }
    }
    return false;
}

bool grvhenc_place_is_ready(const struct grvhenc_chunk *chunk)
{
    return chunk->has_begun ||
           (grvhenc_place_is_reached(chunk) && grvhenc_place_is_answer_reached(chunk) &&
            !grvhenc_place_is_after_hole(chunk->tcp, chunk->frame));
}

/* Whether the capture tells of bytes of a direction that are not there: up to which number. */
static bool is_side_lacking(const struct grvhenc_tcp *tcp, bool from_client, uint32_t *number)
{
    const struct grvhenc_side *side = &tcp->sides[from_client];

    if (!side->sequence.is_known || tcp->flows[from_client] == NULL ||
        !grvsstp_transport_end(tcp->flows[from_client], tcp->flows[!from_client], number))
        return false;
    const uint32_t acknowledged =
        side->is_acknowledged ? grvsstp_fin_certain(tcp->flows[from_client], side->acknowledged)
                              : *number;
    if ((int32_t)(acknowledged - *number) > 0)
        *number = acknowledged;
    const uint32_t covered = covered_of(side);
    for (const struct grvhenc_chunk *at = side->waiting; at != NULL; at = at->next)
        if ((int32_t)(at->seq - covered) > 0) {
            *number = at->seq;
            return true;
        }
    return (int32_t)(*number - covered) > 0;
}

void grvhenc_place_note_acknowledged(struct grvhenc_tcp *tcp, bool from_client,
                                     const tcp_flow_t *by)
{
    struct grvhenc_side *side = &tcp->sides[from_client];
    const uint32_t number =
        by->tcp_analyze_seq_info != NULL ? by->tcp_analyze_seq_info->lastack : 0;

    if (number == 0 || (side->is_acknowledged && (int32_t)(number - side->acknowledged) <= 0) ||
        (side->sequence.is_known && number - side->sequence.next > GRVSSTP_SEQUENCE_LOSS_MAX))
        return;
    side->is_acknowledged = true;
    side->acknowledged = number;
}

static bool is_lacking(const struct grvhenc_tcp *tcp)
{
    uint32_t number;
    return is_side_lacking(tcp, false, &number) || is_side_lacking(tcp, true, &number);
}

/* Where one direction is captured later than the other, bytes are lacking all the time, and never
 * the same for long. */
void grvhenc_place_note_lacking(struct grvhenc_tcp *tcp, int64_t now_ns)
{
    tcp->is_lacking = false;
    for (int i = 0; i < 2; i++) {
        struct grvhenc_side *side = &tcp->sides[i];
        const bool was_lacking = side->is_lacking;
        uint32_t number;
        side->is_lacking = is_side_lacking(tcp, i != 0, &number);
        if (!side->is_lacking)
            continue;
        tcp->is_lacking = true;
        const uint32_t covered = covered_of(side);
        if (was_lacking && side->lacking_at == covered)
            continue;
        side->lacking_at = covered;
        side->lacking_since_ns = now_ns;
    }
}

bool grvhenc_place_has_both_ends(const struct grvhenc_tcp *tcp)
{
    return grvsstp_fin_is_seen(tcp->flows[0]) && grvsstp_fin_is_seen(tcp->flows[1]) &&
           !is_lacking(tcp);
}

/* Bytes of a direction up to this number were waited for in vain. */
void grvhenc_place_give_up(struct grvhenc_side *side, uint32_t number)
{
    side->is_absent |= side->waiting == NULL;
    side->is_given_up = true;
    side->given_up = number;
}

/* What is missing of a direction does not come any more. */
static void note_side_lost(struct grvhenc_tcp *tcp, bool from_client, int64_t now_ns)
{
    struct grvhenc_side *side = &tcp->sides[from_client];
    uint32_t number;

    while (is_side_lacking(tcp, from_client, &number)) {
        grvhenc_place_give_up(side, number);
        grvhenc_lose(tcp, from_client, now_ns);
    }
    side->is_lacking = false;
}

void grvhenc_place_note_lost(struct grvhenc_tcp *tcp, int64_t now_ns)
{
    note_side_lost(tcp, false, now_ns);
    note_side_lost(tcp, true, now_ns);
    tcp->is_lacking = false;
}

static bool is_side_overdue(const struct grvhenc_side *side, int64_t now_ns, int64_t max_ns)
{
    return side->is_lacking && now_ns - side->lacking_since_ns > max_ns;
}

void grvhenc_place_note_overdue(struct grvhenc_tcp *tcp, int64_t now_ns, int64_t max_ns)
{
    for (int i = 0; i < 2; i++)
        if (is_side_overdue(&tcp->sides[i], now_ns, max_ns))
            note_side_lost(tcp, i != 0, now_ns);
    tcp->is_lacking = tcp->sides[0].is_lacking || tcp->sides[1].is_lacking;
}

bool grvhenc_place_is_overdue(const struct grvhenc_tcp *tcp, int64_t now_ns, int64_t max_ns)
{
    return tcp->is_lacking && (is_side_overdue(&tcp->sides[0], now_ns, max_ns) ||
                               is_side_overdue(&tcp->sides[1], now_ns, max_ns));
}
