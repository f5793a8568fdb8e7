/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissect/decode_as.h"

#include "fields/compat.h"

#include "base/say.h"

/* A range longer than this is a mistake. */
#define VALUES_MAX 65536u

/* What there is to say: "tcp.port", 8888, 8890, "grvsstp". */
struct rule {
    char *table;
    guint64 first, last;
    char *protocol;
};

static gboolean read_number(const char *text, guint64 *number, const char **end)
{
    char *after;

    *number = g_ascii_strtoull(text, &after, 0);
    *end = after;
    return after != text && g_ascii_isdigit(*text) && *number <= G_MAXUINT32;
}

static gboolean read_rule(const char *text, struct rule *rule)
{
    const char *equals = strstr(text, "=="), *end;

    if (equals == NULL || equals == text || !read_number(equals + 2, &rule->first, &end))
        return FALSE;
    rule->last = rule->first;
    if (*end == '-' && !read_number(end + 1, &rule->last, &end))
        return FALSE;
    if (*end != ',' || end[1] == '\0' || rule->last < rule->first)
        return FALSE;
    rule->table = g_strndup(text, (gsize)(equals - text));
    rule->protocol = g_strdup(end + 1);
    return TRUE;
}

static gboolean is_of_numbers(const char *table)
{
    switch (get_dissector_table_selector_type(table)) {
    case FT_UINT8:
    case FT_UINT16:
    case FT_UINT24:
    case FT_UINT32:
        return TRUE;
    default:
        return FALSE;
    }
}

static gboolean apply(const char *text, const struct rule *rule)
{
    dissector_table_t table = find_dissector_table(rule->table);
    dissector_handle_t handle;

    if (table == NULL) {
        say("-d %s: Wireshark has no table %s", text, rule->table);
        return FALSE;
    }
    if (!is_of_numbers(rule->table)) {
        say("-d %s: %s is no table of numbers", text, rule->table);
        return FALSE;
    }
    handle = find_dissector(rule->protocol);
    if (handle == NULL) {
        say("-d %s: Wireshark has no dissector %s", text, rule->protocol);
        return FALSE;
    }
    if (rule->last - rule->first >= VALUES_MAX) {
        say("-d %s: more than %u values", text, VALUES_MAX);
        return FALSE;
    }
    for (guint64 value = rule->first; value <= rule->last; value++)
        dissector_change_uint(rule->table, (guint32)value, handle);
    return TRUE;
}

gboolean decode_as(const char *text)
{
    struct rule rule = {0};

    if (!read_rule(text, &rule)) {
        say("-d %s: has to be TABLE==VALUE,PROTOCOL, as in tcp.port==8888,grvsstp", text);
        return FALSE;
    }
    const gboolean is_good = apply(text, &rule);
    g_free(rule.table);
    g_free(rule.protocol);
    return is_good;
}
