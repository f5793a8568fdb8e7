/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fields: every field of every command, once.
 *
 * SSTP_FIELDS lists the fields on the wire: constant, the specification's name
 * (of a list: that of its count), the display filter after the `sstp.` prefix, the kind, and how it
 * is shown.
 * SSTP_FLAGS lists the bits of the flags bytes.  The command table, the
 * decoder, the encoder, the plugin's field registration and the programs'
 * printing all read these two lists.
 */
#ifndef SSTP_CORE_FIELDS_H
#define SSTP_CORE_FIELDS_H

/* How a field lies on the wire.  Integers are little-endian. */
enum sstp_kind {
    SSTP_KIND_U8,
    SSTP_KIND_U16,
    SSTP_KIND_U32,
    SSTP_KIND_U64,
    SSTP_KIND_STRING,  /* characters, then 0x00 */
    SSTP_KIND_TOKEN,   /* u16 length, then that many bytes */
    SSTP_KIND_STRINGS, /* u8 count, then that many strings */
    SSTP_KIND_ENTRIES, /* u16 count, then that many fanout entries (GRVSSTP 2.2.6.1) */
    SSTP_KIND_INDEXES, /* u16 count, then that many u16 */
    SSTP_KIND_REST     /* the bytes up to CommandLength */
};

/* What a number is, where its digits alone do not tell. */
enum sstp_base {
    SSTP_BASE_NONE, /* not a number */
    SSTP_BASE_DEC,
    SSTP_BASE_HEX,    /* codes, flags and identifiers */
    SSTP_BASE_SECONDS /* a time, in seconds */
};

/* clang-format off */

/*    constant                   | name in GRVSSTP          | sstp. + filter             | kind    | base    */
#define SSTP_FIELDS(X)                                                                                         \
    X(COMMAND_ID,                 "CommandId",                "command",                   U8,      HEX    )   \
    X(COMMAND_LENGTH,             "CommandLength",            "command.length",            U16,     DEC    )   \
    X(SESSION_ID,                 "SessionId",                "session_id",                U32,     HEX    )   \
    X(EVENT_ID,                   "EventId",                  "event_id",                  U32,     HEX    )   \
    X(MAJOR_VERSION,              "MajorVersionNumber",       "version.major",             U8,      DEC    )   \
    X(MINOR_VERSION,              "MinorVersionNumber",       "version.minor",             U8,      DEC    )   \
    X(CONNECT_RESERVED,           "Reserved",                 "connect.reserved",          U8,      HEX    )   \
    X(TARGET_DEVICE_URL,          "TargetDeviceURL",          "target_device_url",         STRING,  NONE   )   \
    X(TARGET_DEVICE_URLS,         "NumTargetDeviceURLs",      "target_device_url.count",   STRINGS, DEC    )   \
    X(SOURCE_DEVICE_URLS,         "NumSourceDeviceURLs",      "source_device_url.count",   STRINGS, DEC    )   \
    X(SOURCE_DEVICE_URL,          "SourceDeviceURL",          "source_device_url",         STRING,  NONE   )   \
    X(AUTHENTICATION_TOKEN,       "AuthenticationToken",      "auth_token",                TOKEN,   NONE   )   \
    X(REGISTRATION_TOKEN,         "RegistrationToken",        "registration_token",        TOKEN,   NONE   )   \
    X(PEER_PRODUCT_VERSION,       "PeerProductVersion",       "product.version",           STRING,  NONE   )   \
    X(PEER_PRODUCT_CAPABILITIES,  "PeerProductCapabilities",  "product.capabilities",      STRING,  NONE   )   \
    X(CONNECT_RESPONSE_ID,        "ResponseId",               "connect.response",          U8,      HEX    )   \
    X(CONNECT_FLAGS,              "Flags",                    "connect.flags",             U8,      HEX    )   \
    X(RETRY_TIME,                 "RetryTime",                "connect.retry_time",        U32,     SECONDS)   \
    X(CONNECT_CLOSE_REASON_ID,    "ReasonId",                 "connect_close.reason",      U8,      HEX    )   \
    X(MESSAGE_COUNT,              "MessageCount",             "message_count",             U32,     DEC    )   \
    X(RETURN_TIME,                "ReturnTime",               "connect_close.return_time", U32,     SECONDS)   \
    X(RESOURCE_URL,               "ResourceURL",              "resource_url",              STRING,  NONE   )   \
    X(IDENTITY_URL,               "IdentityURL",              "identity_url",              STRING,  NONE   )   \
    X(DEVICE_URL,                 "DeviceURL",                "device_url",                STRING,  NONE   )   \
    X(RELAY_URL,                  "RelayURL",                 "relay_url",                 STRING,  NONE   )   \
    X(FAILOVER_DEVICE_URLS,       "FailoverDeviceURLs",       "failover_device_urls",      STRING,  NONE   )   \
    X(OPEN_FLAGS,                 "Flags",                    "open.flags",                U8,      HEX    )   \
    X(OPEN_RESERVED,              "Reserved",                 "open.reserved",             U16,     HEX    )   \
    X(FANOUT_DEVICE_ENTRIES,      "NumFanoutDeviceEntries",   "fanout.count",              ENTRIES, DEC    )   \
    X(OPEN_RESPONSE_ID,           "ResponseId",               "open.response",             U8,      HEX    )   \
    X(STATUS_ID,                  "StatusId",                 "session_status",            U8,      HEX    )   \
    X(SESSION_STATUS_RESERVED,    "Reserved",                 "session_status.reserved",   U8,      HEX    )   \
    X(FANOUT_DEVICE_INDEXES,      "NumFanoutDeviceIndexes",   "session_status.count",      INDEXES, DEC    )   \
    X(FANOUT_DEVICE_INDEX,        "FanoutDeviceIndex",        "session_status.index",      U16,     DEC    )   \
    X(CLOSE_REASON_ID,            "ReasonId",                 "close.reason",              U8,      HEX    )   \
    X(MESSAGE_FLAGS,              "Flags",                    "message.flags",             U8,      HEX    )   \
    X(USER_REF,                   "UserRef",                  "message.user_ref",          STRING,  NONE   )   \
    X(TTL,                        "TTL",                      "message.ttl",               U32,     SECONDS)   \
    X(EPHEMERAL_RESERVED1,        "Reserved1",                "message.reserved1",         U32,     HEX    )   \
    X(EPHEMERAL_RESERVED2,        "Reserved2",                "message.reserved2",         U8,      HEX    )   \
    X(BYTE_STREAM_SIZE,           "ByteStreamSize",           "message.byte_stream_size",  U64,     DEC    )   \
    X(SESSION_SIZE,               "SessionSize",              "message.session_size",      U64,     DEC    )   \
    X(MESSAGE_SIZE,               "MessageSize",              "message.message_size",      U64,     DEC    )   \
    X(NUM_FRAGMENTS,              "NumFragments",             "message.fragment.count",    U32,     DEC    )   \
    X(THIS_FRAGMENT,              "ThisFragment",             "message.fragment.number",   U32,     DEC    )   \
    X(FRAGMENT_ID,                "FragmentId",               "message.fragment.id",       STRING,  NONE   )   \
    X(FRAGMENT_OFFSET,            "FragmentOffset",           "message.fragment.offset",   U64,     DEC    )   \
    X(DATA,                       "Data",                     "data",                      REST,    NONE   )   \
    X(ACCOUNT_URL,                "AccountURL",               "account_url",               STRING,  NONE   )   \
    X(ATTACH_RESPONSE_ID,         "ResponseId",               "attach.response",           U8,      HEX    )

/*    constant                          | of field      | mask | what it says               | sstp. + filter                          */
#define SSTP_FLAGS(X)                                                                                                                   \
    X(CONNECT_FLAG_RESERVED,             CONNECT_FLAGS,  0xfc,  "Reserved",                  "connect.flags.reserved"               )   \
    X(CONNECT_FLAG_SINGLE_HOP,           CONNECT_FLAGS,  0x02,  "Single-hop fanout (S)",     "connect.flags.single_hop"             )   \
    X(CONNECT_FLAG_MULTI_DROP,           CONNECT_FLAGS,  0x01,  "Multi-drop fanout (M)",     "connect.flags.multi_drop"             )   \
    X(OPEN_FLAG_RESERVED,                OPEN_FLAGS,     0xfe,  "Reserved",                  "open.flags.reserved"                  )   \
    X(OPEN_FLAG_IDENTITY_TARGETED,       OPEN_FLAGS,     0x01,  "Identity-targeted (I)",     "open.flags.identity_targeted"         )   \
    X(MESSAGE_FLAG_RESERVED1,            MESSAGE_FLAGS,  0x80,  "Reserved (r1)",             "message.flags.reserved1"              )   \
    X(MESSAGE_FLAG_FRAGMENT,             MESSAGE_FLAGS,  0x40,  "Fragmentation fields (F)",  "message.flags.fragment"               )   \
    X(MESSAGE_FLAG_TRACK,                MESSAGE_FLAGS,  0x20,  "Track (G)",                 "message.flags.track"                  )   \
    X(MESSAGE_FLAG_STREAM_SIZE,          MESSAGE_FLAGS,  0x10,  "Stream size fields (S)",    "message.flags.stream_size"            )   \
    X(MESSAGE_FLAG_RESERVED2,            MESSAGE_FLAGS,  0x08,  "Reserved (r2)",             "message.flags.reserved2"              )   \
    X(MESSAGE_FLAG_ACK_IMMEDIATELY,      MESSAGE_FLAGS,  0x04,  "Acknowledge immediately (A)", "message.flags.ack_immediately"      )   \
    X(MESSAGE_FLAG_EPHEMERAL,            MESSAGE_FLAGS,  0x02,  "Ephemeral (E)",             "message.flags.ephemeral"              )   \
    X(MESSAGE_FLAG_DO_NOT_DELIVER_IF_OFFLINE, MESSAGE_FLAGS, 0x01, "Do not deliver if offline (D)", "message.flags.do_not_deliver_if_offline")

/* clang-format on */

#define SSTP_FIELD_CONSTANT(constant, name, filter, kind, base) SSTP_FIELD_##constant,
enum sstp_field { SSTP_FIELDS(SSTP_FIELD_CONSTANT) SSTP_FIELD_COUNT };
#undef SSTP_FIELD_CONSTANT

#define SSTP_FLAG_CONSTANT(constant, field, mask, text, filter) SSTP_##constant = mask,
enum sstp_flag { SSTP_FLAGS(SSTP_FLAG_CONSTANT) };
#undef SSTP_FLAG_CONSTANT

struct sstp_field_info {
    const char *name;   /* as the specification spells it */
    const char *filter; /* what follows `sstp.` */
    enum sstp_kind kind;
    enum sstp_base base;
};

/* Indexed by enum sstp_field. */
extern const struct sstp_field_info sstp_field_infos[SSTP_FIELD_COUNT];

#endif
