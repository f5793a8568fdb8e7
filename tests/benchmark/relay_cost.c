/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * relay_cost: so many of one thing that the relay does, without a socket, for relay_instructions.py
 * to count instructions of.
 *
 *     relay_cost ROW NUM
 *
 * The rows are in main().  A file is made in the current folder, and removed.
 */
#include "pair.h"

#include <errno.h>
#include <glib/gstdio.h>

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

static void put(struct sstp_store *store, unsigned *num_safe)
{
    static uint8_t data[SIZE];
    struct sstp_payload *payload =
        sstp_payload_new(&(struct sstp_ep_message){.data = sstp_span(data, sizeof data)});
    struct sstp_store_message *message;
    g_assert_cmpint(
        sstp_store_put(store, "grooveIdentity://i", "", RESOURCE, payload, SSTP_EP_NEVER, &message),
        ==, SSTP_STORE_OK);
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
    static const char *const names[] = {"store", "store-wal"};
    char *folder = g_strdup("relay_cost-XXXXXX"), *error = NULL;
    g_assert_nonnull(g_mkdtemp(folder));
    char *path = g_build_filename(folder, names[0], NULL);
    struct sstp_store *store = sstp_store_open(path, NULL, 0, WALL_MS, &error);
    unsigned num_safe = 0;
    g_assert_cmpstr(error, ==, NULL);
    for (unsigned i = 1; i <= num; i++) {
        put(store, &num_safe);
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
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        char *file = g_build_filename(folder, names[i], NULL);
        (void)g_unlink(file);
        g_free(file);
    }
    g_assert_cmpint(g_rmdir(folder), ==, 0);
    g_free(path);
    g_free(folder);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(unsigned num);
    } rows[] = {{"named", lose_named}, {"offline", keep_and_bring}};
    for (size_t i = 0; argc == 3 && i < G_N_ELEMENTS(rows); i++)
        if (strcmp(argv[1], rows[i].name) == 0) {
            rows[i].run((unsigned)g_ascii_strtoull(argv[2], NULL, 10));
            return 0;
        }
    g_printerr("usage: relay_cost ROW NUM\n");
    return 2;
}
