/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is read of a file. */
#include "store_file.h"

#include "core/encode.h"

/* ------------------------------------------------------------------------
 * Everything
 */

static void on_queue(void *cookie, const struct sstp_disk_queue *queue)
{
    g_string_append_printf(cookie, "queue %u done %u %s %s %s;", (unsigned)queue->id,
                           (unsigned)queue->done, queue->identity_url, queue->device_url,
                           queue->resource_url);
}

static void *on_row(void *cookie, uint64_t id)
{
    (void)cookie;
    return GUINT_TO_POINTER(id);
}

static bool on_message(void *cookie, const struct sstp_disk_message *message)
{
    g_assert_null(message->data.data);
    g_string_append_printf(cookie, "message %u for %u, %u bytes, %d %d;", (unsigned)message->id,
                           message->queues.data[0], (unsigned)message->data.len,
                           (int)message->expires_ms, (int)message->stored_ms);
    return message->id != 99;
}

static bool on_record(void *cookie, const struct sstp_registry_record *record)
{
    g_string_append_printf(cookie, "record %d %s %s %d;", (int)record->kind, record->url,
                           record->owner_url != NULL ? record->owner_url : "-",
                           record->key != NULL ? record->key->bytes[0] : -1);
    return true;
}

static enum sstp_disk_err read_all(const struct store_file *file, GString *text)
{
    const struct sstp_disk_reader reader = {on_queue, on_row, on_message, on_record, text};
    struct sstp_disk *disk = store_file_open(file);
    const enum sstp_disk_err err = sstp_disk_read(disk, &reader);
    sstp_disk_close(disk);
    return err;
}

/* All tables, in the order of ids, whatever order they were written in. */
static void test_everything(struct store_file *file, gconstpointer unused)
{
    static const uint8_t two[] = {2}, three[] = {3};
    const struct sstp_sec_secret device = {{7}}, account = {{8}};
    GString *text = g_string_new("");
    (void)unused;
    struct sstp_disk *disk = store_file_open(file);
    sstp_disk_begin(disk);
    for (int id = 9; id > 0; id -= 7)
        sstp_disk_put_queue(disk, &(struct sstp_disk_queue){.id = (uint64_t)id,
                                                            .done = (uint64_t)id - 1,
                                                            .identity_url = "i",
                                                            .device_url = "d",
                                                            .resource_url = "r"});
    sstp_disk_put_message(disk, &(struct sstp_disk_message){.id = 6,
                                                            .expires_ms = 77,
                                                            .stored_ms = 66,
                                                            .queues = sstp_span(two, 1),
                                                            .data = sstp_span_of_string("abc")});
    sstp_disk_put_message(
        disk, &(struct sstp_disk_message){.id = 5, .expires_ms = 7, .queues = sstp_span(three, 1)});
    const struct sstp_registry_record records[] = {
        {.kind = SSTP_REGISTRY_DEVICE, .url = "d", .key = &device},
        {.kind = SSTP_REGISTRY_ACCOUNT, .url = "a", .key = &account},
        {.kind = SSTP_REGISTRY_DEVICE_ACCOUNT, .url = "a", .owner_url = "d"},
        {.kind = SSTP_REGISTRY_IDENTITY, .url = "i", .owner_url = "a"}};
    for (size_t i = 0; i < G_N_ELEMENTS(records); i++)
        sstp_disk_put_record(disk, &records[i]);
    g_assert_cmpint(sstp_disk_commit(disk), ==, SSTP_DISK_OK);
    sstp_disk_close(disk);

    g_assert_cmpint(read_all(file, text), ==, SSTP_DISK_OK);
    g_assert_cmpstr(text->str, ==,
                    "queue 2 done 1 i d r;queue 9 done 8 i d r;"
                    "message 5 for 3, 0 bytes, 7 0;message 6 for 2, 3 bytes, 77 66;"
                    "record 0 d - 7;record 1 a - 8;record 2 a d -1;record 3 i a -1;");
    g_string_free(text, TRUE);
}

/* A row that its reader refuses, one whose messages cannot be told apart, a message that two rows
 * have, or a key of another length, is damage. */
static void test_contradiction(struct store_file *file, gconstpointer unused)
{
    static const char *const rows[] = {
        "INSERT INTO message (id, expires, queues, head, data) VALUES (99, 0, x'01', x'', x'')",
        "DELETE FROM message; INSERT INTO message (id, expires, queues, head, data, more)"
        " VALUES (5, 0, x'01', x'', x'', x'07')",
        "DELETE FROM message; INSERT INTO message (id, expires, queues, head, data, more)"
        " VALUES (5, 0, x'01', x'', x'', x'0000060000000000'), (6, 0, x'01', x'', x'', x'')",
        "DELETE FROM message; INSERT INTO device (url, key) VALUES ('d', x'01')"};
    (void)unused;
    sstp_disk_close(store_file_open(file));
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        GString *text = g_string_new("");
        store_file_run(file, rows[i]);
        g_assert_cmpint(read_all(file, text), ==, SSTP_DISK_DAMAGED);
        g_string_free(text, TRUE);
    }
}

/* The head of a row is a Message command, whole, and nothing else. */
static void test_head(void)
{
    static const uint8_t ids[] = {SSTP_MESSAGE, SSTP_END_MESSAGE, SSTP_NOOP};
    for (size_t i = 0; i < G_N_ELEMENTS(ids); i++) {
        uint8_t bytes[64];
        struct sstp_command command = {.id = ids[i], .message_count = 0};
        const size_t whole = sstp_command_encode(&command, bytes, sizeof bytes);
        g_assert_cmpuint(whole, >, 0);
        for (size_t len = 0; len <= whole; len++) {
            const struct sstp_disk_message row = {.head = sstp_span(bytes, len)};
            g_assert_cmpint(sstp_disk_read_head(&row, &command), ==,
                            ids[i] == SSTP_MESSAGE && len == whole);
        }
    }
}

/* ------------------------------------------------------------------------
 * The clock
 */

/* A time that no clock has shown. */
static void test_impossible_clock(struct store_file *file, gconstpointer unused)
{
    static const char *const rows[] = {
        "UPDATE clock SET seen = -1", "UPDATE clock SET seen = 1 << 54",
        "UPDATE clock SET seen = 0, correction = -(1 << 54)", "DELETE FROM clock"};
    struct sstp_disk_clock clock;
    (void)unused;
    sstp_disk_close(store_file_open(file));
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        store_file_run(file, rows[i]);
        struct sstp_disk *disk = store_file_open(file);
        g_assert_cmpint(sstp_disk_get_clock(disk, &clock), ==, SSTP_DISK_DAMAGED);
        sstp_disk_close(disk);
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*test)(struct store_file *file, gconstpointer unused);
    } rows[] = {{"/disk_read/everything", test_everything},
                {"/disk_read/contradiction", test_contradiction},
                {"/disk_read/impossible_clock", test_impossible_clock}};
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/disk_read/head", test_head);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        g_test_add(rows[i].name, struct store_file, NULL, store_file_set_up, rows[i].test,
                   store_file_tear_down);
    return g_test_run();
}
