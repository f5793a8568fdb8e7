/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record/segment.h"

bool segment_is_beside(const struct segment *segment, const struct segment *other)
{
    return segment->connection == other->connection &&
           segment->from_initiator == other->from_initiator;
}

bool segment_is_ack(const struct segment *segment)
{
    return segment->flags == SEGMENT_ACK && segment->len == 0;
}

struct segment *segment_copy(const struct segment *segment)
{
    struct segment *copy = g_new(struct segment, 1);
    *copy = *segment;
    copy->data = g_memdup2(segment->data, segment->len);
    copy->comments = NULL;
    segment_add_comments(copy, segment->comments);
    return copy;
}

void segment_free(void *pointer)
{
    struct segment *segment = pointer;
    if (segment == NULL)
        return;
    g_free((void *)segment->data);
    if (segment->comments != NULL)
        g_byte_array_free(segment->comments, TRUE);
    g_free(segment);
}

void segment_add_comments(struct segment *segment, const GByteArray *comments)
{
    if (comments == NULL || comments->len == 0)
        return;
    if (segment->comments == NULL)
        segment->comments = g_byte_array_new();
    g_byte_array_append(segment->comments, comments->data, comments->len);
}
