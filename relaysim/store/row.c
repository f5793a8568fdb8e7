/* SPDX-License-Identifier: GPL-2.0-or-later */
/* row: which messages share a row of the disk, and when it goes. */
#include "store/internal.h"

#define MINUTE_MS 60000
#define ENTRY_BYTES 64u /* what a message takes beside its bytes, about */

static guint hash_kind(gconstpointer key)
{
    const struct sstp_store_pending *pending = key;
    guint hash = (guint)(pending->expires_ms / MINUTE_MS);
    for (guint i = 0; i < pending->queues->len; i++)
        hash = hash * 31 + pending->queues->data[i];
    return hash;
}

/* They may share a row. */
static gboolean is_same_kind(gconstpointer a, gconstpointer b)
{
    const struct sstp_store_pending *x = a, *y = b;
    return x->expires_ms / MINUTE_MS == y->expires_ms / MINUTE_MS &&
           x->queues->len == y->queues->len &&
           memcmp(x->queues->data, y->queues->data, x->queues->len) == 0;
}

static uint64_t bytes_of(const struct sstp_store_pending *pending)
{
    return pending->payload->len + ENTRY_BYTES;
}

static void add_to_row(struct sstp_store_making *making, struct sstp_store_pending *pending)
{
    pending->next = NULL;
    if (making->first == NULL)
        making->first = pending;
    else
        making->last->next = pending;
    making->last = pending;
    making->num_bytes += bytes_of(pending);
    making->row->num_left++;
    pending->payload->row = making->row;
}

static void begin_row(struct sstp_store_batch *batch, const struct sstp_store_pending *first)
{
    struct sstp_store_making making = {.row = g_new0(struct sstp_store_row, 1)};
    making.row->id = first->payload->id;
    g_array_append_val(batch->rows, making);
}

void sstp_store_make_rows(struct sstp_store_batch *batch)
{
    /* The first of a kind to the row that is made of it, by its index from 1. */
    GHashTable *rows = g_hash_table_new(hash_kind, is_same_kind);
    struct sstp_store_making *making = NULL;
    for (guint i = 0; i < batch->pending->len; i++) {
        struct sstp_store_pending *pending = g_ptr_array_index(batch->pending, i);
        if (making == NULL || !is_same_kind(making->first, pending)) {
            const guint number = GPOINTER_TO_UINT(g_hash_table_lookup(rows, pending));
            making = number > 0 ? &g_array_index(batch->rows, struct sstp_store_making, number - 1)
                                : NULL;
        }
        if (making == NULL || making->num_bytes + bytes_of(pending) > SSTP_STORE_ROW_BYTES) {
            begin_row(batch, pending);
            making = &g_array_index(batch->rows, struct sstp_store_making, batch->rows->len - 1);
            g_hash_table_replace(rows, pending, GUINT_TO_POINTER(batch->rows->len));
        }
        add_to_row(making, pending);
    }
    g_hash_table_destroy(rows);
}

void sstp_store_unmake_rows(struct sstp_store_batch *batch)
{
    for (guint i = 0; i < batch->pending->len; i++) {
        struct sstp_store_pending *pending = g_ptr_array_index(batch->pending, i);
        pending->payload->row = NULL;
    }
    for (guint i = 0; i < batch->rows->len; i++)
        g_free(g_array_index(batch->rows, struct sstp_store_making, i).row);
    g_array_set_size(batch->rows, 0);
}

void sstp_store_leave_row(struct sstp_store *store, struct sstp_payload *payload)
{
    struct sstp_store_row *row = payload->row;
    payload->row = NULL;
    if (--row->num_left == 0) {
        g_array_append_val(store->removed, row->id);
        g_free(row);
    } else if (payload->is_out_of_turn) {
        g_array_append_val(store->leaving, ((struct sstp_store_leaving){row->id, payload->id}));
    }
}
