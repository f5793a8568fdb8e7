/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stream: the bodies of LongLived, which do not end.  First pass only. */
#ifndef GRVHENC_STREAM_H
#define GRVHENC_STREAM_H

#include "http/chunk.h"

/* Whether a request comes again at `pos` of a body: a proxy wants a password. */
bool grvhenc_stream_is_asked_again(const struct grvhenc_chunk *chunk, size_t pos);

/* Whether what is at `pos` ends within the echo string, and says nothing alone. */
bool grvhenc_stream_lacks_echo(const struct grvhenc_chunk *chunk, size_t pos);

/* Whether the piece at `pos` came before one of the other TCP connection that it follows. */
bool grvhenc_stream_is_early(const struct grvhenc_chunk *chunk, size_t pos);

/* What the rest of a chunk that waits looks like, without what it waits for. */
struct grvhenc_record *grvhenc_stream_for_now(const struct grvhenc_chunk *chunk, size_t pos);

/* The length of an echo string at `pos` with more bytes after it, else 0. */
size_t grvhenc_stream_echo_len(const struct grvhenc_chunk *chunk, size_t pos);

/* `len` bytes of the chunk from `pos` on are a piece of a body. */
void grvhenc_stream_take(struct grvhenc_chunk *chunk, size_t pos, size_t len);

#endif
