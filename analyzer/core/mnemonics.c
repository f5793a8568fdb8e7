/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/mnemonics.h"

#include <stddef.h>

#define NAME_CASE(constant, value, name)                                                           \
    case value:                                                                                    \
        return name;
#define NAME_FUNCTION(function, list)                                                              \
    const char *function(uint8_t value)                                                            \
    {                                                                                              \
        switch (value) {                                                                           \
            list(NAME_CASE)                                                                        \
        }                                                                                          \
        return NULL;                                                                               \
    }

NAME_FUNCTION(sstp_connect_response_name, SSTP_CONNECT_RESPONSES)
NAME_FUNCTION(sstp_connect_close_reason_name, SSTP_CONNECT_CLOSE_REASONS)
NAME_FUNCTION(sstp_open_response_name, SSTP_OPEN_RESPONSES)
NAME_FUNCTION(sstp_session_status_name, SSTP_SESSION_STATUSES)
NAME_FUNCTION(sstp_close_reason_name, SSTP_CLOSE_REASONS)
NAME_FUNCTION(sstp_attach_response_name, SSTP_ATTACH_RESPONSES)
