/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The output of an endpoint, against a row of bytes that does the same simply. */
#include "endpoint/output.h"

#include <glib.h>

#include "counting_mem.h"
#include "random.h"

struct lender {
    GByteArray *bytes;
    unsigned num_released;
};

struct model {
    struct counting_mem counting;
    struct sstp_ep_output output;
    GByteArray *bytes; /* all that has been put in */
    GByteArray *kinds; /* of each of them: 1 in a message */
    size_t num_taken;
    GPtrArray *lenders;
    GArray *lent_ends; /* size_t: where each lender's bytes end */
};

static void on_release(void *cookie, void *lender)
{
    (void)cookie;
    ((struct lender *)lender)->num_released++;
}

static struct model *model_new(void)
{
    struct model *model = g_new0(struct model, 1);
    counting_mem_init(&model->counting);
    sstp_ep_output_init(&model->output, &model->counting.mem, on_release, model);
    model->bytes = g_byte_array_new();
    model->kinds = g_byte_array_new();
    model->lenders = g_ptr_array_new();
    model->lent_ends = g_array_new(FALSE, FALSE, sizeof(size_t));
    return model;
}

/* Everything put in, all lenders have been released once, and no memory is left. */
static void model_free(struct model *model)
{
    sstp_ep_output_clear(&model->output);
    g_assert_cmpuint(model->counting.num_blocks, ==, 0);
    for (guint i = 0; i < model->lenders->len; i++) {
        struct lender *lender = g_ptr_array_index(model->lenders, i);
        g_assert_cmpuint(lender->num_released, ==, 1);
        g_byte_array_free(lender->bytes, TRUE);
        g_free(lender);
    }
    g_ptr_array_free(model->lenders, TRUE);
    g_array_free(model->lent_ends, TRUE);
    g_byte_array_free(model->bytes, TRUE);
    g_byte_array_free(model->kinds, TRUE);
    g_free(model);
}

static void note(struct model *model, const uint8_t *bytes, size_t len, bool is_message)
{
    const uint8_t kind = is_message;
    g_byte_array_append(model->bytes, bytes, (guint)len);
    for (size_t i = 0; i < len; i++)
        g_byte_array_append(model->kinds, &kind, 1);
}

static bool add(struct model *model, struct rng *rng, size_t room_len, size_t len, bool is_message)
{
    uint8_t *room = sstp_ep_output_room(&model->output, room_len);
    if (room == NULL)
        return false;
    rng_fill(rng, room, len);
    note(model, room, len, is_message);
    sstp_ep_output_add(&model->output, len, is_message);
    return true;
}

/* In as many pieces as asked for, the last of which has the lender. */
static bool lend(struct model *model, struct rng *rng, size_t len, size_t num_pieces)
{
    if (!sstp_ep_output_reserve_pieces(&model->output, num_pieces))
        return false;
    struct lender *lender = g_new0(struct lender, 1);
    lender->bytes = g_byte_array_sized_new((guint)(len * num_pieces));
    g_byte_array_set_size(lender->bytes, (guint)(len * num_pieces));
    rng_fill(rng, lender->bytes->data, lender->bytes->len);
    note(model, lender->bytes->data, lender->bytes->len, true);
    for (size_t i = 0; i < num_pieces; i++)
        sstp_ep_output_lend(&model->output, sstp_span(lender->bytes->data + i * len, len),
                            i + 1 == num_pieces ? lender : NULL);
    const size_t end = model->bytes->len;
    g_ptr_array_add(model->lenders, lender);
    g_array_append_val(model->lent_ends, end);
    return true;
}

/* The output is what the model says, whatever part of it is looked at. */
static void check(struct model *model, size_t max_pieces)
{
    struct sstp_span pieces[64];
    const size_t left = model->bytes->len - model->num_taken;
    const size_t num = sstp_ep_output_look(&model->output, pieces, MIN(max_pieces, 64));
    size_t at = model->num_taken, message_len = 0;

    g_assert_cmpuint(model->output.len, ==, left);
    for (size_t i = model->num_taken; i < model->kinds->len; i++)
        message_len += model->kinds->data[i];
    g_assert_cmpuint(model->output.message_len, ==, message_len);
    g_assert_true((num == 0) == (left == 0));
    for (size_t i = 0; i < num; i++) {
        g_assert_cmpuint(pieces[i].len, >, 0);
        g_assert_cmpuint(pieces[i].len, <=, model->bytes->len - at);
        g_assert_true(memcmp(pieces[i].data, model->bytes->data + at, pieces[i].len) == 0);
        at += pieces[i].len;
    }
    for (guint i = 0; i < model->lenders->len; i++) {
        const struct lender *lender = g_ptr_array_index(model->lenders, i);
        const bool has_gone = g_array_index(model->lent_ends, size_t, i) <= model->num_taken;
        g_assert_cmpuint(lender->num_released, ==, has_gone);
    }
}

static void take(struct model *model, size_t len)
{
    sstp_ep_output_take(&model->output, len);
    model->num_taken += len;
}

static void test_empty(void)
{
    struct model *model = model_new();
    check(model, 1);
    take(model, 0);
    g_assert_nonnull(sstp_ep_output_room(&model->output, 100)); /* and nothing comes of it */
    check(model, 1);
    model_free(model);
}

/* What has gone leaves no block after. */
static void test_given_back(void)
{
    struct model *model = model_new();
    struct rng numbers = rng(1);
    for (unsigned i = 0; i < 100; i++)
        g_assert_true(add(model, &numbers, 1000, 1000, false));
    take(model, 99999);
    g_assert_cmpuint(model->counting.num_blocks, ==, 2); /* the pieces, the last block */
    take(model, 1);
    g_assert_cmpuint(model->counting.num_blocks, ==, 1);
    check(model, 1);
    model_free(model);
}

/* Room that is not used, then more than a block has: the first stays empty. */
static void test_large_behind_empty(void)
{
    struct model *model = model_new();
    struct rng numbers = rng(2);
    g_assert_nonnull(sstp_ep_output_room(&model->output, 7));
    g_assert_true(add(model, &numbers, 70000, 65535, false));
    g_assert_true(add(model, &numbers, 7, 7, true));
    check(model, 64);
    take(model, 65000);
    check(model, 64);
    take(model, 542);
    check(model, 64);
    model_free(model);
}

static void test_random(void)
{
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct model *model = model_new();
        struct rng numbers = rng(seed);
        for (unsigned step = 0; step < 400; step++) {
            const size_t what = rng_below(&numbers, 10);
            const size_t len = rng_is_one_in(&numbers, 10) ? 1 + rng_below(&numbers, 40000)
                                                           : 1 + rng_below(&numbers, 300);
            if (what < 4)
                g_assert_true(add(model, &numbers, len + rng_below(&numbers, 2055), len,
                                  rng_is_one_in(&numbers, 2)));
            else if (what < 6)
                g_assert_true(lend(model, &numbers, 1 + rng_below(&numbers, 2048),
                                   1 + rng_below(&numbers, 9)));
            else if (what < 9)
                take(model, rng_below(&numbers, MIN(model->output.len, 3 * len) + 1));
            else if (rng_is_one_in(&numbers, 3))
                take(model, model->output.len);
            check(model, 1 + rng_below(&numbers, 64));
        }
        model_free(model);
    }
}

/* Without memory nothing is added, and what there is stays. */
static void test_no_memory(void)
{
    for (size_t fails_at = 1; fails_at < 10; fails_at++) {
        struct model *model = model_new();
        struct rng numbers = rng(fails_at);
        model->counting.fails_at = fails_at;
        for (unsigned step = 0; step < 60; step++) {
            (void)add(model, &numbers, 3000, 1 + rng_below(&numbers, 3000), false);
            (void)lend(model, &numbers, 100, 3);
            check(model, 64);
        }
        g_assert_cmpuint(model->counting.num_failed, ==, 1);
        model_free(model);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/output/empty", test_empty);
    g_test_add_func("/output/given-back", test_given_back);
    g_test_add_func("/output/large-after-empty", test_large_behind_empty);
    g_test_add_func("/output/random", test_random);
    g_test_add_func("/output/no-memory", test_no_memory);
    return g_test_run();
}
