/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Errors at each call in turn: what was not written is written later, if it is still true. */
#include <sqlite3.h>

#include "faulty_vfs.h"
#include "model.h"
#include "store/disk_schema.h"

static void run_with_errors(unsigned fail_at, unsigned num_fails, int failure, uint64_t seed)
{
    struct model *model = model_failing(seed, fail_at, num_fails, failure);
    for (unsigned i = 0; i < MODEL_ROUNDS; i++)
        model_turn(model);
    const bool has_failed = model->num_failures > 0;
    faulty.fail_at = 0;
    model->now_ms += 10000;
    g_assert_true(model_settle(model));
    if (has_failed)
        g_assert_cmpuint(model->num_recoveries, >, 0);
    g_assert_null(model->failure);

    /* All that was safe has to be on the disk, not only in its cache. */
    char *wrong = model_end(model, 0);
    if (wrong != NULL)
        g_error("%d from call %u on, %u times: %s", failure, fail_at, num_fails, wrong);
}

static void test_errors(void)
{
    static const struct {
        const char *name;
        int failure;
        unsigned num_fails;
    } rows[] = {{"the disk is full, once", SQLITE_FULL, 1},
                {"the disk is full for a while", SQLITE_FULL, 40},
                {"an error, once", SQLITE_IOERR, 1},
                {"errors for a while", SQLITE_IOERR, 40}};
    const unsigned num_calls = model_count_calls(4);
    g_assert_cmpuint(num_calls, >, 100);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_test_message("%s, at each of %u calls", rows[i].name, num_calls);
        for (unsigned at = 1; at <= num_calls; at++)
            run_with_errors(at, rows[i].num_fails, rows[i].failure, 4);
    }
}

/* A batch that failed is made anew: who has left all its queues meanwhile is not in it, and
 * needs no space. */
static void test_made_anew(void)
{
    struct model *model = model_failing(3, 1, UINT32_MAX, SQLITE_FULL);
    for (unsigned i = 0; i < 20; i++)
        model_send(model);
    g_assert_false(model_settle(model));
    model_take_all(model);
    faulty.fail_at = 0;
    model->now_ms += 1000;
    g_assert_true(model_settle(model));
    sqlite3_stmt *row;
    g_assert_cmpint(sqlite3_prepare_v2(sstp_disk_sqlite(model->store->disk),
                                       "SELECT (SELECT count(*) FROM message) +"
                                       " (SELECT count(*) FROM queue)",
                                       -1, &row, NULL),
                    ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_step(row), ==, SQLITE_ROW);
    g_assert_cmpint(sqlite3_column_int(row, 0), ==, 0);
    sqlite3_finalize(row);
    model_free(model);
}

/* What has nothing to write any more says that it can be written again, all the same. */
static void test_recovers_idle(void)
{
    struct model *model = model_failing(4, 1, UINT32_MAX, SQLITE_FULL);
    model_send(model);
    g_assert_false(model_settle(model));
    g_assert_nonnull(model->failure);
    model_take_all(model);
    model->now_ms += 1000;
    g_assert_false(model_settle(model));
    g_assert_nonnull(model->failure); /* it has been tried */
    faulty.fail_at = 0;
    g_assert_cmpint(sstp_store_next_retry(model->store), <=, model->now_ms + 1000);
    model->now_ms += 1000;
    g_assert_true(model_settle(model));
    g_assert_null(model->failure);
    model_free(model);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store_retry/errors", test_errors);
    g_test_add_func("/store_retry/made_anew", test_made_anew);
    g_test_add_func("/store_retry/recovers_idle", test_recovers_idle);
    return g_test_run();
}
