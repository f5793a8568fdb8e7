/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "truth.h"

#include <json-glib/json-glib.h>
#include <stdio.h>

struct truth {
    FILE *file;
    bool has_failed;
    int num_streams;
    GHashTable *streams; /* name to struct truth_stream */
};

struct truth_stream {
    struct truth *truth;
    char *name;
    unsigned num_ends;
    int number; /* -1 until its first command */
};

struct truth *truth_open(const char *path)
{
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return NULL;
    struct truth *truth = g_new0(struct truth, 1);
    truth->file = file;
    truth->streams = g_hash_table_new(g_str_hash, g_str_equal);
    return truth;
}

bool truth_close(struct truth *truth)
{
    if (truth == NULL)
        return true;
    const bool is_closed = fclose(truth->file) == 0;
    const bool is_good = is_closed && !truth->has_failed;
    g_hash_table_destroy(truth->streams);
    g_free(truth);
    return is_good;
}

struct truth_stream *truth_enter(struct truth *truth, const char *name)
{
    struct truth_stream *stream = g_hash_table_lookup(truth->streams, name);
    if (stream == NULL) {
        stream = g_new0(struct truth_stream, 1);
        stream->truth = truth;
        stream->name = g_strdup(name);
        stream->number = -1;
        g_hash_table_insert(truth->streams, stream->name, stream);
    }
    stream->num_ends++;
    return stream;
}

void truth_leave(struct truth_stream *stream)
{
    if (stream == NULL || --stream->num_ends > 0)
        return;
    g_hash_table_remove(stream->truth->streams, stream->name);
    g_free(stream->name);
    g_free(stream);
}

/* ------------------------------------------------------------------------
 * Fields
 */

static void set_name(JsonBuilder *builder, enum sstp_field field)
{
    json_builder_set_member_name(builder, sstp_field_infos[field].filter);
}

static void add_string(JsonBuilder *builder, struct sstp_span text)
{
    /* What is sent is ASCII; a byte that is not would make the line unreadable. */
    char *string = g_strndup(text.len > 0 ? (const char *)text.data : "", text.len);
    char *valid = g_utf8_make_valid(string, -1);
    json_builder_add_string_value(builder, valid);
    g_free(valid);
    g_free(string);
}

static void add_hex(JsonBuilder *builder, struct sstp_span bytes)
{
    GString *hex = g_string_sized_new(2 * bytes.len + 1);
    for (size_t i = 0; i < bytes.len; i++)
        g_string_append_printf(hex, "%02x", bytes.data[i]);
    json_builder_add_string_value(builder, hex->str);
    g_string_free(hex, TRUE);
}

static void add_strings(JsonBuilder *builder, enum sstp_field field, const struct sstp_list *list)
{
    struct sstp_reader r = sstp_reader(list->bytes);
    set_name(builder, field == SSTP_FIELD_SOURCE_DEVICE_URLS ? SSTP_FIELD_SOURCE_DEVICE_URL
                                                             : SSTP_FIELD_TARGET_DEVICE_URL);
    json_builder_begin_array(builder);
    for (unsigned i = 0; i < list->count; i++)
        add_string(builder, sstp_read_string(&r));
    json_builder_end_array(builder);
}

static void add_indexes(JsonBuilder *builder, const struct sstp_list *list)
{
    struct sstp_reader r = sstp_reader(list->bytes);
    set_name(builder, SSTP_FIELD_FANOUT_DEVICE_INDEX);
    json_builder_begin_array(builder);
    for (unsigned i = 0; i < list->count; i++)
        json_builder_add_int_value(builder, sstp_read_u16(&r));
    json_builder_end_array(builder);
}

/* One array for each string of the entries, as a decoder shows the fields. */
static void add_entries(JsonBuilder *builder, const struct sstp_command *command)
{
    static const enum sstp_field fields[] = {SSTP_FIELD_IDENTITY_URL, SSTP_FIELD_DEVICE_URL,
                                             SSTP_FIELD_RELAY_URL, SSTP_FIELD_FAILOVER_DEVICE_URLS};
    const unsigned num_fields = command->form == SSTP_VERSION_1_6 ? 4 : 3;
    for (unsigned f = 0; f < num_fields; f++) {
        struct sstp_reader r = sstp_reader(command->fanout_entries.bytes);
        set_name(builder, fields[f]);
        json_builder_begin_array(builder);
        for (unsigned i = 0; i < command->fanout_entries.count; i++) {
            const struct sstp_fanout_entry entry = sstp_fanout_entry_read(&r, command->form);
            const struct sstp_span strings[] = {entry.identity_url, entry.device_url,
                                                entry.relay_url, entry.failover_device_urls};
            add_string(builder, strings[f]);
        }
        json_builder_end_array(builder);
    }
}

static void add_step(JsonBuilder *builder, const struct sstp_command *command,
                     const struct sstp_step *step)
{
    const char *member = (const char *)command + step->member;
    const void *value = member;

    set_name(builder, step->field);
    switch (sstp_field_infos[step->field].kind) {
    case SSTP_KIND_U8:
        json_builder_add_int_value(builder, *(const uint8_t *)value);
        break;
    case SSTP_KIND_U16:
        json_builder_add_int_value(builder, *(const uint16_t *)value);
        break;
    case SSTP_KIND_U32:
        json_builder_add_int_value(builder, *(const uint32_t *)value);
        break;
    case SSTP_KIND_U64:
        json_builder_add_int_value(builder, (gint64) * (const uint64_t *)value);
        break;
    case SSTP_KIND_STRING:
        add_string(builder, *(const struct sstp_span *)value);
        break;
    case SSTP_KIND_TOKEN:
    case SSTP_KIND_REST:
        add_hex(builder, *(const struct sstp_span *)value);
        break;
    case SSTP_KIND_STRINGS:
        json_builder_add_int_value(builder, ((const struct sstp_list *)value)->count);
        add_strings(builder, step->field, value);
        break;
    case SSTP_KIND_ENTRIES:
        json_builder_add_int_value(builder, ((const struct sstp_list *)value)->count);
        add_entries(builder, command);
        break;
    case SSTP_KIND_INDEXES:
        json_builder_add_int_value(builder, ((const struct sstp_list *)value)->count);
        add_indexes(builder, value);
        break;
    }
}

void truth_command(struct truth_stream *stream, bool from_initiator,
                   const struct sstp_command *command, uint64_t time_ns)
{
    struct truth *truth = stream->truth;
    const struct sstp_command_info *info = sstp_command_info(command->id);
    JsonBuilder *builder = json_builder_new();

    if (stream->number < 0)
        stream->number = truth->num_streams++;
    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, "stream");
    json_builder_add_int_value(builder, stream->number);
    json_builder_set_member_name(builder, "event");
    json_builder_add_string_value(builder, "command");
    json_builder_set_member_name(builder, "from");
    json_builder_add_string_value(builder, from_initiator ? "initiator" : "acceptor");
    json_builder_set_member_name(builder, "command");
    json_builder_add_string_value(builder, info->name);
    if (info->scope != SSTP_SCOPE_CONNECTION) {
        json_builder_set_member_name(builder, "session");
        json_builder_add_int_value(builder, command->session_id);
    }
    set_name(builder, SSTP_FIELD_COMMAND_LENGTH);
    json_builder_add_int_value(builder, command->length);
    for (size_t i = 0; i < info->num_steps; i++)
        if (sstp_condition_holds(info->steps[i].condition, command))
            add_step(builder, command, &info->steps[i]);
    json_builder_end_object(builder);

    JsonNode *root = json_builder_get_root(builder);
    char *text = json_to_string(root, FALSE);
    /* The time with all its digits, which a double would not keep. */
    if (fprintf(truth->file, "{\"t\":%" G_GUINT64_FORMAT ".%09u,%s\n",
                (guint64)(time_ns / 1000000000), (unsigned)(time_ns % 1000000000), text + 1) < 0 ||
        fflush(truth->file) != 0)
        truth->has_failed = true;
    g_free(text);
    json_node_unref(root);
    g_object_unref(builder);
}
