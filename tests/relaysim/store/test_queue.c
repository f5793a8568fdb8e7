/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is put into queues and taken out, and what it costs. */
#include "queued.h"

/* What a message costs beside its bytes, and a queue with names of one letter. */
#define OVERHEAD SSTP_PAYLOAD_OVERHEAD
#define QUEUE (SSTP_STORE_QUEUE_OVERHEAD + 2 + 1)

static void test_order(void)
{
    struct sstp_store *store = sstp_store_new();
    struct sstp_store_message *messages[3];
    for (unsigned i = 0; i < 3; i++)
        g_assert_cmpint(queued_put(store, "i", "", i, SSTP_EP_NEVER, &messages[i]), ==,
                        SSTP_STORE_OK);
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
    (void)queued_put(store, "i", "", 1, SSTP_EP_NEVER, &a);
    (void)queued_put(store, "i", "d", 1, SSTP_EP_NEVER, &b);
    (void)queued_put(store, "j", "d", 1, SSTP_EP_NEVER, &c);
    g_assert_true(a->queue != b->queue && b->queue != c->queue);
    g_assert_cmpuint(sstp_store_find(store, "i")->queues->len, ==, 2);
    sstp_store_remove(store, a);
    g_assert_cmpuint(sstp_store_find(store, "i")->queues->len, ==, 1);
    sstp_store_free(store);
}

/* The queue that was put into last goes, and another of that name comes; and one of another. */
static void test_again(void)
{
    struct sstp_store *store = sstp_store_new();
    struct sstp_store_message *a, *b, *c;
    (void)queued_put(store, "i", "", 1, SSTP_EP_NEVER, &a);
    sstp_store_remove(store, a);
    (void)queued_put(store, "j", "", 2, SSTP_EP_NEVER, &b);
    (void)queued_put(store, "i", "", 3, SSTP_EP_NEVER, &a);
    (void)queued_put(store, "i", "", 4, SSTP_EP_NEVER, &c);
    g_assert_true(a->queue == c->queue && a->queue != b->queue);
    g_assert_cmpstr(a->queue->recipient->identity_url, ==, "i");
    g_assert_cmpstr(b->queue->recipient->identity_url, ==, "j");
    g_assert_cmpuint(a->queue->messages.length, ==, 2);
    sstp_store_free(store);
}

/* At the quota, and one byte above. */
static void test_quota(void)
{
    struct sstp_store *store = sstp_store_new();
    sstp_store_set_limits(
        store, &(struct sstp_store_limits){.quota = 2 * OVERHEAD + 100, .max_bytes = 1 << 20});
    struct sstp_store_message *first;
    g_assert_cmpint(queued_put(store, "i", "", 50, SSTP_EP_NEVER, &first), ==, SSTP_STORE_OK);
    g_assert_false(sstp_store_is_over_quota(store, "i"));
    g_assert_cmpint(queued_put(store, "i", "d", 51, SSTP_EP_NEVER, NULL), ==,
                    SSTP_STORE_OVER_QUOTA);
    g_assert_cmpint(queued_put(store, "i", "d", 50, SSTP_EP_NEVER, NULL), ==, SSTP_STORE_OK);
    g_assert_true(sstp_store_is_over_quota(store, "i"));
    g_assert_false(sstp_store_is_over_quota(store, "j"));
    g_assert_cmpint(queued_put(store, "j", "", 51, SSTP_EP_NEVER, NULL), ==, SSTP_STORE_OK);
    sstp_store_remove(store, first);
    g_assert_false(sstp_store_is_over_quota(store, "i"));
    sstp_store_free(store);

    store = sstp_store_new();
    sstp_store_set_limits(store,
                          &(struct sstp_store_limits){.max_bytes = 2 * (QUEUE + OVERHEAD) + 10});
    g_assert_cmpint(queued_put(store, "i", "", 5, SSTP_EP_NEVER, NULL), ==, SSTP_STORE_OK);
    g_assert_cmpint(queued_put(store, "j", "", 6, SSTP_EP_NEVER, NULL), ==, SSTP_STORE_FULL);
    g_assert_cmpint(queued_put(store, "j", "", 5, SSTP_EP_NEVER, NULL), ==, SSTP_STORE_OK);
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
    (void)queued_put(store, "i", "", max / 8 * 6 - QUEUE - 2 * OVERHEAD, SSTP_EP_NEVER,
                     &messages[0]);
    (void)queued_put(store, "i", "", 0, SSTP_EP_NEVER, &messages[1]);
    (void)queued_put(store, "i", "", max / 8 - OVERHEAD - 1, SSTP_EP_NEVER, &messages[2]);
    g_assert_false(sstp_store_is_full(store));
    sstp_store_remove(store, messages[2]);
    (void)queued_put(store, "i", "", max / 8 - OVERHEAD, SSTP_EP_NEVER, &messages[2]);
    g_assert_true(sstp_store_is_full(store));
    sstp_store_remove(store, messages[2]);
    g_assert_true(sstp_store_is_full(store)); /* three quarters */
    sstp_store_remove(store, messages[1]);
    g_assert_false(sstp_store_is_full(store));
    sstp_store_free(store);
}

/* What two holders have: each gets back its own, in the old order. */
static void test_under_way(void)
{
    struct sstp_store *store = sstp_store_new();
    struct sstp_store_message *m[5];
    for (unsigned i = 0; i < 5; i++)
        (void)queued_put(store, "i", "", i, SSTP_EP_NEVER, &m[i]);
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

/* One queue too many; those that are there are open to more. */
static void test_max_queues(void)
{
    struct sstp_store *store = sstp_store_new();
    struct sstp_store_message *first;
    sstp_store_set_limits(store, &(struct sstp_store_limits){.max_queues = 2});
    g_assert_cmpint(queued_put(store, "i", "", 0, SSTP_EP_NEVER, &first), ==, SSTP_STORE_OK);
    g_assert_cmpint(queued_put(store, "i", "a", 0, SSTP_EP_NEVER, NULL), ==, SSTP_STORE_OK);
    g_assert_cmpint(queued_put(store, "i", "b", 0, SSTP_EP_NEVER, NULL), ==,
                    SSTP_STORE_TOO_MANY_QUEUES);
    g_assert_cmpint(queued_put(store, "i", "a", 0, SSTP_EP_NEVER, NULL), ==, SSTP_STORE_OK);
    g_assert_cmpint(queued_put(store, "j", "b", 0, SSTP_EP_NEVER, NULL), ==, SSTP_STORE_OK);
    sstp_store_remove(store, first);
    g_assert_cmpint(queued_put(store, "i", "b", 0, SSTP_EP_NEVER, NULL), ==, SSTP_STORE_OK);
    sstp_store_free(store);
}

/* A queue lives while somebody delivers it. */
static void test_release(void)
{
    struct sstp_store *store = sstp_store_new();
    struct sstp_store_message *message;
    int delivery;
    (void)queued_put(store, "i", "", 1, SSTP_EP_NEVER, &message);
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
    g_test_add_func("/queue/order", test_order);
    g_test_add_func("/queue/queues", test_queues);
    g_test_add_func("/queue/again", test_again);
    g_test_add_func("/queue/quota", test_quota);
    g_test_add_func("/queue/full", test_full);
    g_test_add_func("/queue/under-way", test_under_way);
    g_test_add_func("/queue/max-queues", test_max_queues);
    g_test_add_func("/queue/release", test_release);
    return g_test_run();
}
