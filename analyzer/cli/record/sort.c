/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record/sort.h"

static gint compare_numbers(guint64 left, guint64 right)
{
    return left < right ? -1 : left > right;
}

static gint compare_frames(gconstpointer a, gconstpointer b)
{
    const struct report_frame *left = a, *right = b;

    return compare_numbers(left->number, right->number);
}

void report_sort_frames(struct report *report)
{
    g_array_sort(report->frames, compare_frames);
}

static gint compare_findings(gconstpointer a, gconstpointer b)
{
    const struct report_finding *left = a, *right = b;

    if (left->frame != right->frame)
        return left->frame < right->frame ? -1 : 1;
    if (left->ordinal != right->ordinal)
        return left->ordinal < right->ordinal ? -1 : 1;
    return left->info < right->info ? -1 : left->info > right->info;
}

void report_sort_findings(struct report *report)
{
    g_array_sort(report->findings, compare_findings);
}

static gint compare_messages(gconstpointer a, gconstpointer b)
{
    const struct report_message *left = a, *right = b;

    if (report_message_frame(left) != report_message_frame(right))
        return compare_numbers(report_message_frame(left), report_message_frame(right));
    if (left->ordinal != right->ordinal)
        return compare_numbers(left->ordinal, right->ordinal);
    return compare_numbers(left->made, right->made);
}

void report_sort_messages(struct report *report)
{
    g_array_sort(report->messages, compare_messages);
}

/* ------------------------------------------------------------------------
 * What others name
 */

struct made {
    guint64 made;
    guint32 index;
};

static gint compare_made(gconstpointer a, gconstpointer b)
{
    const struct made *left = a, *right = b;

    return left->made != right->made ? compare_numbers(left->made, right->made)
                                     : compare_numbers(left->index, right->index);
}

/* Brings the rows of a table into the order of `made`; where each is then. */
static guint32 *sort_rows(GArray **table, GArray *made)
{
    const guint size = g_array_get_element_size(*table);
    guint32 *places = g_new(guint32, MAX(made->len, 1));
    GArray *sorted = g_array_sized_new(FALSE, TRUE, size, (*table)->len);

    g_array_sort(made, compare_made);
    for (guint i = 0; i < made->len; i++) {
        const guint32 from = REPORT_AT(made, struct made, i)->index;
        places[from] = i;
        g_array_append_vals(sorted, (*table)->data + (gsize)from * size, 1);
    }
    g_array_free(*table, TRUE);
    g_array_free(made, TRUE);
    *table = sorted;
    return places;
}

static GArray *made_new(const GArray *table)
{
    return g_array_sized_new(FALSE, FALSE, sizeof(struct made), table->len);
}

guint32 *report_sort_connections(struct report *report)
{
    GArray *made = made_new(report->connections);

    for (guint i = 0; i < report->connections->len; i++) {
        const struct made one = {
            REPORT_AT(report->connections, struct report_connection, i)->first_frame, i};
        g_array_append_val(made, one);
    }
    return sort_rows(&report->connections, made);
}

guint32 *report_sort_sessions(struct report *report)
{
    GArray *made = made_new(report->sessions);

    for (guint i = 0; i < report->sessions->len; i++) {
        const struct made one = {REPORT_AT(report->sessions, struct report_session, i)->made, i};
        g_array_append_val(made, one);
    }
    return sort_rows(&report->sessions, made);
}
