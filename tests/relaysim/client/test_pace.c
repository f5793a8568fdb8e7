/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/pace.h"

#include <glib.h>

/* Sends whatever is due in each millisecond that the timer wakes up; returns how many. */
static unsigned send_until(struct client_pace *pace, int64_t from_ms, int64_t to_ms)
{
    unsigned num = 0;
    for (int64_t now_ms = from_ms; now_ms < to_ms;) {
        const int64_t wait_ms = client_pace_wait_ms(pace, now_ms);
        now_ms += wait_ms;
        if (wait_ms == 0) {
            client_pace_sent(pace, now_ms);
            num++;
        }
    }
    return num;
}

/* So many a second, whatever the rate has to do with milliseconds; the first at once, and
 * what a machine may be late with besides. */
static void test_rate(void)
{
    static const double rates[] = {0.5, 1, 3, 7, 100, 999, 1000, 3000, 10000};
    for (size_t i = 0; i < G_N_ELEMENTS(rates); i++) {
        struct client_pace pace = {.interval_ms = 1000 / rates[i]};
        const double num = send_until(&pace, 5000, 25000);
        const double lag = CLIENT_PACE_LAG_MS / pace.interval_ms;
        g_assert_cmpfloat(num, >=, 20 * rates[i] - 1);
        g_assert_cmpfloat(num, <=, 20 * rates[i] + lag + 2);
    }
}

/* After an hour without anything to send no hour's worth goes at once. */
static void test_idle(void)
{
    struct client_pace pace = {.interval_ms = 100};
    (void)send_until(&pace, 0, 1000);
    g_assert_cmpuint(send_until(&pace, 3600000, 3600001), <=, 2);
}

/* Evenly: the next one waits for its time. */
static void test_wait(void)
{
    struct client_pace pace = {.interval_ms = 100};
    g_assert_cmpint(client_pace_wait_ms(&pace, 1000), ==, 0);
    pace.next_ms = 1000;
    client_pace_sent(&pace, 1000);
    g_assert_cmpint(client_pace_wait_ms(&pace, 1000), >=, 100);
    g_assert_cmpint(client_pace_wait_ms(&pace, 1099), >=, 1);
    g_assert_cmpint(client_pace_wait_ms(&pace, 1101), ==, 0);
}

static void test_none(void)
{
    struct client_pace pace = {.interval_ms = 0};
    for (unsigned i = 0; i < 1000; i++) {
        g_assert_cmpint(client_pace_wait_ms(&pace, 0), ==, 0);
        client_pace_sent(&pace, 0);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/client-pace/rate", test_rate);
    g_test_add_func("/client-pace/idle", test_idle);
    g_test_add_func("/client-pace/wait", test_wait);
    g_test_add_func("/client-pace/none", test_none);
    return g_test_run();
}
