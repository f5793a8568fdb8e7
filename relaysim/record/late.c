/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record/late.h"

static struct segment *first(const struct late *late)
{
    return g_queue_peek_head((GQueue *)&late->segments);
}

/* After all that are due at the same time. */
static void insert(struct late *late, struct segment *segment)
{
    GList *link = late->segments.tail;
    while (link != NULL && ((const struct segment *)link->data)->time_ns > segment->time_ns)
        link = link->prev;
    g_queue_insert_after(&late->segments, link, segment);
}

void late_put(struct late *late, struct wear_stage *stage, const struct segment *segment,
              uint64_t more_ns)
{
    while (first(late) != NULL && first(late)->time_ns <= segment->time_ns)
        wear_pass_copy(stage, g_queue_pop_head(&late->segments));
    struct segment *copy = segment_copy(segment);
    copy->time_ns += more_ns;
    for (const GList *link = late->segments.head; link != NULL; link = link->next) {
        const struct segment *other = link->data;
        if (segment_is_beside(other, copy) && other->time_ns > copy->time_ns)
            copy->time_ns = other->time_ns;
    }
    insert(late, copy);
}

void late_flush(struct late *late, struct wear_stage *stage)
{
    while (first(late) != NULL)
        wear_pass_copy(stage, g_queue_pop_head(&late->segments));
}
