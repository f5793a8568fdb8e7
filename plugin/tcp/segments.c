/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tcp/segments.h"

#include <stddef.h>

/* The first that brought the byte with this number, or NULL; where else the next begins, at most
 * `end`. */
static const struct grvsstp_segment *find(const struct grvsstp_segments *segments, uint32_t number,
                                          uint32_t *end)
{
    const bool is_full = segments->num > GRVSSTP_SEGMENTS_MAX;
    const unsigned num = is_full ? GRVSSTP_SEGMENTS_MAX : segments->num;
    const unsigned oldest = is_full ? grvsstp_segments_next(segments) : 0;

    for (unsigned i = 0; i < num; i++) {
        const struct grvsstp_segment *segment = &segments->all[(oldest + i) % num];
        if (grvsstp_segments_is_within(number, segment->seq, segment->end))
            return segment;
        if (grvsstp_segments_is_within(segment->seq, number, *end))
            *end = segment->seq;
    }
    return NULL;
}

struct grvsstp_part grvsstp_segments_part(const struct grvsstp_segments *segments,
                                          const struct grvsstp_segment *own, uint32_t number,
                                          uint32_t end)
{
    struct grvsstp_part part = {.is_known = false};

    if (grvsstp_segments_is_within(number, own->seq, own->end)) {
        part.len =
            grvsstp_segments_is_within(own->end, number, end) ? own->end - number : end - number;
        return part;
    }
    if (grvsstp_segments_is_within(own->seq, number, end))
        end = own->seq;
    const struct grvsstp_segment *segment = find(segments, number, &end);
    if (segment != NULL && grvsstp_segments_is_within(segment->end, number, end))
        end = segment->end;
    part.len = end - number;
    part.is_known = segment != NULL;
    part.flags = segment != NULL ? segment->flags : 0;
    part.ack = segment != NULL ? segment->ack : 0;
    return part;
}

bool grvsstp_segments_have(const struct grvsstp_segments *segments, uint32_t number, uint32_t end)
{
    while (grvsstp_segments_is_within(number, number, end)) {
        uint32_t next = end;
        const struct grvsstp_segment *segment = find(segments, number, &next);
        if (segment == NULL)
            return false;
        number = segment->end;
    }
    return true;
}
