/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/hint.h"

#include "core/mnemonics.h"

#include <stddef.h>

struct hint {
    uint8_t value;
    const char *text;
};

static const char *find(const struct hint *hints, size_t num, uint8_t value)
{
    for (size_t i = 0; i < num; i++)
        if (hints[i].value == value)
            return hints[i].text;
    return "";
}

#define FIND(hints, value) find((hints), sizeof(hints) / sizeof(hints)[0], (value))

const char *client_hint_connect_response(uint8_t response_id)
{
    static const struct hint hints[] = {
        {SSTP_CONNECT_RESPONSE_TRY_LATER, " (it may rest, or see its --max-connections)"},
        {SSTP_CONNECT_RESPONSE_CONNECT_REJECTED, " (see its --lock-out)"}};
    return FIND(hints, response_id);
}

const char *client_hint_connect_close(uint8_t reason_id)
{
    static const struct hint hints[] = {
        {SSTP_CONNECT_CLOSE_CROSSED_CONNECTIONS,
         " (this device is connected already: see its --connections-per-device)"}};
    return FIND(hints, reason_id);
}

const char *client_hint_open_response(uint8_t response_id)
{
    static const struct hint hints[] = {{SSTP_OPEN_RESPONSE_UNKNOWN,
                                         " (see the relay's --max-fanout, --max-sessions and "
                                         "--lock-out, or its --auth)"}};
    return FIND(hints, response_id);
}

const char *client_hint_close(uint8_t reason_id)
{
    static const struct hint hints[] = {
        {SSTP_CLOSE_QUOTA_WOULD_BE_EXCEEDED, " (see the relay's --quota, --max-queues, "
                                             "--max-message and --max-assembling)"},
        {SSTP_CLOSE_INTERNAL_ERROR, " (see the relay's --max-stored)"}};
    return FIND(hints, reason_id);
}

const char *client_hint_register(uint8_t reason_id)
{
    static const struct hint hints[] = {
        {SSTP_CLOSE_USER_AUTHENTICATION_FAILED,
         " (an identity is locked out, or belongs to another account, which --account has to "
         "name)"},
        {SSTP_CLOSE_INTERNAL_ERROR,
         " (it takes 1000 identities of an account, or see its --max-events)"}};
    return FIND(hints, reason_id);
}

const char *client_hint_status(uint8_t status_id)
{
    static const struct hint hints[] = {
        {SSTP_SESSION_STATUS_QUOTA_WOULD_BE_EXCEEDED,
         " (see the relay's --quota and --max-queues)"},
        {SSTP_SESSION_STATUS_LOCKED_OUT, " (see the relay's --lock-out)"}};
    return FIND(hints, status_id);
}
