/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "follow/connection.h"

#include "follow/again.h"
#include "follow/settle.h"
#include "follow/source.h"

/* A chunk of nothing but broken headers could hold a piece every three bytes;
 * what is beyond so many is one piece. */
#define PIECES_MAX 200u

/* ------------------------------------------------------------------------
 * Plans
 */

/* A plan under construction. */
struct draft {
    struct grvsstp_connection *connection;
    bool from_initiator;
    struct grvsstp_half *half;
    const struct grvsstp_chunk *chunk;
    bool is_for_now; /* nothing is handed on */
    bool ends_in_command;
    struct grvsstp_piece pieces[PIECES_MAX + 1];
    unsigned num_pieces;
    wmem_array_t *links; /* NULL until the first */
    struct grvsstp_tracker tracker;
};

static struct grvsstp_piece *draft_add(struct draft *draft, enum grvsstp_piece_kind kind,
                                       size_t offset, size_t len)
{
    struct grvsstp_piece *last =
        draft->num_pieces > 0 ? &draft->pieces[draft->num_pieces - 1] : NULL;

    /* Whole commands in a row need one piece, and so does what is too much. */
    if (last != NULL &&
        (last->kind == GRVSSTP_PIECE_REST ||
         (last->kind == GRVSSTP_PIECE_COMMANDS && kind == GRVSSTP_PIECE_COMMANDS))) {
        last->len += (uint32_t)len;
        return last;
    }
    struct grvsstp_piece *piece = &draft->pieces[draft->num_pieces++];
    *piece = (struct grvsstp_piece){(uint32_t)offset, (uint32_t)len,
                                    draft->num_pieces > PIECES_MAX ? GRVSSTP_PIECE_REST : kind,
                                    SSTP_FINDING_COUNT, NULL};
    return piece;
}

/* ------------------------------------------------------------------------
 * Messages
 */

static void add_link(struct draft *draft, uint32_t offset, struct grvsstp_message *message)
{
    const struct grvsstp_link link = {offset, message};
    if (draft->links == NULL)
        draft->links = wmem_array_new(draft->tracker.pool, sizeof link);
    wmem_array_append_one(draft->links, link);
}

/* Where bytes stand in their frame, which can be read again; else 0. */
static uint32_t offset_in_frame(const struct draft *draft, struct sstp_span bytes)
{
    const struct grvsstp_chunk *chunk = draft->chunk;
    const uint8_t *begin = chunk->bytes.bytes.data, *end = begin + chunk->bytes.bytes.len;

    if (chunk->offset == 0 || bytes.len == 0 || bytes.data < begin || bytes.data >= end)
        return 0; /* of a split command, or of a copy */
    return chunk->offset + (uint32_t)(bytes.data - begin);
}

/* A command of a message that the chunk's own tracker does not hold. */
static void note_spanning(struct draft *draft, struct sstp_span bytes,
                          const struct grvsstp_contributions *pieces, uint32_t offset)
{
    struct grvsstp_half *half = draft->half;
    const uint32_t session_id = grvsstp_session_id(bytes);
    struct grvsstp_message *message = NULL;

    if (!grvsstp_has_session_id(bytes)) { /* it may be of any message under way */
        grvsstp_spanning_end_all(&half->messages);
        return;
    }
    switch (bytes.data[0]) {
    case SSTP_MESSAGE:
        message = grvsstp_spanning_begin(&half->messages, session_id, draft->chunk->frame, pieces,
                                         draft->tracker.pool);
        if (grvsstp_is_fragment(bytes)) {
            if (half->fragmented == NULL)
                half->fragmented = wmem_new0(wmem_file_scope(), struct grvsstp_fragmented);
            grvsstp_fragment_begin(half->fragmented, message, bytes);
        }
        break;
    case SSTP_DATA:
        message = grvsstp_spanning_find(&half->messages, session_id);
        if (message != NULL) {
            uint32_t num_missing;
            const struct sstp_span payload = grvsstp_data_payload(bytes, &num_missing);
            grvsstp_message_append(message, payload, num_missing, pieces,
                                   draft->chunk->source_frame, offset_in_frame(draft, payload));
        }
        break;
    case SSTP_END_MESSAGE:
        message = grvsstp_spanning_find(&half->messages, session_id);
        if (message != NULL)
            message->end_frame = draft->chunk->frame;
        if (message != NULL && message->fragments != NULL)
            grvsstp_fragment_end(half->fragmented, message, draft->chunk->frame);
        grvsstp_spanning_end(&half->messages, session_id, draft->tracker.pool);
        break;
    case SSTP_CLOSE:
        grvsstp_spanning_end(&half->messages, session_id, draft->tracker.pool);
        break;
    }
    if (message != NULL)
        add_link(draft, offset, message);
}

/* What is open at the end of the chunk goes on in another. */
static void keep_open_messages(struct draft *draft)
{
    for (unsigned i = 0; i < draft->tracker.num_locals; i++) {
        const struct grvsstp_local *local = &draft->tracker.locals[i];
        struct grvsstp_message *message =
            grvsstp_spanning_begin(&draft->half->messages, local->session_id, draft->chunk->frame,
                                   local->first->pieces, draft->tracker.pool);
        for (const struct grvsstp_slice *slice = local->first; slice != NULL; slice = slice->next) {
            if (slice != local->first) /* that is the Message itself */
                grvsstp_message_append(message, slice->bytes, slice->num_missing, slice->pieces,
                                       draft->chunk->source_frame,
                                       offset_in_frame(draft, slice->bytes));
            add_link(draft, slice->offset, message);
        }
    }
}

/* Nothing is added to a split any more. */
static void end_split(struct draft *draft)
{
    struct grvsstp_split *split = draft->half->open;

    draft->half->open = NULL;
    if (split == NULL)
        return;
    for (const struct grvsstp_contribution *at = split->contributions.first; at != NULL;
         at = at->next)
        grvsstp_passing_drop(draft->tracker.pool, at);
    grvsstp_passing_drop(draft->tracker.pool, split);
}

/* Bytes are missing; nobody knows what they said, and of which message. */
static void forget(struct draft *draft)
{
    end_split(draft);
    if (draft->is_for_now)
        return;
    grvsstp_settle_gap(draft->connection, draft->from_initiator, draft->chunk->time_ns, 0);
    grvsstp_spanning_end_all(&draft->half->messages);
    grvsstp_tracker_init(&draft->tracker, draft->tracker.pool);
}

static int compare_links(const void *a, const void *b)
{
    const struct grvsstp_link *left = a, *right = b;
    return left->offset < right->offset ? -1 : left->offset > right->offset;
}

/* ------------------------------------------------------------------------
 * Pieces
 */

/* The bytes of a command stay for as long as its frame is shown, or until they can be read again.
 */
static void keep_bytes(const struct draft *draft, struct grvsstp_split *split,
                       struct sstp_span command)
{
    const bool is_placed = grvsstp_is_shown_again() && !draft->is_for_now &&
                           command.len == split->command_len &&
                           grvsstp_contributions_are_placed(&split->contributions, command.len);

    if (!is_placed) /* as whoever keeps a part of it is to know */
        split->contributions.first->offset = 0;
    split->bytes =
        wmem_memdup(is_placed ? grvsstp_source_scope() : grvsstp_again_scope(draft->tracker.pool),
                    command.data, command.len);
    if (is_placed)
        grvsstp_source_release(&split->bytes);
}

static void add_part(struct draft *draft, const struct sstp_piece *part)
{
    struct grvsstp_half *half = draft->half;

    if (part->kind == SSTP_PIECE_START || half->open == NULL) {
        half->open = wmem_new0(grvsstp_passing_scope(), struct grvsstp_split);
        if (part->kind == SSTP_PIECE_START && part->offset < draft->chunk->bytes.bytes.len)
            half->open->command_id = draft->chunk->bytes.bytes.data[part->offset];
    }
    struct grvsstp_split *split = half->open;
    if (part->command_len != 0)
        split->command_len = (uint16_t)part->command_len;
    grvsstp_contribute(
        &split->contributions, draft->chunk->source_frame,
        draft->chunk->offset != 0 ? draft->chunk->offset + (uint32_t)part->offset : 0, part->len);

    /* What lacks bytes now may lack them no more when they have come. */
    const bool is_last = part->kind == SSTP_PIECE_END &&
                         (!draft->is_for_now || part->command.len == part->command_len);
    draft_add(draft, is_last ? GRVSSTP_PIECE_LAST : GRVSSTP_PIECE_PART, part->offset, part->len)
        ->split = split;
    if (is_last) {
        split->captured_len = (uint32_t)part->command.len;
        keep_bytes(draft, split, part->command);
        split->reassembled_in = draft->chunk->frame;
    }
    if (part->kind == SSTP_PIECE_END)
        end_split(draft);
}

struct sstp_span grvsstp_split_bytes(const struct grvsstp_split *split, const packet_info *pinfo)
{
    if (split->bytes != NULL || split->captured_len == 0)
        return sstp_span(split->bytes, split->captured_len);
    uint8_t *bytes = wmem_alloc(pinfo->pool, split->captured_len);
    return grvsstp_contributions_read(&split->contributions, pinfo, 0, split->captured_len, bytes)
               ? sstp_span(bytes, split->captured_len)
               : sstp_span(NULL, 0);
}

/* A command that is complete in this chunk; first pass. */
static void note_command(struct draft *draft, const struct sstp_piece *piece)
{
    struct sstp_span bytes = piece->command;
    const uint32_t offset = (uint32_t)piece->offset;

    struct grvsstp_stand stand = draft->chunk->stand;

    if (draft->is_for_now)
        return;
    if (stand.position != 0)
        stand.position += offset + piece->len;
    grvsstp_settle_command(draft->connection, draft->from_initiator, bytes, draft->chunk->time_ns,
                           draft->chunk->frame, &stand);
    if (bytes.len < SSTP_HEADER_LEN)
        return;
    /* The stream reuses its buffer; the split's own copy stays, as long as frames may be shown. */
    const struct grvsstp_contributions *pieces = NULL;
    if (piece->kind == SSTP_PIECE_END) {
        const struct grvsstp_split *split = draft->pieces[draft->num_pieces - 1].split;
        bytes = sstp_span(split->bytes, bytes.len);
        if (grvsstp_is_shown_again())
            pieces = &split->contributions;
    }
    if (grvsstp_tracker_take(&draft->tracker, bytes, pieces, offset) == GRVSSTP_TRACK_ELSEWHERE)
        note_spanning(draft, bytes, pieces, offset);
    else if (bytes.data[0] == SSTP_MESSAGE)
        grvsstp_spanning_end(&draft->half->messages, grvsstp_session_id(bytes),
                             draft->tracker.pool);
}

static void add_piece(struct draft *draft, const struct sstp_piece *piece)
{
    draft->ends_in_command = piece->kind == SSTP_PIECE_WHOLE || piece->kind == SSTP_PIECE_END;
    switch (piece->kind) {
    case SSTP_PIECE_WHOLE:
        note_command(draft, piece);
        draft_add(draft, GRVSSTP_PIECE_COMMANDS, piece->offset, piece->len);
        break;
    case SSTP_PIECE_END:
        add_part(draft, piece);
        note_command(draft, piece);
        break;
    case SSTP_PIECE_START:
    case SSTP_PIECE_MIDDLE:
        add_part(draft, piece);
        break;
    case SSTP_PIECE_SKIPPED:
        forget(draft);
        draft_add(draft, GRVSSTP_PIECE_SKIPPED, piece->offset, piece->len);
        break;
    case SSTP_PIECE_BROKEN:
        forget(draft);
        if (draft->is_for_now)
            draft_add(draft, GRVSSTP_PIECE_SKIPPED, piece->offset, piece->len);
        else
            draft_add(draft, GRVSSTP_PIECE_BROKEN, piece->offset, piece->len)->finding =
                piece->finding;
        break;
    }
}

static struct grvsstp_plan *draft_keep(const struct draft *draft)
{
    const unsigned num_links = draft->links != NULL ? wmem_array_get_count(draft->links) : 0;
    /* One for now is written over when the frame at hand is another. */
    wmem_allocator_t *scope =
        draft->is_for_now ? wmem_file_scope() : grvsstp_again_scope(draft->tracker.pool);
    /* In one block: there is one for each frame of a capture, and what it holds is small. */
    struct block {
        struct grvsstp_plan plan;
        struct grvsstp_link links[];
    } *block = wmem_alloc(scope, sizeof *block + num_links * sizeof block->links[0] +
                                     draft->num_pieces * sizeof draft->pieces[0]);
    struct grvsstp_piece *pieces = (struct grvsstp_piece *)(block->links + num_links);
    struct grvsstp_plan *plan = &block->plan;
    memcpy(pieces, draft->pieces, draft->num_pieces * sizeof pieces[0]);
    *plan = (struct grvsstp_plan){.has_gap = draft->chunk->has_gap,
                                  .num_pieces = draft->num_pieces,
                                  .num_links = num_links,
                                  .pieces = pieces};
    if (num_links > 0) {
        memcpy(block->links, wmem_array_get_raw(draft->links), num_links * sizeof block->links[0]);
        qsort(block->links, num_links, sizeof block->links[0], compare_links);
        plan->links = block->links;
    }
    return plan;
}

/* Whether the chunk is nothing but whole commands. */
static bool is_plain(const struct draft *draft)
{
    return !draft->chunk->has_gap && draft->links == NULL && draft->num_pieces == 1 &&
           draft->pieces[0].kind == GRVSSTP_PIECE_COMMANDS;
}

static void draft_init(struct draft *draft, struct grvsstp_connection *connection,
                       bool from_initiator, const struct grvsstp_chunk *chunk,
                       wmem_allocator_t *pool)
{
    draft->connection = connection;
    draft->from_initiator = from_initiator;
    draft->half = &connection->halves[from_initiator];
    draft->chunk = chunk;
    draft->is_for_now = false;
    draft->ends_in_command = false;
    draft->num_pieces = 0;
    draft->links = NULL;
    grvsstp_tracker_init(&draft->tracker, pool);
}

static void divide(struct draft *draft)
{
    const struct grvsstp_chunk *chunk = draft->chunk;
    struct sstp_chunk bytes = chunk->bytes;
    struct sstp_piece piece;
    size_t pos = chunk->skip;

    bytes.wire_len -= chunk->tail;
    bytes.bytes.len = MIN(bytes.bytes.len, bytes.wire_len);

    if (chunk->skip > 0)
        draft_add(draft, GRVSSTP_PIECE_REPEATED, 0, chunk->skip);
    /* wmem never returns NULL, so the stream does not run out of memory. */
    while (sstp_stream_next(&draft->half->stream, bytes, &pos, &piece) == SSTP_STREAM_PIECE)
        add_piece(draft, &piece);
    if (chunk->tail > 0)
        draft_add(draft, GRVSSTP_PIECE_REPEATED, bytes.wire_len, chunk->tail);
}

struct grvsstp_plan *grvsstp_plan_chunk(struct grvsstp_connection *connection, bool from_initiator,
                                        const struct grvsstp_chunk *chunk, wmem_allocator_t *pool)
{
    struct draft draft;

    draft_init(&draft, connection, from_initiator, chunk, pool);
    if (chunk->has_gap)
        grvsstp_settle_gap(connection, from_initiator, chunk->time_ns,
                           chunk->stand.position != 0 ? chunk->stand.position + chunk->skip : 0);
    grvsstp_settle_begin_chunk(connection, from_initiator, chunk->time_ns, chunk->frame,
                               chunk->key);
    divide(&draft);
    if (chunk->bytes.bytes.len < chunk->bytes.wire_len)
        grvsstp_settle_gap(connection, from_initiator, chunk->time_ns, 0);
    if (chunk->stand.position != 0 && chunk->skip < chunk->bytes.wire_len - chunk->tail &&
        !draft.ends_in_command)
        grvsstp_settle_passed(connection, from_initiator, chunk->time_ns,
                              chunk->stand.position + chunk->bytes.wire_len - chunk->tail);
    keep_open_messages(&draft);
    return is_plain(&draft) ? NULL : draft_keep(&draft);
}

struct grvsstp_plan *grvsstp_plan_for_now(struct grvsstp_connection *connection,
                                          struct grvsstp_half *half,
                                          const struct grvsstp_chunk *chunk, wmem_allocator_t *pool)
{
    struct draft draft;

    draft_init(&draft, connection, false, chunk, pool);
    draft.half = half;
    draft.is_for_now = true;
    divide(&draft);
    return draft_keep(&draft);
}

void grvsstp_plan_replace(struct grvsstp_plan *kept, const struct grvsstp_plan *plan,
                          const struct grvsstp_chunk *chunk)
{
    const struct grvsstp_piece all = {0, (uint32_t)chunk->bytes.wire_len, GRVSSTP_PIECE_COMMANDS,
                                      SSTP_FINDING_COUNT, NULL};

    if (plan != NULL)
        *kept = *plan;
    else
        *kept = (struct grvsstp_plan){.num_pieces = 1,
                                      .pieces = wmem_memdup(wmem_file_scope(), &all, sizeof all)};
}

void grvsstp_plan_keep(packet_info *pinfo, uint32_t key, struct grvsstp_plan *plan)
{
    if (plan != NULL)
        grvsstp_again_keep(pinfo, proto_grvsstp, key, plan);
}

void grvsstp_plan_make(struct grvsstp_connection *connection, bool from_initiator, tvbuff_t *tvb,
                       bool has_gap, packet_info *pinfo, uint32_t source_frame, uint32_t key)
{
    const unsigned captured = tvb_captured_length(tvb);
    const struct grvsstp_chunk chunk = {
        .bytes = {sstp_span(captured > 0 ? tvb_get_ptr(tvb, 0, (int)captured) : NULL, captured),
                  tvb_reported_length(tvb)},
        .has_gap = has_gap,
        .frame = pinfo->num,
        .key = key,
        .source_frame = source_frame,
        .offset = source_frame == pinfo->num ? grvsstp_source_offset(tvb, pinfo) : 0,
        .time_ns = grvsstp_states_time(pinfo)};

    grvsstp_plan_keep(pinfo, key,
                      grvsstp_plan_chunk(connection, from_initiator, &chunk, pinfo->pool));
}

const struct grvsstp_plan *grvsstp_plan_get(packet_info *pinfo, uint32_t key)
{
    return grvsstp_again_kept(pinfo, proto_grvsstp, key);
}
