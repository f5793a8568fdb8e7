/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client_print.h"

#include "json_text.h"

#include <stdio.h>

static char *string_of(struct sstp_span span)
{
    return g_strndup(span.len > 0 ? (const char *)span.data : "", span.len);
}

struct client_source *client_source_new(const struct sstp_command *open)
{
    struct client_source *source = g_new0(struct client_source, 1);
    source->resource_url = string_of(open->resource_url);
    source->identity_url = string_of(open->identity_url);
    source->device_url = string_of(open->device_url);
    return source;
}

void client_source_free(void *data)
{
    struct client_source *source = data;
    g_free(source->resource_url);
    g_free(source->identity_url);
    g_free(source->device_url);
    g_free(source);
}

static void add_member(JsonBuilder *builder, const char *name, const char *value)
{
    json_text_add(builder, name, sstp_span_of_string(value));
}

bool client_print(const struct client_source *source, const struct sstp_ep_message *message)
{
    JsonBuilder *builder = json_builder_new();
    char *user_ref = string_of(message->user_ref);
    const char *data = (const char *)message->data.data;
    const gsize len = message->data.len;
    /* Text as it is, anything else in base64. */
    const bool is_text =
        len == 0 || (memchr(data, 0, len) == NULL && g_utf8_validate(data, (gssize)len, NULL));
    char *content = is_text ? string_of(message->data) : g_base64_encode(message->data.data, len);

    json_builder_begin_object(builder);
    add_member(builder, "resource", source->resource_url);
    add_member(builder, "identity", source->identity_url);
    add_member(builder, "device", source->device_url);
    add_member(builder, "user_ref", user_ref);
    json_builder_set_member_name(builder, "flags");
    json_builder_add_int_value(builder, message->flags);
    json_builder_set_member_name(builder, "size");
    json_builder_add_int_value(builder, (gint64)len);
    add_member(builder, is_text ? "text" : "base64", content);
    json_builder_end_object(builder);

    char *line = json_text_line(builder);
    const bool is_printed = puts(line) >= 0 && fflush(stdout) == 0;
    g_free(line);
    g_object_unref(builder);
    g_free(content);
    g_free(user_ref);
    return is_printed;
}
