/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * findings: the catalogue of what can be wrong with commands and their conversation;
 * henc/henc_findings.h is that of the encapsulations.
 *
 * A finding is never an error of ours: decoding goes on after it.  The plugin
 * makes an expert note `sstp.expert.<filter>` of each row, the programs print
 * or log it, the tests assert on the id.  CONTRIBUTING.md says what else a new row
 * needs.
 */
#ifndef SSTP_CORE_FINDINGS_H
#define SSTP_CORE_FINDINGS_H

/* Malformed bytes are errors, broken MUSTs warnings, and what is allowed but
 * rare, or merely worth knowing, a note (plugin/FIELDS.md, Findings). */
enum sstp_severity { SSTP_SEVERITY_NOTE, SSTP_SEVERITY_WARNING, SSTP_SEVERITY_ERROR };

/* What a finding is about; Wireshark groups its notes likewise. */
enum sstp_group { SSTP_GROUP_MALFORMED, SSTP_GROUP_PROTOCOL, SSTP_GROUP_SEQUENCE };

/* clang-format off */

/*    constant               | filter                 | severity | group    | section             | sentence */
#define SSTP_FINDINGS(X)                                                                                                              \
    X(LENGTH_INVALID,         "length_invalid",         ERROR,    MALFORMED, "GRVSSTP 2.2",        "CommandLength is outside the limits of this command")  \
    X(TRAILING_BYTES,         "trailing_bytes",         ERROR,    MALFORMED, "GRVSSTP 3.1.5",      "Bytes are left between the last field and CommandLength")  \
    X(STRING_UNTERMINATED,    "string_unterminated",    ERROR,    MALFORMED, "GRVSSTP 2.2",        "The string has no 0x00 before CommandLength ends")     \
    X(TRUNCATED,              "truncated",              ERROR,    MALFORMED, "GRVSSTP 2.2",        "CommandLength ends before this field does")            \
    X(UNKNOWN_COMMAND,        "unknown_command",        ERROR,    MALFORMED, "GRVSSTP 2.2",        "No command has this CommandId")                        \
    X(RESERVED_NOT_ZERO,      "reserved_not_zero",      WARNING,  PROTOCOL,  "GRVSSTP 2.2",        "What has to be zero is not")                           \
    X(STRING_EMPTY,           "string_empty",           WARNING,  PROTOCOL,  "GRVSSTP 2.2",        "This string must not be empty")                        \
    X(VALUE_UNKNOWN,          "value_unknown",          WARNING,  PROTOCOL,  "GRVSSTP 2.2",        "The specification lists no such value")                \
    X(VERSION_UNSUPPORTED,    "version_unsupported",    WARNING,  PROTOCOL,  "GRVSSTP 2.2.1.1",    "MajorVersionNumber is not 1")                          \
    X(VERSION_FORM,           "version_form",           WARNING,  PROTOCOL,  "GRVSSTP 2.2.6.1, 2.2.8.1", "The command has the form of the other SSTP version than the one negotiated; decoded by the form that fits") \
    X(SESSION_STATUS_FORM,    "session_status_form",    WARNING,  PROTOCOL,  "GRVSSTP 2.2.8.1",    "The command does not name its destinations in a way of its SSTP version") \
    X(CAPABILITIES_FORM,      "capabilities_form",      WARNING,  PROTOCOL,  "GRVSSTP 2.2.1.1",    "A token of PeerProductCapabilities begins or ends with a space") \
    X(GAP,                    "gap",                    NOTE,     SEQUENCE,  "GRVSSTP 2.1",        "Bytes before these are missing from the capture; nothing is known of them") \
    X(SEC_TOKEN_MALFORMED,    "sec_token_malformed",    ERROR,    MALFORMED, "GRVSSTPS 2.2",       "The security token does not have the layout of its message") \
    X(SEC_LENGTH_UNUSUAL,     "sec_length_unusual",     NOTE,     PROTOCOL,  "GRVSSTPS 2.2",       "An IV has 24 bytes and an HMAC 20 in every known token") \
    X(SEC_VERSION_UNUSUAL,    "sec_version_unusual",    NOTE,     PROTOCOL,  "GRVSSTPS 6, note 1", "Security messages are known with the versions 1.3 and 1.4") \
    /* What a command is in its conversation: the observer's (state/observer.h). */ \
    X(UNEXPECTED_COMMAND,     "unexpected_command",     WARNING,  PROTOCOL,  "GRVSSTP 3.1.5",      "The command is not allowed in this state")             \
    X(WRONG_ROLE,             "wrong_role",             WARNING,  PROTOCOL,  "GRVSSTP 3.1.5",      "This side may not send the command")                   \
    X(SESSION_ID_RANGE,       "session_id_range",       WARNING,  PROTOCOL,  "GRVSSTP 3.1.4.3.1",  "The id is none that this side may choose")             \
    X(DUPLICATE_SESSION,      "duplicate_session",      WARNING,  PROTOCOL,  "GRVSSTP 3.1.4.3.1",  "A session with this id is open")                       \
    X(UNKNOWN_SESSION,        "unknown_session",        WARNING,  PROTOCOL,  "GRVSSTP 3.1.5",      "There is no session with this id")                     \
    X(UNKNOWN_SESSION_IGNORED, "unknown_session",       NOTE,     PROTOCOL,  "GRVSSTP 1.3.3, 3.1.5.9", "There is no session with this id any more; the receiver ignores the command") \
    X(BAD_INDEX,              "bad_index",              WARNING,  PROTOCOL,  "GRVSSTP 2.2.8.1",    "The FanoutOpen has no entry with this index")          \
    X(BAD_INDEX_REPEATED,     "bad_index",              NOTE,     PROTOCOL,  "GRVSSTP 2.2.8.1, note <9>", "The destination of this index had left the session before") \
    X(ACK_EXCESS,             "ack_excess",             WARNING,  SEQUENCE,  "GRVSSTP 3.1.5.19",   "MessageCount is larger than the number of messages outstanding") \
    X(BLOCKED_SEND,           "blocked_send",           NOTE,     SEQUENCE,  "GRVSSTP 4.4.1",      "A message begins while the session is blocked; it may have crossed the StopSending") \
    X(RESPONSE_UNFIT,         "response_unfit",         NOTE,     PROTOCOL,  "GRVSSTP 3.1.5.5, 3.3.5.6", "No receiver gives this answer to such an Open or FanoutOpen") \
    X(SIZE_MISMATCH,          "size_mismatch",          NOTE,     PROTOCOL,  "GRVSSTP 2.2.10.1",   "The sizes or fragment numbers of the Message do not fit each other or what was sent") \
    X(TIMER,                  "timer",                  NOTE,     SEQUENCE,  "GRVSSTP 2.2.2.1, 2.2.4.1, 3.1.2.1, 3.1.4.7", "Later than was asked for, or before the time that the other side has set is over") \
    X(DEVICE_NOT_ASKED_FOR,   "device_not_asked_for",   NOTE,     PROTOCOL,  "GRVSSTP 3.1.4.1, 3.1.5.1", "TargetDeviceURLs is without the TargetDeviceURL of the Connect") \
    X(UNACKNOWLEDGED,         "unacknowledged",         NOTE,     SEQUENCE,  "GRVSSTP 3.1.7.1",    "Not acknowledged before the end, so not considered delivered")

/* clang-format on */

#define SSTP_FINDING_CONSTANT(constant, filter, severity, group, section, sentence)                \
    SSTP_FINDING_##constant,
enum sstp_finding { SSTP_FINDINGS(SSTP_FINDING_CONSTANT) SSTP_FINDING_COUNT };
#undef SSTP_FINDING_CONSTANT

#define SSTP_FINDING_STATE_FIRST SSTP_FINDING_UNEXPECTED_COMMAND
#define SSTP_FINDING_STATE_LAST SSTP_FINDING_UNACKNOWLEDGED

struct sstp_finding_info {
    const char *filter; /* what follows `sstp.expert.` */
    enum sstp_severity severity;
    enum sstp_group group;
    const char *section;  /* of the specification */
    const char *sentence; /* in English, without a full stop */
};

/* Indexed by enum sstp_finding. */
extern const struct sstp_finding_info sstp_finding_infos[SSTP_FINDING_COUNT];

#endif
