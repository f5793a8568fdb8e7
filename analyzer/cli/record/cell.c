/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record/cell.h"

#include <stdarg.h>
#include <string.h>

#include "base/plain.h"

void record_begin(struct record *record, const char *type)
{
    record->type = type;
    record->num = 0;
    record->scratch_len = 0;
}

static struct record_cell *add(struct record *record, const char *name, enum record_kind kind)
{
    g_assert(record->num < RECORD_CELLS_MAX);
    struct record_cell *cell = &record->cells[record->num++];
    cell->name = name;
    cell->kind = kind;
    return cell;
}

void record_empty(struct record *record, const char *name)
{
    (void)add(record, name, RECORD_EMPTY);
}

void record_signed(struct record *record, const char *name, gint64 value)
{
    add(record, name, RECORD_SIGNED)->number = value;
}

void record_unsigned(struct record *record, const char *name, guint64 value)
{
    add(record, name, RECORD_UNSIGNED)->count = value;
}

void record_real(struct record *record, const char *name, double value)
{
    add(record, name, RECORD_REAL)->real = value;
}

void record_boolean(struct record *record, const char *name, gboolean value)
{
    add(record, name, RECORD_BOOLEAN)->count = value != FALSE;
}

void record_word(struct record *record, const char *name, const char *value)
{
    add(record, name, value != NULL ? RECORD_WORD : RECORD_EMPTY)->text = value;
}

void record_text(struct record *record, const char *name, const char *value)
{
    add(record, name, value != NULL ? RECORD_TEXT : RECORD_EMPTY)->text = value;
}

void record_words(struct record *record, const char *name, const char *const *words)
{
    add(record, name, words != NULL && words[0] != NULL ? RECORD_WORDS : RECORD_EMPTY)->words =
        words;
}

void record_nested(struct record *record, const char *name, record_append append, gconstpointer of,
                   guint index)
{
    struct record_cell *cell = add(record, name, RECORD_NESTED);
    cell->nested.append = append;
    cell->nested.of = of;
    cell->nested.index = index;
}

const char *record_print(struct record *record, const char *format, ...)
{
    const gsize room = sizeof record->scratch - record->scratch_len;
    char *text = record->scratch + record->scratch_len;
    va_list arguments;

    va_start(arguments, format);
    const int len = g_vsnprintf(text, room, format, arguments);
    va_end(arguments);
    /* One byte stays, so that what comes then is an empty string and no overflow. */
    record->scratch_len += MIN((gsize)len + 1, room - 1);
    return text;
}

/* ------------------------------------------------------------------------
 * Numbers, without printf: a line a command
 */

static void append_unsigned(GString *line, guint64 value)
{
    char digits[20];
    gsize at = sizeof digits;

    do
        digits[--at] = (char)('0' + value % 10);
    while ((value /= 10) != 0);
    g_string_append_len(line, digits + at, (gssize)(sizeof digits - at));
}

static void append_signed(GString *line, gint64 value)
{
    if (value < 0)
        g_string_append_c(line, '-');
    append_unsigned(line, value < 0 ? (guint64)0 - (guint64)value : (guint64)value);
}

static void append_real(GString *line, double value)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];

    g_string_append(line, g_ascii_formatd(text, sizeof text, "%.9g", value));
}

/* ------------------------------------------------------------------------
 * JSON
 */

/* A character that is not to stand there as it is. */
static void append_escape(GString *line, gunichar c)
{
    if (c > 0xffff) {
        c -= 0x10000;
        g_string_append_printf(line, "\\u%04x\\u%04x", 0xd800 + (c >> 10), 0xdc00 + (c & 0x3ff));
    } else {
        g_string_append_printf(line, "\\u%04x", c);
    }
}

gboolean record_json_string(GString *line, const char *text)
{
    const char *end = text + strlen(text);
    gboolean is_valid = TRUE;

    g_string_append_c(line, '"');
    while (text < end) {
        const guchar byte = (guchar)*text;
        if (byte >= 0x20 && byte < 0x7f) {
            if (byte == '"' || byte == '\\')
                g_string_append_c(line, '\\');
            g_string_append_c(line, (char)byte);
            text++;
            continue;
        }
        const gunichar c = g_utf8_get_char_validated(text, end - text);
        if (c == (gunichar)-1 || c == (gunichar)-2) {
            g_string_append(line, "\\ufffd");
            is_valid = FALSE;
            text++;
            continue;
        }
        const char *next = g_utf8_next_char(text);
        if (plain_is_harmless(c))
            g_string_append_len(line, text, next - text);
        else
            append_escape(line, c);
        text = next;
    }
    g_string_append_c(line, '"');
    return is_valid;
}

static void append_name(GString *line, const char *name, const char *after)
{
    g_string_append(line, ",\"");
    g_string_append(line, name);
    g_string_append(line, after);
    g_string_append(line, "\":");
}

/* All the bytes of a text that is not UTF-8. */
static void append_bytes(GString *line, const struct record_cell *cell)
{
    append_name(line, cell->name, "_bytes");
    g_string_append_c(line, '"');
    for (const char *at = cell->text; *at != '\0'; at++)
        g_string_append_printf(line, "%02x", (guchar)*at);
    g_string_append_c(line, '"');
}

static void append_value(GString *line, const struct record_cell *cell)
{
    switch (cell->kind) {
    case RECORD_EMPTY:
        break;
    case RECORD_SIGNED:
        append_signed(line, cell->number);
        break;
    case RECORD_UNSIGNED:
        append_unsigned(line, cell->count);
        break;
    case RECORD_REAL:
        append_real(line, cell->real);
        break;
    case RECORD_BOOLEAN:
        g_string_append(line, cell->count != 0 ? "true" : "false");
        break;
    case RECORD_WORD:
    case RECORD_TEXT:
        if (!record_json_string(line, cell->text))
            append_bytes(line, cell);
        break;
    case RECORD_WORDS:
        for (const char *const *word = cell->words; *word != NULL; word++) {
            g_string_append_c(line, word == cell->words ? '[' : ',');
            (void)record_json_string(line, *word);
        }
        g_string_append_c(line, ']');
        break;
    case RECORD_NESTED:
        cell->nested.append(line, cell->nested.of, cell->nested.index);
        break;
    }
}

void record_json(const struct record *record, GString *line)
{
    g_string_append(line, "{\"type\":\"");
    g_string_append(line, record->type);
    g_string_append(line, "\",\"schema\":");
    append_unsigned(line, RECORD_SCHEMA);
    for (guint i = 0; i < record->num; i++) {
        if (record->cells[i].kind == RECORD_EMPTY)
            continue;
        append_name(line, record->cells[i].name, "");
        append_value(line, &record->cells[i]);
    }
    g_string_append(line, "}\n");
}

/* ------------------------------------------------------------------------
 * CSV (RFC 4180)
 */

/* A spreadsheet takes what begins so for a formula, and runs it. */
static gboolean looks_like_formula(const char *text)
{
    return strchr("=+-@\t\r|%", text[0]) != NULL && text[0] != '\0';
}

static void append_quoted(GString *line, const char *text)
{
    GString *plain = g_string_new(looks_like_formula(text) ? "'" : "");

    plain_append(plain, text, strlen(text));
    g_string_append_c(line, '"');
    for (const char *at = plain->str; *at != '\0'; at++) {
        if (*at == '"')
            g_string_append_c(line, '"');
        g_string_append_c(line, *at);
    }
    g_string_append_c(line, '"');
    g_string_free(plain, TRUE);
}

void record_csv(const struct record *record, GString *line)
{
    for (guint i = 0; i < record->num; i++) {
        const struct record_cell *cell = &record->cells[i];
        if (i > 0)
            g_string_append_c(line, ',');
        if (cell->kind == RECORD_TEXT || cell->kind == RECORD_WORD) {
            append_quoted(line, cell->text);
        } else if (cell->kind == RECORD_NESTED) {
            GString *json = g_string_new(NULL);
            append_value(json, cell);
            append_quoted(line, json->str);
            g_string_free(json, TRUE);
        } else if (cell->kind == RECORD_WORDS) {
            char *joined = g_strjoinv(" ", (char **)cell->words);
            append_quoted(line, joined);
            g_free(joined);
        } else {
            append_value(line, cell);
        }
    }
    g_string_append(line, "\r\n");
}

void record_csv_head(const struct record *record, GString *line)
{
    for (guint i = 0; i < record->num; i++) {
        if (i > 0)
            g_string_append_c(line, ',');
        g_string_append(line, record->cells[i].name);
    }
    g_string_append(line, "\r\n");
}
