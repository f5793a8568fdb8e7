/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wear_reorder: segments with data that are captured after later ones.
 *
 * After the next of a longer write, for which one that was chosen may have to wait; or after so
 * many at most, of whatever connection, that come soon.
 */
#include "record/wear_stage.h"

/* No way makes a segment come later than this; its sender would have sent it again long before. */
#define LATE_MAX_NS UINT64_C(200000000)

/* One that is kept back. */
struct kept {
    struct segment *segment;
    unsigned num_left; /* of those that it is after */
};

struct reorder {
    struct wear_stage stage;
    bool has_to; /* the next that is followed by another */
    GQueue kept; /* struct kept */
};

/* Another segment has passed. */
static void pass_due(struct reorder *reorder)
{
    for (GList *link = reorder->kept.head, *next; link != NULL; link = next) {
        struct kept *kept = link->data;
        next = link->next;
        if (--kept->num_left > 0)
            continue;
        wear_pass_copy(&reorder->stage, kept->segment);
        g_queue_delete_link(&reorder->kept, link);
        g_free(kept);
    }
}

/* So late is it: whoever waits in vain for others to pass comes before what passes now. */
static void pass_late(struct reorder *reorder, uint64_t now_ns)
{
    for (GList *link = reorder->kept.head, *next; link != NULL; link = next) {
        struct kept *kept = link->data;
        next = link->next;
        if (now_ns <= kept->segment->time_ns + LATE_MAX_NS)
            continue;
        wear_pass_copy(&reorder->stage, kept->segment);
        g_queue_delete_link(&reorder->kept, link);
        g_free(kept);
    }
}

/* After how many it is to come; 0: it stays where it is. */
static unsigned places(struct reorder *reorder, const struct segment *segment)
{
    const unsigned by = (unsigned)reorder->stage.values[WEAR_REORDER_BY];
    const bool is_chosen = segment->len > 0 && wear_is_chosen(&reorder->stage);
    if (by > 0)
        return is_chosen ? 1 + wear_number(&reorder->stage, by - 1) : 0;
    reorder->has_to = reorder->has_to || is_chosen;
    if (!reorder->has_to || !segment->is_followed || !g_queue_is_empty(&reorder->kept))
        return 0;
    reorder->has_to = false;
    return 1;
}

static void take(struct wear_stage *stage, const struct segment *segment)
{
    struct reorder *reorder = (struct reorder *)stage;
    pass_late(reorder, segment->time_ns);
    const unsigned num = places(reorder, segment);
    if (num == 0) {
        wear_pass(stage, segment);
        pass_due(reorder);
        return;
    }
    struct kept *kept = g_new(struct kept, 1);
    *kept = (struct kept){segment_copy(segment), num};
    g_queue_push_tail(&reorder->kept, kept);
}

static void flush(struct wear_stage *stage)
{
    struct reorder *reorder = (struct reorder *)stage;
    struct kept *kept;
    while ((kept = g_queue_pop_head(&reorder->kept)) != NULL) {
        wear_pass_copy(stage, kept->segment);
        g_free(kept);
    }
}

const struct wear_ops wear_reorder = {WEAR_REORDER, sizeof(struct reorder), take, flush};
