/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store/store.h"

/* What a message costs beside its bytes, and a queue with names of one letter. */
#define OVERHEAD SSTP_PAYLOAD_OVERHEAD
#define QUEUE (SSTP_STORE_QUEUE_OVERHEAD + 2 + 1)

static enum sstp_store_result put(struct sstp_store *store, const char *identity,
                                  const char *device, size_t len, int64_t expires_ms,
                                  struct sstp_store_message **message)
{
    char *data = g_strnfill(len, 'x');
    const struct sstp_ep_message content = {.data = sstp_span(data, len)};
    struct sstp_payload *payload = sstp_payload_new(&content);
    struct sstp_store_message *unused;
    const enum sstp_store_result result = sstp_store_put(
        store, identity, device, "r", payload, expires_ms, message != NULL ? message : &unused);
    sstp_payload_unref(payload);
    g_free(data);
    return result;
}

static void test_order(void)
{
    struct sstp_store *store = sstp_store_new();
    struct sstp_store_message *messages[3];
    for (unsigned i = 0; i < 3; i++)
        g_assert_cmpint(put(store, "i", "", i, SSTP_EP_NEVER, &messages[i]), ==, SSTP_STORE_OK);
    struct sstp_store_queue *queue = messages[0]->queue;
    g_assert_true(messages[2]->queue == queue);
    g_assert_cmpuint(queue->messages.length, ==, 3);
    g_assert_true(queue->next_unsent->data == messages[0]);
    for (unsigned i = 0; i < 3; i++)
        g_assert_cmpuint(sstp_store_get(store, messages[i])->data.len, ==, i);
    sstp_store_remove(store, messages[0]);
    g_assert_true(queue->next_unsent->data == messages[1]);
    sstp_store_remove(store, messages[1]);
    sstp_store_remove(store, messages[2]);
    g_assert_null(sstp_store_find(store, "i"));
    g_assert_cmpuint(sstp_store_num_messages(store), ==, 0);
    sstp_store_free(store);
}

/* A queue of its own for each device, and one for the identity. */
static void test_queues(void)
{
    struct sstp_store *store = sstp_store_new();
    struct sstp_store_message *a, *b, *c;
    (void)put(store, "i", "", 1, SSTP_EP_NEVER, &a);
    (void)put(store, "i", "d", 1, SSTP_EP_NEVER, &b);
    (void)put(store, "j", "d", 1, SSTP_EP_NEVER, &c);
    g_assert_true(a->queue != b->queue && b->queue != c->queue);
    g_assert_cmpuint(sstp_store_find(store, "i")->queues->len, ==, 2);
    sstp_store_remove(store, a);
    g_assert_cmpuint(sstp_store_find(store, "i")->queues->len, ==, 1);
    sstp_store_free(store);
}

/* At the quota, and one byte above. */
static void test_quota(void)
{
    struct sstp_store *store = sstp_store_new();
    sstp_store_set_limits(
        store, &(struct sstp_store_limits){.quota = 2 * OVERHEAD + 100, .max_bytes = 1 << 20});
    struct sstp_store_message *first;
    g_assert_cmpint(put(store, "i", "", 50, SSTP_EP_NEVER, &first), ==, SSTP_STORE_OK);
    g_assert_false(sstp_store_is_over_quota(store, "i"));
    g_assert_cmpint(put(store, "i", "d", 51, SSTP_EP_NEVER, NULL), ==, SSTP_STORE_OVER_QUOTA);
    g_assert_cmpint(put(store, "i", "d", 50, SSTP_EP_NEVER, NULL), ==, SSTP_STORE_OK);
    g_assert_true(sstp_store_is_over_quota(store, "i"));
    g_assert_false(sstp_store_is_over_quota(store, "j"));
    g_assert_cmpint(put(store, "j", "", 51, SSTP_EP_NEVER, NULL), ==, SSTP_STORE_OK);
    sstp_store_remove(store, first);
    g_assert_false(sstp_store_is_over_quota(store, "i"));
    sstp_store_free(store);

    store = sstp_store_new();
    sstp_store_set_limits(store,
                          &(struct sstp_store_limits){.max_bytes = 2 * (QUEUE + OVERHEAD) + 10});
    g_assert_cmpint(put(store, "i", "", 5, SSTP_EP_NEVER, NULL), ==, SSTP_STORE_OK);
    g_assert_cmpint(put(store, "j", "", 6, SSTP_EP_NEVER, NULL), ==, SSTP_STORE_FULL);
    g_assert_cmpint(put(store, "j", "", 5, SSTP_EP_NEVER, NULL), ==, SSTP_STORE_OK);
    sstp_store_free(store);
}

/* Full from seven eighths on, until it is down to three quarters. */
static void test_full(void)
{
    struct sstp_store *store = sstp_store_new();
    struct sstp_store_message *messages[4];
    const size_t max = 8 * 1000;
    g_assert_false(sstp_store_is_full(store)); /* without a limit */
    sstp_store_set_limits(store, &(struct sstp_store_limits){.max_bytes = max});
    g_assert_false(sstp_store_is_full(store));
    (void)put(store, "i", "", max / 8 * 6 - QUEUE - 2 * OVERHEAD, SSTP_EP_NEVER, &messages[0]);
    (void)put(store, "i", "", 0, SSTP_EP_NEVER, &messages[1]);
    (void)put(store, "i", "", max / 8 - OVERHEAD - 1, SSTP_EP_NEVER, &messages[2]);
    g_assert_false(sstp_store_is_full(store));
    sstp_store_remove(store, messages[2]);
    (void)put(store, "i", "", max / 8 - OVERHEAD, SSTP_EP_NEVER, &messages[2]);
    g_assert_true(sstp_store_is_full(store));
    sstp_store_remove(store, messages[2]);
    g_assert_true(sstp_store_is_full(store)); /* three quarters */
    sstp_store_remove(store, messages[1]);
    g_assert_false(sstp_store_is_full(store));
    sstp_store_free(store);
}

static void test_expiry(void)
{
    struct sstp_store *store = sstp_store_new();
    struct sstp_store_message *sent;
    int delivery;
    (void)put(store, "i", "", 1, 1000, &sent);
    (void)put(store, "i", "", 2, SSTP_EP_NEVER, NULL);
    (void)put(store, "i", "", 3, 500, NULL);
    (void)put(store, "j", "", 4, 2000, NULL);
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

/* What two holders have: each gets back its own, in the old order. */
static void test_under_way(void)
{
    struct sstp_store *store = sstp_store_new();
    struct sstp_store_message *m[5];
    for (unsigned i = 0; i < 5; i++)
        (void)put(store, "i", "", i, SSTP_EP_NEVER, &m[i]);
    struct sstp_store_queue *queue = m[0]->queue;
    for (unsigned i = 0; i < 4; i++) {
        g_assert_true(queue->next_unsent->data == m[i]);
        sstp_store_sent(store, m[i], i % 2 == 0 ? 7 : 8);
    }
    g_assert_cmpuint(queue->num_under_way, ==, 4);
    sstp_store_take_back(store, queue, 7);
    g_assert_cmpuint(queue->num_under_way, ==, 2);
    /* 1 and 3 are passed over. */
    for (unsigned i = 0; i <= 4; i += 2) {
        g_assert_true(queue->next_unsent->data == m[i]);
        sstp_store_sent(store, m[i], 9);
    }
    g_assert_null(queue->next_unsent);
    sstp_store_remove(store, m[1]);
    sstp_store_take_back(store, queue, 8);
    g_assert_true(queue->next_unsent->data == m[3]);
    sstp_store_remove(store, m[3]);
    g_assert_null(queue->next_unsent);
    g_assert_cmpuint(queue->num_under_way, ==, 3);
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
                (void)put(store, identity, "", 0, times[i], &messages[i]);
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
        g_assert_cmpint(put(store, "i", device, 0, i, NULL), ==, SSTP_STORE_OK);
    }
    g_assert_cmpuint(sstp_store_find(store, "i")->queues->len, ==, NUM);
    for (unsigned i = 0; i < NUM; i++)
        g_assert_cmpuint(sstp_store_expire(store, i), ==, 1);
    g_assert_null(sstp_store_find(store, "i"));
    sstp_store_free(store);
}

/* One queue too many; those that are there are open to more. */
static void test_max_queues(void)
{
    struct sstp_store *store = sstp_store_new();
    struct sstp_store_message *first;
    sstp_store_set_limits(store, &(struct sstp_store_limits){.max_queues = 2});
    g_assert_cmpint(put(store, "i", "", 0, SSTP_EP_NEVER, &first), ==, SSTP_STORE_OK);
    g_assert_cmpint(put(store, "i", "a", 0, SSTP_EP_NEVER, NULL), ==, SSTP_STORE_OK);
    g_assert_cmpint(put(store, "i", "b", 0, SSTP_EP_NEVER, NULL), ==, SSTP_STORE_TOO_MANY_QUEUES);
    g_assert_cmpint(put(store, "i", "a", 0, SSTP_EP_NEVER, NULL), ==, SSTP_STORE_OK);
    g_assert_cmpint(put(store, "j", "b", 0, SSTP_EP_NEVER, NULL), ==, SSTP_STORE_OK);
    sstp_store_remove(store, first);
    g_assert_cmpint(put(store, "i", "b", 0, SSTP_EP_NEVER, NULL), ==, SSTP_STORE_OK);
    sstp_store_free(store);
}

/* A queue lives while somebody delivers it. */
static void test_release(void)
{
    struct sstp_store *store = sstp_store_new();
    struct sstp_store_message *message;
    int delivery;
    (void)put(store, "i", "", 1, SSTP_EP_NEVER, &message);
    struct sstp_store_queue *queue = message->queue;
    queue->delivery = &delivery;
    sstp_store_remove(store, message);
    g_assert_nonnull(sstp_store_find(store, "i"));
    sstp_store_release(store, queue);
    g_assert_null(sstp_store_find(store, "i"));
    sstp_store_free(store);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/order", test_order);
    g_test_add_func("/store/queues", test_queues);
    g_test_add_func("/store/quota", test_quota);
    g_test_add_func("/store/full", test_full);
    g_test_add_func("/store/expiry", test_expiry);
    g_test_add_func("/store/under-way", test_under_way);
    g_test_add_func("/store/expiry-random", test_expiry_random);
    g_test_add_func("/store/many", test_many);
    g_test_add_func("/store/max-queues", test_max_queues);
    g_test_add_func("/store/release", test_release);
    return g_test_run();
}
