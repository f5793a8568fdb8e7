/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "http/divide.h"

#include "follow/again.h"
#include "follow/source.h"
#include "http/body.h"
#include "http/observe.h"
#include "http/stream.h"

struct grvhenc_item *grvhenc_chunk_add(struct grvhenc_chunk *chunk, enum grvhenc_item_kind kind,
                                       size_t offset, size_t len)
{
    struct grvhenc_item *item = &chunk->items[chunk->num_items++];
    *item = (struct grvhenc_item){.kind = kind, .offset = (uint32_t)offset, .len = (uint32_t)len};
    return item;
}

/* ------------------------------------------------------------------------
 * Messages that come in pieces
 */

/* Octets of a body (GRVHENC 3.3.4.6), with some for its head. */
#define BODY_MAX ((size_t)32768 + 2048)

static void drop_carried(struct grvhenc_side *side)
{
    side->carried = (struct grvhenc_carried){NULL, 0, 0, 0, NULL};
}

static void enter_joint(struct grvhenc_joint *joint, struct grvhenc_piece_of piece)
{
    const unsigned num = wmem_array_get_count(joint->pieces);
    struct grvhenc_piece_of *last = num > 0 ? wmem_array_index(joint->pieces, num - 1) : NULL;

    if (last == NULL || last->frame != piece.frame) {
        joint->is_unplaced |= piece.offset == 0;
        wmem_array_append_one(joint->pieces, piece);
        return;
    }
    joint->is_unplaced |= last->offset + last->len != piece.offset;
    last->len += piece.len;
}

/* Where the byte at pos of the chunk stands in its frame; 0 where it cannot be read again. */
static uint32_t offset_in_frame(const struct grvhenc_chunk *chunk, size_t pos)
{
    return chunk->offset_in_frame != 0 && pos >= chunk->num_carried
               ? chunk->offset_in_frame + (uint32_t)pos - chunk->num_carried
               : 0;
}

/* Puts bytes after those that are carried, in a block that has room for those that are wanted, as
 * far as that is a body, and grows by halves: a message may come byte by byte. */
static void append_carried(struct grvhenc_carried *carried, struct sstp_span bytes, uint32_t frame,
                           uint32_t offset)
{
    const size_t wanted = MIN(carried->wanted, BODY_MAX);

    if (carried->joint == NULL) {
        carried->joint = wmem_new0(grvsstp_passing_scope(), struct grvhenc_joint);
        carried->joint->is_unplaced = carried->len > 0; /* of what frame is not known */
        carried->joint->pieces =
            wmem_array_new(grvsstp_passing_scope(), sizeof(struct grvhenc_piece_of));
    }
    if (carried->size - carried->len < bytes.len) {
        carried->size = MAX(carried->len + bytes.len + carried->len / 2, wanted);
        carried->bytes = wmem_realloc(grvsstp_source_scope(), carried->bytes, carried->size);
    }
    memcpy(carried->bytes + carried->len, bytes.data, bytes.len);
    carried->len += bytes.len;
    enter_joint(carried->joint, (struct grvhenc_piece_of){frame, offset, (uint32_t)bytes.len});
}

/* The message at pos is not whole: `wanted` bytes more are, or nobody knows how many. */
static void carry(struct grvhenc_chunk *chunk, size_t pos, size_t wanted)
{
    struct grvhenc_side *side = grvhenc_chunk_side(chunk);
    const struct sstp_span rest = sstp_span(chunk->bytes.data + pos, chunk->bytes.len - pos);

    drop_carried(side);
    side->carried.wanted = wanted > 0 ? rest.len + wanted : 0;
    append_carried(&side->carried, rest, chunk->frame, offset_in_frame(chunk, pos));
    grvhenc_chunk_add(chunk, GRVHENC_ITEM_PART, pos, rest.len)->joint = side->carried.joint;
}

/* Whether there is anything new to be seen in what is carried, with the bytes after it. */
static bool is_worth_a_look(const struct grvhenc_carried *carried, struct sstp_span bytes)
{
    if (carried->wanted > 0)
        return carried->len + bytes.len >= carried->wanted;
    return memchr(bytes.data, '\n', bytes.len) != NULL ||
           carried->len + bytes.len > GRVHENC_CARRIED_MAX;
}

/* Puts what was carried before the chunk; false where that is still no message, and the chunk is
 * carried, too. */
static bool join_carried(struct grvhenc_chunk *chunk)
{
    struct grvhenc_side *side = grvhenc_chunk_side(chunk);
    struct grvhenc_carried *carried = &side->carried;
    const bool is_whole =
        chunk->is_cut || side->streaming != NULL || is_worth_a_look(carried, chunk->bytes);
    const size_t num_carried = carried->len;

    append_carried(carried, chunk->bytes, chunk->frame, offset_in_frame(chunk, 0));
    if (!is_whole) {
        grvhenc_chunk_add(chunk, GRVHENC_ITEM_PART, 0, chunk->bytes.len)->joint = carried->joint;
        chunk->pos = chunk->bytes.len;
        return false;
    }
    chunk->num_carried = (uint32_t)num_carried;
    chunk->bytes = sstp_span(carried->bytes, carried->len);
    chunk->joint = carried->joint;
    carried->joint->reassembled_in = chunk->frame;
    chunk->tvb = tvb_new_child_real_data(chunk->tvb, carried->bytes, (unsigned)carried->len,
                                         (int)carried->len);
    drop_carried(side); /* the plan has the block now */
    return true;
}

/* ------------------------------------------------------------------------
 * Messages
 */

/* Whether bytes that are no HTTP are data where none may be: after the request of a GET
 * session, or from the server on a POST session that has no answer. */
static bool is_stray(const struct grvhenc_chunk *chunk)
{
    const struct grvhenc_tcp *tcp = chunk->tcp;

    if (tcp->current == NULL || tcp->current->kind == HENC_KIND_POLLING || tcp->has_lost ||
        chunk->from_client != (tcp->current_half == HENC_HALF_GET))
        return false;
    return !tcp->is_answered || (chunk->from_client && tcp->current->kind == HENC_KIND_LONGLIVED);
}

static void take_stray(struct grvhenc_chunk *chunk, size_t pos)
{
    const struct grvhenc_moment moment = grvhenc_chunk_moment(chunk, pos);
    struct grvhenc_tcp *tcp = chunk->tcp;
    struct henc_result result;

    henc_virtual_stray(&tcp->current->observer, tcp->current_half, chunk->frame, &result);
    struct grvhenc_item *item =
        grvhenc_chunk_add(chunk, GRVHENC_ITEM_STRAY, pos, chunk->bytes.len - pos);
    item->record = grvhenc_record_new(tcp->current, tcp->current_half, &result, NULL, &moment);
    grvhenc_record_drop(item->record, chunk->pool);
}

/* Whether the body of this message is a LongLived one, which nobody waits for. */
static bool has_endless_body(const struct grvhenc_chunk *chunk, const struct henc_http *http)
{
    if (http->is_response)
        return chunk->tcp->current != NULL && chunk->tcp->current->kind == HENC_KIND_LONGLIVED &&
               chunk->tcp->current_half == HENC_HALF_GET && http->status == 200;
    return http->has_uri && http->uri.kind == HENC_KIND_LONGLIVED &&
           http->uri.half == HENC_HALF_POST;
}

/* Reads the head of the message, unless that was done when the connection was taken. */
static enum henc_http_result read_head(struct grvhenc_chunk *chunk, struct sstp_span bytes,
                                       struct henc_http *http)
{
    if (chunk->tcp->head_at == NULL || chunk->tcp->head_at != bytes.data)
        return henc_http_head(bytes, http);
    *http = *chunk->tcp->head;
    grvhenc_tcp_forget_head(chunk->tcp);
    return HENC_HTTP_DONE;
}

/* Finds the end of the message at its offset, as far as it is there. */
static enum henc_http_result read_message(struct grvhenc_chunk *chunk,
                                          struct grvhenc_message_bytes *message, size_t *wanted)
{
    const struct sstp_span rest =
        sstp_span(chunk->bytes.data + message->offset, chunk->bytes.len - message->offset);
    const struct sstp_mem mem = grvsstp_mem_of_pool(chunk->pool);
    struct henc_http *http = &message->read->http;

    enum henc_http_result result = read_head(chunk, rest, http);
    if (result != HENC_HTTP_DONE)
        return result;
    if (has_endless_body(chunk, http)) {
        message->len = http->head_len;
        return HENC_HTTP_DONE;
    }
    result = henc_http_body(http, rest, &mem, &message->len, &message->read->body, wanted);
    if (result == HENC_HTTP_MORE &&
        (chunk->is_cut || rest.len > GRVHENC_CARRIED_MAX)) { /* it has to do */
        message->len = rest.len;
        message->read->body = sstp_span(rest.data + http->head_len, rest.len - http->head_len);
        message->is_cut = true;
        result = HENC_HTTP_DONE;
    }
    return result;
}

static void decode_body(const struct grvhenc_chunk *chunk, struct grvhenc_message_bytes *message)
{
    const struct grvhenc_body body = grvhenc_body(&message->read->http, message->read->body,
                                                  chunk->tvb, message->offset, chunk->pool, NULL);
    const unsigned len = body.tvb != NULL ? tvb_captured_length(body.tvb) : 0;

    message->body_tvb = body.tvb;
    message->body = sstp_span(len > 0 ? tvb_get_ptr(body.tvb, 0, (int)len) : NULL, len);
    message->undecoded = body.undecoded;
    message->is_cut |= body.undecoded != NULL;
}

/* Whether the message has to wait for one on another TCP connection. */
static bool is_early(const struct grvhenc_chunk *chunk, const struct grvhenc_message *message)
{
    return !chunk->is_forced && henc_virtual_is_early(&message->v->observer, &message->m);
}

/* A message that was read; false where it has to wait. */
static bool take_message(struct grvhenc_chunk *chunk, struct grvhenc_message_bytes *bytes)
{
    struct grvhenc_record *record = NULL;
    struct grvhenc_message message;

    decode_body(chunk, bytes);
    if (!grvhenc_observe_find(chunk, bytes, &message)) {
        grvhenc_observe_other(chunk, &bytes->read->http);
    } else if (is_early(chunk, &message)) {
        chunk->waits_for = message.v;
        chunk->awaits_answer =
            henc_virtual_awaits_answer(&message.v->observer, &message.m, &chunk->answer_on);
        return false;
    } else {
        record = grvhenc_observe(chunk, bytes, &message);
    }
    struct grvhenc_item *item =
        grvhenc_chunk_add(chunk, record != NULL ? GRVHENC_ITEM_MESSAGE : GRVHENC_ITEM_HTTP,
                          bytes->offset, bytes->len);
    item->record = record;
    item->head_len = (uint32_t)bytes->read->http.head_len;
    item->read = bytes->read;
    if (record != NULL && bytes->undecoded != NULL) {
        record->undecoded = wmem_strdup(wmem_file_scope(), bytes->undecoded);
        grvsstp_states_gap(record->v->connection->states);
    }
    chunk->is_forced = false;
    chunk->pos = bytes->offset + bytes->len;
    return true;
}

/* The message at the chunk's position; false where it has to wait for others. */
static bool divide_message(struct grvhenc_chunk *chunk)
{
    const size_t pos = chunk->pos;
    struct grvhenc_message_bytes message = {.offset = pos,
                                            .read = wmem_new0(chunk->pool, struct grvhenc_read)};
    size_t wanted = 0;

    const enum henc_http_result result = read_message(chunk, &message, &wanted);
    if (result == HENC_HTTP_DONE)
        return take_message(chunk, &message);
    if (result == HENC_HTTP_MORE && !chunk->is_cut && chunk->bytes.len - pos <= GRVHENC_CARRIED_MAX)
        carry(chunk, pos, wanted);
    else if (result == HENC_HTTP_NOT && is_stray(chunk))
        take_stray(chunk, pos);
    else
        grvhenc_chunk_add(chunk, GRVHENC_ITEM_HTTP, pos, chunk->bytes.len - pos);
    chunk->pos = chunk->bytes.len;
    return true;
}

/* The piece of a LongLived body at the chunk's position; likewise. */
static bool divide_stream(struct grvhenc_chunk *chunk)
{
    struct grvhenc_side *side = grvhenc_chunk_side(chunk);
    size_t len = chunk->bytes.len - chunk->pos;

    if (grvhenc_stream_is_asked_again(chunk, chunk->pos)) {
        side->streaming = NULL;
        return divide_message(chunk);
    }
    if (grvhenc_stream_lacks_echo(chunk, chunk->pos)) {
        carry(chunk, chunk->pos, 0);
        chunk->pos = chunk->bytes.len;
        return true;
    }
    if (!chunk->is_forced && grvhenc_stream_is_early(chunk, chunk->pos)) {
        /* The echo string waits for nobody, and is waited for. */
        len = grvhenc_stream_echo_len(chunk, chunk->pos);
        if (len == 0) {
            chunk->waits_for = side->streaming;
            chunk->awaits_answer = false;
            return false;
        }
    }
    grvhenc_stream_take(chunk, chunk->pos, len);
    chunk->is_forced = false;
    chunk->pos += len;
    return true;
}

/* ------------------------------------------------------------------------
 * The chunk
 */

/* Puts the chunk in its place among those before it. */
static void join(struct grvhenc_chunk *chunk)
{
    struct grvhenc_side *side = grvhenc_chunk_side(chunk);
    const struct grvsstp_join join =
        grvsstp_sequence_join(&side->sequence, chunk->seq, chunk->end - chunk->seq);

    chunk->has_begun = true;
    chunk->pos = MIN(join.skip, chunk->bytes.len);
    side->is_absent &= join.skip >= chunk->end - chunk->seq;
    if (join.lost > 0) {
        side->has_gap = true;
        grvhenc_lose(chunk->tcp, chunk->from_client, chunk->time_ns);
        drop_carried(side);
    }
    if (join.skip > 0)
        grvhenc_chunk_add(chunk, GRVHENC_ITEM_OLD, 0, chunk->pos);
    if (chunk->pos < chunk->bytes.len && side->carried.len > 0) {
        if (chunk->pos > 0) { /* part of it is in what is carried */
            chunk->seq += (uint32_t)chunk->pos;
            if (chunk->offset_in_frame != 0)
                chunk->offset_in_frame += (uint32_t)chunk->pos;
            chunk->bytes = sstp_span(chunk->bytes.data + chunk->pos, chunk->bytes.len - chunk->pos);
            chunk->tvb = tvb_new_subset_remaining(chunk->tvb, (int)chunk->pos);
            chunk->num_items = 0;
            chunk->pos = 0;
        }
        (void)join_carried(chunk);
    }
}

bool grvhenc_divide(struct grvhenc_chunk *chunk)
{
    struct grvhenc_side *side = grvhenc_chunk_side(chunk);

    if (!chunk->has_begun)
        join(chunk);
    while (chunk->pos < chunk->bytes.len && chunk->num_items < GRVHENC_ITEMS_MAX - 1)
        if (!(side->streaming != NULL ? divide_stream(chunk) : divide_message(chunk)))
            return false;
    if (chunk->pos < chunk->bytes.len)
        grvhenc_chunk_add(chunk, GRVHENC_ITEM_HTTP, chunk->pos, chunk->bytes.len - chunk->pos);
    chunk->pos = chunk->bytes.len;
    if (chunk->is_cut) {
        side->has_gap = true;
        grvhenc_lose(chunk->tcp, chunk->from_client, chunk->time_ns);
    }
    side->last_frame = MAX(side->last_frame, chunk->frame);
    return true;
}
