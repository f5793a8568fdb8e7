/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "henc/henc_findings.h"

_Static_assert(HENC_FINDING_COUNT <= 32, "a set of findings is one 32-bit word");

#define FINDING_INFO(constant, filter, severity, group, section, sentence)                         \
    [HENC_FINDING_##                                                                               \
        constant] = {filter, SSTP_SEVERITY_##severity, SSTP_GROUP_##group, section, sentence},

const struct sstp_finding_info henc_finding_infos[HENC_FINDING_COUNT] = {
    HENC_FINDINGS(FINDING_INFO)};
