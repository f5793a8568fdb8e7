/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario/line.h"

#include <string.h>

#include "core/decode.h"
#include "core/encode.h"
#include "core/token.h"

/* As short contents go bytewise: relaysim's filler begins with eight digits of its key. */
#define FILLER_LEN_MIN 8u
/* A line of a scenario has a limit of words; no such list of any peer's comes near it. */
#define STRINGS_MAX 4000u

/* ------------------------------------------------------------------------
 * Learning
 */

static gboolean is_text(const struct sstp_value *value)
{
    return sstp_field_infos[value->field].kind == SSTP_KIND_STRING;
}

static void learn_value(void *cookie, const struct sstp_value *value)
{
    if (is_text(value))
        replace_learn(cookie, value->bytes);
}

void line_learn(struct replace *replace, struct sstp_span bytes)
{
    const struct sstp_visitor visitor = {.value = learn_value, .cookie = replace};
    struct sstp_command command;

    if (bytes.len >= SSTP_HEADER_LEN)
        (void)sstp_command_decode(bytes, SSTP_VERSION_UNKNOWN, &visitor, &command);
}

/* ------------------------------------------------------------------------
 * Values
 */

static void append_text(GString *text, struct sstp_span string, struct replace *replace)
{
    GString *other = g_string_new(NULL);

    replace_text(replace, string, other);
    g_string_append(text, " \"");
    for (gsize i = 0; i < other->len; i++) {
        if (strchr("\"\\{", other->str[i]) != NULL)
            g_string_append_c(text, '\\');
        g_string_append_c(text, other->str[i]);
    }
    g_string_append_c(text, '"');
    g_string_free(other, TRUE);
}

static void append_hex(GString *text, const GByteArray *bytes)
{
    for (guint i = 0; i < bytes->len; i++)
        g_string_append_printf(text, "%02x", bytes->data[i]);
}

/* Zeros up to a length, for what was not captured. */
static void fill_up(GByteArray *bytes, gsize len)
{
    const guint8 zero = 0;

    while (bytes->len < len)
        g_byte_array_append(bytes, &zero, 1);
}

/* A token's parts are replaced where they are, and lengths stay. */
struct token {
    GByteArray *bytes;
    struct replace *replace;
};

static void token_header(void *cookie, uint8_t major, uint8_t minor, uint8_t message)
{
    struct token *token = cookie;
    const guint8 header[] = {major, minor, message};
    g_byte_array_append(token->bytes, header, sizeof header);
}

static void token_part(void *cookie, enum sstp_token_part part, unsigned index, size_t offset,
                       struct sstp_span bytes)
{
    struct token *token = cookie;
    const guint8 len[] = {(guint8)bytes.len, (guint8)(bytes.len >> 8)};

    (void)index;
    (void)offset;
    if (part != SSTP_TOKEN_PART_OPAQUE)
        g_byte_array_append(token->bytes, len, sizeof len);
    replace_bytes(token->replace, bytes, token->bytes);
}

static void token_finding(void *cookie, enum sstp_finding finding, size_t offset, size_t len)
{
    (void)cookie;
    (void)finding;
    (void)offset;
    (void)len;
}

/* Appends what the token of a command becomes. */
static void replace_token(const struct sstp_command *command, struct replace *replace,
                          GByteArray *to)
{
    struct token token = {g_byte_array_new(), replace};
    const struct sstp_token_visitor visitor = {token_header, token_part, token_finding, &token};
    const struct sstp_span whole = command->token;

    sstp_token_walk(command, &visitor);
    /* What the walk has left: it ends where a length leads beyond the end. */
    if (token.bytes->len < whole.len)
        replace_bytes(replace,
                      sstp_span(whole.data + token.bytes->len, whole.len - token.bytes->len),
                      token.bytes);
    g_byte_array_append(to, token.bytes->data, token.bytes->len);
    g_byte_array_free(token.bytes, TRUE);
}

/* The contents of a Data of which `len` bytes were sent. */
static void append_data(GString *text, struct sstp_span data, gsize len, struct replace *replace)
{
    if (len >= FILLER_LEN_MIN) {
        g_string_append_printf(text, " filler %" G_GSIZE_FORMAT " %u", len,
                               replace_key(replace, data));
        return;
    }
    GByteArray *bytes = g_byte_array_new();
    replace_bytes(replace, data, bytes);
    fill_up(bytes, len);
    g_string_append(text, " hex ");
    append_hex(text, bytes);
    g_byte_array_free(bytes, TRUE);
}

static void append_number(GString *text, enum sstp_field field, guint64 number)
{
    sstp_mnemonic *name_of = sstp_mnemonic_of(field);
    const char *name = name_of != NULL ? name_of((uint8_t)number) : NULL;

    if (name != NULL)
        g_string_append_printf(text, " %s", name);
    else if (sstp_field_infos[field].base == SSTP_BASE_HEX)
        g_string_append_printf(text, " 0x%" G_GINT64_MODIFIER "x", number);
    else
        g_string_append_printf(text, " %" G_GUINT64_FORMAT, number);
}

/* ------------------------------------------------------------------------
 * Field by field
 */

static void append_list(GString *text, enum sstp_field field, const struct sstp_list *list,
                        struct replace *replace)
{
    struct sstp_reader reader = sstp_reader(list->bytes);

    g_string_append_printf(text, " %s %u", sstp_field_infos[field].name, list->count);
    while (sstp_reader_left(&reader) > 0)
        if (sstp_field_infos[field].kind == SSTP_KIND_INDEXES)
            g_string_append_printf(text, " %u", sstp_read_u16(&reader));
        else
            append_text(text, sstp_read_string(&reader), replace);
}

static void append_integer(GString *text, const struct sstp_step *step, guint64 number)
{
    const gboolean tells_form = step->field == SSTP_FIELD_EPHEMERAL_RESERVED1 ||
                                step->field == SSTP_FIELD_EPHEMERAL_RESERVED2;

    if (number == 0 && sstp_mnemonic_of(step->field) == NULL && !tells_form)
        return;
    g_string_append_printf(text, " %s", sstp_field_infos[step->field].name);
    append_number(text, step->field, number);
}

static void append_field(GString *text, const struct sstp_command *command,
                         const struct sstp_step *step, struct replace *replace)
{
    const struct sstp_field_info *info = &sstp_field_infos[step->field];
    const void *member = (const char *)command + step->member;
    const struct sstp_span *span = member;
    const struct sstp_list *list = member;

    switch (info->kind) {
    case SSTP_KIND_U8:
        append_integer(text, step, *(const uint8_t *)member);
        break;
    case SSTP_KIND_U16:
        append_integer(text, step, *(const uint16_t *)member);
        break;
    case SSTP_KIND_U32:
        append_integer(text, step, *(const uint32_t *)member);
        break;
    case SSTP_KIND_U64:
        append_integer(text, step, *(const uint64_t *)member);
        break;
    case SSTP_KIND_STRING:
        if (span->len > 0) {
            g_string_append_printf(text, " %s", info->name);
            append_text(text, *span, replace);
        }
        break;
    case SSTP_KIND_TOKEN:
        if (span->len > 0) {
            GByteArray *token = g_byte_array_new();
            replace_token(command, replace, token);
            g_string_append_printf(text, " %s ", info->name);
            append_hex(text, token);
            g_byte_array_free(token, TRUE);
        }
        break;
    case SSTP_KIND_REST:
        if (span->len > 0) {
            g_string_append_printf(text, " %s", info->name);
            append_data(text, *span, span->len, replace);
        }
        break;
    case SSTP_KIND_STRINGS:
    case SSTP_KIND_ENTRIES:
    case SSTP_KIND_INDEXES:
        /* Of a SessionStatus it is what makes the form. */
        if (list->count > 0 || info->kind == SSTP_KIND_INDEXES)
            append_list(text, step->field, list, replace);
        break;
    }
}

static void append_fields(GString *text, const struct sstp_command *command,
                          struct replace *replace)
{
    const struct sstp_command_info *info = sstp_command_info(command->id);

    g_string_append(text, info->name);
    if (command->id == SSTP_FANOUT_OPEN && command->form == SSTP_VERSION_1_6)
        g_string_append(text, " form 1.6");
    for (gsize i = 0; i < info->num_steps; i++)
        if (sstp_condition_holds(info->steps[i].condition, command))
            append_field(text, command, &info->steps[i], replace);
}

/* ------------------------------------------------------------------------
 * As bytes
 */

/* Bytes whose fields are replaced one by one; what is none's is, too. */
struct rewriting {
    GByteArray *bytes;
    struct sstp_span original;
    gsize end; /* of the last field */
    struct replace *replace;
};

static void rewrite(struct rewriting *rewriting, gsize offset, const void *bytes, gsize len)
{
    g_assert(offset + len <= rewriting->bytes->len);
    memcpy(rewriting->bytes->data + offset, bytes, len);
}

static void rewrite_blob(struct rewriting *rewriting, gsize offset, gsize len)
{
    GByteArray *other = g_byte_array_new();
    replace_bytes(rewriting->replace, sstp_span(rewriting->original.data + offset, len), other);
    rewrite(rewriting, offset, other->data, other->len);
    g_byte_array_free(other, TRUE);
}

static void rewrite_value(void *cookie, const struct sstp_value *value)
{
    struct rewriting *rewriting = cookie;
    const enum sstp_kind kind = sstp_field_infos[value->field].kind;

    rewriting->end = MAX(rewriting->end, value->offset + value->len);
    if (is_text(value)) {
        GString *other = g_string_new(NULL);
        replace_text(rewriting->replace, value->bytes, other);
        rewrite(rewriting, value->offset, other->str, other->len);
        g_string_free(other, TRUE);
    } else if ((kind == SSTP_KIND_TOKEN || kind == SSTP_KIND_REST) && value->bytes.len > 0) {
        rewrite_blob(rewriting, (gsize)(value->bytes.data - rewriting->original.data),
                     value->bytes.len);
    }
}

static void append_bytes(GString *text, struct sstp_span bytes, guint16 length,
                         struct replace *replace)
{
    struct sstp_command command;
    struct rewriting rewriting = {
        .bytes = g_byte_array_new(), .original = bytes, .replace = replace};
    const struct sstp_visitor visitor = {.value = rewrite_value, .cookie = &rewriting};

    g_byte_array_append(rewriting.bytes, bytes.data, (guint)bytes.len);
    if (bytes.len >= SSTP_HEADER_LEN)
        (void)sstp_command_decode(bytes, SSTP_VERSION_UNKNOWN, &visitor, &command);
    rewriting.end = MAX(rewriting.end, MIN(bytes.len, SSTP_HEADER_LEN));
    if (rewriting.end < bytes.len)
        rewrite_blob(&rewriting, rewriting.end, bytes.len - rewriting.end);
    fill_up(rewriting.bytes, length);
    append_hex(text, rewriting.bytes);
    g_byte_array_free(rewriting.bytes, TRUE);
}

/* ------------------------------------------------------------------------
 * The line
 */

static gboolean is_as_it_should_be(struct sstp_span bytes, guint16 length,
                                   const struct sstp_command *command)
{
    guint8 *encoded = g_malloc(SSTP_COMMAND_LEN_MAX);
    const gsize len = sstp_command_encode(command, encoded, SSTP_COMMAND_LEN_MAX);
    const gboolean is_same = sstp_span_is_equal(bytes, sstp_span(encoded, len));

    g_free(encoded);
    return is_same && bytes.len == length && command->fanout_entries.count <= STRINGS_MAX / 4 &&
           command->fanout_indexes.count <= STRINGS_MAX;
}

enum line_result line_append(GString *text, const char *name, struct sstp_span bytes,
                             guint16 length, struct replace *replace)
{
    struct sstp_command command = {.id = 0};
    enum line_result result = bytes.len < length ? LINE_CUT : LINE_MALFORMED;
    const gboolean is_decoded = bytes.len >= SSTP_HEADER_LEN &&
                                sstp_command_decode(bytes, SSTP_VERSION_UNKNOWN, NULL, &command);

    if (is_decoded && is_as_it_should_be(bytes, length, &command)) {
        g_string_append_printf(text, "%s says ", name);
        append_fields(text, &command, replace);
        result = LINE_WHOLE;
    } else if (result == LINE_CUT && command.id == SSTP_DATA && bytes.len >= SSTP_DATA_HEADER_LEN &&
               length <= SSTP_DATA_HEADER_LEN + SSTP_DATA_PAYLOAD_MAX) {
        g_string_append_printf(text, "%s says Data SessionId 0x%x Data", name, command.session_id);
        append_data(text,
                    sstp_span(bytes.data + SSTP_DATA_HEADER_LEN, bytes.len - SSTP_DATA_HEADER_LEN),
                    length - SSTP_DATA_HEADER_LEN, replace);
    } else {
        g_string_append_printf(text, "%s says-bytes ", name);
        append_bytes(text, bytes, length, replace);
    }
    g_string_append_c(text, '\n');
    return result;
}
