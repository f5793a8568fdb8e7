/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/option_file.h"

#include "base/input.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define BOM "\xef\xbb\xbf"
#define SPACES " \t\r\f\v"

struct reading {
    struct option_row *rows;
    const char *name; /* of the file */
    unsigned line;
    GHashTable *lines;   /* a row to the line where it stands first */
    GHashTable *decided; /* a set of rows: by the command line */
    GPtrArray *mistakes;
    unsigned num_mistakes;
};

static void __attribute__((format(printf, 2, 3)))
tell(struct reading *reading, const char *format, ...)
{
    va_list args;
    if (++reading->num_mistakes > OPTION_FILE_MISTAKES_MAX)
        return;
    va_start(args, format);
    char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_ptr_array_add(reading->mistakes,
                    g_strdup_printf("%s:%u: %s", reading->name, reading->line, text));
    g_free(text);
}

/* ------------------------------------------------------------------------
 * Values
 */

/* NULL, or a sentence about the value, without the dashes of a command line. */
static char *set_row(const struct option_row *row, const char *value)
{
    char *sentence = option_row_set(row, value);
    if (sentence != NULL && g_str_has_prefix(sentence, "--"))
        memmove(sentence, sentence + 2, strlen(sentence + 2) + 1);
    return sentence;
}

/* The same without an effect, for what the command line has decided. */
static char *check_row(const struct option_row *row, const char *value)
{
    struct option_row copy = *row;
    bool flag;
    int64_t number;
    uint64_t any;
    unsigned choice;
    char *text = NULL, **texts = NULL;
    switch (row->kind) {
    case OPTION_KIND_FLAG:
        copy.to.flag = &flag;
        break;
    case OPTION_KIND_NUMBER:
    case OPTION_KIND_SIZE:
    case OPTION_KIND_TIME:
    case OPTION_KIND_TIMER:
        copy.to.number = &number;
        break;
    case OPTION_KIND_UNSIGNED:
        copy.to.any = &any;
        break;
    case OPTION_KIND_CHOICE:
        copy.to.choice = &choice;
        break;
    case OPTION_KIND_TEXT:
    case OPTION_KIND_FILE:
        copy.to.text = &text;
        break;
    case OPTION_KIND_TEXTS:
        copy.to.texts = &texts;
        break;
    case OPTION_KIND_LATER:
        break;
    }
    char *sentence = set_row(&copy, value);
    g_free(text);
    g_strfreev(texts);
    return sentence;
}

/* NULL for a flag that is set, "" for one that is not. */
static bool read_flag(struct reading *reading, const struct option_row *row, const char **value)
{
    if (*value != NULL && strcmp(*value, "yes") != 0 && strcmp(*value, "no") != 0) {
        tell(reading, "%s is yes or no, not %s", row->name, **value != '\0' ? *value : "nothing");
        return false;
    }
    *value = *value != NULL && strcmp(*value, "no") == 0 ? "" : NULL;
    return true;
}

static void take(struct reading *reading, struct option_row *row, const char *value)
{
    const unsigned before = GPOINTER_TO_UINT(g_hash_table_lookup(reading->lines, row));
    const bool is_decided = g_hash_table_contains(reading->decided, row);
    const bool is_flag = row->kind == OPTION_KIND_FLAG;
    if (before != 0 && row->kind != OPTION_KIND_TEXTS) {
        tell(reading, "%s stands on line %u already, and can be given once", row->name, before);
        return;
    }
    if (is_flag && !read_flag(reading, row, &value))
        return;
    if (!is_flag && value == NULL) {
        tell(reading, "%s needs a value: %s = %s", row->name, row->name, row->argument);
        return;
    }
    char *sentence = is_decided                 ? check_row(row, value)
                     : is_flag && value != NULL ? NULL
                                                : set_row(row, value);
    if (sentence != NULL)
        tell(reading, "%s", sentence);
    g_free(sentence);
    row->is_given = true;
    if (before == 0)
        g_hash_table_insert(reading->lines, row, GUINT_TO_POINTER(reading->line));
}

/* ------------------------------------------------------------------------
 * Lines
 */

static void tell_unknown(struct reading *reading, const char *name)
{
    const char *bare = name + strspn(name, "-");
    const struct option_row *meant = option_row_find(reading->rows, bare, strlen(bare));
    const char *nearest =
        meant != NULL ? meant->name : option_row_nearest(reading->rows, bare, strlen(bare));
    if (nearest != NULL)
        tell(reading, "there is no option %s; is it %s?", name, nearest);
    else
        tell(reading, "there is no option %s", name);
}

static void read_line(struct reading *reading, char *line)
{
    g_strstrip(line);
    if (*line == '\0' || *line == '#')
        return;
    char *end = line + strcspn(line, SPACES "=");
    char *value = end + strspn(end, SPACES);
    if (end == line || (*value != '=' && *value != '\0')) {
        tell(reading, "a line is NAME = VALUE, and this one has no %s",
             end == line ? "name" : "= after its first word");
        return;
    }
    value = *value == '=' ? value + 1 : NULL;
    *end = '\0';
    if (value != NULL)
        g_strstrip(value);
    struct option_row *row =
        (struct option_row *)option_row_find(reading->rows, line, strlen(line));
    if (row == NULL)
        tell_unknown(reading, line);
    else if (strcmp(row->name, OPTION_FILE_NAME) == 0)
        tell(reading, "a file names no other file: " OPTION_FILE_NAME " is for the command line");
    else
        take(reading, row, value);
}

bool option_file_set(struct option_row *rows, const char *name, const char *text, size_t len,
                     GPtrArray *mistakes)
{
    struct reading reading = {
        .rows = rows, .name = name, .line = 0, .lines = g_hash_table_new(NULL, NULL)};
    const char *end = text + len;
    reading.mistakes = mistakes;
    reading.decided = g_hash_table_new(NULL, NULL);
    for (struct option_row *row = rows; row->name != NULL; row++)
        if (row->is_given)
            g_hash_table_add(reading.decided, row);
    if (len >= strlen(BOM) && memcmp(text, BOM, strlen(BOM)) == 0)
        text += strlen(BOM);
    while (text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const size_t line_len = (size_t)((newline != NULL ? newline : end) - text);
        reading.line++;
        char *line = g_strndup(text, line_len);
        if (strlen(line) != line_len)
            tell(&reading, "there is a byte 0 in it: is this a file of options?");
        else
            read_line(&reading, line);
        g_free(line);
        text += line_len + 1;
    }
    if (reading.num_mistakes > OPTION_FILE_MISTAKES_MAX)
        g_ptr_array_add(mistakes, g_strdup_printf("%s: there are %u more mistakes", name,
                                                  reading.num_mistakes - OPTION_FILE_MISTAKES_MAX));
    g_hash_table_destroy(reading.lines);
    g_hash_table_destroy(reading.decided);
    return reading.num_mistakes == 0;
}

/* ------------------------------------------------------------------------
 * The file
 */

bool option_file_read(struct option_row *rows, const char *path, GPtrArray *mistakes)
{
    GBytes *bytes = input_read(path, OPTION_FILE_MAX);
    const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
    bool is_good = false;
    gsize len;
    if (bytes == NULL) {
        g_ptr_array_add(mistakes, g_strdup_printf("cannot read %s: %s", name, g_strerror(errno)));
        return false;
    }
    const char *text = g_bytes_get_data(bytes, &len);
    if (len > OPTION_FILE_MAX)
        g_ptr_array_add(
            mistakes, g_strdup_printf("%s has more than 1 MiB: is this a file of options?", name));
    else
        is_good = option_file_set(rows, name, text != NULL ? text : "", len, mistakes);
    g_bytes_unref(bytes);
    return is_good;
}
