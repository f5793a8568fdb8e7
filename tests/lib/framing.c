/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "framing.h"

static const char *const kind_names[] = {
    [SSTP_PIECE_WHOLE] = "whole", [SSTP_PIECE_START] = "start",     [SSTP_PIECE_MIDDLE] = "middle",
    [SSTP_PIECE_END] = "end",     [SSTP_PIECE_SKIPPED] = "skipped", [SSTP_PIECE_BROKEN] = "broken",
};

void framing_init(struct framing *framing, enum sstp_stream_mode mode)
{
    memset(framing, 0, sizeof *framing);
    counting_mem_init(&framing->memory);
    framing->log = g_string_new(NULL);
    framing->commands = g_byte_array_new();
    sstp_stream_init(&framing->stream, &framing->memory.mem, mode);
}

void framing_clear(struct framing *framing)
{
    sstp_stream_clear(&framing->stream);
    g_assert_cmpuint(framing->memory.num_blocks, ==, 0);
    g_string_free(framing->log, TRUE);
    g_byte_array_unref(framing->commands);
}

void framing_reset(struct framing *framing, enum sstp_stream_mode mode)
{
    sstp_stream_clear(&framing->stream);
    sstp_stream_init(&framing->stream, &framing->memory.mem, mode);
    g_string_truncate(framing->log, 0);
    g_byte_array_set_size(framing->commands, 0);
    framing->num_commands = 0;
    framing->num_broken = 0;
    framing->num_skipped = 0;
    framing->is_out_of_memory = false;
}

static void note_piece(struct framing *framing, const struct sstp_piece *piece)
{
    g_string_append_printf(framing->log, "%s %zu+%zu/%zu", kind_names[piece->kind], piece->offset,
                           piece->len, piece->command_len);
    if (piece->kind == SSTP_PIECE_WHOLE || piece->kind == SSTP_PIECE_END) {
        g_assert_cmpuint(piece->command.len, <=, piece->command_len);
        g_byte_array_append(framing->commands, piece->command.data, (guint)piece->command.len);
        framing->num_commands++;
        g_string_append_printf(framing->log, "=%zu", piece->command.len);
    } else {
        g_assert_cmpuint(piece->command.len, ==, 0);
    }
    if (piece->kind == SSTP_PIECE_BROKEN) {
        framing->num_broken++;
        g_string_append_printf(framing->log, "!%s", sstp_finding_infos[piece->finding].filter);
    } else {
        g_assert_cmpint((int)piece->finding, ==, (int)SSTP_FINDING_COUNT);
    }
    if (piece->kind == SSTP_PIECE_SKIPPED)
        framing->num_skipped += piece->len;
    g_string_append_c(framing->log, '\n');
}

void framing_feed_cut(struct framing *framing, struct sstp_span bytes, size_t wire_len)
{
    const struct sstp_chunk chunk = {bytes, wire_len};
    size_t pos = 0;
    for (;;) {
        struct sstp_piece piece;
        const size_t before = pos;
        const enum sstp_stream_result result =
            sstp_stream_next(&framing->stream, chunk, &pos, &piece);
        if (result == SSTP_STREAM_NO_MEMORY) {
            framing->is_out_of_memory = true;
            return;
        }
        if (result == SSTP_STREAM_USED_UP) {
            g_assert_true(pos == wire_len || framing->stream.is_broken);
            return;
        }
        g_assert_cmpuint(piece.offset, ==, before);
        g_assert_cmpuint(piece.len, >, 0);
        g_assert_cmpuint(pos, ==, piece.offset + piece.len);
        g_assert_cmpuint(pos, <=, wire_len);
        note_piece(framing, &piece);
    }
}

void framing_feed(struct framing *framing, struct sstp_span bytes)
{
    framing_feed_cut(framing, bytes, bytes.len);
}
