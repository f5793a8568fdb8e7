/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store/payload.h"

#include <stdlib.h>

/* Below this length, the buffer that a message came in is better used for the next one. */
#define TAKEN_MIN 4096u

static struct sstp_span append(struct sstp_store_content *content, struct sstp_span from)
{
    uint8_t *to = content->bytes + content->len;
    if (from.len > 0)
        memcpy(to, from.data, from.len);
    content->len += from.len;
    return sstp_span(to, from.len);
}

struct sstp_store_content *sstp_store_content_new(const struct sstp_ep_message *message)
{
    struct sstp_store_content *content = g_malloc(sizeof *content + message->user_ref.len +
                                                  message->fragment_id.len + message->data.len);
    content->was_read = content->is_counted = false;
    content->len = 0;
    content->block = NULL;
    content->message = *message;
    content->message.user_ref = append(content, message->user_ref);
    content->message.fragment_id = append(content, message->fragment_id);
    content->message.data = append(content, message->data);
    return content;
}

void sstp_store_content_free(struct sstp_store_content *content)
{
    if (content != NULL)
        free(content->block);
    g_free(content);
}

static struct sstp_payload *new_payload(struct sstp_store_content *content)
{
    struct sstp_payload *payload = g_new0(struct sstp_payload, 1);
    payload->num_refs = payload->num_pins = 1;
    payload->content = content;
    payload->len = content->len;
    return payload;
}

struct sstp_payload *sstp_payload_new(const struct sstp_ep_message *message)
{
    return new_payload(sstp_store_content_new(message));
}

struct sstp_payload *sstp_payload_take(const struct sstp_ep_message *message,
                                       struct sstp_ep_block *block)
{
    const size_t len = message->user_ref.len + message->fragment_id.len + message->data.len;
    if (message->data.len < TAKEN_MIN || block->size > len + len / 4)
        return sstp_payload_new(message);
    struct sstp_store_content *content = g_new0(struct sstp_store_content, 1);
    content->message = *message;
    content->len = len;
    content->block = block->data;
    block->data = NULL;
    return new_payload(content);
}

struct sstp_payload *sstp_payload_ref(struct sstp_payload *payload)
{
    payload->num_refs++;
    payload->num_pins++;
    return payload;
}

const struct sstp_ep_message *sstp_payload_message(const struct sstp_payload *payload)
{
    return &payload->content->message;
}

void sstp_payload_set_origin(struct sstp_payload *payload, const struct sstp_payload_origin *origin)
{
    g_free(payload->origin);
    payload->origin = g_memdup2(origin, sizeof *origin);
}

const struct sstp_payload_origin *sstp_payload_origin(const struct sstp_payload *payload)
{
    return payload->origin;
}

void sstp_payload_unref(struct sstp_payload *payload)
{
    const struct sstp_store_content *content = payload->content;
    payload->num_pins--;
    /* It was dropped while somebody needed it. */
    if (payload->num_pins == 0 && payload->id != 0 && payload->pending == NULL && content != NULL &&
        !content->is_counted) {
        sstp_store_content_free(payload->content);
        payload->content = NULL;
    }
    sstp_store_payload_unref(payload);
}

void sstp_store_payload_unref(struct sstp_payload *payload)
{
    if (--payload->num_refs > 0)
        return;
    /* Its store ends before the message does. */
    if (payload->row != NULL && --payload->row->num_left == 0)
        g_free(payload->row);
    g_free(payload->origin);
    sstp_store_content_free(payload->content);
    g_free(payload);
}

uint64_t sstp_store_payload_cost(const struct sstp_payload *payload)
{
    return payload->len + SSTP_PAYLOAD_OVERHEAD;
}
