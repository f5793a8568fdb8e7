/* SPDX-License-Identifier: GPL-2.0-or-later */
/* expiry: the messages whose time will be over, the first of them at the head of a
 * heap, so that nobody else is looked at (GRVSSTP 3.3.6). */
#include "store/internal.h"

static struct sstp_store_message *at(const struct sstp_store *store, guint i)
{
    return g_ptr_array_index(store->timed, i);
}

static void put(const struct sstp_store *store, guint i, struct sstp_store_message *message)
{
    g_ptr_array_index(store->timed, i) = message;
    message->place = i + 1;
}

/* From `i` towards the head, as far as it is earlier; returns where it is. */
static guint rise(const struct sstp_store *store, guint i)
{
    struct sstp_store_message *message = at(store, i);
    while (i > 0 && at(store, (i - 1) / 2)->expires_ms > message->expires_ms) {
        put(store, i, at(store, (i - 1) / 2));
        i = (i - 1) / 2;
    }
    put(store, i, message);
    return i;
}

static void sink(const struct sstp_store *store, guint i)
{
    struct sstp_store_message *message = at(store, i);
    const guint num = store->timed->len;
    for (guint child; (child = 2 * i + 1) < num; i = child) {
        if (child + 1 < num && at(store, child + 1)->expires_ms < at(store, child)->expires_ms)
            child++;
        if (at(store, child)->expires_ms >= message->expires_ms)
            break;
        put(store, i, at(store, child));
    }
    put(store, i, message);
}

void sstp_store_time(struct sstp_store *store, struct sstp_store_message *message)
{
    if (message->expires_ms == SSTP_EP_NEVER)
        return;
    g_ptr_array_add(store->timed, message);
    (void)rise(store, store->timed->len - 1);
}

void sstp_store_untime(struct sstp_store *store, struct sstp_store_message *message)
{
    if (message->place == 0)
        return;
    const guint i = message->place - 1;
    struct sstp_store_message *last = at(store, store->timed->len - 1);
    g_ptr_array_set_size(store->timed, (gint)store->timed->len - 1);
    message->place = 0;
    if (last == message)
        return;
    put(store, i, last);
    sink(store, rise(store, i));
}

int64_t sstp_store_next_expiry(const struct sstp_store *store)
{
    return store->timed->len > 0 ? sstp_store_from_own_time(store, at(store, 0)->expires_ms)
                                 : SSTP_EP_NEVER;
}
