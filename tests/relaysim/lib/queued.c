/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "queued.h"

enum sstp_store_result queued_put(struct sstp_store *store, const char *identity,
                                  const char *device, size_t len, int64_t expires_ms,
                                  struct sstp_store_message **message)
{
    char *data = g_strnfill(len, 'x');
    const struct sstp_ep_message content = {.data = sstp_span(data, len)};
    struct sstp_payload *payload = sstp_payload_new(&content);
    struct sstp_store_message *unused;
    const enum sstp_store_result result = sstp_store_put(
        store, identity, device, "r", payload, expires_ms, message != NULL ? message : &unused);
    sstp_payload_unref(payload);
    g_free(data);
    return result;
}
