/* SPDX-License-Identifier: GPL-2.0-or-later */
/* place: whether that is there which a chunk follows, by the numbers of TCP.  First pass only. */
#ifndef GRVHENC_PLACE_H
#define GRVHENC_PLACE_H

#include "http/chunk.h"

/* Whether all bytes before the chunk's first are there, or given up. */
bool grvhenc_place_is_reached(const struct grvhenc_chunk *chunk);

/* Whether all that the chunk's sender had received was taken. */
bool grvhenc_place_is_answer_reached(const struct grvhenc_chunk *chunk);

/* Whether the chunk may be divided: both, and nothing of the same virtual connection that was
 * captured before it misses bytes. */
bool grvhenc_place_is_ready(const struct grvhenc_chunk *chunk);

/* Whether bytes are missing that the chunk follows: those before it, or that its sender had
 * received, and that do not wait themselves. */
bool grvhenc_place_misses_bytes(const struct grvhenc_chunk *chunk);

/* Whether a chunk that was captured before this frame, on another TCP connection of the same
 * virtual one, misses bytes: until they are there, or given up, what came after it stays after it.
 */
bool grvhenc_place_is_after_hole(const struct grvhenc_tcp *tcp, uint32_t frame);

/* After a frame: whether the capture tells of bytes of a direction that are not there, and since
 * when the first of them has been waited for. */
void grvhenc_place_note_lacking(struct grvhenc_tcp *tcp, int64_t now_ns);

/* After a frame: how far its sender, whose flow is `by`, has acknowledged a direction.  TCP itself
 * remembers what the last one said, and not that one before it said more. */
void grvhenc_place_note_acknowledged(struct grvhenc_tcp *tcp, bool from_client,
                                     const tcp_flow_t *by);

/* Whether both sides' FIN was captured, and everything before. */
bool grvhenc_place_has_both_ends(const struct grvhenc_tcp *tcp);

/* Bytes of a direction up to this number were waited for in vain. */
void grvhenc_place_give_up(struct grvhenc_side *side, uint32_t number);

/* What is missing of the TCP connection does not come any more; or only what has been waited for
 * longer than `max_ns`. */
void grvhenc_place_note_lost(struct grvhenc_tcp *tcp, int64_t now_ns);
void grvhenc_place_note_overdue(struct grvhenc_tcp *tcp, int64_t now_ns, int64_t max_ns);

/* Whether there is anything of that. */
bool grvhenc_place_is_overdue(const struct grvhenc_tcp *tcp, int64_t now_ns, int64_t max_ns);

#endif
