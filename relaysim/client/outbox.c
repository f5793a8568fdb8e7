/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/outbox.h"

struct client_outbox {
    struct sstp_span content;
    bool is_repeated, is_finished;
    GQueue added; /* GBytes, from the oldest that is not acknowledged on */
    GList *next;  /* in it; NULL: none to send now */
    gsize num_bytes;
    uint64_t num, num_sent, num_acknowledged;
};

struct client_outbox *client_outbox_new_repeated(struct sstp_span content, uint64_t num)
{
    struct client_outbox *outbox = client_outbox_new_added();
    outbox->content = content;
    outbox->num = num;
    outbox->is_repeated = outbox->is_finished = true;
    return outbox;
}

struct client_outbox *client_outbox_new_added(void)
{
    struct client_outbox *outbox = g_new0(struct client_outbox, 1);
    g_queue_init(&outbox->added);
    return outbox;
}

static void free_message(void *message)
{
    g_bytes_unref(message);
}

void client_outbox_free(struct client_outbox *outbox)
{
    if (outbox == NULL)
        return;
    g_queue_clear_full(&outbox->added, free_message);
    g_free(outbox);
}

bool client_outbox_has_room(const struct client_outbox *outbox)
{
    return !outbox->is_finished && outbox->added.length < CLIENT_OUTBOX_MESSAGES_MAX &&
           outbox->num_bytes < CLIENT_OUTBOX_BYTES_MAX;
}

void client_outbox_add(struct client_outbox *outbox, GBytes *message)
{
    g_assert(client_outbox_has_room(outbox));
    g_queue_push_tail(&outbox->added, message);
    if (outbox->next == NULL)
        outbox->next = outbox->added.tail;
    outbox->num_bytes += g_bytes_get_size(message);
    outbox->num++;
}

void client_outbox_finish(struct client_outbox *outbox)
{
    outbox->is_finished = true;
}

bool client_outbox_next(const struct client_outbox *outbox, struct client_outgoing *message)
{
    if (outbox->num_sent == outbox->num)
        return false;
    *message = (struct client_outgoing){.number = outbox->num_sent + 1,
                                        .data = outbox->content,
                                        .is_last = outbox->num_sent + 1 == outbox->num};
    if (!outbox->is_repeated) {
        gsize len;
        const void *data = g_bytes_get_data(outbox->next->data, &len);
        message->data = sstp_span(data, len);
    }
    return true;
}

void client_outbox_sent(struct client_outbox *outbox)
{
    g_assert(outbox->num_sent < outbox->num);
    outbox->num_sent++;
    if (outbox->next != NULL)
        outbox->next = outbox->next->next;
}

void client_outbox_acknowledged(struct client_outbox *outbox)
{
    g_assert(outbox->num_acknowledged < outbox->num_sent);
    outbox->num_acknowledged++;
    if (!outbox->is_repeated) {
        GBytes *message = g_queue_pop_head(&outbox->added);
        outbox->num_bytes -= g_bytes_get_size(message);
        g_bytes_unref(message);
    }
}

void client_outbox_rewind(struct client_outbox *outbox)
{
    outbox->num_sent = outbox->num_acknowledged;
    outbox->next = outbox->added.head;
}

bool client_outbox_is_done(const struct client_outbox *outbox)
{
    return outbox->is_finished && outbox->num_acknowledged == outbox->num;
}

uint64_t client_outbox_num(const struct client_outbox *outbox)
{
    return outbox->num;
}

uint64_t client_outbox_num_acknowledged(const struct client_outbox *outbox)
{
    return outbox->num_acknowledged;
}
