/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Space is never needed to free space. */
#include <sqlite3.h>

#include "faulty_vfs.h"
#include "model.h"

/* Full of messages: those whose recipients come are freed without any more space, in
 * whatever order they do, and then all goes on.  What was safe stays until then. */
static void test_small_disk(void)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct model *model = model_new(seed);
        faulty_vfs_reset();
        faulty.max_bytes = 1200000;
        g_assert_true(model_open(model));
        while (model->num_failures == 0 && model->num_messages < MODEL_MESSAGES - 8) {
            for (unsigned i = 0; i < 8; i++)
                model_send(model);
            (void)model_settle(model);
        }
        g_assert_cmpuint(model->num_failures, ==, 1);
        /* Somebody takes some; whether there is room then or not, what was taken is gone. */
        model_acknowledge(model);
        model->now_ms += 1000;
        (void)model_settle(model);
        model_take_all(model);
        model->now_ms += 1000;
        g_assert_true(model_settle(model));
        g_assert_null(model->failure);
        g_assert_cmpuint(sstp_store_num_messages(model->store), ==, 0);
        char *wrong = model_end(model, 0);
        if (wrong != NULL)
            g_error("seed %u: %s", (unsigned)seed, wrong);
    }
}

/* Power that is cut while the disk is full. */
static void test_cut_when_full(void)
{
    const unsigned num_calls = model_count_calls(5);
    for (unsigned at = 1; at <= num_calls; at += 3) {
        struct model *model = model_failing(5, at, UINT32_MAX, SQLITE_FULL);
        for (unsigned i = 0; i < MODEL_ROUNDS; i++)
            model_turn(model);
        char *wrong = model_end(model, at);
        if (wrong != NULL)
            g_error("full from call %u on: %s", at, wrong);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store_disk_room/small_disk", test_small_disk);
    g_test_add_func("/store_disk_room/cut_when_full", test_cut_when_full);
    return g_test_run();
}
