/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is written is there after the power is cut at each call in turn: what was safe has to
 * be there, what had left durably must not come back, and the order is kept.  And what is read may
 * fail.
 */
#include <sqlite3.h>

#include "faulty_vfs.h"
#include "model.h"
#include "store/disk_schema.h"

#define CALLS_MAX 100000u

/* Runs until the power is cut at a call.  False when there are not so many calls. */
static bool run_until_cut(struct model *model, unsigned cut_at, const char *ignores_sync)
{
    faulty_vfs_reset();
    faulty.cut_at = cut_at;
    if (model_open(model)) {
        faulty.ignores_sync = ignores_sync; /* those of the making would be too easy to see */
        for (unsigned i = 0; i < MODEL_ROUNDS && !faulty.is_cut; i++)
            model_turn(model);
    }
    return faulty.is_cut;
}

/* Cuts the power at each call in turn; returns what was wrong the first time. */
static char *cut_everywhere(uint64_t seed, uint64_t reboot_seed, const char *ignores_sync,
                            unsigned *num_cuts)
{
    char *wrong = NULL;
    bool is_cut = true;
    for (*num_cuts = 0; is_cut && wrong == NULL && *num_cuts < CALLS_MAX; ++*num_cuts) {
        struct model *model = model_new(seed);
        is_cut = run_until_cut(model, *num_cuts + 1, ignores_sync);
        if (is_cut)
            wrong = model_end(model, reboot_seed != 0 ? reboot_seed + *num_cuts : 0);
        else
            model_free(model);
    }
    return wrong;
}

static void test_power_cut(void)
{
    static const uint64_t seeds[] = {1, 2};
    for (size_t i = 0; i < G_N_ELEMENTS(seeds); i++)
        for (uint64_t reboot_seed = 0; reboot_seed < 2; reboot_seed++) {
            unsigned num_cuts;
            char *wrong = cut_everywhere(seeds[i], reboot_seed * 1000, NULL, &num_cuts);
            if (wrong != NULL)
                g_error("seed %u, sectors %u, cut at call %u: %s", (unsigned)seeds[i],
                        (unsigned)reboot_seed, num_cuts, wrong);
            g_test_message("seed %u: %u calls", (unsigned)seeds[i], num_cuts);
            g_assert_cmpuint(num_cuts, >, 100);
        }
}

/* The test above would see it if a sync were missing. */
static void test_missing_sync(void)
{
    static const char *const names_of_files[] = {"s-wal", "s"};
    for (size_t i = 0; i < G_N_ELEMENTS(names_of_files); i++) {
        unsigned num_cuts;
        char *wrong = cut_everywhere(1, 0, names_of_files[i], &num_cuts);
        g_assert_nonnull(wrong);
        g_test_message("without the syncs of %s, cut at call %u: %s", names_of_files[i], num_cuts,
                       wrong);
        g_free(wrong);
    }
}

/* Reading fails, and works again: nothing is delivered wrongly meanwhile. */
static void test_read_errors(void)
{
    struct model *model = model_new(6);
    faulty_vfs_reset();
    g_assert_true(model_open(model));
    for (unsigned i = 0; i < MODEL_ROUNDS; i++)
        model_turn(model);
    sstp_store_free(model->store);
    g_assert_true(model_open(model));
    sqlite3_db_release_memory(sstp_disk_sqlite(model->store->disk)); /* it has read it all */
    faulty.fails_reads = true;
    faulty.fail_at = faulty.num_calls + 1;
    faulty.num_fails = UINT32_MAX;
    faulty.failure = SQLITE_IOERR;
    struct sstp_store_queue *queue = model_queue(model->store, 0);
    g_assert_null(sstp_store_get(model->store, g_queue_peek_head(&queue->messages)));
    g_assert_false(model_settle(model));
    g_assert_nonnull(model->failure);
    g_assert_null(sstp_store_begin(model->store, model->now_ms));
    faulty = (struct faulty){.num_calls = 0};
    model->now_ms = sstp_store_next_retry(model->store);
    g_assert_null(sstp_store_get(model->store, g_queue_peek_head(&queue->messages)));
    g_assert_true(model_settle(model));
    g_assert_null(model->failure);
    g_assert_nonnull(sstp_store_get(model->store, g_queue_peek_head(&queue->messages)));
    model_free(model);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store_worker/power_cut", test_power_cut);
    g_test_add_func("/store_worker/missing_sync", test_missing_sync);
    g_test_add_func("/store_worker/read_errors", test_read_errors);
    return g_test_run();
}
