/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/text.h"

#include <string.h>

#include "base/plain.h"
#include "report/grid.h"
#include "report/ladder.h"
#include "report/moment.h"
#include "report/tables.h"

/* ------------------------------------------------------------------------
 * What was read
 */

static void append_clock(GString *text, const struct report_point *point)
{
    const gint64 ahead_ns = ABS(point->offset_ns) / 1000 * 1000; /* as it is printed */
    const gint64 printed_ns = point->offset_ns < 0 ? -ahead_ns : ahead_ns;

    g_string_append(text, "; its clock is ");
    moment_append_offset(text, ahead_ns);
    g_string_append(text, point->offset_ns < 0 ? " late" : " ahead");
    if (point->offset_low_ns != G_MININT64 && point->offset_high_ns != G_MAXINT64) {
        g_string_append(text, ", right to ");
        moment_append_offset(
            text, MAX(point->offset_high_ns - printed_ns, printed_ns - point->offset_low_ns) + 999);
    } else {
        g_string_append(text, ", known from one side alone");
    }
    g_string_append_printf(
        text, ", and gains %.3f us a second, right to %.3f", point->drift_ppm,
        MAX(point->drift_high_ppm - point->drift_ppm, point->drift_ppm - point->drift_low_ppm));
    if (point->num_relayed > 0) {
        g_string_append(text, ", by ");
        moment_append_things(text, point->num_relayed, "relayed message");
    }
}

static void append_points(GString *text, const struct report *report)
{
    for (guint i = 0; i < report->points->len; i++) {
        const struct report_point *point = REPORT_AT(report->points, struct report_point, i);
        g_string_append(text, "  at ");
        plain_append(text, point->name, strlen(point->name));
        g_string_append(text, ": ");
        moment_append_things(text, point->num_packets, "packet");
        if (point->num_duplicates > 0) {
            g_string_append(text, ", of them ");
            moment_append_count(text, point->num_duplicates);
            g_string_append(text, " captured twice");
        }
        if (i > 0 && point->has_clock) {
            append_clock(text, point);
        } else if (i > 0) {
            g_string_append(text, "; nothing is known of its clock");
        }
        g_string_append_c(text, '\n');
    }
}

static void append_reading(GString *text, const struct report *report)
{
    moment_append_reading(text, report->files->len, report->num_packets, report->first_ns,
                          report->last_ns);
    g_string_append_c(text, '\n');
    if (report->points->len > 1 ||
        (report->points->len == 1 &&
         REPORT_AT(report->points, struct report_point, 0)->num_duplicates > 0))
        append_points(text, report);
    if (report->is_interrupted)
        g_string_append(text, "Interrupted: this is what was read until then.\n");
    if (report->num_left_out > 0) {
        moment_append_count(text, report->num_left_out);
        g_string_append(text, " items are left out: there are more than are kept.\n");
    }
}

/* ------------------------------------------------------------------------
 * Sums
 */

static void append_messages(GString *text, const struct report *report)
{
    guint64 counts[REPORT_MESSAGE_UNKNOWN + 1] = {0};
    gboolean is_first = TRUE;

    for (guint i = 0; i < report->messages->len; i++)
        counts[REPORT_AT(report->messages, struct report_message, i)->state]++;
    moment_append_things(text, report->messages->len, "message");
    for (guint state = 0; state < G_N_ELEMENTS(counts); state++) {
        if (counts[state] == 0)
            continue;
        g_string_append(text, is_first ? ": " : ", ");
        moment_append_count(text, counts[state]);
        g_string_append_printf(text, " %s",
                               report_message_state_name((enum report_message_state)state));
        is_first = FALSE;
    }
    g_string_append_c(text, '\n');
}

static void append_journeys(GString *text, const struct report *report)
{
    guint64 counts[SSTP_STORY_OUTCOMES] = {0};
    gboolean is_first = TRUE;

    if (report->journeys->len == 0)
        return;
    for (guint i = 0; i < report->branches->len; i++)
        counts[REPORT_AT(report->branches, struct report_branch, i)->outcome]++;
    moment_append_things(text, report->journeys->len, "journey");
    g_string_append(text, " to ");
    moment_append_things(text, report->branches->len, "recipient");
    for (guint outcome = 0; outcome < SSTP_STORY_OUTCOMES; outcome++) {
        if (counts[outcome] == 0)
            continue;
        g_string_append(text, is_first ? ": " : ", ");
        moment_append_count(text, counts[outcome]);
        g_string_append_printf(text, " %s",
                               sstp_story_outcome_name((enum sstp_story_outcome)outcome));
        is_first = FALSE;
    }
    g_string_append_c(text, '\n');
}

static void append_sums(GString *text, const struct report *report)
{
    moment_append_things(text, report->connections->len, "connection");
    g_string_append(text, ", ");
    moment_append_things(text, report->sessions->len, "session");
    g_string_append(text, ", ");
    moment_append_things(text, report->num_commands, "command");
    g_string_append_c(text, '\n');
    append_messages(text, report);
    append_journeys(text, report);
}

/* ------------------------------------------------------------------------
 * Lists
 */

static void print_choice(struct output *output, const struct report *report, const char *title,
                         const char *table, GArray *wanted)
{
    GString *text = output_text(output);
    const guint num = MIN(wanted->len, TEXT_ROWS);

    if (wanted->len > 0) {
        g_string_append_printf(text, "\n%s", title);
        if (wanted->len > num)
            g_string_append_printf(text, " (%u of %u)", num, wanted->len);
        g_string_append_c(text, '\n');
        grid_print(output, report, table_find(table), (const guint *)(void *)wanted->data, num);
    }
    g_array_free(wanted, TRUE);
}

/* What has not come to somebody, as far as is known, and who has it. */
static void print_undelivered(struct output *output, const struct report *report)
{
    guint num = 0;

    for (guint i = 0; i < report->journeys->len; i++) {
        if (!report_is_undelivered(REPORT_AT(report->journeys, struct report_journey, i)))
            continue;
        if (num++ == 0)
            g_string_append(output_text(output), "\nNot delivered\n");
        if (num > TEXT_ROWS)
            continue;
        ladder_print_title(output, report, i);
        ladder_print_branches(output, report, i, TRUE);
    }
    if (num > TEXT_ROWS)
        g_string_append_printf(output_text(output), "and %u more; --undelivered has all of them\n",
                               num - TEXT_ROWS);
}

static void print_unacknowledged(struct output *output, const struct report *report)
{
    GArray *wanted = g_array_new(FALSE, FALSE, sizeof(guint));

    for (guint i = 0; i < report->messages->len; i++)
        if (REPORT_AT(report->messages, struct report_message, i)->state ==
            REPORT_MESSAGE_OUTSTANDING)
            g_array_append_val(wanted, i);
    print_choice(output, report, "Not acknowledged", "messages", wanted);
}

static gint compare_delays(gconstpointer a, gconstpointer b, gpointer data)
{
    const struct report *report = data;
    const struct report_message *left =
        REPORT_AT(report->messages, struct report_message, *(const guint *)a);
    const struct report_message *right =
        REPORT_AT(report->messages, struct report_message, *(const guint *)b);
    const gint64 l = left->acked_ns - left->end_ns, r = right->acked_ns - right->end_ns;

    if (l != r)
        return l > r ? -1 : 1;
    return *(const guint *)a < *(const guint *)b ? -1 : 1;
}

#define SLOWEST 5u

static void print_slowest(struct output *output, const struct report *report)
{
    GArray *wanted = g_array_new(FALSE, FALSE, sizeof(guint));

    for (guint i = 0; i < report->messages->len; i++)
        if (REPORT_AT(report->messages, struct report_message, i)->state ==
            REPORT_MESSAGE_ACKNOWLEDGED)
            g_array_append_val(wanted, i);
    g_array_sort_with_data(wanted, compare_delays, (gpointer)report);
    g_array_set_size(wanted, MIN(wanted->len, SLOWEST));
    print_choice(output, report, "Longest until acknowledged", "messages", wanted);
}

static void print_connections(struct output *output, const struct report *report)
{
    GArray *wanted = g_array_new(FALSE, FALSE, sizeof(guint));

    for (guint i = 0; i < report->connections->len; i++)
        g_array_append_val(wanted, i);
    print_choice(output, report, "Connections", "connections", wanted);
}

/* ------------------------------------------------------------------------
 * Findings by kind
 */

struct kind {
    const struct sstp_finding_info *info;
    guint64 count;
    guint first; /* index */
};

static gint compare_kinds(gconstpointer a, gconstpointer b)
{
    const struct kind *left = a, *right = b;

    if (left->info->severity != right->info->severity)
        return left->info->severity > right->info->severity ? -1 : 1;
    if (left->count != right->count)
        return left->count > right->count ? -1 : 1;
    return left->first < right->first ? -1 : left->first > right->first;
}

static GArray *count_kinds(const struct report *report)
{
    GArray *kinds = g_array_new(FALSE, TRUE, sizeof(struct kind));

    for (guint i = 0; i < report->findings->len; i++) {
        const struct report_finding *finding =
            REPORT_AT(report->findings, struct report_finding, i);
        guint k = 0;
        while (k < kinds->len && REPORT_AT(kinds, struct kind, k)->info != finding->info)
            k++;
        if (k == kinds->len) {
            const struct kind kind = {finding->info, 0, i};
            g_array_append_val(kinds, kind);
        }
        REPORT_AT(kinds, struct kind, k)->count++;
    }
    g_array_sort(kinds, compare_kinds);
    return kinds;
}

static void print_findings(struct output *output, const struct report *report)
{
    GString *text = output_text(output);
    GArray *kinds = count_kinds(report);

    if (kinds->len > 0)
        g_string_append(text, "\nFindings\n");
    for (guint i = 0; i < kinds->len; i++) {
        const struct kind *kind = REPORT_AT(kinds, struct kind, i);
        const struct report_finding *finding =
            REPORT_AT(report->findings, struct report_finding, kind->first);
        const struct report_frame *frame = report_frame(report, finding->frame);
        g_string_append_printf(text, "%-7s %6" G_GUINT64_FORMAT "  %s: %s (%s)",
                               report_severity_name(kind->info->severity), kind->count,
                               kind->info->filter, kind->info->sentence, kind->info->section);
        if (frame != NULL)
            g_string_append_printf(text, "; first in frame %" G_GUINT64_FORMAT, frame->in_file);
        if (frame != NULL && report->files->len > 1) {
            const char *name = REPORT_AT(report->files, struct report_file, frame->file)->name;
            g_string_append(text, " of ");
            plain_append(text, name, strlen(name));
        }
        g_string_append_c(text, '\n');
    }
    g_array_free(kinds, TRUE);
}

void text_overview(struct output *output, const struct report *report)
{
    append_reading(output_text(output), report);
    append_sums(output_text(output), report);
    if (report->journeys->len > 0)
        print_undelivered(output, report);
    else
        print_unacknowledged(output, report);
    print_slowest(output, report);
    print_findings(output, report);
    print_connections(output, report);
}
