/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>
#include <string.h>

#include "henc/henc_findings.h"

/* Severities as plugin/FIELDS.md settles them. */
static const struct {
    enum henc_finding finding;
    const char *filter;
    enum sstp_severity severity;
} rows[] = {
    {HENC_FINDING_ENCAP_MALFORMED, "encap_malformed", SSTP_SEVERITY_ERROR},
    {HENC_FINDING_GUID_LENGTH, "guid_length", SSTP_SEVERITY_NOTE},
    {HENC_FINDING_ENCAP_VERSION, "encap_version", SSTP_SEVERITY_WARNING},
    {HENC_FINDING_CHECKSUM_BAD, "checksum_bad", SSTP_SEVERITY_WARNING},
    {HENC_FINDING_SEQUENCE_GAP, "sequence_gap", SSTP_SEVERITY_WARNING},
    {HENC_FINDING_SEQUENCE_REPEAT, "sequence_repeat", SSTP_SEVERITY_NOTE},
    {HENC_FINDING_ECHO_MISMATCH, "echo_mismatch", SSTP_SEVERITY_WARNING},
    {HENC_FINDING_MISSING_HALF, "missing_half", SSTP_SEVERITY_WARNING},
    {HENC_FINDING_CONTENT_LENGTH_EXCEEDED, "content_length_exceeded", SSTP_SEVERITY_WARNING},
    {HENC_FINDING_HANDSHAKE_ORDER, "handshake_order", SSTP_SEVERITY_WARNING},
    {HENC_FINDING_OUT_OF_TURN, "out_of_turn", SSTP_SEVERITY_WARNING},
    {HENC_FINDING_GUID_IN_USE, "guid_in_use", SSTP_SEVERITY_WARNING},
    {HENC_FINDING_WRONG_HALF, "wrong_half", SSTP_SEVERITY_WARNING},
    {HENC_FINDING_ENCAP_MISMATCH, "encap_mismatch", SSTP_SEVERITY_WARNING},
    {HENC_FINDING_ENCAP_MISMATCH_SERVER, "encap_mismatch", SSTP_SEVERITY_NOTE},
    {HENC_FINDING_ENCAP_HEADER, "encap_header", SSTP_SEVERITY_NOTE},
    {HENC_FINDING_POLL_TIMER, "timer", SSTP_SEVERITY_NOTE},
    {HENC_FINDING_POST_ANSWER_BODY, "post_answer_body", SSTP_SEVERITY_WARNING},
};

static void test_catalogue(void)
{
    g_assert_cmpuint(G_N_ELEMENTS(rows), ==, HENC_FINDING_COUNT);
    uint32_t all = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const struct sstp_finding_info *info = &henc_finding_infos[rows[i].finding];
        g_assert_cmpstr(info->filter, ==, rows[i].filter);
        g_assert_cmpint(info->severity, ==, rows[i].severity);
        g_assert_true(g_str_has_prefix(info->section, "GRVHENC "));
        g_assert_false(g_str_has_suffix(info->sentence, "."));
        g_assert_false(henc_findings_has(all, rows[i].finding));
        all |= henc_finding_bit(rows[i].finding);
    }
}

/* Both catalogues become `sstp.expert.*`: no name may stand in both, but for that of timers,
 * which both have. */
static void test_no_name_of_core(void)
{
    for (size_t i = 0; i < HENC_FINDING_COUNT; i++)
        for (size_t k = 0; k < SSTP_FINDING_COUNT; k++)
            if (i != HENC_FINDING_POLL_TIMER || k != SSTP_FINDING_TIMER)
                g_assert_cmpstr(henc_finding_infos[i].filter, !=, sstp_finding_infos[k].filter);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/henc/findings/catalogue", test_catalogue);
    g_test_add_func("/henc/findings/no-name-of-core", test_no_name_of_core);
    return g_test_run();
}
