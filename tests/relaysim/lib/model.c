/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model.h"

#include <stdio.h>

#include "faulty_vfs.h"

#define MAX_LEN 20000u
#define WALL_MS 1700000000000

struct queue_name {
    const char *identity_url, *device_url;
};
static const struct queue_name names[MODEL_QUEUES] = {{"i", ""}, {"i", "d"}, {"j", ""}, {"k", ""}};

/* ------------------------------------------------------------------------
 * What it does
 */

static void on_failing(void *cookie, const char *why)
{
    struct model *model = cookie;
    *(why != NULL ? &model->num_failures : &model->num_recoveries) += 1;
    g_free(model->failure);
    model->failure = g_strdup(why);
}

bool model_open(struct model *model)
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

struct model *model_new(uint64_t seed)
{
    struct model *model = g_new0(struct model, 1);
    model->rng = rng(seed);
    return model;
}

struct model *model_failing(uint64_t seed, unsigned fail_at, unsigned num_fails, int failure)
{
    struct model *model = model_new(seed);
    faulty_vfs_reset();
    g_assert_true(model_open(model));
    faulty.num_calls = 0;
    faulty.fail_at = fail_at;
    faulty.num_fails = num_fails;
    faulty.failure = failure;
    return model;
}

void model_free(struct model *model)
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

void model_send(struct model *model)
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
    /* Most are for the first, so that some share a row. */
    const unsigned first =
        (unsigned)rng_below(&model->rng, 1 + rng_below(&model->rng, MODEL_QUEUES));
    const unsigned num = rng_is_one_in(&model->rng, 3) ? MODEL_QUEUES : 1;

    g_assert_cmpuint(model->num_messages, <, MODEL_MESSAGES);
    model->num_messages++;
    for (unsigned i = 0; i < num; i++) {
        const unsigned q = (first + i) % MODEL_QUEUES;
        g_assert_cmpint(sstp_store_put(model->store, names[q].identity_url, names[q].device_url,
                                       "r", payload, SSTP_EP_NEVER, &message->stored[q]),
                        ==, SSTP_STORE_OK);
        message->shares[q] = SHARE_THERE;
    }
    sstp_store_await(model->store, payload, on_safe, message);
    sstp_payload_unref(payload);
    g_free(data);
}

/* What leaves one queue out of its turn is known once it has left all. */
static bool has_others(const struct model_message *message, unsigned q)
{
    for (unsigned other = 0; other < MODEL_QUEUES; other++)
        if (other != q && message->shares[other] == SHARE_THERE)
            return true;
    return false;
}

void model_acknowledge(struct model *model)
{
    const unsigned q = (unsigned)rng_below(&model->rng, MODEL_QUEUES);
    const bool in_turn = !rng_is_one_in(&model->rng, 3);
    size_t num = rng_below(&model->rng, 12);
    for (unsigned m = 0; m < model->num_messages && num > 0; m++) {
        struct model_message *message = &model->messages[m];
        if (message->shares[q] != SHARE_THERE)
            continue;
        if (!in_turn && (has_others(message, q) || rng_is_one_in(&model->rng, 2)))
            continue;
        sstp_store_remove(model->store, message->stored[q]);
        message->shares[q] = SHARE_TAKEN;
        num--;
    }
}

void model_take_all(struct model *model)
{
    for (unsigned m = 0; m < model->num_messages; m++)
        for (unsigned q = 0; q < MODEL_QUEUES; q++)
            if (model->messages[m].shares[q] == SHARE_THERE) {
                sstp_store_remove(model->store, model->messages[m].stored[q]);
                model->messages[m].shares[q] = SHARE_TAKEN;
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

bool model_settle(struct model *model)
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
        for (unsigned q = 0; q < MODEL_QUEUES; q++)
            if (model->messages[m].shares[q] == SHARE_TAKEN)
                model->messages[m].shares[q] = SHARE_GONE;
    }
    g_assert_cmpuint(model->num_accounts_safe, ==, model->num_accounts);
    return true;
}

void model_turn(struct model *model)
{
    model->now_ms += 1000;
    for (size_t i = rng_below(&model->rng, 8); i > 0; i--)
        model_send(model);
    for (size_t i = rng_below(&model->rng, 4); i > 0; i--)
        model_acknowledge(model);
    if (rng_is_one_in(&model->rng, 5))
        register_account(model);
    (void)model_settle(model);
}

unsigned model_count_calls(uint64_t seed)
{
    struct model *model = model_new(seed);
    faulty_vfs_reset();
    g_assert_true(model_open(model));
    faulty.num_calls = 0;
    for (unsigned i = 0; i < MODEL_ROUNDS; i++)
        model_turn(model);
    const unsigned num_calls = faulty.num_calls;
    model_free(model);
    return num_calls;
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

struct sstp_store_queue *model_queue(struct sstp_store *store, unsigned q)
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
    struct sstp_store_queue *queue = model_queue(store, q);
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
    for (unsigned q = 0; q < MODEL_QUEUES && wrong == NULL; q++)
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

char *model_end(struct model *model, uint64_t seed)
{
    struct model before = *model;
    faulty.is_cut = true;
    /* Whoever waits is told when the store is given up: too late to count. */
    model_free(model);
    before.store = NULL;
    before.failure = NULL;
    faulty_vfs_reboot(seed);
    return judge(&before);
}
