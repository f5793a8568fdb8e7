/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truth_command: a command's fields, by the names that a decoder shows them under. */
#include "record/truth_internal.h"

#include "base/json_text.h"

static const char *name_of(enum sstp_field field)
{
    return sstp_field_infos[field].filter;
}

static void set_name(JsonBuilder *builder, enum sstp_field field)
{
    json_builder_set_member_name(builder, name_of(field));
}

static void add_strings(JsonBuilder *builder, enum sstp_field field, const struct sstp_list *list)
{
    struct sstp_span *texts = g_new(struct sstp_span, list->count);
    sstp_list_read_strings(list, texts);
    json_text_add_list(builder, name_of(sstp_field_of_strings(field)), texts, list->count);
    g_free(texts);
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
    struct sstp_span *texts = g_new(struct sstp_span, command->fanout_entries.count);
    for (unsigned i = 0; i < sstp_fanout_num_columns(command->form); i++) {
        sstp_fanout_column_read(command, i, texts);
        json_text_add_list(builder, name_of(sstp_fanout_columns[i]), texts,
                           command->fanout_entries.count);
    }
    g_free(texts);
}

static void add_step(JsonBuilder *builder, const struct sstp_command *command,
                     const struct sstp_step *step)
{
    const char *member = (const char *)command + step->member;
    const void *value = member;

    /* A string may need a second member. */
    if (sstp_field_infos[step->field].kind == SSTP_KIND_STRING) {
        json_text_add(builder, name_of(step->field), *(const struct sstp_span *)value);
        return;
    }
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
        g_assert_not_reached();
    case SSTP_KIND_TOKEN:
    case SSTP_KIND_REST:
        json_text_add_hex(builder, *(const struct sstp_span *)value);
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
    const struct sstp_command_info *info = sstp_command_info(command->id);
    truth_begin_stream(stream);
    JsonBuilder *builder = truth_begin("command");

    truth_add_end(builder, "from", from_initiator);
    truth_add_string(builder, "command", info->name);
    if (info->scope != SSTP_SCOPE_CONNECTION)
        truth_add_int(builder, "session", command->session_id);
    set_name(builder, SSTP_FIELD_COMMAND_LENGTH);
    json_builder_add_int_value(builder, command->length);
    for (size_t i = 0; i < info->num_steps; i++)
        if (sstp_condition_holds(info->steps[i].condition, command))
            add_step(builder, command, &info->steps[i]);
    truth_end(stream, TRUTH_OF_WHAT_COMES, builder, time_ns);
}
