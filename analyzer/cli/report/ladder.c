/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/ladder.h"

#include <string.h>

#include "base/plain.h"
#include "report/moment.h"
#include "report/steps.h"

/* Of the time before the lanes. */
#define TIME_WIDTH 28u

/* ------------------------------------------------------------------------
 * Words
 */

void ladder_append_name(GString *text, const char *name, gsize width)
{
    const char *after = strstr(name, "://");
    GString *plain = g_string_new(NULL);

    plain_append(plain, name, strlen(name));
    if (g_utf8_strlen(plain->str, -1) > (glong)width && after != NULL) {
        for (after += strlen("://"); *after == '/'; after++) {
        }
        g_string_truncate(plain, 0);
        plain_append(plain, after, strlen(after));
    }
    const glong len = g_utf8_strlen(plain->str, -1);
    if (len > (glong)width) {
        const glong head = (glong)width / 2, tail = (glong)width - head - 2;
        const char *middle = g_utf8_offset_to_pointer(plain->str, head);
        g_string_append_len(text, plain->str, middle - plain->str);
        g_string_append(text, "..");
        g_string_append(text, g_utf8_offset_to_pointer(plain->str, len - tail));
    } else {
        g_string_append(text, plain->str);
    }
    g_string_free(plain, TRUE);
}

void ladder_append_branch(GString *text, const struct report *report,
                          const struct report_branch *branch)
{
    const char *names[] = {branch->identity_url, branch->device_url, branch->relay_url};
    gboolean has_name = FALSE;

    g_string_append_printf(text, "%s", sstp_story_outcome_name(branch->outcome));
    if (branch->reason != NULL)
        g_string_append_printf(text, " (%s)", branch->reason);
    if (branch->certainty == SSTP_STORY_LIKELY)
        g_string_append(text, ", likely");
    else if (report_may_have_gone_on(branch))
        g_string_append(text, ", or gone on unseen");
    g_string_append(text, ": to ");
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        if (names[i] == NULL)
            continue;
        g_string_append(text, !has_name ? "" : i == 2 ? " by " : " at ");
        ladder_append_name(text, names[i], 2 * LADDER_WIDTH);
        has_name = TRUE;
    }
    g_string_append(text, has_name ? "" : "somebody unknown");
    if (branch->holder != NULL) {
        g_string_append(text, "; ");
        ladder_append_name(text, branch->holder, 2 * LADDER_WIDTH);
        g_string_append(text, " has it");
    }
    if (branch->since_ns != 0) {
        g_string_append(text, " since ");
        moment_append(text, branch->since_ns);
        if (branch->outcome == SSTP_STORY_WAITING || branch->outcome == SSTP_STORY_UNDER_WAY) {
            g_string_append(text, ", ");
            moment_append_span(text, report->last_ns - branch->since_ns);
            g_string_append(text, " before the end");
        }
    }
}

void ladder_append_title(GString *text, const struct report *report, guint index)
{
    const struct report_journey *journey =
        REPORT_AT(report->journeys, struct report_journey, index);
    const struct report_hop *first = REPORT_AT(report->hops, struct report_hop, journey->first_hop);
    const struct report_message *message =
        first->message != REPORT_NONE
            ? REPORT_AT(report->messages, struct report_message, first->message)
            : NULL;

    g_string_append_printf(text, "Journey %u", index);
    if (message != NULL) {
        if (message->user_ref != NULL) {
            g_string_append(text, " \"");
            ladder_append_name(text, message->user_ref, 3 * LADDER_WIDTH);
            g_string_append_c(text, '"');
        }
        g_string_append(text, ", ");
        moment_append_things(text, message->length, "byte");
    }
    g_string_append(text, ", to ");
    moment_append_things(text, journey->num_branches, "recipient");
    g_string_append(text, ", seen first at ");
    moment_append(text, first->t_ns);
}

void ladder_print_title(struct output *output, const struct report *report, guint index)
{
    ladder_append_title(output_text(output), report, index);
    g_string_append_c(output_text(output), '\n');
}

static void append_indented(GString *text, const struct report *report,
                            const struct report_branch *branch)
{
    g_string_append(text, "  ");
    ladder_append_branch(text, report, branch);
    g_string_append_c(text, '\n');
}

void ladder_print_branches(struct output *output, const struct report *report, guint index,
                           gboolean open_only)
{
    const struct report_journey *journey =
        REPORT_AT(report->journeys, struct report_journey, index);
    guint num = 0;

    for (guint i = 0; i < journey->num_branches; i++) {
        const struct report_branch *branch =
            REPORT_AT(report->branches, struct report_branch, journey->first_branch + i);
        if (open_only && branch->outcome == SSTP_STORY_DELIVERED)
            continue;
        if (num++ < LADDER_EVENTS_MAX)
            append_indented(output_text(output), report, branch);
    }
    if (num > LADDER_EVENTS_MAX)
        g_string_append_printf(output_text(output), "  and %u more\n", num - LADDER_EVENTS_MAX);
}

/* ------------------------------------------------------------------------
 * Lanes
 */

static void append_head(GString *text, const struct steps *steps)
{
    g_string_append_printf(text, "%*s", (int)TIME_WIDTH, "");
    for (guint i = 0; i < steps->parties->len; i++) {
        const gsize before = text->len;
        ladder_append_name(text, steps_party(steps, i), LADDER_WIDTH - 2);
        for (gsize used = plain_width(text->str + before);
             used < LADDER_WIDTH && i + 1 < steps->parties->len; used++)
            g_string_append_c(text, ' ');
    }
    g_string_append_c(text, '\n');
}

/* "|   o------->|   ", an acknowledgement with gaps; as wide for all. */
static void append_lanes(GString *text, guint num, const struct step *step)
{
    const guint width = LADDER_WIDTH * (num - 1) + 1;
    const guint left = MIN(step->sender, step->receiver) * LADDER_WIDTH;
    const guint right = MAX(step->sender, step->receiver) * LADDER_WIDTH;
    char *lanes = g_malloc(width + 1);

    memset(lanes, ' ', width);
    for (guint i = 0; i < num; i++)
        lanes[i * LADDER_WIDTH] = '|';
    for (guint i = left + 1; i < right; i++)
        if (!step->is_acknowledgement || (i - left) % 2 != 0)
            lanes[i] = '-';
    lanes[step->sender * LADDER_WIDTH] = 'o';
    if (step->sender < step->receiver)
        lanes[right - 1] = '>';
    else if (step->sender > step->receiver)
        lanes[left + 1] = '<';
    lanes[width] = '\0';
    g_string_append(text, lanes);
    g_free(lanes);
}

static void append_step(GString *text, const struct report *report, const struct steps *steps,
                        const struct step *step)
{
    moment_append(text, step->t_ns);
    g_string_append(text, "  ");
    if (steps->parties->len <= LADDER_PARTIES_MAX) {
        append_lanes(text, steps->parties->len, step);
    } else {
        ladder_append_name(text, steps_party(steps, step->sender), 2 * LADDER_WIDTH);
        g_string_append(text, " -> ");
        ladder_append_name(text, steps_party(steps, step->receiver), 2 * LADDER_WIDTH);
    }
    g_string_append(text, "  ");
    steps_append_what(text, report, step);
    g_string_append_c(text, '\n');
}

void ladder_print(struct output *output, const struct report *report, guint index)
{
    GString *text = output_text(output);
    struct steps steps;

    ladder_print_title(output, report, index);
    steps_collect(&steps, report, index);
    if (steps.parties->len <= LADDER_PARTIES_MAX)
        append_head(text, &steps);
    for (guint i = 0; i < steps.steps->len && i < LADDER_EVENTS_MAX; i++) {
        append_step(text, report, &steps, REPORT_AT(steps.steps, struct step, i));
        output_flush(output);
    }
    if (steps.steps->len > LADDER_EVENTS_MAX)
        g_string_append_printf(text, "and %u more\n", steps.steps->len - LADDER_EVENTS_MAX);
    ladder_print_branches(output, report, index, FALSE);
    steps_clear(&steps);
}
