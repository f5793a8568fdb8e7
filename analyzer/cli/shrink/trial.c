/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shrink/trial.h"

#include <string.h>

#include "base/plain.h"
#include "dissect/dissector.h"
#include "dissect/gather.h"

struct trial {
    struct report *report;
    struct gather *gather;
    struct dissector *dissector;

    const struct trial_finding *finding; /* NULL: nothing is watched */
    guint32 number;
    GString *lines;
    struct trial_seen seen;
};

static void watch_command(struct trial *trial, const struct report_command *command)
{
    struct trial_seen *seen = &trial->seen;

    if (command->frame->number != trial->number || command->ordinal != trial->finding->ordinal ||
        command->from_initiator != trial->finding->from_initiator)
        return;
    seen->has_command = TRUE;
    seen->has_states = command->connection_state != NULL;
    seen->connection_state = command->connection_state;
    seen->session_state = command->session_state;
    seen->has_outstanding = command->has_outstanding;
    seen->outstanding = command->outstanding;
}

static void on_command(void *cookie, const struct report_command *command)
{
    struct trial *trial = cookie;

    if (trial->finding != NULL)
        watch_command(trial, command);
    if (trial->lines == NULL)
        return;
    g_string_append_printf(trial->lines, "%u %s", command->frame->number, command->name);
    if (command->has_session)
        g_string_append_printf(trial->lines, " of session 0x%x", command->session_id);
    if (command->detail[0] != '\0') {
        g_string_append(trial->lines, " (");
        plain_append(trial->lines, command->detail, strlen(command->detail));
        g_string_append_c(trial->lines, ')');
    }
    g_string_append_c(trial->lines, '\n');
}

struct trial *trial_new(struct report *report)
{
    struct trial *trial = g_new0(struct trial, 1);

    trial->report = report;
    trial->gather = gather_new(report, NULL, FALSE, on_command, trial);
    if (trial->gather == NULL) {
        g_free(trial);
        return NULL;
    }
    trial->dissector = dissector_new();
    return trial;
}

void trial_free(struct trial *trial)
{
    gather_free(trial->gather);
    dissector_free(trial->dissector);
    g_free(trial);
}

void trial_packet(struct trial *trial, const struct packet *packet, gint64 uncertainty_ns)
{
    const struct report_frame frame = {
        .number = dissector_next_number(trial->dissector),
        .file = packet->file,
        .in_file = packet->frame,
        .captured_ns = packet->captured_ns,
        .t_ns = packet->t_ns,
    };

    gather_frame(trial->gather, &frame);
    if (trial->report->points->len > 1)
        gather_point(packet->point, uncertainty_ns);
    dissector_packet(trial->dissector, packet);
}

void trial_finish(struct trial *trial)
{
    dissector_finish(trial->dissector);
    gather_finish(trial->gather);
}

void trial_watch(struct trial *trial, const struct trial_finding *finding, guint32 number,
                 GString *lines)
{
    trial->finding = finding;
    trial->number = number;
    trial->lines = lines;
}

static gboolean is_same(const struct trial_finding *finding, const struct report_finding *row)
{
    return finding->info == row->info && g_strcmp0(finding->command, row->command) == 0 &&
           finding->from_initiator == row->from_initiator &&
           finding->has_session == row->has_session && finding->session_id == row->session_id;
}

struct trial_seen trial_seen(const struct trial *trial)
{
    const GArray *findings = trial->report->findings;
    struct trial_seen seen = trial->seen;

    for (guint i = 0; i < findings->len && !seen.is_raised; i++) {
        const struct report_finding *row = REPORT_AT(findings, struct report_finding, i);
        seen.is_raised = row->frame == trial->number && is_same(trial->finding, row);
    }
    return seen;
}

struct trial_finding trial_finding_of(const struct report_finding *row)
{
    return (struct trial_finding){
        .info = row->info,
        .command = row->command,
        .from_initiator = row->from_initiator,
        .has_session = row->has_session,
        .session_id = row->session_id,
        .ordinal = row->ordinal,
    };
}
