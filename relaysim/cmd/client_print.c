/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/client_print.h"

#include "base/json_text.h"
#include "base/plain_text.h"

#include <stdint.h>
#include <string.h>

static char *string_of(struct sstp_span span)
{
    return g_strndup(span.len > 0 ? (const char *)span.data : "", span.len);
}

static void add_number(JsonBuilder *builder, const char *name, gint64 value)
{
    json_builder_set_member_name(builder, name);
    json_builder_add_int_value(builder, value);
}

struct client_source *client_source_new(const struct sstp_command *open, const char *from)
{
    struct client_source *source = g_new0(struct client_source, 1);
    source->from = g_strdup(from);
    source->resource_url = string_of(open->resource_url);
    source->identity_url = string_of(open->identity_url);
    source->device_url = string_of(open->device_url);
    return source;
}

void client_source_free(void *data)
{
    struct client_source *source = data;
    g_free(source->from);
    g_free(source->resource_url);
    g_free(source->identity_url);
    g_free(source->device_url);
    g_free(source);
}

static void add_member(JsonBuilder *builder, const char *name, const char *value)
{
    json_text_add(builder, name, sstp_span_of_string(value));
}

static char *json_line(const char *time, const struct client_source *source,
                       const struct sstp_ep_message *message)
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
    add_member(builder, "received", time);
    add_member(builder, "from", source->from);
    add_member(builder, "resource", source->resource_url);
    add_member(builder, "identity", source->identity_url);
    add_member(builder, "device", source->device_url);
    add_member(builder, "user_ref", user_ref);
    add_number(builder, "flags", message->flags);
    if ((message->flags & SSTP_MESSAGE_FLAG_EPHEMERAL) != 0)
        add_number(builder, "ttl", message->ttl);
    add_number(builder, "size", (gint64)len);
    add_member(builder, is_text ? "text" : "base64", content);
    json_builder_end_object(builder);

    char *line = json_text_line(builder);
    g_object_unref(builder);
    g_free(content);
    g_free(user_ref);
    return line;
}

static void append_column(GString *line, const void *bytes, gsize len)
{
    char *text = plain_text_cut(bytes, len, SIZE_MAX);
    g_string_append_c(line, '\t');
    g_string_append(line, text);
    g_free(text);
}

static char *text_line(const char *time, const struct client_source *source,
                       const struct sstp_ep_message *message)
{
    const char *const columns[] = {source->from, source->identity_url, source->device_url,
                                   source->resource_url};
    GString *line = g_string_new(time);
    for (gsize i = 0; i < G_N_ELEMENTS(columns); i++)
        append_column(line, columns[i], strlen(columns[i]));
    append_column(line, message->user_ref.data, message->user_ref.len);
    append_column(line, message->data.data, message->data.len);
    return g_string_free(line, FALSE);
}

GBytes *client_print(enum client_format format, GDateTime *received,
                     const struct client_source *source, const struct sstp_ep_message *message)
{
    char *time = g_date_time_format(received, "%Y-%m-%dT%H:%M:%S.%f%:z");
    char *line = format == CLIENT_FORMAT_TEXT ? text_line(time, source, message)
                                              : json_line(time, source, message);
    char *whole = g_strconcat(line, "\n", NULL);
    g_free(line);
    g_free(time);
    return g_bytes_new_take(whole, strlen(whole));
}
