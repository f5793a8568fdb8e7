/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/stream.h"

#include <assert.h>

/* A buffer larger than this is given back when its command has been handed out;
 * only a FanoutOpen or a Register needs one. */
#define HELD_SIZE_KEPT 4096u

void sstp_stream_init(struct sstp_stream *stream, const struct sstp_mem *mem,
                      enum sstp_stream_mode mode)
{
    memset(stream, 0, sizeof *stream);
    stream->mem = mem;
    stream->is_endpoint = mode == SSTP_STREAM_ENDPOINT;
    stream->is_in_sync = mode != SSTP_STREAM_MID_STREAM;
}

void sstp_stream_clear(struct sstp_stream *stream)
{
    if (stream->held != NULL)
        stream->mem->resize(stream->mem->cookie, stream->held, 0);
    stream->held = NULL;
    stream->held_size = 0;
}

static void forget_command(struct sstp_stream *stream)
{
    stream->num_held = 0;
    stream->num_passed = 0;
    stream->command_len = 0;
}

static bool reserve(struct sstp_stream *stream, size_t size)
{
    if (size <= stream->held_size)
        return true;
    uint8_t *held = stream->mem->resize(stream->mem->cookie, stream->held, size);
    if (held == NULL)
        return false;
    stream->held = held;
    stream->held_size = size;
    return true;
}

bool sstp_stream_copy(struct sstp_stream *copy, const struct sstp_stream *stream)
{
    *copy = *stream;
    copy->held = NULL;
    copy->held_size = 0;
    if (stream->num_held == 0)
        return true;
    if (!reserve(copy, stream->num_held)) {
        copy->is_in_sync = false;
        forget_command(copy);
        return false;
    }
    memcpy(copy->held, stream->held, stream->num_held);
    return true;
}

/* ------------------------------------------------------------------------
 * Headers
 */

/* The finding that keeps the framing from trusting this header, or
 * SSTP_FINDING_COUNT.  `after` is what follows the command in the chunk, as far
 * as it was captured; NULL where the command does not end in the chunk. */
static enum sstp_finding header_finding(const struct sstp_stream *stream, const uint8_t *header,
                                        const struct sstp_span *after)
{
    const struct sstp_command_info *info = sstp_command_info(header[0]);
    const uint16_t length = sstp_get_u16(header + 1);

    if (length < SSTP_HEADER_LEN)
        return info == NULL ? SSTP_FINDING_UNKNOWN_COMMAND : SSTP_FINDING_LENGTH_INVALID;
    if (info == NULL) {
        /* An observer believes an unknown command's length only where it leads
         * to something known. */
        const bool leads_on =
            after != NULL && (after->len == 0 || (after->len >= SSTP_HEADER_LEN &&
                                                  sstp_look_header_is_plausible(after->data)));
        return leads_on && !stream->is_endpoint ? SSTP_FINDING_COUNT : SSTP_FINDING_UNKNOWN_COMMAND;
    }
    if (stream->is_endpoint && !sstp_command_length_is_valid(info, length))
        return SSTP_FINDING_LENGTH_INVALID;
    return SSTP_FINDING_COUNT;
}

static void note_session(struct sstp_stream *stream, struct sstp_span command)
{
    const struct sstp_command_info *info = sstp_command_info(command.data[0]);
    if (info == NULL || info->scope != SSTP_SCOPE_SESSION || command.len < SSTP_HEADER_LEN + 4)
        return;
    stream->hint.has_session_id = true;
    stream->hint.session_id = sstp_get_u32(command.data + SSTP_HEADER_LEN);
}

static void break_off(struct sstp_stream *stream, struct sstp_piece *piece,
                      enum sstp_finding finding)
{
    forget_command(stream);
    stream->is_in_sync = false;
    stream->is_broken = stream->is_endpoint;
    piece->kind = SSTP_PIECE_BROKEN;
    piece->finding = finding;
}

/* ------------------------------------------------------------------------
 * Where the framing stands
 */

static size_t captured_len(struct sstp_chunk chunk, size_t pos, size_t len)
{
    if (pos >= chunk.bytes.len)
        return 0;
    return len < chunk.bytes.len - pos ? len : chunk.bytes.len - pos;
}

/* Takes the `len` bytes at `pos` to the command under way. */
static bool hold(struct sstp_stream *stream, struct sstp_chunk chunk, size_t pos, size_t len)
{
    /* Bytes after a hole could only be misread as those of the hole. */
    const size_t usable =
        stream->num_held == stream->num_passed ? captured_len(chunk, pos, len) : 0;
    if (!reserve(stream,
                 stream->command_len > SSTP_HEADER_LEN ? stream->command_len : SSTP_HEADER_LEN))
        return false;
    if (usable > 0)
        memcpy(stream->held + stream->num_held, chunk.bytes.data + pos, usable);
    stream->num_held += usable;
    stream->num_passed += len;
    return true;
}

/* Not in sync: passes over what looks like nothing. */
static void search(struct sstp_stream *stream, struct sstp_chunk chunk, size_t pos,
                   struct sstp_piece *piece)
{
    const size_t captured = captured_len(chunk, pos, chunk.wire_len - pos);
    const bool is_end = chunk.bytes.len == chunk.wire_len;
    size_t found = captured;
    if (captured > 0)
        found = sstp_look_find(sstp_span(chunk.bytes.data + pos, captured), is_end, &stream->hint);
    stream->is_in_sync = found < captured;
    piece->kind = SSTP_PIECE_SKIPPED;
    piece->len = stream->is_in_sync ? found : chunk.wire_len - pos;
}

/* At a boundary, with a header in sight: the command that begins here. */
static bool begin(struct sstp_stream *stream, struct sstp_chunk chunk, size_t pos,
                  struct sstp_piece *piece)
{
    const uint8_t *header = chunk.bytes.data + pos;
    const size_t left = chunk.wire_len - pos;
    const uint16_t length = sstp_get_u16(header + 1);
    const size_t behind_pos = pos + length;
    const struct sstp_span after =
        behind_pos < chunk.bytes.len
            ? sstp_span(chunk.bytes.data + behind_pos, chunk.bytes.len - behind_pos)
            : sstp_span(NULL, 0);
    const enum sstp_finding finding =
        header_finding(stream, header, length <= left ? &after : NULL);

    piece->command_len = length;
    if (finding != SSTP_FINDING_COUNT) {
        piece->len = SSTP_HEADER_LEN;
        break_off(stream, piece, finding);
        return true;
    }
    const size_t len = length < left ? length : left;
    const size_t captured = captured_len(chunk, pos, len);
    note_session(stream, sstp_span(header, captured));
    piece->len = len;
    if (length <= left) {
        piece->kind = SSTP_PIECE_WHOLE;
        piece->command = sstp_span(header, captured);
        return true;
    }
    stream->command_len = length;
    piece->kind = SSTP_PIECE_START;
    return hold(stream, chunk, pos, len);
}

/* At a boundary, with fewer than three bytes captured. */
static bool begin_header(struct sstp_stream *stream, struct sstp_chunk chunk, size_t pos,
                         struct sstp_piece *piece)
{
    const size_t left = chunk.wire_len - pos;
    const size_t captured = captured_len(chunk, pos, left);
    if (captured < left) { /* the header was not captured: nobody knows where its command ends */
        stream->is_in_sync = false;
        piece->kind = SSTP_PIECE_SKIPPED;
        piece->len = left;
        return true;
    }
    piece->kind = SSTP_PIECE_START;
    piece->len = left;
    return hold(stream, chunk, pos, left);
}

/* Completes a header of which one or two bytes are held.  Sets *is_done when the
 * piece is ready: the header is not whole yet, or is a broken one. */
static bool complete_header(struct sstp_stream *stream, struct sstp_chunk chunk, size_t pos,
                            struct sstp_piece *piece, bool *is_done)
{
    const size_t wanted = SSTP_HEADER_LEN - stream->num_passed;
    const size_t left = chunk.wire_len - pos;
    const size_t len = wanted < left ? wanted : left;
    const size_t captured = captured_len(chunk, pos, len);

    *is_done = true;
    piece->len = len;
    if (captured < len) {
        forget_command(stream);
        stream->is_in_sync = false;
        piece->kind = SSTP_PIECE_SKIPPED;
        return true;
    }
    if (len < wanted) {
        piece->kind = SSTP_PIECE_MIDDLE;
        return hold(stream, chunk, pos, len);
    }
    uint8_t header[SSTP_HEADER_LEN];
    memcpy(header, stream->held, stream->num_passed);
    memcpy(header + stream->num_passed, chunk.bytes.data + pos, len);
    piece->command_len = sstp_get_u16(header + 1);

    const enum sstp_finding finding = header_finding(stream, header, NULL);
    if (finding != SSTP_FINDING_COUNT) {
        break_off(stream, piece, finding);
        return true;
    }
    stream->command_len = piece->command_len;
    *is_done = false;
    return true;
}

/* More of a command of which some bytes are held. */
static bool go_on(struct sstp_stream *stream, struct sstp_chunk chunk, size_t pos,
                  struct sstp_piece *piece)
{
    if (stream->command_len == 0) {
        bool is_done;
        const bool has_memory = complete_header(stream, chunk, pos, piece, &is_done);
        if (is_done || !has_memory)
            return has_memory;
    }
    const size_t wanted = stream->command_len - stream->num_passed;
    const size_t left = chunk.wire_len - pos;
    const size_t len = wanted < left ? wanted : left;
    piece->command_len = stream->command_len;
    piece->len = len;
    piece->kind = len < wanted ? SSTP_PIECE_MIDDLE : SSTP_PIECE_END;
    if (!hold(stream, chunk, pos, len))
        return false;
    if (piece->kind == SSTP_PIECE_END) {
        piece->command = sstp_span(stream->held, stream->num_held);
        note_session(stream, piece->command);
        forget_command(stream);
    }
    return true;
}

enum sstp_stream_result sstp_stream_next(struct sstp_stream *stream, struct sstp_chunk chunk,
                                         size_t *pos, struct sstp_piece *piece)
{
    bool has_memory = true;

    assert(*pos <= chunk.wire_len && chunk.bytes.len <= chunk.wire_len);
    if (stream->num_passed == 0 && stream->held_size > HELD_SIZE_KEPT)
        sstp_stream_clear(stream);
    memset(piece, 0, sizeof *piece);
    piece->finding = SSTP_FINDING_COUNT;
    piece->offset = *pos;
    if (!stream->is_in_sync && !stream->is_broken && *pos < chunk.wire_len) {
        search(stream, chunk, *pos, piece);
        *pos += piece->len;
        if (piece->len > 0)
            return SSTP_STREAM_PIECE;
    }
    if (stream->is_broken || *pos >= chunk.wire_len)
        return SSTP_STREAM_USED_UP;

    if (stream->num_passed > 0)
        has_memory = go_on(stream, chunk, *pos, piece);
    else if (captured_len(chunk, *pos, SSTP_HEADER_LEN) == SSTP_HEADER_LEN)
        has_memory = begin(stream, chunk, *pos, piece);
    else
        has_memory = begin_header(stream, chunk, *pos, piece);
    if (!has_memory) {
        forget_command(stream);
        stream->is_in_sync = false;
        return SSTP_STREAM_NO_MEMORY;
    }
    *pos += piece->len;
    return SSTP_STREAM_PIECE;
}

void sstp_stream_hole(struct sstp_stream *stream, size_t len)
{
    if (len == 0 || !stream->is_in_sync)
        return;
    const size_t wanted = stream->command_len - stream->num_passed;
    if (stream->command_len == 0 || len > wanted) {
        forget_command(stream);
        stream->is_in_sync = false;
    } else if (len == wanted) {
        forget_command(stream); /* nothing is left of it to show */
    } else {
        stream->num_passed += len;
    }
}
