/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stream: one direction's bytes, in any cut, to whole commands.
 *
 * The caller hands in chunks as they come (a TCP segment, an HTTP body, what a
 * read returned) and asks for one piece after another until the chunk is used
 * up.  A command that lies whole in a chunk is a view into it; of one that does
 * not, the bytes are held until its end comes, so a stream holds at most one
 * command.
 *
 *     struct sstp_stream stream;
 *     sstp_stream_init(&stream, &sstp_mem_libc, SSTP_STREAM_ENDPOINT);
 *     size_t pos = 0;
 *     struct sstp_piece piece;
 *     while (sstp_stream_next(&stream, chunk, &pos, &piece) == SSTP_STREAM_PIECE)
 *         if (piece.kind == SSTP_PIECE_WHOLE || piece.kind == SSTP_PIECE_END)
 *             handle(piece.command);
 *     sstp_stream_clear(&stream);
 *
 * An endpoint stops at the first header that breaks a rule (GRVSSTP 3.1.5); an
 * observer reports it and goes on after the command, or, where its length leads
 * nowhere, at the next bytes that look like commands (look.h).
 */
#ifndef SSTP_CORE_STREAM_H
#define SSTP_CORE_STREAM_H

#include "core/command.h"
#include "core/findings.h"
#include "core/look.h"
#include "core/mem.h"

enum sstp_stream_mode {
    SSTP_STREAM_ENDPOINT,
    SSTP_STREAM_OBSERVER,  /* from the first byte of the connection */
    SSTP_STREAM_MID_STREAM /* an observer that came later: looks for a header first */
};

/* Bytes as they came.  wire_len is larger than bytes.len where the capture was
 * cut short: that many bytes passed, and the last of them were not seen. */
struct sstp_chunk {
    struct sstp_span bytes;
    size_t wire_len;
};

static inline struct sstp_chunk sstp_chunk(const void *data, size_t len)
{
    return (struct sstp_chunk){sstp_span(data, len), len};
}

enum sstp_piece_kind {
    SSTP_PIECE_WHOLE,   /* a command, all of it in this chunk */
    SSTP_PIECE_START,   /* the first bytes of one that goes on in a later chunk */
    SSTP_PIECE_MIDDLE,  /* more of it */
    SSTP_PIECE_END,     /* its last bytes; `command` is all of it */
    SSTP_PIECE_SKIPPED, /* bytes of which nobody knows to which command they belong */
    SSTP_PIECE_BROKEN   /* a header that ends the framing; see `finding` */
};

struct sstp_piece {
    enum sstp_piece_kind kind;
    size_t offset;      /* in the chunk */
    size_t len;         /* in the chunk, bytes that were not captured included */
    size_t command_len; /* CommandLength; 0 while the header is not there whole */
    /* WHOLE and END: the bytes, fewer than command_len where some were not
     * captured.  Valid until the next call on the stream (END) or as long as the
     * chunk is (WHOLE). */
    struct sstp_span command;
    enum sstp_finding finding; /* BROKEN only */
};

/* One direction.  The members are private. */
struct sstp_stream {
    const struct sstp_mem *mem;
    uint8_t *held;      /* the bytes so far of the command that is under way */
    size_t held_size;   /* allocated */
    size_t num_held;    /* bytes in held: those before the first that was not seen */
    size_t num_passed;  /* bytes of the command that passed, seen or not */
    size_t command_len; /* 0 while its header is not whole */
    struct sstp_look_hint hint;
    bool is_endpoint;
    bool is_in_sync; /* num_passed bytes back a command began */
    bool is_broken;  /* endpoint: nothing more is read */
};

enum sstp_stream_result {
    SSTP_STREAM_NO_MEMORY = -1, /* the chunk's rest is lost; the stream is out of sync */
    SSTP_STREAM_USED_UP = 0,    /* the whole chunk has been taken in */
    SSTP_STREAM_PIECE = 1
};

/* `mem` has to outlive the stream. */
void sstp_stream_init(struct sstp_stream *stream, const struct sstp_mem *mem,
                      enum sstp_stream_mode mode);

/* Another stream that stands where this one does, uninitialised before.  False without memory:
 * it has lost its place then. */
bool sstp_stream_copy(struct sstp_stream *copy, const struct sstp_stream *stream);

/* Frees what the stream holds.  It may be initialised again. */
void sstp_stream_clear(struct sstp_stream *stream);

/* The next piece of the chunk from *pos, which moves after it.  Call it with
 * *pos 0 first and until it returns something else than SSTP_STREAM_PIECE.  An
 * endpoint that met a BROKEN piece gets SSTP_STREAM_USED_UP ever after. */
enum sstp_stream_result sstp_stream_next(struct sstp_stream *stream, struct sstp_chunk chunk,
                                         size_t *pos, struct sstp_piece *piece);

/* `len` bytes passed that nobody saw, between the chunk before and the next.
 * Where they lie inside a command, framing goes on after it, and its END piece
 * holds the bytes before the hole; otherwise the next chunk is searched. */
void sstp_stream_hole(struct sstp_stream *stream, size_t len);

/* Whether the stream stands between two commands, with nothing held. */
static inline bool sstp_stream_is_at_boundary(const struct sstp_stream *stream)
{
    return stream->is_in_sync && stream->num_passed == 0;
}

#endif
