/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wear_resend: segments that are sent again, with other boundaries.
 *
 * In one of three ways, at random: with what was sent just before, or a part of both; in two
 * pieces; or, having been lost before the capture, in two pieces after what the same side sent
 * next, or before what the other side said to it.
 */
#include "record/wear_stage.h"

#include <string.h>

struct resend {
    struct wear_stage stage;
    struct segment *before; /* the last one with data */
    struct segment *lost;   /* that is still to be sent again */
};

/* The bytes from `at` on, as a segment by themselves. */
static void pass_part(struct wear_stage *stage, const struct segment *whole, size_t at, size_t len)
{
    struct segment part = *whole;
    if (len == 0)
        return;
    part.sequence += (uint32_t)at;
    part.data += at;
    part.len = len;
    part.is_followed = false;
    part.is_turn = false;
    wear_pass(stage, &part);
}

/* In two that overlap. */
static void pass_pieces(struct wear_stage *stage, const struct segment *segment)
{
    struct segment rest = *segment;
    const size_t middle = 1 + wear_number(stage, (unsigned)segment->len - 1);
    const size_t from = wear_number(stage, (unsigned)middle);
    pass_part(stage, segment, 0, middle);
    rest.comments = NULL;
    pass_part(stage, &rest, from, segment->len - from);
}

/* What is lost has its turn now. */
static void pass_lost(struct resend *resend, uint64_t time_ns)
{
    struct segment *lost = resend->lost;
    if (lost == NULL)
        return;
    resend->lost = NULL;
    if (lost->time_ns < time_ns)
        lost->time_ns = time_ns;
    pass_pieces(&resend->stage, lost);
    segment_free(lost);
}

/* What was just sent goes on where the one before ended: a part of both. */
static void pass_again(struct resend *resend, const struct segment *segment)
{
    const struct segment *before = resend->before;
    struct segment again = *segment;
    const bool is_joined = before != NULL && segment_is_beside(before, segment) &&
                           before->sequence + (uint32_t)before->len == segment->sequence;
    const size_t before_len = is_joined ? before->len : 0;
    const size_t len = before_len + segment->len;
    uint8_t *data = g_malloc(len);
    if (is_joined)
        memcpy(data, before->data, before_len);
    memcpy(data + before_len, segment->data, segment->len);
    again.sequence -= (uint32_t)before_len;
    again.data = data;
    again.comments = NULL;
    const size_t from = wear_number(&resend->stage, (unsigned)(before_len));
    size_t num = len - from;
    num = MIN(num, segment->len + before_len / 2);
    pass_part(&resend->stage, &again, from, num);
    g_free(data);
}

static void remember(struct resend *resend, const struct segment *segment)
{
    if (segment->len == 0)
        return;
    segment_free(resend->before);
    resend->before = segment_copy(segment);
}

static void take(struct wear_stage *stage, const struct segment *segment)
{
    enum { AGAIN, IN_PIECES, LOST, WAYS };
    struct resend *resend = (struct resend *)stage;
    const bool is_chosen = segment->len > 0 && wear_is_chosen(stage);
    const unsigned way = is_chosen ? wear_number(stage, WAYS - 1) : WAYS;
    const bool goes_on = resend->lost != NULL && segment_is_beside(resend->lost, segment) &&
                         segment->len > 0 && way != LOST;

    if (resend->lost != NULL && !goes_on &&
        (way == LOST || resend->lost->connection == segment->connection))
        pass_lost(resend, segment->time_ns);
    if (way == LOST) {
        resend->lost = segment_copy(segment);
    } else {
        wear_pass(stage, segment);
        if (goes_on)
            pass_lost(resend, segment->time_ns);
        struct segment again = *segment;
        again.comments = NULL;
        if (way == AGAIN)
            pass_again(resend, segment);
        else if (way == IN_PIECES)
            pass_pieces(stage, &again);
    }
    remember(resend, segment);
}

static void flush(struct wear_stage *stage)
{
    struct resend *resend = (struct resend *)stage;
    pass_lost(resend, 0);
    segment_free(resend->before);
    resend->before = NULL;
}

const struct wear_ops wear_resend = {WEAR_RESEND, sizeof(struct resend), take, flush};
