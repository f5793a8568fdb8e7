/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * relay_cost: so many of one thing that the relay does, without a socket, for relay_instructions.py
 * to count instructions of.
 *
 *     relay_cost ROW NUM
 *
 * The rows are in main().  A store is made in the current folder, and left there.
 */
#include "pair.h"

#include "store/store.h"

#define RESOURCE "grooveTelespace"

/* Recipients of a fanout session of SSTP 1.5, which are lost one by one. */
static void lose_named(unsigned num)
{
    struct pair *pair = pair_new(&(struct pair_config){.b_role = SSTP_EP_RELAY,
                                                       .a_minor = 5,
                                                       .multi_drop = true,
                                                       .limits.max_fanout_entries = num});
    struct sstp_fanout_entry *entries = g_new0(struct sstp_fanout_entry, num);
    uint16_t *indexes = g_new(uint16_t, num);
    uint32_t id;
    pair_connect(pair);
    for (unsigned i = 0; i < num; i++) {
        char *url = g_strdup_printf("grooveIdentity://%06u", i);
        entries[i].identity_url = span_text(url);
        indexes[i] = (uint16_t)i;
    }
    g_assert_cmpint(sstp_ep_fanout_open(pair->a.ep, span_text(RESOURCE), entries, num, &id), ==,
                    SSTP_EP_OK);
    pair_exchange(pair);
    g_assert_cmpint(
        sstp_ep_session_status(pair->b.ep, id, SSTP_SESSION_STATUS_LOCKED_OUT, indexes, num - 1),
        ==, SSTP_EP_OK);
    g_assert_cmpint(side_output(&pair->b, 0).id, ==, SSTP_SESSION_STATUS);
    for (unsigned i = 0; i < num; i++)
        g_free((char *)(uintptr_t)entries[i].identity_url.data);
    g_free(entries);
    g_free(indexes);
    pair_free(pair);
}

/* ------------------------------------------------------------------------
 * The store
 */

#define BATCH 512u /* messages of a transaction */
#define SIZE 1024u
#define WALL_MS 1700000000000
#define FILE_NAME "relay_cost.db"

static void count(void *num)
{
    ++*(unsigned *)num;
}

static void settle(struct sstp_store *store)
{
    struct sstp_store_batch *batch;
    while ((batch = sstp_store_begin(store, 0)) != NULL) {
        sstp_store_write(batch);
        sstp_store_finish(store, batch, 0);
    }
    g_assert_null(sstp_store_failure(store));
}

static struct sstp_store *open_store(void)
{
    char *error = NULL;
    struct sstp_store *store = sstp_store_open(FILE_NAME, NULL, 0, WALL_MS, &error);
    g_assert_cmpstr(error, ==, NULL);
    return store;
}

static void put(struct sstp_store *store, const char *identity_url, size_t size, int64_t expires_ms,
                unsigned *num_safe)
{
    static const uint8_t data[SIZE];
    struct sstp_payload *payload =
        sstp_payload_new(&(struct sstp_ep_message){.data = sstp_span(data, size)});
    struct sstp_store_message *message;
    g_assert_cmpint(
        sstp_store_put(store, identity_url, "", RESOURCE, payload, expires_ms, &message), ==,
        SSTP_STORE_OK);
    sstp_store_await(store, payload, count, num_safe);
    sstp_payload_unref(payload);
}

/* The oldest, as its recipient takes it. */
static void take(struct sstp_store *store)
{
    const struct sstp_store_recipient *recipient = sstp_store_find(store, "grooveIdentity://i");
    struct sstp_store_queue *queue = g_ptr_array_index(recipient->queues, 0);
    struct sstp_store_message *message = g_queue_peek_head(&queue->messages);
    g_assert_nonnull(sstp_store_get(store, message));
    sstp_store_sent(store, message, 1);
    sstp_store_remove(store, message);
}

/* Messages of 1 KiB for who is not there, and then is. */
static void keep_and_bring(unsigned num)
{
    struct sstp_store *store = open_store();
    unsigned num_safe = 0;
    for (unsigned i = 1; i <= num; i++) {
        put(store, "grooveIdentity://i", SIZE, SSTP_EP_NEVER, &num_safe);
        if (i % BATCH == 0 || i == num)
            settle(store);
    }
    g_assert_cmpuint(num_safe, ==, num);
    for (unsigned i = 1; i <= num; i++) {
        take(store);
        if (i % BATCH == 0 || i == num)
            settle(store);
    }
    g_assert_cmpuint(sstp_store_num_messages(store), ==, 0);
    sstp_store_free(store);
}

#define QUEUE_MESSAGES 10u /* that wait in each queue */
#define SHORT_SIZE 100u

/* Messages for a tenth as many recipients, each of whom gets one after all others have.  They
 * expire at different times, so that no two share a row of the disk. */
static void keep_for_many(unsigned num)
{
    struct sstp_store *store = open_store();
    const unsigned num_queues = MAX(num / QUEUE_MESSAGES, 1);
    unsigned num_safe = 0;
    for (unsigned i = 0; i < num; i++) {
        char *url = g_strdup_printf("grooveIdentity://%08u", i % num_queues);
        put(store, url, SHORT_SIZE, (i + 1) * INT64_C(3600000), &num_safe);
        g_free(url);
        if (i % BATCH == 0)
            settle(store);
    }
    sstp_store_free(store);
}

/* A relay with such a store starts, several times. */
static void open_with_many(unsigned num)
{
    keep_for_many(num);
    for (unsigned i = 0; i < 5; i++) {
        struct sstp_store *store = open_store();
        g_assert_cmpuint(sstp_store_num_messages(store), ==, num);
        sstp_store_free(store);
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(unsigned num);
    } rows[] = {{"named", lose_named},
                {"offline", keep_and_bring},
                {"backlog", keep_for_many},
                {"opening", open_with_many}};
    for (size_t i = 0; argc == 3 && i < G_N_ELEMENTS(rows); i++)
        if (strcmp(argv[1], rows[i].name) == 0) {
            rows[i].run((unsigned)g_ascii_strtoull(argv[2], NULL, 10));
            return 0;
        }
    g_printerr("usage: relay_cost ROW NUM\n");
    return 2;
}
