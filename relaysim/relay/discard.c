/* SPDX-License-Identifier: GPL-2.0-or-later */
/* discard: tells of messages that are not kept, with where they came from. */
#include "relay/internal.h"

void relay_note_origin(const struct sstp_relay_connection *connection, uint32_t session_id,
                       uint64_t number, struct sstp_payload *payload)
{
    const struct sstp_relay_config *config = &connection->relay->config;
    const struct sstp_ep_message *message = sstp_payload_message(payload);
    if (config->discarded == NULL)
        return;
    /* The earlier of the two deadlines, as the relay reckons them. */
    const bool has_ttl = (message->flags & SSTP_MESSAGE_FLAG_EPHEMERAL) != 0 && message->ttl != 0;
    const bool is_offline = (message->flags & SSTP_MESSAGE_FLAG_DO_NOT_DELIVER_IF_OFFLINE) != 0 &&
                            (!has_ttl || config->offline_ttl_ms < (int64_t)message->ttl * 1000);
    sstp_payload_set_origin(payload, &(struct sstp_payload_origin){
                                         .label = config->label(config->cookie, connection->socket),
                                         .session_id = session_id,
                                         .number = number,
                                         .len = message->data.len,
                                         .is_offline = is_offline});
}

static void tell(const struct sstp_relay *relay, const struct sstp_relay_discard *discard)
{
    if (relay->config.discarded != NULL)
        relay->config.discarded(relay->config.cookie, discard);
}

void relay_discarded(const struct sstp_relay *relay, const struct sstp_payload *payload,
                     enum sstp_relay_discard_reason reason, const char *identity_url,
                     const char *device_url, const char *resource_url)
{
    tell(relay, &(struct sstp_relay_discard){.reason = reason,
                                             .origin = sstp_payload_origin(payload),
                                             .identity_url = identity_url,
                                             .device_url = device_url,
                                             .resource_url = resource_url});
}

void relay_share_discarded(const struct sstp_relay *relay, const struct sstp_payload *payload,
                           enum sstp_relay_discard_reason reason, const char *relay_url)
{
    tell(relay, &(struct sstp_relay_discard){.reason = reason,
                                             .origin = sstp_payload_origin(payload),
                                             .relay_url = relay_url});
}

enum sstp_relay_discard_reason relay_expiry_reason(const struct sstp_payload *payload)
{
    const struct sstp_payload_origin *origin = sstp_payload_origin(payload);
    if (origin == NULL)
        return SSTP_RELAY_DISCARD_EXPIRED;
    return origin->is_offline ? SSTP_RELAY_DISCARD_OFFLINE : SSTP_RELAY_DISCARD_TTL;
}

void relay_on_expired(void *cookie, const struct sstp_store_message *message)
{
    const struct sstp_store_queue *queue = message->queue;
    relay_discarded(cookie, message->payload, relay_expiry_reason(message->payload),
                    queue->recipient->identity_url, queue->device_url, queue->resource_url);
}
