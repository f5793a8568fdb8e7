/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wear_offload: the network card cuts and joins segments, and whoever captures on the computer sees
 * those that it was given, of up to 64 KiB.  What one side sends within a millisecond becomes one,
 * and what acknowledges the parts of it is not there.
 */
#include "record/frame.h"
#include "record/wear_stage.h"

#include <string.h>

#define WITHIN_NS 1000000u

struct offload {
    struct wear_stage stage;
    struct segment *joined; /* may become longer */
    struct segment *ack;    /* the last one that came after it; NULL: none */
};

static bool is_continued(const struct segment *joined, const struct segment *segment)
{
    return joined != NULL && segment->len > 0 && segment_is_beside(joined, segment) &&
           (segment->flags & ~SEGMENT_PSH) == SEGMENT_ACK &&
           joined->sequence + (uint32_t)joined->len == segment->sequence &&
           joined->len + segment->len <= FRAME_DATA_MAX &&
           segment->time_ns - joined->time_ns <= WITHIN_NS;
}

static void join(struct segment *joined, const struct segment *segment)
{
    uint8_t *data = g_realloc((void *)joined->data, joined->len + segment->len);
    memcpy(data + joined->len, segment->data, segment->len);
    joined->data = data;
    joined->len += segment->len;
    joined->flags |= segment->flags;
    joined->acknowledged = segment->acknowledged;
    segment_add_comments(joined, segment->comments);
}

static void flush(struct wear_stage *stage)
{
    struct offload *offload = (struct offload *)stage;
    struct segment *joined = offload->joined, *ack = offload->ack;
    offload->joined = offload->ack = NULL;
    wear_pass_copy(stage, joined);
    wear_pass_copy(stage, ack);
}

/* Comments of an acknowledgement that is not there tell what came of what is. */
static void forget_ack(struct offload *offload)
{
    if (offload->ack != NULL)
        segment_add_comments(offload->joined, offload->ack->comments);
    segment_free(offload->ack);
    offload->ack = NULL;
}

static void take(struct wear_stage *stage, const struct segment *segment)
{
    struct offload *offload = (struct offload *)stage;
    if (is_continued(offload->joined, segment)) {
        forget_ack(offload);
        join(offload->joined, segment);
    } else if (offload->joined != NULL && segment_is_ack(segment) &&
               segment->connection == offload->joined->connection &&
               segment->from_initiator != offload->joined->from_initiator) {
        forget_ack(offload);
        offload->ack = segment_copy(segment);
    } else {
        flush(stage);
        if (segment->len > 0 && (segment->flags & ~SEGMENT_PSH) == SEGMENT_ACK)
            offload->joined = segment_copy(segment);
        else
            wear_pass(stage, segment);
    }
}

const struct wear_ops wear_offload = {WEAR_OFFLOAD, sizeof(struct offload), take, flush};
