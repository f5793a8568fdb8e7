/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE /* explicit_bzero() */
#include "cmd/option.h"

#include "cmd/option_value.h"

#include <string.h>

/* ------------------------------------------------------------------------
 * Finding
 */

#define NAME_MAX_LEN 63 /* of a name that is compared with the known ones */

const struct option_row *option_row_find(const struct option_row *rows, const char *name,
                                         size_t len)
{
    for (; rows->name != NULL; rows++)
        if (strlen(rows->name) == len && memcmp(rows->name, name, len) == 0)
            return rows;
    return NULL;
}

const struct option_row *option_row_find_letter(const struct option_row *rows, char letter)
{
    for (; rows->name != NULL; rows++)
        if (rows->letter == letter && letter != '\0')
            return rows;
    return NULL;
}

/* How many characters have to be put in, left out or exchanged to make one name of another
 * (Levenshtein). */
static size_t distance(const char *one, size_t one_len, const char *two, size_t two_len)
{
    size_t row[NAME_MAX_LEN + 1];
    for (size_t j = 0; j <= two_len; j++)
        row[j] = j;
    for (size_t i = 1; i <= one_len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= two_len; j++) {
            const size_t exchanged = diagonal + (one[i - 1] != two[j - 1]);
            diagonal = row[j];
            row[j] = MIN(exchanged, MIN(row[j], row[j - 1]) + 1);
        }
    }
    return row[two_len];
}

const char *option_row_nearest(const struct option_row *rows, const char *name, size_t len)
{
    const char *nearest = NULL;
    size_t least = MIN(len / 3, 2) + 1; /* more differs in names that are not meant */
    if (len > NAME_MAX_LEN)
        return NULL;
    for (; rows->name != NULL; rows++) {
        const size_t row_len = strlen(rows->name);
        if (row_len > NAME_MAX_LEN || rows->is_hidden)
            continue;
        const size_t num = distance(name, len, rows->name, row_len);
        if (num < least) {
            least = num;
            nearest = rows->name;
        }
    }
    return nearest;
}

/* ------------------------------------------------------------------------
 * Setting
 */

static char *number_range(const struct option_row *row)
{
    return g_strdup_printf("a number from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, row->min,
                           row->max);
}

static char *size_range(const struct option_row *row)
{
    char min[32], max[32];
    option_value_write_size(min, sizeof min, row->min);
    option_value_write_size(max, sizeof max, row->max);
    return g_strdup_printf("a number of bytes from %s to %s", min, max);
}

static char *time_range(const struct option_row *row, const char *more)
{
    return g_strdup_printf("a number of seconds from %g to %.10g%s", (double)row->min / 1000,
                           (double)row->max / 1000, more);
}

/* "a, b or c" */
static char *choices(const struct option_row *row)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; row->choices[i] != NULL; i++)
        g_string_append_printf(text, "%s%s",
                               i == 0                        ? ""
                               : row->choices[i + 1] == NULL ? " or "
                                                             : ", ",
                               row->choices[i]);
    return g_string_free(text, FALSE);
}

/* What the option's value can be. */
static char *describe(const struct option_row *row)
{
    switch (row->kind) {
    case OPTION_KIND_NUMBER:
        return number_range(row);
    case OPTION_KIND_UNSIGNED:
        return g_strdup_printf("a number from 0 to %" G_GUINT64_FORMAT, G_MAXUINT64);
    case OPTION_KIND_SIZE:
        return size_range(row);
    case OPTION_KIND_TIME:
        return time_range(row, "");
    case OPTION_KIND_TIMER:
        return time_range(row, " (0: never)");
    case OPTION_KIND_CHOICE:
        return choices(row);
    case OPTION_KIND_FILE:
        return g_strdup("the name of a file");
    case OPTION_KIND_FLAG:
    case OPTION_KIND_TEXT:
    case OPTION_KIND_TEXTS:
    case OPTION_KIND_LATER:
        break;
    }
    g_assert_not_reached();
}

static bool is_within(const struct option_row *row, int64_t value)
{
    return value >= row->min && value <= row->max;
}

static bool set_number(const struct option_row *row, const char *text)
{
    int64_t value;
    if (!(row->kind == OPTION_KIND_NUMBER ? option_value_number(text, &value)
          : row->kind == OPTION_KIND_SIZE ? option_value_size(text, &value)
                                          : option_value_time(text, &value)) ||
        !is_within(row, value))
        return false;
    *row->to.number = row->kind == OPTION_KIND_TIMER && value == 0 ? OPTION_NEVER_MS : value;
    return true;
}

static bool set_choice(const struct option_row *row, const char *text)
{
    for (unsigned i = 0; row->choices[i] != NULL; i++)
        if (strcmp(text, row->choices[i]) == 0) {
            *row->to.choice = i;
            return true;
        }
    return false;
}

static bool set_text(const struct option_row *row, const char *text)
{
    if (row->kind == OPTION_KIND_FILE && *text == '\0')
        return false;
    g_free(*row->to.text);
    *row->to.text = g_strdup(text);
    return true;
}

static bool add_text(const struct option_row *row, const char *text)
{
    const guint num = *row->to.texts != NULL ? g_strv_length(*row->to.texts) : 0;
    *row->to.texts = g_renew(char *, *row->to.texts, num + 2);
    (*row->to.texts)[num] = g_strdup(text);
    (*row->to.texts)[num + 1] = NULL;
    return true;
}

static bool set(const struct option_row *row, const char *value)
{
    switch (row->kind) {
    case OPTION_KIND_FLAG:
        return *row->to.flag = true;
    case OPTION_KIND_NUMBER:
    case OPTION_KIND_SIZE:
    case OPTION_KIND_TIME:
    case OPTION_KIND_TIMER:
        return set_number(row, value);
    case OPTION_KIND_UNSIGNED:
        return option_value_unsigned(value, row->to.any);
    case OPTION_KIND_CHOICE:
        return set_choice(row, value);
    case OPTION_KIND_TEXT:
    case OPTION_KIND_FILE:
        return set_text(row, value);
    case OPTION_KIND_TEXTS:
        return add_text(row, value);
    case OPTION_KIND_LATER:
        break;
    }
    g_assert_not_reached();
}

char *option_row_set(const struct option_row *row, const char *value)
{
    if (row->kind == OPTION_KIND_LATER)
        return g_strdup_printf("--%s is not in this version", row->name);
    char *wrong = row->check != NULL ? row->check(value) : NULL;
    if (wrong != NULL)
        return wrong;
    if (set(row, value))
        return NULL;
    char *range = describe(row);
    char *sentence =
        g_strdup_printf("--%s is %s, not %s", row->name, range, *value != '\0' ? value : "nothing");
    g_free(range);
    return sentence;
}

void option_rows_clear(const struct option_row *rows)
{
    for (; rows->name != NULL; rows++) {
        if (rows->kind == OPTION_KIND_TEXT || rows->kind == OPTION_KIND_FILE) {
            if (rows->is_secret && *rows->to.text != NULL)
                explicit_bzero(*rows->to.text, strlen(*rows->to.text));
            g_clear_pointer(rows->to.text, g_free);
        } else if (rows->kind == OPTION_KIND_TEXTS) {
            g_strfreev(*rows->to.texts);
            *rows->to.texts = NULL;
        }
    }
}
