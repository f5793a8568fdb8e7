/* SPDX-License-Identifier: GPL-2.0-or-later */
/* carry_tables.c: the tables of a share, row by row, each with the strings that it points to. */
#include "share/carrying.h"

#include <stddef.h>
#include <string.h>

#define STRINGS_MAX 6u
#define NO_STRING G_MAXUINT32

/* A table, the size of its rows, and which of their members are strings of the report. */
struct carried_table {
    gsize table;
    gsize size;
    gsize strings[STRINGS_MAX];
    guint num_strings;
    guint max; /* of all shares together: other tables name its rows; 0: what is too much is cut */
};

#define TABLE(name) offsetof(struct report, name)
#define IN(type, member) offsetof(struct type, member)

static const struct carried_table tables[] = {
    {TABLE(frames), sizeof(struct report_frame), {0}, 0, REPORT_FRAMES_MAX},
    {TABLE(connections),
     sizeof(struct report_connection),
     {IN(report_connection, address_texts[0]), IN(report_connection, address_texts[1]),
      IN(report_connection, community_id), IN(report_connection, devices[0]),
      IN(report_connection, devices[1])},
     5,
     REPORT_CONNECTIONS_MAX},
    {TABLE(sessions),
     sizeof(struct report_session),
     {IN(report_session, resource_url), IN(report_session, identity_url),
      IN(report_session, target_device_url), IN(report_session, end)},
     4,
     REPORT_SESSIONS_MAX},
    {TABLE(messages), sizeof(struct report_message), {IN(report_message, user_ref)}, 1, 0},
    {TABLE(findings), sizeof(struct report_finding), {0}, 0, 0},
};

/* What is counted while reading. */
struct counts {
    guint64 num_packets, num_commands, num_left_out;
    gint64 first_ns, last_ns;
    gboolean is_interrupted;
};

static GArray *table_of(const struct report *report, const struct carried_table *table)
{
    return G_STRUCT_MEMBER(GArray *, report, table->table);
}

static const char **string_at(gpointer row, const struct carried_table *table, guint index)
{
    return G_STRUCT_MEMBER_P(row, table->strings[index]);
}

/* ------------------------------------------------------------------------
 * In
 */

static void put_string(struct carry *carry, const char *text)
{
    const guint32 none = NO_STRING;

    if (text == NULL)
        carry_put(carry, &none, sizeof none);
    else
        carry_put_bytes(carry, text, (guint32)strlen(text));
}

static void put_table(struct carry *carry, const struct report *report,
                      const struct carried_table *table)
{
    const GArray *rows = table_of(report, table);

    carry_put(carry, &rows->len, sizeof rows->len);
    for (guint i = 0; i < rows->len; i++) {
        gpointer row = rows->data + i * table->size;
        carry_put(carry, row, table->size);
        for (guint k = 0; k < table->num_strings; k++)
            put_string(carry, *string_at(row, table, k));
    }
}

void carry_put_tables(struct carry *carry, const struct report *report)
{
    struct counts counts;

    memset(&counts, 0, sizeof counts);
    counts.num_packets = report->num_packets;
    counts.num_commands = report->num_commands;
    counts.num_left_out = report->num_left_out;
    counts.first_ns = report->first_ns;
    counts.last_ns = report->last_ns;
    counts.is_interrupted = report->is_interrupted;
    carry_put(carry, &counts, sizeof counts);
    /* Their names are those that the other has. */
    carry_put(carry, report->files->data, report->files->len * sizeof(struct report_file));
    carry_put(carry, report->points->data, report->points->len * sizeof(struct report_point));
    for (gsize i = 0; i < G_N_ELEMENTS(tables); i++)
        put_table(carry, report, &tables[i]);
}

/* ------------------------------------------------------------------------
 * Out
 */

static gboolean get_string(struct carry *carry, struct report *report, const char **text)
{
    guint32 len;

    *text = NULL;
    if (!carry_get(carry, &len, sizeof len))
        return FALSE;
    if (len == NO_STRING)
        return TRUE;
    g_string_set_size(carry->text, len);
    if (!carry_get(carry, carry->text->str, len))
        return FALSE;
    *text = report_string(report, carry->text->str, len);
    return TRUE;
}

static gboolean get_table(struct carry *carry, struct report *report,
                          const struct carried_table *table)
{
    GArray *rows = table_of(report, table);
    const guint before = rows->len;
    guint num;

    if (!carry_get(carry, &num, sizeof num))
        return FALSE;
    if (num > (table->max > 0 ? table->max : G_MAXUINT) - before) {
        report->has_too_much = TRUE;
        return FALSE;
    }
    g_array_set_size(rows, before + num);
    for (guint i = before; i < before + num; i++) {
        gpointer row = rows->data + i * table->size;
        if (!carry_get(carry, row, table->size))
            return FALSE;
        for (guint k = 0; k < table->num_strings; k++)
            if (!get_string(carry, report, string_at(row, table, k)))
                return FALSE;
    }
    return TRUE;
}

/* Counts of the same packets, which each share has read. */
static gboolean get_counts(struct carry *carry, struct report *report, gboolean has_counts)
{
    struct counts counts;
    struct report_file file;
    struct report_point point;

    if (!carry_get(carry, &counts, sizeof counts))
        return FALSE;
    report->num_commands += counts.num_commands;
    report->num_left_out += counts.num_left_out;
    report->is_interrupted |= counts.is_interrupted;
    if (has_counts) {
        report->num_packets = counts.num_packets;
        report->first_ns = counts.first_ns;
        report->last_ns = counts.last_ns;
    }
    for (guint i = 0; i < report->files->len; i++) {
        if (!carry_get(carry, &file, sizeof file))
            return FALSE;
        file.name = REPORT_AT(report->files, struct report_file, i)->name;
        if (has_counts)
            *REPORT_AT(report->files, struct report_file, i) = file;
    }
    for (guint i = 0; i < report->points->len; i++) {
        if (!carry_get(carry, &point, sizeof point))
            return FALSE;
        point.name = REPORT_AT(report->points, struct report_point, i)->name;
        if (has_counts)
            *REPORT_AT(report->points, struct report_point, i) = point;
    }
    return TRUE;
}

gboolean carry_get_tables(struct carry *carry, struct report *report, gboolean has_counts)
{
    if (!get_counts(carry, report, has_counts))
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(tables); i++)
        if (!get_table(carry, report, &tables[i]))
            return FALSE;
    return TRUE;
}
