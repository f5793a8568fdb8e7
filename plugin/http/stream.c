/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "http/stream.h"

#include "follow/states.h"
#include "henc/http.h"

static struct sstp_span rest_of(const struct grvhenc_chunk *chunk, size_t pos)
{
    return sstp_span(chunk->bytes.data + pos, chunk->bytes.len - pos);
}

static struct henc_piece piece_of(const struct grvhenc_chunk *chunk, size_t pos)
{
    return (struct henc_piece){.chunk = chunk->frame,
                               .half = chunk->from_client ? HENC_HALF_POST : HENC_HALF_GET,
                               .is_cut = chunk->is_cut,
                               .after_loss = grvhenc_chunk_side(chunk)->has_gap,
                               .bytes = rest_of(chunk, pos)};
}

bool grvhenc_stream_is_asked_again(const struct grvhenc_chunk *chunk, size_t pos)
{
    const struct sstp_span rest = rest_of(chunk, pos);
    struct henc_http again;

    return chunk->from_client && rest.len > 0 && rest.data[0] >= 'A' &&
           henc_http_is_encapsulation(rest, &again);
}

bool grvhenc_stream_lacks_echo(const struct grvhenc_chunk *chunk, size_t pos)
{
    const struct grvhenc_side *side = grvhenc_chunk_side(chunk);
    struct henc_echo echo;

    return side->undecoded == NULL && side->awaits_echo && !chunk->is_cut &&
           henc_echo_scan(rest_of(chunk, pos), false, &echo) == HENC_ECHO_NEED_MORE;
}

bool grvhenc_stream_is_early(const struct grvhenc_chunk *chunk, size_t pos)
{
    const struct grvhenc_side *side = grvhenc_chunk_side(chunk);
    const struct henc_piece piece = piece_of(chunk, pos);

    return side->undecoded == NULL &&
           henc_virtual_piece_is_early(&side->streaming->observer, &piece);
}

struct grvhenc_record *grvhenc_stream_for_now(const struct grvhenc_chunk *chunk, size_t pos)
{
    const struct grvhenc_side *side = grvhenc_chunk_side(chunk);
    struct grvsstp_connection *connection = side->streaming->connection;
    const struct grvsstp_chunk bytes = {.bytes = {rest_of(chunk, pos), chunk->bytes.len - pos},
                                        .frame = chunk->frame,
                                        .source_frame = chunk->frame,
                                        .time_ns = chunk->time_ns};
    struct grvhenc_record *record = wmem_new0(wmem_file_scope(), struct grvhenc_record);
    struct grvsstp_half half = {0};

    record->v = side->streaming;
    record->half = chunk->from_client ? HENC_HALF_POST : HENC_HALF_GET;
    record->deliveries = wmem_new0(wmem_file_scope(), struct grvhenc_delivery);
    record->num_deliveries = 1;
    (void)sstp_stream_copy(&half.stream, &connection->halves[chunk->from_client].stream);
    if (chunk->seq != side->sequence.next && !chunk->has_begun)
        sstp_stream_hole(&half.stream, chunk->seq - side->sequence.next);
    *record->deliveries = (struct grvhenc_delivery){
        .from_initiator = chunk->from_client,
        .bytes = sstp_span(NULL, bytes.bytes.wire_len),
        .source_frame = chunk->frame,
        .key = chunk->key,
        .plan = grvsstp_plan_for_now(connection, &half, &bytes, chunk->pool)};
    sstp_stream_clear(&half.stream);
    return record;
}

/* A proxy has encoded it: what it says is as good as lost. */
static void take_undecoded(struct grvhenc_chunk *chunk, size_t pos)
{
    const struct grvhenc_moment moment = grvhenc_chunk_moment(chunk, pos);
    struct grvhenc_side *side = grvhenc_chunk_side(chunk);
    const struct henc_piece piece = {.chunk = chunk->frame,
                                     .half = chunk->from_client ? HENC_HALF_POST : HENC_HALF_GET,
                                     .is_cut = true,
                                     .after_loss = true,
                                     .bytes = sstp_span(NULL, 0)};
    struct henc_result result;

    henc_virtual_data(&side->streaming->observer, &piece, &result);
    grvsstp_states_gap(side->streaming->connection->states);
    struct grvhenc_item *item =
        grvhenc_chunk_add(chunk, GRVHENC_ITEM_STREAM, pos, chunk->bytes.len - pos);
    item->record = grvhenc_record_new(side->streaming, piece.half, &result, NULL, &moment);
    item->record->undecoded = side->undecoded;
    grvhenc_record_drop(item->record, chunk->pool);
}

/* Whether the whole segment is data, like most, so that nothing has to be kept of it. */
static bool is_plain(const struct grvhenc_chunk *chunk, size_t pos,
                     const struct henc_result *result)
{
    return chunk->pinfo != NULL && chunk->kept == NULL && pos == 0 && chunk->num_items == 1 &&
           chunk->num_carried == 0 && result->findings == 0 && result->echo.len == 0 &&
           result->deliveries.num == 1 && !result->deliveries.items[0].after_gap &&
           chunk->tcp->stream_records[chunk->from_client] != NULL;
}

/* Of what plain pieces are. */
static void keep_stream_record(struct grvhenc_chunk *chunk, enum henc_half half)
{
    struct grvhenc_record **kept = &chunk->tcp->stream_records[chunk->from_client];
    struct grvhenc_virtual *v = grvhenc_chunk_side(chunk)->streaming;

    if (*kept != NULL && (*kept)->v == v)
        return;
    *kept = wmem_new0(wmem_file_scope(), struct grvhenc_record);
    (*kept)->v = v;
    (*kept)->half = half;
}

size_t grvhenc_stream_echo_len(const struct grvhenc_chunk *chunk, size_t pos)
{
    const struct grvhenc_side *side = grvhenc_chunk_side(chunk);
    struct henc_echo echo;

    if (!side->awaits_echo || side->undecoded != NULL || side->has_gap ||
        henc_echo_scan(rest_of(chunk, pos), true, &echo) != HENC_ECHO_YES)
        return 0;
    return echo.len < chunk->bytes.len - pos ? echo.len : 0;
}

void grvhenc_stream_take(struct grvhenc_chunk *chunk, size_t pos, size_t len)
{
    const struct grvhenc_moment moment = grvhenc_chunk_moment(chunk, pos);
    struct grvhenc_side *side = grvhenc_chunk_side(chunk);
    struct grvhenc_virtual *v = side->streaming;
    struct henc_piece piece = piece_of(chunk, pos);
    struct henc_result result;

    piece.bytes.len = len;
    piece.is_cut &= pos + len == chunk->bytes.len;
    if (side->undecoded != NULL) {
        take_undecoded(chunk, pos);
        return;
    }
    side->awaits_echo = false;
    side->has_gap = false;
    henc_virtual_data(&v->observer, &piece, &result);
    struct grvhenc_item *item = grvhenc_chunk_add(chunk, GRVHENC_ITEM_STREAM, pos, piece.bytes.len);
    if (is_plain(chunk, pos, &result)) {
        item->record = NULL;
        grvhenc_note_one_sided(v, chunk->from_client, result.state);
        grvsstp_plan_make(v->connection, chunk->from_client, chunk->tvb, false, chunk->pinfo,
                          chunk->frame, chunk->seq);
        return;
    }
    item->record = grvhenc_record_new(v, piece.half, &result,
                                      tvb_new_subset_remaining(chunk->tvb, (int)pos), &moment);
    grvhenc_record_drop(item->record, chunk->pool);
    keep_stream_record(chunk, piece.half);
}
