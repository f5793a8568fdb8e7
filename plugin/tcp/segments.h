/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * segments: which segment brought which bytes of a direction, and how a chunk of several divides
 * into what each of them brought.  Knows no Wireshark.
 */
#ifndef GRVSSTP_TCP_SEGMENTS_H
#define GRVSSTP_TCP_SEGMENTS_H

#include <stdbool.h>
#include <stdint.h>

/* Of a direction so many are remembered, the latest. */
#define GRVSSTP_SEGMENTS_MAX 256u

/* Numbers are those on the wire, and wrap. */
struct grvsstp_segment {
    uint32_t seq, end, ack;
    uint8_t flags;
};

/* The latest of a direction: a ring, once it is full. */
struct grvsstp_segments {
    unsigned num; /* ever */
    const struct grvsstp_segment *all;
};

/* A part of a chunk, of one segment. */
struct grvsstp_part {
    uint32_t len;
    bool is_known; /* the rest is, too; else it is of the segment at hand, or of nobody knows which
                    */
    uint8_t flags;
    uint32_t ack; /* on the wire */
};

/* Whether a number is from `begin` on and before `end`. */
static inline bool grvsstp_segments_is_within(uint32_t number, uint32_t begin, uint32_t end)
{
    return (int32_t)(number - begin) >= 0 && (int32_t)(number - end) < 0;
}

/* Where in the ring the next one belongs, which may be after the last. */
static inline unsigned grvsstp_segments_next(const struct grvsstp_segments *segments)
{
    return segments->num % GRVSSTP_SEGMENTS_MAX;
}

/* The part that a chunk begins with which goes from `number` to `end`, where the segment at hand
 * is `own`; of several that brought a byte it is the first one's. */
struct grvsstp_part grvsstp_segments_part(const struct grvsstp_segments *segments,
                                          const struct grvsstp_segment *own, uint32_t number,
                                          uint32_t end);

/* Whether these segments brought every byte from `number` up to `end`. */
bool grvsstp_segments_have(const struct grvsstp_segments *segments, uint32_t number, uint32_t end);

#endif
