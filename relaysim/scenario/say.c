/* SPDX-License-Identifier: GPL-2.0-or-later */
/* say: a command, field by field, as the table of analyzer/core/command.h has them. */
#include "scenario/parser.h"

#include "core/encode.h"
#include "scenario/filler.h"

#include <string.h>

/* A command under construction. */
struct saying {
    const struct sstp_command_info *info;
    struct sstp_command command;
    bool is_given[24]; /* by step of its row */
    /* What its spans and lists point to. */
    GByteArray *bytes, *list;
};

/* ------------------------------------------------------------------------
 * Bytes
 */

static bool append_hex(struct parser *p, const char *word, GByteArray *bytes)
{
    const size_t len = strlen(word);
    for (size_t i = 0; i < len; i += 2) {
        const int high = g_ascii_xdigit_value(word[i]);
        const int low = i + 1 < len ? g_ascii_xdigit_value(word[i + 1]) : -1;
        if (high < 0 || low < 0)
            return parser_fail(p, "\"%s\" is not made of bytes of two hexadecimal digits", word);
        g_byte_array_append(bytes, &(uint8_t){(uint8_t)(high << 4 | low)}, 1);
    }
    return true;
}

bool parser_bytes(struct parser *p, GByteArray *bytes)
{
    if (!parser_has_more(p))
        return parser_fail(p, "bytes are needed at the end of the line, such as 10 07 00");
    while (parser_has_more(p)) {
        const bool is_text = p->is_quoted[p->at];
        const char *word = parser_next(p);
        if (is_text)
            g_byte_array_append(bytes, (const guint8 *)word, (guint)strlen(word));
        else if (!append_hex(p, word, bytes))
            return false;
    }
    return bytes->len > 0 || parser_fail(p, "there are no bytes in the line");
}

bool parser_hex(struct parser *p, const char *what, GByteArray *bytes)
{
    const char *word = parser_next(p);
    return word != NULL ? append_hex(p, word, bytes)
                        : parser_fail(p, "%s is needed at the end of the line", what);
}

/* "filler LEN KEY", "hex DIGITS" or "text TEXT" */
static bool read_data(struct parser *p, GByteArray *bytes)
{
    const char *text;
    uint64_t len, key;
    if (parser_accept(p, "hex"))
        return parser_hex(p, "the data", bytes);
    if (parser_accept(p, "filler")) {
        if (!parser_number(p, "the length of the filler", FILLER_LEN_MIN, SSTP_COMMAND_LEN_MAX,
                           &len) ||
            !parser_number(p, "the key of the filler", 0, UINT32_MAX, &key))
            return false;
        filler_append(bytes, len, (uint32_t)key);
        return true;
    }
    if (!parser_need(p, "text") || !parser_text(p, "the data", &text))
        return false;
    g_byte_array_append(bytes, (const uint8_t *)text, (guint)strlen(text));
    return true;
}

/* ------------------------------------------------------------------------
 * Numbers
 */

/* Decimal, or in hexadecimal digits after 0x; or the name of a code. */
static bool read_number(struct parser *p, enum sstp_field field, uint64_t max, uint64_t *value)
{
    const char *word = parser_has_more(p) ? p->words[p->at] : NULL;
    sstp_mnemonic *name = sstp_mnemonic_of(field);
    guint64 number;
    if (name != NULL && word != NULL && g_ascii_isalpha(word[0])) {
        uint8_t id;
        if (!parser_mnemonic(p, sstp_field_infos[field].name, name, &id))
            return false;
        *value = id;
        return true;
    }
    if (word != NULL && g_str_has_prefix(word, "0x") &&
        g_ascii_string_to_unsigned(word + 2, 16, 0, max, &number, NULL)) {
        p->at++;
        *value = number;
        return true;
    }
    return parser_number(p, sstp_field_infos[field].name, 0, max, value);
}

/* ------------------------------------------------------------------------
 * Fields
 */

static bool append_string(struct parser *p, const char *what, GByteArray *list)
{
    const char *text;
    if (!parser_text(p, what, &text))
        return false;
    g_byte_array_append(list, (const uint8_t *)text, (guint)strlen(text) + 1);
    return true;
}

/* A count, and so many elements. */
static bool read_list(struct parser *p, struct saying *saying, enum sstp_field field)
{
    const struct sstp_field_info *info = &sstp_field_infos[field];
    struct sstp_command *command = &saying->command;
    struct sstp_list *list = field == SSTP_FIELD_FANOUT_DEVICE_ENTRIES   ? &command->fanout_entries
                             : field == SSTP_FIELD_FANOUT_DEVICE_INDEXES ? &command->fanout_indexes
                                                                         : &command->device_urls;
    const unsigned num_strings =
        info->kind == SSTP_KIND_STRINGS ? 1 : sstp_fanout_num_columns(command->form);
    uint64_t num, index;

    if (!parser_number(p, info->name, 0, info->kind == SSTP_KIND_STRINGS ? UINT8_MAX : UINT16_MAX,
                       &num))
        return false;
    for (uint64_t i = 0; i < num; i++) {
        if (info->kind == SSTP_KIND_INDEXES) {
            if (!parser_number(p, "an index", 0, UINT16_MAX, &index))
                return false;
            g_byte_array_append(saying->list,
                                (const uint8_t[]){(uint8_t)index, (uint8_t)(index >> 8)}, 2);
            continue;
        }
        for (unsigned s = 0; s < num_strings; s++)
            if (!append_string(p, info->kind == SSTP_KIND_STRINGS ? "a URL" : "a part of an entry",
                               saying->list))
                return false;
    }
    list->count = (uint16_t)num;
    list->bytes = sstp_span(saying->list->data, saying->list->len);
    if (info->kind == SSTP_KIND_INDEXES)
        command->form = SSTP_VERSION_1_6;
    return true;
}

static bool read_integer(struct parser *p, struct saying *saying, const struct sstp_step *step,
                         size_t size)
{
    void *member = (char *)&saying->command + step->member;
    uint64_t value;
    if (!read_number(p, step->field, size == 8 ? UINT64_MAX : (UINT64_C(1) << 8 * size) - 1,
                     &value))
        return false;
    if (size == 1)
        *(uint8_t *)member = (uint8_t)value;
    else if (size == 2)
        *(uint16_t *)member = (uint16_t)value;
    else if (size == 4)
        *(uint32_t *)member = (uint32_t)value;
    else
        *(uint64_t *)member = value;
    if (step->field == SSTP_FIELD_EPHEMERAL_RESERVED1)
        saying->command.ephemeral_reserved_len = MAX(saying->command.ephemeral_reserved_len, 4);
    if (step->field == SSTP_FIELD_EPHEMERAL_RESERVED2)
        saying->command.ephemeral_reserved_len = 5;
    return true;
}

static bool read_value(struct parser *p, struct saying *saying, const struct sstp_step *step)
{
    const struct sstp_field_info *info = &sstp_field_infos[step->field];
    struct sstp_span *span = (void *)((char *)&saying->command + step->member);
    const char *text;

    switch (info->kind) {
    case SSTP_KIND_U8:
        return read_integer(p, saying, step, 1);
    case SSTP_KIND_U16:
        return read_integer(p, saying, step, 2);
    case SSTP_KIND_U32:
        return read_integer(p, saying, step, 4);
    case SSTP_KIND_U64:
        return read_integer(p, saying, step, 8);
    case SSTP_KIND_STRING:
        if (!parser_text(p, info->name, &text))
            return false;
        *span = sstp_span_of_string(text);
        return true;
    case SSTP_KIND_TOKEN:
    case SSTP_KIND_REST:
        if (!(info->kind == SSTP_KIND_TOKEN ? parser_hex(p, info->name, saying->bytes)
                                            : read_data(p, saying->bytes)))
            return false;
        *span = sstp_span(saying->bytes->data, saying->bytes->len);
        return true;
    case SSTP_KIND_STRINGS:
    case SSTP_KIND_ENTRIES:
    case SSTP_KIND_INDEXES:
        return read_list(p, saying, step->field);
    }
    return false;
}

/* "form 1.6" of a FanoutOpen, before its entries. */
static bool read_form(struct parser *p, struct saying *saying)
{
    if (saying->command.id != SSTP_FANOUT_OPEN || saying->list->len > 0)
        return parser_fail(p, "\"form\" stands in a FanoutOpen alone, before its entries");
    if (parser_accept(p, "1.6"))
        saying->command.form = SSTP_VERSION_1_6;
    else if (!parser_accept(p, "1.5"))
        return parser_fail(p, "a FanoutOpen has the form 1.5 or 1.6");
    return true;
}

static bool read_field(struct parser *p, struct saying *saying)
{
    const struct sstp_command_info *info = saying->info;
    const char *word = parser_next(p);
    size_t i = 0;
    if (strcmp(word, "form") == 0)
        return read_form(p, saying);
    while (i < info->num_steps && strcmp(sstp_field_infos[info->steps[i].field].name, word) != 0)
        i++;
    if (i == info->num_steps)
        return parser_fail(p, "%s has no field \"%s\"", info->name, word);
    if (saying->is_given[i])
        return parser_fail(p, "\"%s\" is said twice", word);
    saying->is_given[i] = true;
    return read_value(p, saying, &info->steps[i]);
}

/* ------------------------------------------------------------------------
 * The whole
 */

static bool find_command(struct parser *p, struct saying *saying)
{
    const char *word = parser_next(p);
    if (word == NULL)
        return parser_fail(p, "a command is needed at the end of the line, such as Noop");
    for (unsigned id = SSTP_COMMAND_ID_MIN; id <= SSTP_COMMAND_ID_MAX; id++) {
        saying->info = sstp_command_info((uint8_t)id);
        saying->command.id = (uint8_t)id;
        if (strcmp(saying->info->name, word) == 0) {
            g_assert(saying->info->num_steps <= G_N_ELEMENTS(saying->is_given));
            return true;
        }
    }
    return parser_fail(p, "there is no command \"%s\"", word);
}

/* What other fields leave no place for. */
static bool check_conditions(struct parser *p, const struct saying *saying)
{
    for (size_t i = 0; i < saying->info->num_steps; i++) {
        const struct sstp_step *step = &saying->info->steps[i];
        if (saying->is_given[i] && !sstp_condition_holds(step->condition, &saying->command))
            return parser_fail(p, "%s has no place in this %s", sstp_field_infos[step->field].name,
                               saying->info->name);
    }
    return true;
}

static bool encode(struct parser *p, const struct saying *saying, GByteArray *bytes)
{
    g_byte_array_set_size(bytes, saying->info->max_length);
    const size_t len = sstp_command_encode(&saying->command, bytes->data, bytes->len);
    g_byte_array_set_size(bytes, (guint)len);
    return len > 0 || parser_fail(p, "%s has at most %u bytes, and this one would have more",
                                  saying->info->name, saying->info->max_length);
}

bool parser_command(struct parser *p, GByteArray *bytes)
{
    struct saying saying = {.bytes = g_byte_array_new(), .list = g_byte_array_new()};
    bool is_good = find_command(p, &saying);
    saying.command.form = SSTP_VERSION_1_5;
    while (is_good && parser_has_more(p))
        is_good = read_field(p, &saying);
    is_good = is_good && check_conditions(p, &saying) && encode(p, &saying, bytes);
    g_byte_array_free(saying.bytes, TRUE);
    g_byte_array_free(saying.list, TRUE);
    return is_good;
}
