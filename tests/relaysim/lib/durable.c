/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "durable.h"

#include "faulty_vfs.h"
#include "store/disk_schema.h"

struct sstp_store *durable_open(int64_t now_ms, int64_t wall_ms)
{
    char *error = NULL;
    struct sstp_store *store = sstp_store_open("s", FAULTY_VFS, now_ms, wall_ms, &error);
    g_assert_cmpstr(error, ==, NULL);
    return store;
}

struct sstp_store *durable_new(void)
{
    faulty_vfs_reset();
    return durable_open(0, DURABLE_WALL_MS);
}

/* Writes one batch; false when there was nothing to do. */
bool durable_settle(struct sstp_store *store)
{
    struct sstp_store_batch *batch = sstp_store_begin(store, 0);
    if (batch == NULL)
        return false;
    sstp_store_write(batch);
    sstp_store_finish(store, batch, 0);
    g_assert_null(sstp_store_failure(store));
    return true;
}

struct sstp_store *durable_reopen(struct sstp_store *store, int64_t now_ms, int64_t wall_ms)
{
    sstp_store_free(store);
    return durable_open(now_ms, wall_ms);
}

struct sstp_payload *durable_payload(const char *text)
{
    const struct sstp_ep_message message = {.flags = SSTP_MESSAGE_FLAG_EPHEMERAL,
                                            .ttl = 77,
                                            .user_ref = sstp_span_of_string("ref"),
                                            .data = sstp_span_of_string(text)};
    return sstp_payload_new(&message);
}

struct sstp_store_message *durable_put_payload(struct sstp_store *store,
                                               struct sstp_payload *payload, const char *identity,
                                               int64_t expires_ms)
{
    struct sstp_store_message *message = NULL;
    g_assert_cmpint(sstp_store_put(store, identity, "", "r", payload, expires_ms, &message), ==,
                    SSTP_STORE_OK);
    return message;
}

struct sstp_store_message *durable_put(struct sstp_store *store, const char *identity,
                                       const char *text)
{
    struct sstp_payload *payload = durable_payload(text);
    struct sstp_store_message *message =
        durable_put_payload(store, payload, identity, SSTP_EP_NEVER);
    sstp_payload_unref(payload);
    return message;
}

struct sstp_store_queue *durable_queue(struct sstp_store *store, const char *identity)
{
    const struct sstp_store_recipient *recipient = sstp_store_find(store, identity);
    return recipient != NULL ? g_ptr_array_index(recipient->queues, 0) : NULL;
}

void durable_remove_first(struct sstp_store *store, const char *identity)
{
    sstp_store_remove(store, g_queue_peek_head(&durable_queue(store, identity)->messages));
}

/* A queue's messages, each with a ";" after it, read from the disk if need be. */
void durable_check_queue(struct sstp_store *store, const char *identity, const char *expected)
{
    GString *text = g_string_new("");
    struct sstp_store_queue *queue = durable_queue(store, identity);
    for (GList *link = queue != NULL ? queue->messages.head : NULL; link != NULL;
         link = link->next) {
        const struct sstp_ep_message *message;
        while ((message = sstp_store_get(store, link->data)) == NULL)
            g_assert_true(durable_settle(store));
        g_assert_cmpuint(message->ttl, ==, 77);
        g_assert_true(sstp_span_is_equal(message->user_ref, sstp_span_of_string("ref")));
        g_string_append_len(text, (const char *)message->data.data, (gssize)message->data.len);
        g_string_append_c(text, ';');
    }
    g_assert_cmpstr(text->str, ==, expected);
    g_string_free(text, TRUE);
}

unsigned durable_count_rows(struct sstp_store *store, const char *table)
{
    char *sql = g_strdup_printf("SELECT count(*) FROM %s", table);
    sqlite3_stmt *row;
    g_assert_cmpint(sqlite3_prepare_v2(sstp_disk_sqlite(store->disk), sql, -1, &row, NULL), ==,
                    SQLITE_OK);
    g_assert_cmpint(sqlite3_step(row), ==, SQLITE_ROW);
    const unsigned num = (unsigned)sqlite3_column_int(row, 0);
    sqlite3_finalize(row);
    g_free(sql);
    return num;
}

struct counting {
    GHashTable *done; /* id of a queue to how far it has come */
    unsigned num;
};

static void count_queue(void *cookie, const struct sstp_disk_queue *queue)
{
    const struct counting *counting = cookie;
    g_hash_table_insert(counting->done, GUINT_TO_POINTER(queue->id), GUINT_TO_POINTER(queue->done));
}

static void *count_row(void *cookie, uint64_t id)
{
    (void)cookie;
    (void)id;
    return NULL;
}

static bool count_message(void *cookie, const struct sstp_disk_message *message)
{
    struct counting *counting = cookie;
    struct sstp_span ids = message->queues;
    bool is_awaited = false;
    uint64_t id;
    while (sstp_disk_read_id(&ids, &id)) {
        gpointer done;
        is_awaited |=
            g_hash_table_lookup_extended(counting->done, GUINT_TO_POINTER(id), NULL, &done) &&
            message->id > GPOINTER_TO_UINT(done);
    }
    counting->num += is_awaited;
    return true;
}

static bool count_record(void *cookie, const struct sstp_registry_record *record)
{
    (void)cookie;
    (void)record;
    return true;
}

void durable_check_rows(struct sstp_store *store, int num_messages, int num_queues)
{
    struct counting counting = {.done = g_hash_table_new(NULL, NULL)};
    const struct sstp_disk_reader reader = {count_queue, count_row, count_message, count_record,
                                            &counting};
    g_assert_cmpint(sstp_disk_read(store->disk, &reader), ==, SSTP_DISK_OK);
    g_hash_table_destroy(counting.done);
    g_assert_cmpint((int)counting.num, ==, num_messages);
    g_assert_cmpint((int)durable_count_rows(store, "message"), <=, num_messages);
    g_assert_cmpint((int)durable_count_rows(store, "queue"), ==, num_queues);
}

void durable_count(void *num)
{
    ++*(unsigned *)num;
}

void durable_put_to(struct sstp_store *store, const char *identities, const char *text,
                    unsigned *num_safe)
{
    struct sstp_payload *payload = durable_payload(text);
    for (; *identities != '\0'; identities++) {
        const char identity[] = {*identities, '\0'};
        (void)durable_put_payload(store, payload, identity, SSTP_EP_NEVER);
    }
    if (num_safe != NULL)
        sstp_store_await(store, payload, durable_count, num_safe);
    sstp_payload_unref(payload);
}
