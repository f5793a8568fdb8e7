/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Framing and decoding of arbitrary bytes.
 *
 * Byte 0 of the input says the mode (bits 0-1), the version negotiated (bits
 * 2-3), and whether the chunks are cut short (bit 4) and holes lie between them
 * (bit 5).  Bytes 1 to 4 are the sizes of the chunks, in turn; 0 stands for all
 * that is left.  The rest is what passes on the wire.
 *
 * What must hold for any input is checked by abort(), in every build.
 */
#include <stdio.h>
#include <stdlib.h>

#include "commands.h"
#include "core/decode.h"
#include "core/encode.h"
#include "core/look.h"
#include "core/stream.h"
#include "core/summary.h"
#include "core/token.h"

#include "must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NUM_SIZES = 4, PREFIX_LEN = 1 + NUM_SIZES };

/* ------------------------------------------------------------------------
 * One command
 */

struct check {
    struct sstp_span bytes;
    size_t end; /* of the last value; of a list, of its count */
    bool has_framing_finding;
};

static void check_range(struct sstp_span bytes, size_t offset, size_t len)
{
    MUST(offset <= bytes.len && len <= bytes.len - offset);
}

static void check_value(void *cookie, const struct sstp_value *value)
{
    struct check *check = cookie;
    const enum sstp_kind kind = sstp_field_infos[value->field].kind;
    check_range(check->bytes, value->offset, value->len);
    MUST(value->offset == check->end); /* in wire order, without a gap */
    check->end = value->offset + value->len;
    if (kind == SSTP_KIND_STRINGS)
        check->end = value->offset + 1;
    else if (kind == SSTP_KIND_ENTRIES || kind == SSTP_KIND_INDEXES)
        check->end = value->offset + 2;
    if (value->bytes.len > 0) {
        MUST(value->bytes.data >= check->bytes.data + value->offset);
        MUST(value->bytes.data + value->bytes.len <=
             check->bytes.data + value->offset + value->len);
    }
    if (kind == SSTP_KIND_STRING && value->bytes.len > 0)
        MUST(memchr(value->bytes.data, 0, value->bytes.len) == NULL);
}

static void check_entry(void *cookie, unsigned index, size_t offset, size_t len)
{
    struct check *check = cookie;
    MUST(index <= UINT16_MAX);
    check_range(check->bytes, offset, len);
    MUST(offset == check->end);
}

static void check_finding(void *cookie, enum sstp_finding finding, size_t offset, size_t len)
{
    struct check *check = cookie;
    MUST(finding < SSTP_FINDING_COUNT);
    check_range(check->bytes, offset, len);
    check->has_framing_finding |=
        finding == SSTP_FINDING_TRUNCATED || finding == SSTP_FINDING_TRAILING_BYTES ||
        finding == SSTP_FINDING_STRING_UNTERMINATED || finding == SSTP_FINDING_LENGTH_INVALID ||
        finding == SSTP_FINDING_UNKNOWN_COMMAND;
}

static void check_token_header(void *cookie, uint8_t major, uint8_t minor, uint8_t message)
{
    const struct sstp_span *token = cookie;
    MUST(token->len >= SSTP_TOKEN_HEADER_LEN);
    MUST(major == token->data[0] && minor == token->data[1] && message == token->data[2]);
}

static void check_token_part(void *cookie, enum sstp_token_part part, unsigned index, size_t offset,
                             struct sstp_span bytes)
{
    const struct sstp_span *token = cookie;
    const size_t length_len = part == SSTP_TOKEN_PART_OPAQUE ? 0 : 2;
    MUST(index < token->len);
    check_range(*token, offset, length_len + bytes.len);
    MUST(bytes.len == 0 || bytes.data == token->data + offset + length_len);
}

static void check_token_finding(void *cookie, enum sstp_finding finding, size_t offset, size_t len)
{
    const struct sstp_span *token = cookie;
    MUST(finding < SSTP_FINDING_COUNT);
    check_range(*token, offset, len);
}

static void check_text(const char *text, size_t size)
{
    const size_t len = strnlen(text, size);
    MUST(len < size);
    for (size_t i = 0; i < len; i++)
        MUST(text[i] >= 0x20 && text[i] < 0x7f);
}

static void check_command(struct sstp_span bytes, enum sstp_version version)
{
    static uint8_t encoded[SSTP_COMMAND_LEN_MAX];
    struct check check = {bytes, 0, false};
    const struct sstp_visitor visitor = {check_value, check_entry, check_finding, &check};
    struct sstp_command command, silent;
    char text[SSTP_SUMMARY_SIZE];

    const bool is_trusted = sstp_command_decode(bytes, version, &visitor, &command);
    MUST(is_trusted == sstp_command_decode(bytes, version, NULL, &silent));
    MUST(commands_difference(&command, &silent) == NULL && command.length == silent.length);
    MUST(!is_trusted || !check.has_framing_finding);
    if (is_trusted) {
        MUST(check.end == command.length && command.length <= bytes.len);
        MUST(sstp_command_encode(&command, encoded, sizeof encoded) == command.length);
        MUST(memcmp(encoded, bytes.data, command.length) == 0);
    } else if (bytes.len >= SSTP_HEADER_LEN && bytes.len >= command.length) {
        MUST(check.has_framing_finding); /* whole and not trusted: there is a reason */
    }

    sstp_summary(&command, text, sizeof text);
    check_text(text, sizeof text);
    const struct sstp_token_visitor token_visitor = {check_token_header, check_token_part,
                                                     check_token_finding, &command.token};
    sstp_token_walk(&command, &token_visitor);
    (void)sstp_token_name(&command);
}

/* ------------------------------------------------------------------------
 * A stream
 */

/* At most one command is held, and what is handed out is what the kind says. */
static void check_piece(const struct sstp_stream *stream, const struct sstp_piece *piece,
                        enum sstp_version version)
{
    MUST(stream->held_size <= SSTP_COMMAND_LEN_MAX);
    MUST(stream->num_held <= stream->num_passed && stream->num_passed <= SSTP_COMMAND_LEN_MAX);
    MUST(piece->len > 0);
    switch (piece->kind) {
    case SSTP_PIECE_WHOLE:
    case SSTP_PIECE_END:
        MUST(piece->command.len >= SSTP_HEADER_LEN && piece->command.len <= piece->command_len);
        MUST(sstp_get_u16(piece->command.data + 1) == piece->command_len);
        check_command(piece->command, version);
        break;
    case SSTP_PIECE_BROKEN:
        MUST(piece->finding == SSTP_FINDING_LENGTH_INVALID ||
             piece->finding == SSTP_FINDING_UNKNOWN_COMMAND);
        MUST(!sstp_stream_is_at_boundary(stream));
        break;
    case SSTP_PIECE_SKIPPED:
        MUST(!stream->is_endpoint && piece->command.len == 0);
        break;
    case SSTP_PIECE_START:
    case SSTP_PIECE_MIDDLE:
        MUST(piece->command.len == 0 && stream->num_passed > 0);
        break;
    }
}

static void feed(struct sstp_stream *stream, struct sstp_chunk chunk, enum sstp_version version)
{
    size_t pos = 0, before = 0;
    struct sstp_piece piece;
    enum sstp_stream_result result;
    while ((result = sstp_stream_next(stream, chunk, &pos, &piece)) == SSTP_STREAM_PIECE) {
        MUST(piece.offset == before && pos == before + piece.len && pos <= chunk.wire_len);
        before = pos;
        check_piece(stream, &piece, version);
    }
    MUST(result == SSTP_STREAM_USED_UP);
    MUST(pos == chunk.wire_len || stream->is_broken);
}

static void check_look(struct sstp_span bytes)
{
    const struct sstp_look look = sstp_look(bytes, true, NULL);
    MUST(look.bits >= 0 || look.num_commands <= bytes.len / SSTP_HEADER_LEN);
    const size_t found = sstp_look_find(bytes, true, NULL);
    MUST(found <= bytes.len);
    MUST(found == bytes.len || sstp_look_header_is_plausible(bytes.data + found));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum sstp_stream_mode modes[] = {SSTP_STREAM_ENDPOINT, SSTP_STREAM_OBSERVER,
                                                  SSTP_STREAM_MID_STREAM, SSTP_STREAM_OBSERVER};
    static const enum sstp_version versions[] = {SSTP_VERSION_UNKNOWN, SSTP_VERSION_1_5,
                                                 SSTP_VERSION_1_6, SSTP_VERSION_UNKNOWN};
    if (size < PREFIX_LEN)
        return 0;
    const uint8_t choice = data[0];
    const enum sstp_version version = versions[choice >> 2 & 3];
    const bool is_endpoint = modes[choice & 3] == SSTP_STREAM_ENDPOINT; /* sees every byte */
    const bool cuts_short = !is_endpoint && (choice & 0x10) != 0;
    const bool has_holes = !is_endpoint && (choice & 0x20) != 0;
    struct sstp_stream stream;

    sstp_stream_init(&stream, &sstp_mem_libc, modes[choice & 3]);
    for (size_t pos = PREFIX_LEN, turn = 0; pos < size; turn++) {
        const size_t wanted = data[1 + turn % NUM_SIZES];
        const size_t len = wanted == 0 || wanted > size - pos ? size - pos : wanted;
        /* A copy of its own: a view that outlives its chunk is noticed. */
        const size_t captured = cuts_short && turn % 3 == 1 ? len / 2 : len;
        uint8_t *copy = malloc(captured > 0 ? captured : 1);
        MUST(copy != NULL);
        memcpy(copy, data + pos, captured);
        if (has_holes && turn % 4 == 3)
            sstp_stream_hole(&stream, wanted * 3);
        feed(&stream, (struct sstp_chunk){sstp_span(copy, captured), len}, version);
        if (captured == len)
            check_look(sstp_span(copy, captured));
        free(copy);
        pos += len;
    }
    sstp_stream_clear(&stream);
    return 0;
}
