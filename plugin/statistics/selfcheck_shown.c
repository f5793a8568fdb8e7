/* SPDX-License-Identifier: GPL-2.0-or-later */
/* selfcheck_shown: a command in the words of an answer, by the table of its fields. */
#include "statistics/selfcheck.h"

#include <inttypes.h>
#include <string.h>

static const char *name_of(enum sstp_field field)
{
    return sstp_field_infos[field].filter;
}

static void append_hex(GString *text, struct sstp_span bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        g_string_append_printf(text, "%02x", bytes.data[i]);
}

static bool is_text(struct sstp_span span)
{
    return span.len == 0 || g_utf8_validate((const char *)span.data, (gssize)span.len, NULL);
}

/* One value, or a list of them: where any of it is no text, all of it is in hexadecimal. */
static void add_texts(GString *words, const char *name, const struct sstp_span *texts, unsigned num)
{
    GString *value = g_string_new(NULL);
    bool are_texts = true;
    for (unsigned i = 0; i < num; i++)
        are_texts = are_texts && is_text(texts[i]);
    for (unsigned i = 0; i < num; i++) {
        g_string_append(value, i > 0 ? GRVSSTP_WORDS_BETWEEN : "");
        if (are_texts) {
            g_string_append_len(value, (const char *)texts[i].data, (gssize)texts[i].len);
        } else {
            g_string_append(value, GRVSSTP_WORDS_HEX);
            append_hex(value, texts[i]);
        }
    }
    grvsstp_words_add(words, name, value->str);
    g_string_free(value, TRUE);
}

static void add_number(GString *words, const char *name, uint64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, (int64_t)number);
    grvsstp_words_add(words, name, text);
}

static void add_bytes(GString *words, const char *name, struct sstp_span bytes)
{
    GString *hex = g_string_new(NULL);
    append_hex(hex, bytes);
    if (strcmp(name, name_of(SSTP_FIELD_DATA)) == 0 && bytes.len > GRVSSTP_ANSWER_DATA_MAX) {
        char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, hex->str, (gssize)hex->len);
        grvsstp_words_add(words, GRVSSTP_DATA_DIGEST, digest);
        g_free(digest);
    } else {
        grvsstp_words_add(words, name, hex->str);
    }
    g_string_free(hex, TRUE);
}

/* ------------------------------------------------------------------------
 * Lists
 */

static void add_strings(GString *words, enum sstp_field field, const struct sstp_list *list)
{
    struct sstp_span *texts = g_new(struct sstp_span, list->count);
    sstp_list_read_strings(list, texts);
    add_texts(words, name_of(sstp_field_of_strings(field)), texts, list->count);
    g_free(texts);
}

static void add_indexes(GString *words, const struct sstp_list *list)
{
    struct sstp_reader r = sstp_reader(list->bytes);
    GString *value = g_string_new(NULL);
    for (unsigned i = 0; i < list->count; i++)
        g_string_append_printf(value, "%s%u", i > 0 ? GRVSSTP_WORDS_BETWEEN : "",
                               sstp_read_u16(&r));
    grvsstp_words_add(words, name_of(SSTP_FIELD_FANOUT_DEVICE_INDEX), value->str);
    g_string_free(value, TRUE);
}

/* A list for each string of the entries. */
static void add_entries(GString *words, const struct sstp_command *command)
{
    struct sstp_span *texts = g_new(struct sstp_span, command->fanout_entries.count);
    for (unsigned i = 0; i < sstp_fanout_num_columns(command->form); i++) {
        sstp_fanout_column_read(command, i, texts);
        add_texts(words, name_of(sstp_fanout_columns[i]), texts, command->fanout_entries.count);
    }
    g_free(texts);
}

/* ------------------------------------------------------------------------
 * Commands
 */

static void add_step(GString *words, const struct sstp_command *command,
                     const struct sstp_step *step)
{
    const void *value = (const char *)command + step->member;
    const char *name = name_of(step->field);

    switch (sstp_field_infos[step->field].kind) {
    case SSTP_KIND_U8:
        add_number(words, name, *(const uint8_t *)value);
        break;
    case SSTP_KIND_U16:
        add_number(words, name, *(const uint16_t *)value);
        break;
    case SSTP_KIND_U32:
        add_number(words, name, *(const uint32_t *)value);
        break;
    case SSTP_KIND_U64:
        add_number(words, name, *(const uint64_t *)value);
        break;
    case SSTP_KIND_STRING:
        add_texts(words, name, value, 1);
        break;
    case SSTP_KIND_TOKEN:
    case SSTP_KIND_REST:
        add_bytes(words, name, *(const struct sstp_span *)value);
        break;
    case SSTP_KIND_STRINGS:
        add_number(words, name, ((const struct sstp_list *)value)->count);
        add_strings(words, step->field, value);
        break;
    case SSTP_KIND_ENTRIES:
        add_number(words, name, ((const struct sstp_list *)value)->count);
        add_entries(words, command);
        break;
    case SSTP_KIND_INDEXES:
        add_number(words, name, ((const struct sstp_list *)value)->count);
        add_indexes(words, value);
        break;
    }
}

char *grvsstp_shown_command(const struct sstp_command *command)
{
    const struct sstp_command_info *info = sstp_command_info(command->id);
    GString *words = g_string_new(NULL);

    if (info == NULL) {
        add_number(words, "command", command->id);
        return g_string_free(words, FALSE);
    }
    grvsstp_words_add(words, "command", info->name);
    add_number(words, name_of(SSTP_FIELD_COMMAND_LENGTH), command->length);
    for (size_t i = 0; i < info->num_steps; i++)
        if (sstp_condition_holds(info->steps[i].condition, command))
            add_step(words, command, &info->steps[i]);
    return g_string_free(words, FALSE);
}

char *grvsstp_shown_message(const struct sstp_command *command, uint32_t entry)
{
    GString *words = g_string_new(NULL);
    add_number(words, "session", command->session_id);
    add_number(words, "number", (uint64_t)entry + 1);
    return g_string_free(words, FALSE);
}

char *grvsstp_shown_connection(const struct sstp_observation *seen)
{
    const char *state = sstp_connection_state_name(seen->connection_state);
    if (state == NULL || seen->connection_state == SSTP_CONNECTION_TRANSPORT_CONNECTED)
        return NULL;
    GString *words = g_string_new(NULL);
    grvsstp_words_add(words, "state", state);
    return g_string_free(words, FALSE);
}

char *grvsstp_shown_session(const struct sstp_command *command, const struct sstp_observation *seen)
{
    const char *state = sstp_session_state_name(seen->session_state);
    if (state == NULL)
        return NULL;
    GString *words = g_string_new(NULL);
    add_number(words, "session", command->session_id);
    grvsstp_words_add(words, "state", state);
    return g_string_free(words, FALSE);
}

char *grvsstp_shown_acknowledged(uint32_t entry)
{
    GString *words = g_string_new(NULL);
    add_number(words, "number", (uint64_t)entry + 1);
    return g_string_free(words, FALSE);
}
