/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/retry.h"

#include "base/pause.h"
#include "core/command.h"

#include <glib.h>

void client_retry_ready(struct client_retry *retry, int64_t now_ms)
{
    retry->has_been_ready = retry->is_ready = true;
    retry->ready_ms = now_ms;
}

void client_retry_received(struct client_retry *retry)
{
    retry->pause_ms = 0;
}

void client_retry_acknowledged(struct client_retry *retry)
{
    retry->pause_ms = 0;
    retry->num_errors = 0;
}

/* A connection that has lasted was a good one. */
static void begin_anew_if_steady(struct client_retry *retry, int64_t now_ms)
{
    if (retry->is_ready && now_ms - retry->ready_ms >= CLIENT_RETRY_STEADY_MS)
        client_retry_acknowledged(retry);
}

bool client_retry_may_go_on(struct client_retry *retry, uint8_t reason_id, int64_t now_ms)
{
    begin_anew_if_steady(retry, now_ms);
    switch ((enum sstp_connect_close_reason)reason_id) {
    case SSTP_CONNECT_CLOSE_NO_REASON:
    case SSTP_CONNECT_CLOSE_RESTING:
    case SSTP_CONNECT_CLOSE_IDLE:
    case SSTP_CONNECT_CLOSE_RESPONSE_TIMEOUT:
    case SSTP_CONNECT_CLOSE_INTERNAL_ERROR:
    /* Our own last connection, whose end the other side has not noticed yet. */
    case SSTP_CONNECT_CLOSE_CROSSED_CONNECTIONS:
        return true;
    case SSTP_CONNECT_CLOSE_PROTOCOL_ERROR:
    case SSTP_CONNECT_CLOSE_TOO_MANY_UNKNOWN_SESSION_CMDS:
        return ++retry->num_errors <= CLIENT_RETRY_ERRORS_MAX;
    case SSTP_CONNECT_CLOSE_DEVICE_AUTHENTICATION_FAILED:
    case SSTP_CONNECT_CLOSE_USER_AUTHENTICATION_FAILED:
    case SSTP_CONNECT_CLOSE_STALE_CONNECT_AUTHENTICATE:
    case SSTP_CONNECT_CLOSE_STALE_ATTACH_AUTHENTICATE:
    case SSTP_CONNECT_CLOSE_REJECTED:
    case SSTP_CONNECT_CLOSE_DECRYPTION_FAILED:
    case SSTP_CONNECT_CLOSE_UPGRADE:
    case SSTP_CONNECT_CLOSE_NEW_VERSION_REQUIRED:
        return false;
    }
    return false;
}

bool client_retry_is_worth(const struct client_retry *retry, uint32_t wait_time, int64_t now_ms)
{
    return retry->has_been_ready || now_ms + (int64_t)wait_time * 1000 < retry->first_until_ms;
}

int64_t client_retry_pause(struct client_retry *retry, uint32_t wait_time, int64_t now_ms,
                           uint32_t chance)
{
    const int64_t asked_ms = (int64_t)wait_time * 1000;

    begin_anew_if_steady(retry, now_ms);
    retry->is_ready = false;
    if (retry->pause_ms == 0)
        retry->pause_ms =
            retry->first_pause_ms != 0 ? retry->first_pause_ms : CLIENT_RETRY_PAUSE_FIRST_MS;
    else if (retry->pause_ms < CLIENT_RETRY_PAUSE_LAST_MS / 2)
        retry->pause_ms *= 2;
    else
        retry->pause_ms = CLIENT_RETRY_PAUSE_LAST_MS;

    const int64_t pause_ms = pause_spread_ms(retry->pause_ms, asked_ms, chance);
    if (retry->has_been_ready)
        return pause_ms;
    return MIN(pause_ms, MAX(retry->first_until_ms - now_ms, 0));
}
