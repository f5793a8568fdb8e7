/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record/wear.h"

#include "record/wear_stage.h"

struct wear {
    struct wear_plan plan;
    struct wear_sink sink;
    struct wear_stage *first;
    GByteArray *comments; /* of what was dropped, for the next segment that is captured */
};

/* In the order in which they happen. */
/* clang-format off */
static const struct {
    const struct wear_ops *ops;
    bool is_at[WEAR_PLACES]; /* on the way, at a point, at the other point */
} rows[] = {
    {&wear_offload,   {true,  false, false}},
    {&wear_resend,    {true,  false, false}},
    {&wear_delay,     {true,  false, false}},
    {&wear_apart,     {false, false, true}},
    {&wear_lose,      {false, true,  true}},
    {&wear_duplicate, {false, true,  true}},
    {&wear_reorder,   {false, true,  true}},
    {&wear_jitter,    {false, true,  true}},
};
/* clang-format on */

static struct wear_stage *new_stage(struct wear *wear, const struct wear_ops *ops,
                                    enum wear_place place, uint64_t seed)
{
    struct wear_stage *stage = g_malloc0(ops->size);
    stage->ops = ops;
    stage->values = wear->plan.values[ops->kind];
    stage->wear = wear;
    /* What befalls one kind or place does not change what befalls another. */
    stage->random.state = ~seed + ((uint64_t)ops->kind << 32) + ((uint64_t)place << 40);
    return stage;
}

struct wear *wear_new(const struct wear_plan *plan, enum wear_place place, uint64_t seed,
                      struct wear_sink sink)
{
    struct wear *wear = g_new0(struct wear, 1);
    struct wear_stage **end = &wear->first;
    wear->plan = *plan;
    wear->sink = sink;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (plan->has[rows[i].ops->kind] && rows[i].is_at[place]) {
            *end = new_stage(wear, rows[i].ops, place, seed);
            end = &(*end)->next;
        }
    return wear;
}

/* To the sink, with the comments of what was dropped before it. */
static void sink(struct wear *wear, const struct segment *segment)
{
    if (wear->comments == NULL) {
        wear->sink.take(wear->sink.cookie, segment);
        return;
    }
    struct segment commented = *segment;
    commented.comments = wear->comments;
    wear->comments = NULL;
    segment_add_comments(&commented, segment->comments);
    wear->sink.take(wear->sink.cookie, &commented);
    g_byte_array_free(commented.comments, TRUE);
}

static void give(struct wear *wear, struct wear_stage *stage, const struct segment *segment)
{
    if (stage != NULL)
        stage->ops->take(stage, segment);
    else
        sink(wear, segment);
}

void wear_take(struct wear *wear, const struct segment *segment)
{
    give(wear, wear->first, segment);
}

void wear_flush(struct wear *wear)
{
    for (struct wear_stage *stage = wear->first; stage != NULL; stage = stage->next)
        if (stage->ops->flush != NULL)
            stage->ops->flush(stage);
}

void wear_free(struct wear *wear)
{
    if (wear == NULL)
        return;
    wear_flush(wear);
    for (struct wear_stage *stage = wear->first, *next; stage != NULL; stage = next) {
        next = stage->next;
        g_free(stage);
    }
    if (wear->comments != NULL)
        g_byte_array_free(wear->comments, TRUE);
    g_free(wear);
}

/* ------------------------------------------------------------------------
 * For stages
 */

void wear_pass(struct wear_stage *stage, const struct segment *segment)
{
    give(stage->wear, stage->next, segment);
}

void wear_pass_copy(struct wear_stage *stage, struct segment *copy)
{
    if (copy == NULL)
        return;
    wear_pass(stage, copy);
    segment_free(copy);
}

void wear_drop(struct wear_stage *stage, const struct segment *segment)
{
    struct wear *wear = stage->wear;
    if (segment->comments == NULL || segment->comments->len == 0)
        return;
    if (wear->comments == NULL)
        wear->comments = g_byte_array_new();
    g_byte_array_append(wear->comments, segment->comments->data, segment->comments->len);
}

unsigned wear_number(struct wear_stage *stage, unsigned max)
{
    return (unsigned)(random_seeded_next(&stage->random) % ((uint64_t)max + 1));
}

bool wear_is_chosen(struct wear_stage *stage)
{
    struct wear_one_of *one = &stage->one_of;
    const unsigned num = (unsigned)stage->values[WEAR_ONE_OF];
    if (one->at == 0)
        one->chosen = wear_number(stage, num - 1);
    const bool is_it = one->at == one->chosen;
    one->at = (one->at + 1) % num;
    return is_it;
}
