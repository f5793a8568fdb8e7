/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The time of the store, whatever clocks do. */
#include "durable.h"

#define HOUR_MS INT64_C(3600000)

static void put_for(struct sstp_store *store, const char *text, int64_t expires_ms)
{
    struct sstp_payload *payload = durable_payload(text);
    (void)durable_put_payload(store, payload, "i", expires_ms);
    sstp_payload_unref(payload);
}

/* Times are real ones, whatever the clock of the relay begins with. */
static void test_expiry(void)
{
    struct sstp_store *store = durable_new();
    struct sstp_payload *payload = durable_payload("short");
    (void)durable_put_payload(store, payload, "i", 5000);
    sstp_payload_unref(payload);
    (void)durable_put(store, "i", "long");
    g_assert_true(durable_settle(store));
    store = durable_reopen(store, 1000000, DURABLE_WALL_MS + 4000);
    g_assert_cmpint(sstp_store_next_expiry(store), ==, 1001000);
    g_assert_cmpuint(sstp_store_expire(store, 1000999), ==, 0);
    g_assert_cmpuint(sstp_store_expire(store, 1001000), ==, 1);
    g_assert_true(durable_settle(store));
    durable_check_rows(store, 1, 1);
    durable_check_queue(store, "i", "long;");
    sstp_store_free(store);
}

/* A step of the clock while it runs changes nothing, neither then nor after a restart; nor
 * do a step in the other direction, and another restart. */
static void test_clock_steps(void)
{
    static const int64_t steps_ms[] = {2 * HOUR_MS, -2 * HOUR_MS, 500000 * HOUR_MS};
    for (size_t i = 0; i < G_N_ELEMENTS(steps_ms); i++) {
        const int64_t step_ms = steps_ms[i], wall_ms = DURABLE_WALL_MS + step_ms;
        struct sstp_store *store = durable_new();
        g_assert_cmpint(sstp_store_set_clocks(store, 0, 7, DURABLE_WALL_MS), ==, 0);
        put_for(store, "an hour", HOUR_MS);
        g_assert_true(durable_settle(store));
        g_assert_cmpint(sstp_store_set_clocks(store, 1000, 1007, wall_ms + 1000), ==, step_ms);
        g_assert_cmpint(sstp_store_next_expiry(store), ==, HOUR_MS);
        g_assert_true(sstp_store_has_work(store));
        g_assert_true(durable_settle(store));
        put_for(store, "as long", HOUR_MS + 1000);

        store = durable_reopen(store, 50, wall_ms + 11000);
        g_assert_cmpint(sstp_store_next_expiry(store), ==, 50 + HOUR_MS - 11000);
        g_assert_cmpint(sstp_store_set_clocks(store, 50, 9, DURABLE_WALL_MS + 11000), ==, -step_ms);
        store = durable_reopen(store, 0, DURABLE_WALL_MS + HOUR_MS + 500);
        g_assert_cmpint(sstp_store_next_expiry(store), ==, -500);
        g_assert_cmpuint(sstp_store_expire(store, 0), ==, 1);
        durable_check_queue(store, "i", "as long;");
        sstp_store_free(store);
    }
}

/* Two clocks are not read at once: that is no step, and nothing to write. */
static void test_clock_jitter(void)
{
    struct sstp_store *store = durable_new();
    (void)sstp_store_set_clocks(store, 0, 0, DURABLE_WALL_MS);
    put_for(store, "an hour", HOUR_MS);
    g_assert_true(durable_settle(store));
    for (int64_t now_ms = 1; now_ms < 50000; now_ms += 100)
        g_assert_cmpint(sstp_store_set_clocks(store, now_ms, now_ms + now_ms % 900,
                                              DURABLE_WALL_MS + now_ms + 999),
                        ==, 0);
    g_assert_false(sstp_store_has_work(store));
    g_assert_cmpint(sstp_store_next_expiry(store), ==, HOUR_MS);
    g_assert_cmpint(sstp_store_set_clocks(store, 50000, 50000, DURABLE_WALL_MS + 51000), ==, 1000);
    g_assert_true(sstp_store_has_work(store));
    sstp_store_free(store);
}

/* What passes while the machine sleeps has passed. */
static void test_clock_sleeps(void)
{
    struct sstp_store *stores[] = {durable_new(), sstp_store_new()};
    for (size_t i = 0; i < G_N_ELEMENTS(stores); i++) {
        struct sstp_store *store = stores[i];
        g_assert_cmpint(sstp_store_set_clocks(store, 0, 0, DURABLE_WALL_MS), ==, 0);
        put_for(store, "an hour", HOUR_MS);
        g_assert_cmpint(
            sstp_store_set_clocks(store, 1000, 1000 + HOUR_MS, DURABLE_WALL_MS + 1000 + HOUR_MS),
            ==, 0);
        g_assert_cmpint(sstp_store_next_expiry(store), ==, 0);
        put_for(store, "another", 1000 + HOUR_MS);
        g_assert_cmpuint(sstp_store_expire(store, 1000), ==, 1);
        g_assert_cmpint(sstp_store_next_expiry(store), ==, 1000 + HOUR_MS);
        sstp_store_free(store);
    }
}

/* A machine that comes up with a clock of long ago: nothing gets younger than it was. */
static void test_clock_of_long_ago(void)
{
    struct sstp_store *store = durable_new();
    (void)sstp_store_set_clocks(store, 0, 0, DURABLE_WALL_MS);
    put_for(store, "an hour", HOUR_MS);
    g_assert_true(durable_settle(store));
    (void)sstp_store_set_clocks(store, 59999, 59999, DURABLE_WALL_MS + 59999);
    g_assert_false(sstp_store_has_work(store));
    (void)sstp_store_set_clocks(store, 60000, 60000, DURABLE_WALL_MS + 60000);
    g_assert_true(sstp_store_has_work(store)); /* by itself, once a minute */
    g_assert_true(durable_settle(store));
    g_assert_false(sstp_store_has_work(store));

    store = durable_reopen(store, 0, 5);
    g_assert_cmpint(sstp_store_next_expiry(store), ==, HOUR_MS - 60000);
    (void)sstp_store_set_clocks(store, 10000, 10000, 10005);
    g_assert_cmpint(sstp_store_set_clocks(store, 10000, 10000, DURABLE_WALL_MS), ==,
                    DURABLE_WALL_MS - 10005);
    store = durable_reopen(store, 0, DURABLE_WALL_MS);
    g_assert_cmpint(sstp_store_next_expiry(store), ==, HOUR_MS - 70000);
    sstp_store_free(store);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/clock/expiry", test_expiry);
    g_test_add_func("/clock/clock_steps", test_clock_steps);
    g_test_add_func("/clock/clock_jitter", test_clock_jitter);
    g_test_add_func("/clock/clock_sleeps", test_clock_sleeps);
    g_test_add_func("/clock/clock_of_long_ago", test_clock_of_long_ago);
    return g_test_run();
}
