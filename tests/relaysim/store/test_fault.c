/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The durable store on a disk that fails: the power is cut, space is out or errors come
 * at each call in turn.  What it said is safe has to be there afterwards, what had left
 * durably must not come back, and the order is kept.
 */
#include <sqlite3.h>
#include <stdio.h>

#include "store/disk_schema.h"
#include "faulty_vfs.h"
#include "random.h"
#include "store/store.h"
#include "store/internal.h"

#define NUM_ROUNDS 12u
#define NUM_QUEUES 4u
#define MAX_MESSAGES 512u
#define MAX_LEN 20000u
#define WALL_MS 1700000000000
#define CALLS_MAX 100000u

enum share { SHARE_NONE, SHARE_THERE, SHARE_TAKEN, SHARE_GONE };

struct model_message {
    bool is_safe;
    enum share shares[NUM_QUEUES];
    struct sstp_store_message *stored[NUM_QUEUES]; /* while SHARE_THERE */
};

/* What the world outside knows of the store. */
struct model {
    struct sstp_store *store;
    struct rng rng;
    int64_t now_ms;
    struct model_message messages[MAX_MESSAGES];
    unsigned num_messages;
    unsigned num_accounts, num_accounts_safe;
    char *failure;
    unsigned num_failures, num_recoveries;
};

struct queue_name {
    const char *identity_url, *device_url;
};
static const struct queue_name names[NUM_QUEUES] = {{"i", ""}, {"i", "d"}, {"j", ""}, {"k", ""}};

/* ------------------------------------------------------------------------
 * The model
 */

static void on_failing(void *cookie, const char *why)
{
    struct model *model = cookie;
    *(why != NULL ? &model->num_failures : &model->num_recoveries) += 1;
    g_free(model->failure);
    model->failure = g_strdup(why);
}

/* False where the file cannot even be opened, which only a fault may cause. */
static bool open_model(struct model *model)
{
    char *error = NULL;
    model->store = sstp_store_open("s", FAULTY_VFS, model->now_ms, WALL_MS, &error);
    if (model->store == NULL) {
        g_assert_nonnull(error);
        g_free(error);
        return false;
    }
    sstp_disk_set_checkpoint(model->store->disk, 20);
    sstp_store_set_cache(model->store, 40000);
    sstp_store_set_handler(model->store,
                           (struct sstp_store_handler){.failing = on_failing, .cookie = model});
    return true;
}

static struct model *model_new(uint64_t seed)
{
    struct model *model = g_new0(struct model, 1);
    model->rng = rng(seed);
    return model;
}

static void model_free(struct model *model)
{
    sstp_store_free(model->store);
    g_free(model->failure);
    g_free(model);
}

static void on_safe(void *message)
{
    ((struct model_message *)message)->is_safe = true;
}

static void on_registry_safe(void *cookie)
{
    struct model *model = cookie;
    model->num_accounts_safe = model->num_accounts;
}

/* A message of some length, which says its number, to one queue or several. */
static void send(struct model *model)
{
    struct model_message *message = &model->messages[model->num_messages];
    const size_t len =
        sizeof(uint32_t) + rng_below(&model->rng, 2) * rng_below(&model->rng, MAX_LEN);
    uint8_t *data = g_malloc(len);
    memset(data, (int)(model->num_messages & 0xff), len);
    memcpy(data, &model->num_messages, sizeof(uint32_t));
    const struct sstp_ep_message content = {.user_ref = sstp_span_of_string("ref"),
                                            .data = sstp_span(data, len)};
    struct sstp_payload *payload = sstp_payload_new(&content);
    const unsigned first = (unsigned)rng_below(&model->rng, NUM_QUEUES);
    const unsigned num = rng_is_one_in(&model->rng, 3) ? NUM_QUEUES : 1;

    g_assert_cmpuint(model->num_messages, <, MAX_MESSAGES);
    model->num_messages++;
    for (unsigned i = 0; i < num; i++) {
        const unsigned q = (first + i) % NUM_QUEUES;
        g_assert_cmpint(sstp_store_put(model->store, names[q].identity_url, names[q].device_url,
                                       "r", payload, SSTP_EP_NEVER, &message->stored[q]),
                        ==, SSTP_STORE_OK);
        message->shares[q] = SHARE_THERE;
    }
    sstp_store_await(model->store, payload, on_safe, message);
    sstp_payload_unref(payload);
    g_free(data);
}

/* The recipient of a queue acknowledges its oldest messages. */
static void acknowledge(struct model *model)
{
    const unsigned q = (unsigned)rng_below(&model->rng, NUM_QUEUES);
    size_t num = rng_below(&model->rng, 12);
    for (unsigned m = 0; m < model->num_messages && num > 0; m++) {
        struct model_message *message = &model->messages[m];
        if (message->shares[q] != SHARE_THERE)
            continue;
        sstp_store_remove(model->store, message->stored[q]);
        message->shares[q] = SHARE_TAKEN;
        num--;
    }
}

static void register_account(struct model *model)
{
    const struct sstp_sec_secret key = {{1, 2, 3}};
    char *url = g_strdup_printf("a%u", ++model->num_accounts);
    g_assert_true(sstp_registry_add(sstp_store_registry(model->store), "d", &key, url, &key));
    g_assert_true(sstp_registry_add_identity(sstp_store_registry(model->store), url, url));
    sstp_store_await_registry(model->store, on_registry_safe, model);
    g_free(url);
}

/* Writes until there is nothing to write, or it fails; returns which. */
static bool settle(struct model *model)
{
    struct sstp_store_batch *batch;
    while ((batch = sstp_store_begin(model->store, model->now_ms)) != NULL) {
        sstp_store_write(batch);
        sstp_store_finish(model->store, batch, model->now_ms);
    }
    if (sstp_store_has_work(model->store))
        return false; /* it is not time to try again yet */
    for (unsigned m = 0; m < model->num_messages; m++) {
        g_assert_true(model->messages[m].is_safe);
        for (unsigned q = 0; q < NUM_QUEUES; q++)
            if (model->messages[m].shares[q] == SHARE_TAKEN)
                model->messages[m].shares[q] = SHARE_GONE;
    }
    g_assert_cmpuint(model->num_accounts_safe, ==, model->num_accounts);
    return true;
}

/* One turn of the relay's loop. */
static void turn(struct model *model)
{
    model->now_ms += 1000;
    for (size_t i = rng_below(&model->rng, 8); i > 0; i--)
        send(model);
    for (size_t i = rng_below(&model->rng, 4); i > 0; i--)
        acknowledge(model);
    if (rng_is_one_in(&model->rng, 5))
        register_account(model);
    (void)settle(model);
}

/* ------------------------------------------------------------------------
 * Judgement
 */

/* The content, from the disk if need be; NULL when that fails. */
static const struct sstp_ep_message *get(struct sstp_store *store,
                                         struct sstp_store_message *message)
{
    for (unsigned i = 0; i < 2; i++) {
        const struct sstp_ep_message *content = sstp_store_get(store, message);
        if (content != NULL)
            return content;
        struct sstp_store_batch *batch = sstp_store_begin(store, 0);
        sstp_store_write(batch);
        sstp_store_finish(store, batch, 0);
    }
    return NULL;
}

static struct sstp_store_queue *find_queue(struct sstp_store *store, unsigned q)
{
    const struct sstp_store_recipient *recipient = sstp_store_find(store, names[q].identity_url);
    for (guint i = 0; recipient != NULL && i < recipient->queues->len; i++) {
        struct sstp_store_queue *queue = g_ptr_array_index(recipient->queues, i);
        if (strcmp(queue->device_url, names[q].device_url) == 0)
            return queue;
    }
    return NULL;
}

/* What is wrong with a queue after a restart, or NULL. */
static char *judge_queue(const struct model *model, struct sstp_store *store, unsigned q)
{
    struct sstp_store_queue *queue = find_queue(store, q);
    unsigned next = 0;
    for (GList *link = queue != NULL ? queue->messages.head : NULL; link != NULL;
         link = link->next) {
        const struct sstp_ep_message *content = get(store, link->data);
        if (content == NULL || content->data.len < sizeof(uint32_t))
            return g_strdup_printf("queue %u: a message cannot be read", q);
        uint32_t number;
        memcpy(&number, content->data.data, sizeof number);
        for (size_t i = sizeof number; i < content->data.len; i++)
            if (content->data.data[i] != (number & 0xff))
                return g_strdup_printf("queue %u: message %u is not what it was", q, number);
        if (number >= model->num_messages || number < next)
            return g_strdup_printf("queue %u: message %u is out of order", q, number);
        for (; next < number; next++)
            if (model->messages[next].is_safe && model->messages[next].shares[q] == SHARE_THERE)
                return g_strdup_printf("queue %u: message %u was safe and is lost", q, next);
        if (model->messages[number].shares[q] == SHARE_GONE)
            return g_strdup_printf("queue %u: message %u is back", q, number);
        if (model->messages[number].shares[q] == SHARE_NONE)
            return g_strdup_printf("queue %u: message %u was never there", q, number);
        next = number + 1;
    }
    for (; next < model->num_messages; next++)
        if (model->messages[next].is_safe && model->messages[next].shares[q] == SHARE_THERE)
            return g_strdup_printf("queue %u: message %u was safe and is lost", q, next);
    return NULL;
}

/* Opens what is left of the store, and says what is wrong with it; NULL: nothing. */
static char *judge(const struct model *model)
{
    char *wrong = NULL;
    struct sstp_store *store = sstp_store_open("s", FAULTY_VFS, 0, WALL_MS, &wrong);
    if (store == NULL)
        return wrong;
    for (unsigned q = 0; q < NUM_QUEUES && wrong == NULL; q++)
        wrong = judge_queue(model, store, q);
    for (unsigned a = 1; a <= model->num_accounts_safe && wrong == NULL; a++) {
        char *url = g_strdup_printf("a%u", a);
        const struct sstp_registry_account *account =
            sstp_registry_find_account(sstp_store_registry(store), url);
        if (account == NULL || !g_hash_table_contains(account->identity_urls, url))
            wrong = g_strdup_printf("account %u was registered and is lost", a);
        g_free(url);
    }
    sstp_store_free(store);
    return wrong;
}

/* ------------------------------------------------------------------------
 * The power
 */

/* Runs until the power is cut at a call.  False when there are not so many calls. */
static bool run_until_cut(struct model *model, unsigned cut_at, const char *ignores_sync)
{
    faulty_vfs_reset();
    faulty.cut_at = cut_at;
    if (open_model(model)) {
        faulty.ignores_sync = ignores_sync; /* those of the making would be too easy to see */
        for (unsigned i = 0; i < NUM_ROUNDS && !faulty.is_cut; i++)
            turn(model);
    }
    return faulty.is_cut;
}

/* Cuts the power at each call in turn; returns what was wrong the first time. */
static char *cut_everywhere(uint64_t seed, uint64_t reboot_seed, const char *ignores_sync,
                            unsigned *num_cuts)
{
    char *wrong = NULL;
    bool is_cut = true;
    for (*num_cuts = 0; is_cut && wrong == NULL && *num_cuts < CALLS_MAX; ++*num_cuts) {
        struct model *model = model_new(seed);
        is_cut = run_until_cut(model, *num_cuts + 1, ignores_sync);
        /* Whoever waits is told when the store is given up: too late to count. */
        struct model before = *model;
        model_free(model);
        before.store = NULL;
        before.failure = NULL;
        if (is_cut) {
            faulty_vfs_reboot(reboot_seed != 0 ? reboot_seed + *num_cuts : 0);
            wrong = judge(&before);
        }
    }
    return wrong;
}

static void test_power_cut(void)
{
    static const uint64_t seeds[] = {1, 2};
    for (size_t i = 0; i < G_N_ELEMENTS(seeds); i++)
        for (uint64_t reboot_seed = 0; reboot_seed < 2; reboot_seed++) {
            unsigned num_cuts;
            char *wrong = cut_everywhere(seeds[i], reboot_seed * 1000, NULL, &num_cuts);
            if (wrong != NULL)
                g_error("seed %u, sectors %u, cut at call %u: %s", (unsigned)seeds[i],
                        (unsigned)reboot_seed, num_cuts, wrong);
            g_test_message("seed %u: %u calls", (unsigned)seeds[i], num_cuts);
            g_assert_cmpuint(num_cuts, >, 100);
        }
}

/* The test above would see it if a sync were missing. */
static void test_missing_sync(void)
{
    static const char *const names_of_files[] = {"s-wal", "s"};
    for (size_t i = 0; i < G_N_ELEMENTS(names_of_files); i++) {
        unsigned num_cuts;
        char *wrong = cut_everywhere(1, 0, names_of_files[i], &num_cuts);
        g_assert_nonnull(wrong);
        g_test_message("without the syncs of %s, cut at call %u: %s", names_of_files[i], num_cuts,
                       wrong);
        g_free(wrong);
    }
}

/* ------------------------------------------------------------------------
 * Errors
 */

static void run_with_errors(unsigned fail_at, unsigned num_fails, int failure, uint64_t seed)
{
    struct model *model = model_new(seed);
    faulty_vfs_reset();
    g_assert_true(open_model(model));
    faulty.num_calls = 0;
    faulty.fail_at = fail_at;
    faulty.num_fails = num_fails;
    faulty.failure = failure;
    for (unsigned i = 0; i < NUM_ROUNDS; i++)
        turn(model);
    const bool has_failed = model->num_failures > 0;
    faulty.fail_at = 0;
    model->now_ms += 10000;
    g_assert_true(settle(model));
    if (has_failed)
        g_assert_cmpuint(model->num_recoveries, >, 0);
    g_assert_null(model->failure);

    /* All that was safe has to be on the disk, not only in its cache. */
    struct model before = *model;
    faulty.cut_at = faulty.num_calls + 1;
    model_free(model);
    faulty_vfs_reboot(0);
    char *wrong = judge(&before);
    if (wrong != NULL)
        g_error("%d from call %u on, %u times: %s", failure, fail_at, num_fails, wrong);
}

/* Counts the calls of a run without errors. */
static unsigned count_calls(uint64_t seed)
{
    struct model *model = model_new(seed);
    faulty_vfs_reset();
    g_assert_true(open_model(model));
    faulty.num_calls = 0;
    for (unsigned i = 0; i < NUM_ROUNDS; i++)
        turn(model);
    const unsigned num_calls = faulty.num_calls;
    model_free(model);
    return num_calls;
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
    const unsigned num_calls = count_calls(4);
    g_assert_cmpuint(num_calls, >, 100);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_test_message("%s, at each of %u calls", rows[i].name, num_calls);
        for (unsigned at = 1; at <= num_calls; at++)
            run_with_errors(at, rows[i].num_fails, rows[i].failure, 4);
    }
}

/* ------------------------------------------------------------------------
 * A small disk
 */

static void take_all(struct model *model)
{
    for (unsigned m = 0; m < model->num_messages; m++)
        for (unsigned q = 0; q < NUM_QUEUES; q++)
            if (model->messages[m].shares[q] == SHARE_THERE) {
                sstp_store_remove(model->store, model->messages[m].stored[q]);
                model->messages[m].shares[q] = SHARE_TAKEN;
            }
}

/* Full of messages: those whose recipients come are freed without any more space, in
 * whatever order they do, and then all goes on.  What was safe stays until then. */
static void test_small_disk(void)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct model *model = model_new(seed);
        faulty_vfs_reset();
        faulty.max_bytes = 1200000;
        g_assert_true(open_model(model));
        while (model->num_failures == 0 && model->num_messages < MAX_MESSAGES - 8) {
            for (unsigned i = 0; i < 8; i++)
                send(model);
            (void)settle(model);
        }
        g_assert_cmpuint(model->num_failures, ==, 1);
        /* Somebody takes some; whether there is room then or not, what was taken is gone. */
        acknowledge(model);
        model->now_ms += 1000;
        (void)settle(model);
        take_all(model);
        model->now_ms += 1000;
        g_assert_true(settle(model));
        g_assert_null(model->failure);
        g_assert_cmpuint(sstp_store_num_messages(model->store), ==, 0);
        faulty.is_cut = true;
        struct model before = *model;
        model_free(model);
        faulty_vfs_reboot(0);
        char *wrong = judge(&before);
        if (wrong != NULL)
            g_error("seed %u: %s", (unsigned)seed, wrong);
    }
}

/* A batch that failed is made anew: who has left all its queues meanwhile is not in it, and
 * needs no space. */
static void test_made_anew(void)
{
    struct model *model = model_new(3);
    faulty_vfs_reset();
    g_assert_true(open_model(model));
    faulty.fail_at = faulty.num_calls + 1;
    faulty.num_fails = UINT32_MAX;
    faulty.failure = SQLITE_FULL;
    for (unsigned i = 0; i < 20; i++)
        send(model);
    g_assert_false(settle(model));
    take_all(model);
    faulty.fail_at = 0;
    model->now_ms += 1000;
    g_assert_true(settle(model));
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
    struct model *model = model_new(4);
    faulty_vfs_reset();
    g_assert_true(open_model(model));
    faulty.fail_at = faulty.num_calls + 1;
    faulty.num_fails = UINT32_MAX;
    faulty.failure = SQLITE_FULL;
    send(model);
    g_assert_false(settle(model));
    g_assert_nonnull(model->failure);
    take_all(model);
    model->now_ms += 1000;
    g_assert_false(settle(model));
    g_assert_nonnull(model->failure); /* it has been tried */
    faulty.fail_at = 0;
    g_assert_cmpint(sstp_store_next_retry(model->store), <=, model->now_ms + 1000);
    model->now_ms += 1000;
    g_assert_true(settle(model));
    g_assert_null(model->failure);
    model_free(model);
}

/* Power that is cut while the disk is full. */
static void test_cut_when_full(void)
{
    const unsigned num_calls = count_calls(5);
    for (unsigned at = 1; at <= num_calls; at += 3) {
        struct model *model = model_new(5);
        faulty_vfs_reset();
        g_assert_true(open_model(model));
        faulty.num_calls = 0;
        faulty.fail_at = at;
        faulty.num_fails = UINT32_MAX;
        faulty.failure = SQLITE_FULL;
        for (unsigned i = 0; i < NUM_ROUNDS; i++)
            turn(model);
        faulty.is_cut = true;
        struct model before = *model;
        model_free(model);
        faulty_vfs_reboot(at);
        char *wrong = judge(&before);
        if (wrong != NULL)
            g_error("full from call %u on: %s", at, wrong);
    }
}

/* Reading fails, and works again: nothing is delivered wrongly meanwhile. */
static void test_read_errors(void)
{
    struct model *model = model_new(6);
    faulty_vfs_reset();
    g_assert_true(open_model(model));
    for (unsigned i = 0; i < NUM_ROUNDS; i++)
        turn(model);
    sstp_store_free(model->store);
    g_assert_true(open_model(model));
    sqlite3_db_release_memory(sstp_disk_sqlite(model->store->disk)); /* it has read it all */
    faulty.fails_reads = true;
    faulty.fail_at = faulty.num_calls + 1;
    faulty.num_fails = UINT32_MAX;
    faulty.failure = SQLITE_IOERR;
    struct sstp_store_queue *queue = find_queue(model->store, 0);
    g_assert_null(sstp_store_get(model->store, g_queue_peek_head(&queue->messages)));
    g_assert_false(settle(model));
    g_assert_nonnull(model->failure);
    g_assert_null(sstp_store_begin(model->store, model->now_ms));
    faulty = (struct faulty){.num_calls = 0};
    model->now_ms = sstp_store_next_retry(model->store);
    g_assert_null(sstp_store_get(model->store, g_queue_peek_head(&queue->messages)));
    g_assert_true(settle(model));
    g_assert_null(model->failure);
    g_assert_nonnull(sstp_store_get(model->store, g_queue_peek_head(&queue->messages)));
    model_free(model);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store_fault/power_cut", test_power_cut);
    g_test_add_func("/store_fault/missing_sync", test_missing_sync);
    g_test_add_func("/store_fault/errors", test_errors);
    g_test_add_func("/store_fault/cut_when_full", test_cut_when_full);
    g_test_add_func("/store_fault/read_errors", test_read_errors);
    g_test_add_func("/store_fault/small_disk", test_small_disk);
    g_test_add_func("/store_fault/made_anew", test_made_anew);
    g_test_add_func("/store_fault/recovers_idle", test_recovers_idle);
    return g_test_run();
}
