/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mnemonics: every coded value of GRVSSTP 2.2 with its name, to the letter.
 *
 * X(CONSTANT, value, "Mnemonic").  The enums below, the programs' texts and
 * the plugin's value strings all come from these lists.  SSTP_CODED_FIELDS says which
 * field has which of them.
 */
#ifndef SSTP_CORE_MNEMONICS_H
#define SSTP_CORE_MNEMONICS_H

#include <stdint.h>

#include "core/fields.h"

/* clang-format off */

/* GRVSSTP 2.2.2.1 */
#define SSTP_CONNECT_RESPONSES(X)                                              \
    X(CONNECT_RESPONSE_OK,                    0x00, "Ok")                      \
    X(CONNECT_RESPONSE_WRONG_DEVICE,          0x01, "WrongDevice")             \
    X(CONNECT_RESPONSE_TRY_LATER,             0x02, "TryLater")                \
    X(CONNECT_RESPONSE_WILL_UPGRADE,          0x03, "WillUpgrade")             \
    X(CONNECT_RESPONSE_WONT_UPGRADE,          0x04, "WontUpgrade")             \
    X(CONNECT_RESPONSE_NEW_VERSION_REQUIRED,  0x05, "NewVersionRequired")      \
    X(CONNECT_RESPONSE_AUTHENTICATION_FAILED, 0x06, "AuthenticationFailed")    \
    X(CONNECT_RESPONSE_CONNECT_REJECTED,      0x09, "ConnectRejected")

/* GRVSSTP 2.2.4.1 */
#define SSTP_CONNECT_CLOSE_REASONS(X)                                          \
    X(CONNECT_CLOSE_NO_REASON,                    0x00, "NoReason")            \
    X(CONNECT_CLOSE_RESTING,                      0x01, "Resting")             \
    X(CONNECT_CLOSE_IDLE,                         0x02, "Idle")                \
    X(CONNECT_CLOSE_PROTOCOL_ERROR,               0x03, "ProtocolError")       \
    X(CONNECT_CLOSE_DEVICE_AUTHENTICATION_FAILED, 0x04, "DeviceAuthenticationFailed") \
    X(CONNECT_CLOSE_USER_AUTHENTICATION_FAILED,   0x05, "UserAuthenticationFailed") \
    X(CONNECT_CLOSE_STALE_CONNECT_AUTHENTICATE,   0x06, "StaleConnectAuthenticate") \
    X(CONNECT_CLOSE_STALE_ATTACH_AUTHENTICATE,    0x07, "StaleAttachAuthenticate") \
    X(CONNECT_CLOSE_RESPONSE_TIMEOUT,             0x08, "ResponseTimeout")     \
    X(CONNECT_CLOSE_REJECTED,                     0x09, "Rejected")            \
    X(CONNECT_CLOSE_DECRYPTION_FAILED,            0x0a, "DecryptionFailed")    \
    X(CONNECT_CLOSE_CROSSED_CONNECTIONS,          0x0c, "CrossedConnections")  \
    X(CONNECT_CLOSE_INTERNAL_ERROR,               0x0d, "InternalError")       \
    X(CONNECT_CLOSE_UPGRADE,                      0x0e, "Upgrade")             \
    X(CONNECT_CLOSE_TOO_MANY_UNKNOWN_SESSION_CMDS, 0x0f, "TooManyUnknownSessionCmds") \
    X(CONNECT_CLOSE_NEW_VERSION_REQUIRED,         0x10, "NewVersionRequired")

/* GRVSSTP 2.2.7.1 */
#define SSTP_OPEN_RESPONSES(X)                                                 \
    X(OPEN_RESPONSE_OK,                   0x00, "Ok")                          \
    X(OPEN_RESPONSE_NO_RESOURCE,          0x04, "NoResource")                  \
    X(OPEN_RESPONSE_UNKNOWN,              0x05, "Unknown")                     \
    X(OPEN_RESPONSE_NO_FANOUT_ENTRIES,    0x08, "NoFanoutEntries")             \
    X(OPEN_RESPONSE_START_SENDING,        0x09, "StartSending")                \
    X(OPEN_RESPONSE_STOP_SENDING,         0x0a, "StopSending")                 \
    X(OPEN_RESPONSE_OK_STOP_SENDING,      0x0b, "OkStopSending")               \
    X(OPEN_RESPONSE_FANOUT_NOT_SUPPORTED, 0x0c, "FanoutNotSupported")

/* GRVSSTP 2.2.8.1 */
#define SSTP_SESSION_STATUSES(X)                                               \
    X(SESSION_STATUS_DNS_LOOKUP_FAILED,       0x01, "DNSLookupFailed")         \
    X(SESSION_STATUS_HOST_NOT_REACHABLE,      0x02, "HostNotReachable")        \
    X(SESSION_STATUS_CONNECTION_CLOSED,       0x03, "ConnectionClosed")        \
    X(SESSION_STATUS_QUOTA_WOULD_BE_EXCEEDED, 0x04, "QuotaWouldBeExceeded")    \
    X(SESSION_STATUS_LOCKED_OUT,              0x05, "LockedOut")

/* GRVSSTP 2.2.9.1 */
#define SSTP_CLOSE_REASONS(X)                                                  \
    X(CLOSE_NO_REASON,                    0x00, "NoReason")                    \
    X(CLOSE_IDLE,                         0x02, "Idle")                        \
    X(CLOSE_PROTOCOL_ERROR,               0x03, "ProtocolError")               \
    X(CLOSE_DEVICE_AUTHENTICATION_FAILED, 0x04, "DeviceAuthenticationFailed")  \
    X(CLOSE_USER_AUTHENTICATION_FAILED,   0x05, "UserAuthenticationFailed")    \
    X(CLOSE_STALE_ATTACH_AUTHENTICATE,    0x07, "StaleAttachAuthenticate")     \
    X(CLOSE_QUOTA_WOULD_BE_EXCEEDED,      0x0b, "QuotaWouldBeExceeded")        \
    X(CLOSE_INTERNAL_ERROR,               0x0d, "InternalError")               \
    X(CLOSE_EMPTY_SESSION,                0x15, "EmptySession")

/* GRVSSTP 2.2.15.1 */
#define SSTP_ATTACH_RESPONSES(X)                                               \
    X(ATTACH_RESPONSE_OK,                0x00, "Ok")                           \
    X(ATTACH_RESPONSE_ATTACH_REJECTED,   0x01, "AttachRejected")               \
    X(ATTACH_RESPONSE_ACCOUNT_UNKNOWN,   0x02, "AccountUnknown")               \
    X(ATTACH_RESPONSE_AWAITING_REGISTER, 0x03, "AwaitingRegister")

/*    field in fields.h      | its codes                 | what names one                 */
#define SSTP_CODED_FIELDS(X)                                                              \
    X(CONNECT_RESPONSE_ID,     SSTP_CONNECT_RESPONSES,     sstp_connect_response_name    ) \
    X(CONNECT_CLOSE_REASON_ID, SSTP_CONNECT_CLOSE_REASONS, sstp_connect_close_reason_name) \
    X(OPEN_RESPONSE_ID,        SSTP_OPEN_RESPONSES,        sstp_open_response_name       ) \
    X(STATUS_ID,               SSTP_SESSION_STATUSES,      sstp_session_status_name      ) \
    X(CLOSE_REASON_ID,         SSTP_CLOSE_REASONS,         sstp_close_reason_name        ) \
    X(ATTACH_RESPONSE_ID,      SSTP_ATTACH_RESPONSES,      sstp_attach_response_name     )

/* clang-format on */

#define SSTP_MNEMONIC_CONSTANT(constant, value, name) SSTP_##constant = value,
enum sstp_connect_response { SSTP_CONNECT_RESPONSES(SSTP_MNEMONIC_CONSTANT) };
enum sstp_connect_close_reason { SSTP_CONNECT_CLOSE_REASONS(SSTP_MNEMONIC_CONSTANT) };
enum sstp_open_response { SSTP_OPEN_RESPONSES(SSTP_MNEMONIC_CONSTANT) };
enum sstp_session_status { SSTP_SESSION_STATUSES(SSTP_MNEMONIC_CONSTANT) };
enum sstp_close_reason { SSTP_CLOSE_REASONS(SSTP_MNEMONIC_CONSTANT) };
enum sstp_attach_response { SSTP_ATTACH_RESPONSES(SSTP_MNEMONIC_CONSTANT) };
#undef SSTP_MNEMONIC_CONSTANT

/* The mnemonic of a value, or NULL for one the specification does not list. */
typedef const char *sstp_mnemonic(uint8_t value);

/* What names the codes of a field, or NULL for a field that has none. */
sstp_mnemonic *sstp_mnemonic_of(enum sstp_field field);

const char *sstp_connect_response_name(uint8_t value);
const char *sstp_connect_close_reason_name(uint8_t value);
const char *sstp_open_response_name(uint8_t value);
const char *sstp_session_status_name(uint8_t value);
const char *sstp_close_reason_name(uint8_t value);
const char *sstp_attach_response_name(uint8_t value);

#endif
