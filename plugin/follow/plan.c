/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "follow/connection.h"

#include <epan/proto_data.h>

#include "core/decode.h"

/* A chunk of nothing but broken headers could hold a piece every three bytes;
 * what is beyond so many is one piece. */
#define PIECES_MAX 200u

/* ------------------------------------------------------------------------
 * What commands tell of the connection
 */

/* GRVSSTP 3.1.5.2: the lesser minor version is in force once the answer is Ok. */
static void note_version(struct grvsstp_connection *connection, struct sstp_span bytes,
                         uint32_t frame)
{
    struct sstp_command command;

    if (bytes.len < SSTP_HEADER_LEN ||
        (bytes.data[0] != SSTP_CONNECT && bytes.data[0] != SSTP_CONNECT_RESPONSE) ||
        !sstp_command_decode(bytes, SSTP_VERSION_UNKNOWN, NULL, &command))
        return;
    const bool is_known = grvsstp_connection_version(connection, frame) != NULL;
    if (command.id == SSTP_CONNECT) {
        /* Where that is a beginning, and no violation, the versions begin anew too. */
        if (is_known && grvsstp_states_are_connecting(connection->states))
            grvsstp_connection_set_version(connection, frame, NULL);
        connection->initiator_minor_version = command.minor_version;
        connection->has_initiator_version = true;
    } else if (command.response_id == SSTP_CONNECT_RESPONSE_OK &&
               connection->has_initiator_version && !is_known) {
        const uint8_t minor_version =
            MIN(connection->initiator_minor_version, command.minor_version);
        grvsstp_connection_set_version(connection, frame, &minor_version);
    }
}

/* ------------------------------------------------------------------------
 * Plans
 */

/* A plan under construction. */
struct draft {
    struct grvsstp_connection *connection;
    bool from_initiator;
    struct grvsstp_half *half;
    struct sstp_chunk chunk;
    const packet_info *pinfo;
    uint32_t frame;        /* in which the chunk is dissected */
    uint32_t source_frame; /* that brought its bytes */
    struct grvsstp_piece pieces[PIECES_MAX + 1];
    unsigned num_pieces;
    bool has_gap;
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

/* A command of a message that the chunk's own tracker does not hold. */
static void note_spanning(struct draft *draft, struct sstp_span bytes,
                          const struct grvsstp_contributions *pieces, uint32_t offset)
{
    struct grvsstp_half *half = draft->half;
    const uint32_t session_id = grvsstp_session_id(bytes);
    struct grvsstp_message *message = NULL;

    switch (bytes.data[0]) {
    case SSTP_MESSAGE:
        message = grvsstp_spanning_begin(&half->messages, session_id, draft->frame, pieces);
        if (grvsstp_is_fragment(bytes)) {
            if (half->fragmented == NULL)
                half->fragmented = wmem_new0(wmem_file_scope(), struct grvsstp_fragmented);
            grvsstp_fragment_begin(half->fragmented, message, bytes);
        }
        break;
    case SSTP_DATA:
        message = grvsstp_spanning_find(&half->messages, session_id);
        if (message != NULL) {
            bool is_whole;
            const struct sstp_span payload = grvsstp_data_payload(bytes, &is_whole);
            grvsstp_message_append(message, payload, is_whole, pieces, draft->source_frame);
        }
        break;
    case SSTP_END_MESSAGE:
        message = grvsstp_spanning_find(&half->messages, session_id);
        if (message != NULL)
            message->end_frame = draft->frame;
        if (message != NULL && message->fragments != NULL)
            grvsstp_fragment_end(half->fragmented, message, draft->frame);
        grvsstp_spanning_end(&half->messages, session_id);
        break;
    case SSTP_CLOSE:
        grvsstp_spanning_end(&half->messages, session_id);
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
        struct grvsstp_message *message = grvsstp_spanning_begin(
            &draft->half->messages, local->session_id, draft->frame, local->first->pieces);
        for (const struct grvsstp_slice *slice = local->first; slice != NULL; slice = slice->next) {
            if (slice != local->first) /* that is the Message itself */
                grvsstp_message_append(message, slice->bytes, slice->is_whole, slice->pieces,
                                       draft->source_frame);
            add_link(draft, slice->offset, message);
        }
    }
}

/* Bytes are missing; nobody knows what they said, and of which message. */
static void forget(struct draft *draft)
{
    draft->half->open = NULL;
    grvsstp_states_gap(draft->connection->states);
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

static void add_part(struct draft *draft, const struct sstp_piece *part)
{
    struct grvsstp_half *half = draft->half;

    if (part->kind == SSTP_PIECE_START || half->open == NULL) {
        half->open = wmem_new0(wmem_file_scope(), struct grvsstp_split);
        if (part->offset < draft->chunk.bytes.len)
            half->open->command_id = draft->chunk.bytes.data[part->offset];
    }
    struct grvsstp_split *split = half->open;
    if (part->command_len != 0)
        split->command_len = (uint16_t)part->command_len;
    grvsstp_contribute(&split->contributions, draft->source_frame, part->len);

    const bool is_last = part->kind == SSTP_PIECE_END;
    draft_add(draft, is_last ? GRVSSTP_PIECE_LAST : GRVSSTP_PIECE_PART, part->offset, part->len)
        ->split = split;
    if (is_last) {
        split->bytes =
            wmem_memdup(wmem_file_scope(), part->command.data, (unsigned)part->command.len);
        split->captured_len = (uint32_t)part->command.len;
        split->reassembled_in = draft->frame;
        half->open = NULL;
    }
}

/* A command that is complete in this chunk; first pass. */
static void note_command(struct draft *draft, const struct sstp_piece *piece)
{
    struct sstp_span bytes = piece->command;
    const uint32_t offset = (uint32_t)piece->offset;

    const struct grvsstp_version *version =
        grvsstp_connection_version(draft->connection, draft->frame);
    grvsstp_states_command(draft->connection->states, draft->from_initiator,
                           version != NULL ? version->form : SSTP_VERSION_UNKNOWN, bytes,
                           draft->pinfo);
    note_version(draft->connection, bytes, draft->frame);
    if (bytes.len < SSTP_HEADER_LEN)
        return;
    /* The stream reuses its buffer; the split's own copy stays. */
    const struct grvsstp_contributions *pieces = NULL;
    if (piece->kind == SSTP_PIECE_END) {
        const struct grvsstp_split *split = draft->pieces[draft->num_pieces - 1].split;
        bytes = sstp_span(split->bytes, bytes.len);
        pieces = &split->contributions;
    }
    if (grvsstp_tracker_take(&draft->tracker, bytes, pieces, offset) == GRVSSTP_TRACK_ELSEWHERE)
        note_spanning(draft, bytes, pieces, offset);
    else if (bytes.data[0] == SSTP_MESSAGE)
        grvsstp_spanning_end(&draft->half->messages, grvsstp_session_id(bytes));
}

static void add_piece(struct draft *draft, const struct sstp_piece *piece)
{
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
        draft_add(draft, GRVSSTP_PIECE_BROKEN, piece->offset, piece->len)->finding = piece->finding;
        break;
    }
}

/* Keeps the draft, unless the chunk is nothing but whole commands. */
static void draft_keep(const struct draft *draft, packet_info *pinfo, uint32_t key)
{
    const unsigned num_links = draft->links != NULL ? wmem_array_get_count(draft->links) : 0;
    if (!draft->has_gap && num_links == 0 && draft->num_pieces == 1 &&
        draft->pieces[0].kind == GRVSSTP_PIECE_COMMANDS)
        return;
    struct grvsstp_plan *plan = wmem_new(wmem_file_scope(), struct grvsstp_plan);
    plan->has_gap = draft->has_gap;
    plan->num_pieces = draft->num_pieces;
    plan->pieces =
        wmem_memdup(wmem_file_scope(), draft->pieces, draft->num_pieces * sizeof draft->pieces[0]);
    plan->num_links = num_links;
    plan->links = NULL;
    if (num_links > 0) {
        struct grvsstp_link *links = wmem_memdup(
            wmem_file_scope(), wmem_array_get_raw(draft->links), num_links * sizeof *links);
        qsort(links, num_links, sizeof *links, compare_links);
        plan->links = links;
    }
    p_add_proto_data(wmem_file_scope(), pinfo, proto_grvsstp, key, plan);
}

void grvsstp_plan_make(struct grvsstp_connection *connection, bool from_initiator, tvbuff_t *tvb,
                       uint32_t skip, bool has_gap, packet_info *pinfo, uint32_t source_frame,
                       uint32_t key)
{
    const unsigned captured = tvb_captured_length(tvb);
    struct draft draft;
    struct sstp_piece piece;
    size_t pos = skip;

    draft.connection = connection;
    draft.from_initiator = from_initiator;
    draft.pinfo = pinfo;
    draft.half = &connection->halves[from_initiator];
    draft.chunk.bytes =
        sstp_span(captured > 0 ? tvb_get_ptr(tvb, 0, (int)captured) : NULL, captured);
    draft.chunk.wire_len = tvb_reported_length(tvb);
    draft.frame = pinfo->num;
    draft.source_frame = source_frame;
    draft.num_pieces = 0;
    draft.has_gap = has_gap;
    draft.links = NULL;
    grvsstp_tracker_init(&draft.tracker, pinfo->pool);
    if (has_gap)
        grvsstp_states_gap(connection->states);
    grvsstp_states_begin_chunk(connection->states, from_initiator, pinfo->num, key);
    if (skip > 0)
        draft_add(&draft, GRVSSTP_PIECE_REPEATED, 0, skip);
    /* wmem never returns NULL, so the stream does not run out of memory. */
    while (sstp_stream_next(&draft.half->stream, draft.chunk, &pos, &piece) == SSTP_STREAM_PIECE)
        add_piece(&draft, &piece);
    if (captured < draft.chunk.wire_len)
        grvsstp_states_gap(connection->states);
    keep_open_messages(&draft);
    draft_keep(&draft, pinfo, key);
}

const struct grvsstp_plan *grvsstp_plan_get(packet_info *pinfo, uint32_t key)
{
    return p_get_proto_data(wmem_file_scope(), pinfo, proto_grvsstp, key);
}
