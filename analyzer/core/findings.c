/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/findings.h"

#define FINDING_INFO(constant, filter, severity, group, section, sentence)                         \
    [SSTP_FINDING_##constant] = {filter, SSTP_SEVERITY_##severity, SSTP_GROUP_##group, section,    \
                                 sentence},

const struct sstp_finding_info sstp_finding_infos[SSTP_FINDING_COUNT] = {
    SSTP_FINDINGS(FINDING_INFO)};
