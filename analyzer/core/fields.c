/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/fields.h"

#define FIELD_INFO(constant, name, filter, kind, base)                                             \
    [SSTP_FIELD_##constant] = {name, filter, SSTP_KIND_##kind, SSTP_BASE_##base},

const struct sstp_field_info sstp_field_infos[SSTP_FIELD_COUNT] = {SSTP_FIELDS(FIELD_INFO)};
