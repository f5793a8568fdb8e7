/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages whose time is over, the first of them first. */
#include "queued.h"

static void test_expiry(void)
{
    struct sstp_store *store = sstp_store_new();
    struct sstp_store_message *sent;
    int delivery;
    (void)queued_put(store, "i", "", 1, 1000, &sent);
    (void)queued_put(store, "i", "", 2, SSTP_EP_NEVER, NULL);
    (void)queued_put(store, "i", "", 3, 500, NULL);
    (void)queued_put(store, "j", "", 4, 2000, NULL);
    g_assert_cmpint(sstp_store_next_expiry(store), ==, 500);
    g_assert_cmpuint(sstp_store_expire(store, 499), ==, 0);
    g_assert_cmpuint(sstp_store_expire(store, 500), ==, 1);
    g_assert_cmpint(sstp_store_next_expiry(store), ==, 1000);
    /* What is under way is left alone. */
    struct sstp_store_queue *queue = sent->queue;
    queue->delivery = &delivery;
    sstp_store_sent(store, sent, 1);
    g_assert_cmpuint(sstp_store_expire(store, 2000), ==, 1);
    g_assert_null(sstp_store_find(store, "j"));
    g_assert_cmpuint(queue->messages.length, ==, 2);
    g_assert_cmpint(sstp_store_next_expiry(store), ==, SSTP_EP_NEVER);
    sstp_store_take_back(store, queue, 1);
    sstp_store_release(store, queue);
    g_assert_true(queue->next_unsent->data == sent);
    /* Until it is not any more, because its recipient has gone without it. */
    g_assert_cmpint(sstp_store_next_expiry(store), ==, 1000);
    g_assert_cmpuint(sstp_store_expire(store, 2000), ==, 1);
    g_assert_cmpuint(queue->messages.length, ==, 1);
    sstp_store_free(store);
}

/* Messages come and go in any order; those that are due expire, and only those, the
 * earliest first to be waited for. */
static void test_expiry_random(void)
{
    enum { NUM = 500, ROUNDS = 20 };
    struct sstp_store *store = sstp_store_new();
    struct sstp_store_message *messages[NUM] = {NULL};
    int64_t times[NUM];
    char identity[2] = "a";
    for (int64_t now_ms = 0; now_ms < ROUNDS * 100; now_ms += 100) {
        unsigned num_due = 0;
        int64_t next_ms = SSTP_EP_NEVER;
        for (unsigned i = 0; i < NUM; i++) {
            const int action = g_test_rand_int_range(0, 4);
            if (messages[i] == NULL) {
                times[i] = g_test_rand_int_range(0, 5) == 0
                               ? SSTP_EP_NEVER
                               : now_ms + g_test_rand_int_range(1, 1000);
                identity[0] = (char)('a' + g_test_rand_int_range(0, 9));
                (void)queued_put(store, identity, "", 0, times[i], &messages[i]);
            } else if (action == 0) {
                sstp_store_remove(store, messages[i]);
                messages[i] = NULL;
            } else if (action == 1 && messages[i]->holder == 0) {
                sstp_store_sent(store, messages[i], i + 1);
            } else if (action == 2 && messages[i]->holder != 0) {
                sstp_store_take_back(store, messages[i]->queue, i + 1);
            }
        }
        for (unsigned i = 0; i < NUM; i++) {
            if (messages[i] == NULL || messages[i]->holder != 0)
                continue;
            next_ms = MIN(next_ms, times[i]);
            if (times[i] > now_ms)
                continue;
            num_due++;
            messages[i] = NULL;
        }
        g_assert_cmpint(sstp_store_next_expiry(store), ==, next_ms);
        g_assert_cmpuint(sstp_store_expire(store, now_ms), ==, num_due);
        g_assert_cmpint(sstp_store_next_expiry(store), >, now_ms);
    }
    sstp_store_free(store);
}

/* 200 000 queues of one identity, and as many messages that expire one by one: each
 * with a look at all others would take minutes. */
static void test_many(void)
{
    enum { NUM = 200000 };
    struct sstp_store *store = sstp_store_new();
    char device[16];
    for (unsigned i = 0; i < NUM; i++) {
        g_snprintf(device, sizeof device, "%u", i);
        g_assert_cmpint(queued_put(store, "i", device, 0, i, NULL), ==, SSTP_STORE_OK);
    }
    g_assert_cmpuint(sstp_store_find(store, "i")->queues->len, ==, NUM);
    for (unsigned i = 0; i < NUM; i++)
        g_assert_cmpuint(sstp_store_expire(store, i), ==, 1);
    g_assert_null(sstp_store_find(store, "i"));
    sstp_store_free(store);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/expiry/expiry", test_expiry);
    g_test_add_func("/expiry/expiry-random", test_expiry_random);
    g_test_add_func("/expiry/many", test_many);
    return g_test_run();
}
