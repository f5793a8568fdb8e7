/* SPDX-License-Identifier: GPL-2.0-or-later */
/* worker: what a thread of its own does with a batch, and with nothing else of the store. */
#include "store/internal.h"

#include "core/encode.h"
#include "endpoint/endpoint.h"

static void write_queue(struct sstp_disk *disk, const struct sstp_store_change *change)
{
    switch (change->kind) {
    case QUEUE_ADDED:
        sstp_disk_put_queue(disk, &(struct sstp_disk_queue){.id = change->id,
                                                            .done = change->done,
                                                            .identity_url = change->identity_url,
                                                            .device_url = change->device_url,
                                                            .resource_url = change->resource_url});
        break;
    case QUEUE_DONE:
        sstp_disk_set_done(disk, change->id, change->done);
        break;
    case QUEUE_REMOVED:
        sstp_disk_remove_queue(disk, change->id);
        break;
    }
}

static void gather(const struct sstp_store_batch *batch, const struct sstp_store_pending *pending)
{
    const struct sstp_payload *payload = pending->payload;
    const struct sstp_command command = sstp_ep_message_command(&payload->content->message);
    uint8_t head[SSTP_DISK_HEAD_MAX];
    const size_t len = sstp_command_encode(&command, head, sizeof head);
    g_assert(len > 0); /* it came out of such a command */
    sstp_disk_gather_message(batch->disk,
                             &(struct sstp_disk_message){
                                 .id = payload->id,
                                 .expires_ms = pending->expires_ms,
                                 .stored_ms = pending->stored_ms,
                                 .queues = sstp_span(pending->queues->data, pending->queues->len),
                                 .head = sstp_span(head, len),
                                 .data = payload->content->message.data});
}

static void write_row(const struct sstp_store_batch *batch, const struct sstp_store_making *making)
{
    for (const struct sstp_store_pending *pending = making->first; pending != NULL;
         pending = pending->next)
        gather(batch, pending);
    sstp_disk_put_gathered(batch->disk);
}

/* Neighbours go together, which costs a fraction. */
static void remove_rows(struct sstp_disk *disk, const GArray *ids)
{
    for (guint i = 0, next; i < ids->len; i = next) {
        const uint64_t first = g_array_index(ids, uint64_t, i);
        for (next = i + 1; next < ids->len; next++)
            if (g_array_index(ids, uint64_t, next) != first + (next - i))
                break;
        sstp_disk_remove_rows(disk, first, first + (next - i) - 1);
    }
}

/* What frees space goes first: what comes after it may need that. */
static enum sstp_disk_err write_all(const struct sstp_store_batch *batch)
{
    sstp_disk_begin(batch->disk);
    remove_rows(batch->disk, batch->removed);
    for (guint i = 0; i < batch->leaving->len; i++) {
        const struct sstp_store_leaving *leaving =
            &g_array_index(batch->leaving, struct sstp_store_leaving, i);
        sstp_disk_remove_message(batch->disk, leaving->row, leaving->id);
    }
    for (guint i = 0; i < batch->queues->len; i++)
        write_queue(batch->disk, &g_array_index(batch->queues, struct sstp_store_change, i));
    for (guint i = 0; i < batch->rows->len; i++)
        write_row(batch, &g_array_index(batch->rows, struct sstp_store_making, i));
    for (guint i = 0; i < batch->records->len; i++)
        sstp_disk_put_record(batch->disk, g_ptr_array_index(batch->records, i));
    if (batch->has_clock)
        sstp_disk_put_clock(batch->disk, &batch->clock);
    return sstp_disk_commit(batch->disk);
}

/* Before, so that nothing is written into what nobody finds; after, for it may have gone
 * meanwhile. */
static enum sstp_disk_err write_where_it_is_found(const struct sstp_store_batch *batch)
{
    enum sstp_disk_err err = sstp_disk_check_place(batch->disk);
    if (err != SSTP_DISK_OK || sstp_store_batch_is_empty(batch))
        return err;
    err = write_all(batch);
    if (err == SSTP_DISK_NO_SPACE) {
        sstp_disk_make_room(batch->disk);
        err = write_all(batch);
    }
    return err == SSTP_DISK_OK ? sstp_disk_check_place(batch->disk) : err;
}

static struct sstp_store_content *content_of(const struct sstp_disk_message *row)
{
    struct sstp_command command;
    if (!sstp_disk_read_head(row, &command))
        return NULL;
    const struct sstp_ep_message message = sstp_ep_command_message(&command, row->data);
    struct sstp_store_content *content = sstp_store_content_new(&message);
    content->was_read = true;
    return content;
}

static enum sstp_disk_err read_all(const struct sstp_store_batch *batch)
{
    enum sstp_disk_err err = SSTP_DISK_OK;
    for (guint i = 0; i < batch->loads->len; i++) {
        struct sstp_store_load *load = &g_array_index(batch->loads, struct sstp_store_load, i);
        struct sstp_disk_message row;
        const enum sstp_disk_err row_err =
            sstp_disk_get_message(batch->disk, load->row, load->payload->id, &row);
        if (row_err == SSTP_DISK_OK)
            load->content = content_of(&row);
        else if (row_err != SSTP_DISK_NOT_FOUND) /* removed, perhaps by this batch */
            err = row_err;
    }
    return err;
}

void sstp_store_write(struct sstp_store_batch *batch)
{
    if (batch->kind != BATCH_READS)
        batch->err = write_where_it_is_found(batch);
    batch->is_written = batch->err == SSTP_DISK_OK;
    if (!batch->is_written)
        batch->error = g_strdup(sstp_disk_error(batch->disk));
    batch->read_err = read_all(batch);
    if (batch->is_written && batch->read_err != SSTP_DISK_OK) {
        batch->err = batch->read_err;
        batch->error = g_strdup(sstp_disk_error(batch->disk));
    }
}
