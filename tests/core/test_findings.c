/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>
#include <string.h>

#include "findings.h"

/* Every row can be registered as `sstp.expert.<filter>` and read as a text. */
static void test_catalogue(void)
{
    unsigned num_shared = 0;

    g_assert_cmpuint(SSTP_FINDING_COUNT, ==, G_N_ELEMENTS(sstp_finding_infos));
    for (size_t i = 0; i < SSTP_FINDING_COUNT; i++) {
        const struct sstp_finding_info *info = &sstp_finding_infos[i];
        g_assert_nonnull(info->filter);
        g_assert_cmpuint(strspn(info->filter, "abcdefghijklmnopqrstuvwxyz_"), ==,
                         strlen(info->filter));
        g_assert_true(g_str_has_prefix(info->section, "GRVSSTP") ||
                      g_str_has_prefix(info->section, "GRVHENC"));
        g_assert_cmpuint(strlen(info->sentence), >, 10);
        g_assert_true(g_ascii_isupper(info->sentence[0]));
        g_assert_false(g_str_has_suffix(info->sentence, "."));
        /* Two findings under one name differ in their severity, or nobody could
         * tell them apart; two pairs do so on purpose. */
        for (size_t j = 0; j < i; j++)
            if (strcmp(info->filter, sstp_finding_infos[j].filter) == 0) {
                g_assert_cmpint((int)info->severity, !=, (int)sstp_finding_infos[j].severity);
                num_shared++;
            }
    }
    g_assert_cmpuint(num_shared, ==, 2); /* unknown_session, bad_index */
}

/* Malformed bytes are errors, broken MUSTs warnings; what is merely worth
 * knowing is a note. */
static void test_severities(void)
{
    static const struct {
        enum sstp_finding finding;
        const char *filter;
        enum sstp_severity severity;
    } rows[] = {
        {SSTP_FINDING_LENGTH_INVALID, "length_invalid", SSTP_SEVERITY_ERROR},
        {SSTP_FINDING_TRAILING_BYTES, "trailing_bytes", SSTP_SEVERITY_ERROR},
        {SSTP_FINDING_STRING_UNTERMINATED, "string_unterminated", SSTP_SEVERITY_ERROR},
        {SSTP_FINDING_TRUNCATED, "truncated", SSTP_SEVERITY_ERROR},
        {SSTP_FINDING_UNKNOWN_COMMAND, "unknown_command", SSTP_SEVERITY_ERROR},
        {SSTP_FINDING_RESERVED_NOT_ZERO, "reserved_not_zero", SSTP_SEVERITY_WARNING},
        {SSTP_FINDING_VALUE_UNKNOWN, "value_unknown", SSTP_SEVERITY_WARNING},
        {SSTP_FINDING_VERSION_UNSUPPORTED, "version_unsupported", SSTP_SEVERITY_WARNING},
        {SSTP_FINDING_VERSION_FORM, "version_form", SSTP_SEVERITY_WARNING},
        {SSTP_FINDING_STRING_EMPTY, "string_empty", SSTP_SEVERITY_WARNING},
        {SSTP_FINDING_SESSION_STATUS_FORM, "session_status_form", SSTP_SEVERITY_WARNING},
        {SSTP_FINDING_CAPABILITIES_FORM, "capabilities_form", SSTP_SEVERITY_WARNING},
        {SSTP_FINDING_GAP, "gap", SSTP_SEVERITY_NOTE},
        {SSTP_FINDING_UNEXPECTED_COMMAND, "unexpected_command", SSTP_SEVERITY_WARNING},
        {SSTP_FINDING_WRONG_ROLE, "wrong_role", SSTP_SEVERITY_WARNING},
        {SSTP_FINDING_SESSION_ID_RANGE, "session_id_range", SSTP_SEVERITY_WARNING},
        {SSTP_FINDING_DUPLICATE_SESSION, "duplicate_session", SSTP_SEVERITY_WARNING},
        {SSTP_FINDING_UNKNOWN_SESSION, "unknown_session", SSTP_SEVERITY_WARNING},
        {SSTP_FINDING_UNKNOWN_SESSION_IGNORED, "unknown_session", SSTP_SEVERITY_NOTE},
        {SSTP_FINDING_BAD_INDEX, "bad_index", SSTP_SEVERITY_WARNING},
        {SSTP_FINDING_BAD_INDEX_REPEATED, "bad_index", SSTP_SEVERITY_NOTE},
        {SSTP_FINDING_ACK_EXCESS, "ack_excess", SSTP_SEVERITY_WARNING},
        {SSTP_FINDING_BLOCKED_SEND, "blocked_send", SSTP_SEVERITY_NOTE},
        {SSTP_FINDING_RESPONSE_UNFIT, "response_unfit", SSTP_SEVERITY_NOTE},
        {SSTP_FINDING_SIZE_MISMATCH, "size_mismatch", SSTP_SEVERITY_NOTE},
        {SSTP_FINDING_TIMER, "timer", SSTP_SEVERITY_NOTE},
        {SSTP_FINDING_DEVICE_NOT_ASKED_FOR, "device_not_asked_for", SSTP_SEVERITY_NOTE},
        {SSTP_FINDING_UNACKNOWLEDGED, "unacknowledged", SSTP_SEVERITY_NOTE},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const struct sstp_finding_info *info = &sstp_finding_infos[rows[i].finding];
        g_assert_cmpstr(info->filter, ==, rows[i].filter);
        g_assert_cmpint((int)info->severity, ==, (int)rows[i].severity);
        g_assert_cmpint(info->group == SSTP_GROUP_MALFORMED, ==,
                        info->severity == SSTP_SEVERITY_ERROR);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/findings/catalogue", test_catalogue);
    g_test_add_func("/findings/severities", test_severities);
    return g_test_run();
}
