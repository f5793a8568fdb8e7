/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "relay_model.h"

#include "maker.h"
#include "store/internal.h"

#define MAGIC 'M'
#define TARGETS (MAKER_DEVICES + 1u) /* of an identity: any device, or one of them */

void model_reset(struct model *model)
{
    memset(model->messages, 0, model->num_messages * sizeof model->messages[0]);
    model->num_messages = model->num_arrived = 0;
    memset(model->last_sent, 0, sizeof model->last_sent);
    model->has_old_discards = model->is_blurred = false;
}

int model_new_message(struct model *model, bool may_expire, uint8_t *data)
{
    const unsigned number = model->num_messages;
    if (number >= MODEL_MESSAGES_MAX)
        return MODEL_NONE;
    model->num_messages++;
    model->messages[number] = (struct model_message){.may_expire = may_expire};
    data[0] = MAGIC;
    data[1] = (uint8_t)number;
    data[2] = (uint8_t)(number >> 8);
    data[3] = (uint8_t)~data[1];
    data[4] = (uint8_t)~data[2];
    return (int)number;
}

int model_find(const struct model *model, struct sstp_span data)
{
    if (data.len < MODEL_DATA_MIN || data.data[0] != MAGIC ||
        (data.data[1] ^ data.data[3]) != 0xff || (data.data[2] ^ data.data[4]) != 0xff)
        return MODEL_NONE;
    const unsigned number = data.data[1] | (unsigned)data.data[2] << 8;
    return number < model->num_messages ? (int)number : MODEL_NONE;
}

static int index_of(const char *const *names, size_t num, const char *name)
{
    for (size_t i = 0; i < num; i++)
        if (strcmp(names[i], name) == 0)
            return (int)i;
    return -1;
}

uint32_t model_recipient(const char *identity_url, const char *device_url)
{
    const int identity = index_of(maker_identities, MAKER_IDENTITIES, identity_url);
    const int device = index_of(maker_devices, MAKER_DEVICES, device_url);
    if (identity < 0 || (device < 0 && device_url[0] != '\0'))
        return 0;
    return 1u << ((unsigned)identity * TARGETS + (unsigned)(device + 1));
}

void model_arrived(struct model *model, int message, uint64_t label, uint64_t number, uint32_t owed)
{
    if (message == MODEL_NONE)
        return;
    struct model_message *m = &model->messages[message];
    if (m->label != 0) {
        m->owed = 0; /* the same number twice: nobody can tell which is which */
        return;
    }
    m->label = label;
    m->number = number;
    m->owed = owed;
    m->order = ++model->num_arrived;
}

void model_acknowledged(struct model *model, int message)
{
    if (message != MODEL_NONE)
        model->messages[message].is_acknowledged = true;
}

void model_sent(struct model *model, int message, uint32_t recipient, unsigned resource)
{
    if (message == MODEL_NONE || recipient == 0)
        return;
    struct model_message *m = &model->messages[message];
    unsigned *last = &model->last_sent[resource][__builtin_ctz(recipient)];
    if ((m->sent & recipient) == 0 && m->owed != 0) {
        MUST(m->order > *last);
        *last = m->order;
    }
    m->sent |= recipient;
}

void model_settled(struct model *model, int message, uint32_t recipient)
{
    if (message == MODEL_NONE)
        return;
    MUST((model->messages[message].sent & recipient) == recipient);
    model->messages[message].settled |= recipient;
}

void model_discarded(struct model *model, const struct sstp_relay_discard *discard)
{
    if (discard->identity_url == NULL)
        return;
    const uint32_t recipient = model_recipient(discard->identity_url, discard->device_url);
    if (discard->origin == NULL)
        model->has_old_discards = true;
    for (unsigned i = 0; discard->origin != NULL && i < model->num_messages; i++) {
        struct model_message *m = &model->messages[i];
        if (m->label == discard->origin->label && m->number == discard->origin->number)
            m->settled |= recipient;
    }
}

void model_forget(struct model *model)
{
    for (unsigned i = 0; i < model->num_messages; i++)
        model->messages[i].owed = 0;
}

/* ------------------------------------------------------------------------
 * What is there
 */

#define LOAD_TRIES 64u

/* Whatever else there is to write is tried with it, by halves where the disk is full. */
static const struct sstp_ep_message *load(struct sstp_store *store,
                                          struct sstp_store_message *message, int64_t now_ms)
{
    const struct sstp_ep_message *content = sstp_store_get(store, message);
    for (unsigned tries = 0; content == NULL && tries < LOAD_TRIES; tries++) {
        struct sstp_store_batch *batch = sstp_store_begin(store, now_ms);
        MUST(batch != NULL);
        sstp_store_write(batch);
        sstp_store_finish(store, batch, now_ms);
        content = sstp_store_get(store, message);
    }
    MUST(content != NULL);
    return content;
}

static void note_queue(struct model *model, struct sstp_store *store,
                       const struct sstp_store_queue *queue, uint32_t *queued, int64_t now_ms)
{
    const uint32_t recipient = model_recipient(queue->recipient->identity_url, queue->device_url);
    for (GList *link = queue->messages.head; link != NULL; link = link->next) {
        const int message = model_find(model, load(store, link->data, now_ms)->data);
        if (message != MODEL_NONE)
            queued[message] |= recipient;
    }
}

void model_check(struct model *model, struct sstp_store *store, int64_t now_ms)
{
    static uint32_t queued[MODEL_MESSAGES_MAX];
    memset(queued, 0, model->num_messages * sizeof queued[0]);
    for (unsigned i = 0; i < MAKER_IDENTITIES; i++) {
        const struct sstp_store_recipient *recipient = sstp_store_find(store, maker_identities[i]);
        for (guint q = 0; recipient != NULL && q < recipient->queues->len; q++)
            note_queue(model, store, g_ptr_array_index(recipient->queues, q), queued, now_ms);
    }
    for (unsigned i = 0; i < model->num_messages; i++) {
        const struct model_message *m = &model->messages[i];
        if (model->is_blurred || !m->is_acknowledged || (m->may_expire && model->has_old_discards))
            continue;
        const uint32_t lost = m->owed & ~m->settled & ~queued[i];
        if (lost != 0)
            fprintf(stderr,
                    "message %u of connection %u is lost for %#x: owed to %#x, settled %#x, "
                    "queued %#x, sent to %#x\n",
                    i, (unsigned)m->label, lost, m->owed, m->settled, queued[i], m->sent);
        MUST(lost == 0);
    }
}
