/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shrink/explain.h"

void explain_finding(GString *text, const struct sstp_finding_info *info)
{
    static const char *const articles[] = {"a note", "a warning", "an error"};

    g_string_append_printf(text, "sstp.expert.%s, %s: %s (%s)", info->filter,
                           articles[info->severity], info->sentence, info->section);
}

static const char *state(const char *name)
{
    return name != NULL ? name : "not known";
}

/* Whether the states of a `whole` differ, which is then said. */
static gboolean explain_state(GString *text, const char *whole, const char *with,
                              const char *without)
{
    if (g_strcmp0(with, without) == 0)
        return FALSE;
    g_string_append_printf(text, "the state of its %s would be %s there, and not %s", whole,
                           state(without), state(with));
    return TRUE;
}

static void append_count(GString *text, gboolean is_known, guint32 count)
{
    if (is_known)
        g_string_append_printf(text, "%u", count);
    else
        g_string_append(text, "not known");
}

void explain_cause(GString *text, const struct trial_seen *with, const struct trial_seen *without)
{
    g_string_append(text, "Without this packet ");
    if (without->is_raised) {
        g_string_append(text, "it is raised as well");
    } else if (with->has_command && !without->has_command) {
        g_string_append(text, "the command that raises it could not be read");
    } else if (!explain_state(text, "connection", with->connection_state,
                              without->connection_state) &&
               !explain_state(text, "session", with->session_state, without->session_state)) {
        if (with->has_outstanding != without->has_outstanding ||
            with->outstanding != without->outstanding) {
            g_string_append(text, "the number of messages that are not acknowledged would be ");
            append_count(text, without->has_outstanding, without->outstanding);
            g_string_append(text, " there, and not ");
            append_count(text, with->has_outstanding, with->outstanding);
        } else {
            g_string_append(text, "nothing is raised");
        }
    }
    g_string_append_c(text, '.');
}
