/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * command: the table of the 18 commands, and the struct that holds any of them.
 *
 * The table (command.c) says of each command what GRVSSTP 2.2 says: its name,
 * section, length limits, who may send it, which identifier it carries, whether
 * it acknowledges, and its fields in wire order.  decode.h and encode.h walk it.
 *
 * To make a command, zero a struct sstp_command, set `id` and the members that
 * its row names, and call sstp_command_encode().  To read one, call
 * sstp_command_decode() on the whole command as stream.h hands it out.
 */
#ifndef SSTP_CORE_COMMAND_H
#define SSTP_CORE_COMMAND_H

#include "core/fields.h"
#include "core/mnemonics.h"
#include "core/wire.h"

#define SSTP_HEADER_LEN 3u          /* CommandId and CommandLength (GRVSSTP 2.2) */
#define SSTP_COMMAND_LEN_MAX 65535u /* that of FanoutOpen, and of the length field */
#define SSTP_DATA_PAYLOAD_MAX 2048u /* application data in one Data (GRVSSTP 3.1.4.6) */
#define SSTP_PORT 2492u             /* GRVSSTP 1.9 */

/* CommandId (GRVSSTP 2.2). */
enum sstp_command_id {
    SSTP_CONNECT = 0x01,
    SSTP_CONNECT_RESPONSE = 0x02,
    SSTP_CONNECT_AUTHENTICATE = 0x03,
    SSTP_CONNECT_CLOSE = 0x04,
    SSTP_OPEN = 0x05,
    SSTP_FANOUT_OPEN = 0x06,
    SSTP_OPEN_RESPONSE = 0x07,
    SSTP_ATTACH = 0x08,
    SSTP_ATTACH_RESPONSE = 0x09,
    SSTP_ATTACH_AUTHENTICATE = 0x0a,
    SSTP_REGISTER = 0x0b,
    SSTP_REGISTER_RESPONSE = 0x0c,
    SSTP_MESSAGE = 0x0d,
    SSTP_DATA = 0x0e,
    SSTP_END_MESSAGE = 0x0f,
    SSTP_NOOP = 0x10,
    SSTP_CLOSE = 0x11,
    SSTP_SESSION_STATUS = 0x12
};
#define SSTP_COMMAND_ID_MIN SSTP_CONNECT
#define SSTP_COMMAND_ID_MAX SSTP_SESSION_STATUS

/* Who accepted the connection opens sessions from here up, who opened it those below
 * (GRVSSTP 3.1.4.3.1, where the ranges are right and the sentence about the bit is not;
 * SPECIFICATION.md). */
#define SSTP_ACCEPTOR_SESSION_ID 0x80000000u

/* Whether it is part of a message, which its session's originator sends. */
static inline bool sstp_command_is_of_message(uint8_t id)
{
    return id == SSTP_MESSAGE || id == SSTP_DATA || id == SSTP_END_MESSAGE;
}

/* The forms that FanoutOpen and SessionStatus have in SSTP 1.5 and from 1.6 up
 * (GRVSSTP 2.2.6.1, 2.2.8.1), and the version in force on a connection. */
enum sstp_version { SSTP_VERSION_UNKNOWN, SSTP_VERSION_1_5, SSTP_VERSION_1_6 };

/* The forms that go with a MinorVersionNumber: 1.6's from 6 up (1.7, SPECIFICATION.md). */
enum sstp_version sstp_version_of_minor(uint8_t minor_version);

/* Who may send a command, by who opened the connection (GRVSSTP 3.1.5.1-2,
 * 3.2.5, 3.3.5).  The sides of a session are another matter (state/transition.h). */
enum sstp_sender { SSTP_SENDER_ANY, SSTP_SENDER_INITIATOR, SSTP_SENDER_ACCEPTOR };

/* The number that says whom the command concerns beside the connection. */
enum sstp_scope { SSTP_SCOPE_CONNECTION, SSTP_SCOPE_SESSION, SSTP_SCOPE_EVENT };

/* When a field is on the wire. */
enum sstp_condition {
    SSTP_ALWAYS,
    SSTP_IF_RESPONSE_OK,         /* ResponseId is Ok */
    SSTP_IF_RESPONSE_HAS_FLAGS,  /* ResponseId is not NewVersionRequired (SPECIFICATION.md) */
    SSTP_IF_RESPONSE_HAS_RETRY,  /* ResponseId is TryLater or WillUpgrade */
    SSTP_IF_RESTING,             /* ReasonId is Resting */
    SSTP_IF_EPHEMERAL,           /* the E flag */
    SSTP_IF_EPHEMERAL_RESERVED1, /* E, and 4 or 5 reserved bytes after TTL (SPECIFICATION.md) */
    SSTP_IF_EPHEMERAL_RESERVED2, /* E, and 5 of them */
    SSTP_IF_STREAM_SIZE,         /* the S flag */
    SSTP_IF_FRAGMENT,            /* the F flag */
    SSTP_IF_FORM_1_6
};

/* One field of one command.  `member` is the offset in struct sstp_command of
 * the member that holds the value, whose type follows from the field's kind:
 * the integer of that size, a span, or a struct sstp_list. */
struct sstp_step {
    enum sstp_field field;
    enum sstp_condition condition;
    size_t member;
};

struct sstp_command_info {
    const char *name;    /* "ConnectResponse" */
    const char *section; /* "2.2.2", of GRVSSTP */
    const char *rules;   /* "3.1.5.2", what its receiver does */
    uint16_t min_length; /* CommandLength, header included */
    uint16_t max_length;
    uint8_t length_step; /* lengths between the limits are min plus multiples of it */
    enum sstp_sender sender;
    enum sstp_scope scope;
    bool has_message_count;
    const struct sstp_step *steps; /* after the header, in wire order */
    size_t num_steps;
};

/* The row of a CommandId, or NULL for one that is not a command's. */
const struct sstp_command_info *sstp_command_info(uint8_t command_id);

/* Whether CommandLength is one that this command may have. */
bool sstp_command_length_is_valid(const struct sstp_command_info *info, uint16_t length);

/* A list in its wire form, without its count: strings with their 0x00, fanout
 * entries as three (1.5) or four (1.6) strings each, indexes as u16.  Walk the
 * bytes with a reader; build them with a writer. */
struct sstp_list {
    uint16_t count;
    struct sstp_span bytes;
};

/* The strings of one fanout entry (GRVSSTP 2.2.6.1). */
struct sstp_fanout_entry {
    struct sstp_span identity_url;
    struct sstp_span device_url;
    struct sstp_span relay_url;
    struct sstp_span failover_device_urls; /* 1.6 only */
};

/* Reads the next entry of a FanoutOpen's list in `form`.  The reader fails, and
 * the strings are empty, where the list ends early. */
struct sstp_fanout_entry sstp_fanout_entry_read(struct sstp_reader *r, enum sstp_version form);

/* Appends one entry to a list under construction. */
void sstp_fanout_entry_write(struct sstp_writer *w, const struct sstp_fanout_entry *entry,
                             enum sstp_version form);

/* The same by columns: an entry has so many strings, which are these fields, and all entries of a
 * FanoutOpen have so many of each.  `texts` has room for `fanout_entries.count` of them, of which
 * those are empty that are missing where the list ends early. */
#define SSTP_FANOUT_COLUMNS_MAX 4u
extern const enum sstp_field sstp_fanout_columns[SSTP_FANOUT_COLUMNS_MAX];
unsigned sstp_fanout_num_columns(enum sstp_version form);
struct sstp_command;
void sstp_fanout_column_read(const struct sstp_command *fanout_open, unsigned column,
                             struct sstp_span *texts);

/* The field of the strings of a list (SSTP_KIND_STRINGS), and these: `count` of them. */
enum sstp_field sstp_field_of_strings(enum sstp_field list);
void sstp_list_read_strings(const struct sstp_list *list, struct sstp_span *texts);

/* Any command.  Spans and lists are views into the bytes that were decoded (or
 * that the maker owns); nothing is copied and nothing needs freeing.  Members
 * that the command has not are zero. */
struct sstp_command {
    uint8_t id;      /* CommandId */
    uint16_t length; /* CommandLength; set by decode, ignored by encode */
    /* The bytes end before CommandLength, and before the SessionId does; set by decode, too. */
    bool is_cut, lacks_session_id;

    /* Which form a FanoutOpen or SessionStatus has; 1.5 for every other. */
    enum sstp_version form;
    /* Bytes of Reserved1 and Reserved2 after TTL: 0, 4 or 5 (SPECIFICATION.md, 2.2.10.1). */
    uint8_t ephemeral_reserved_len;

    uint32_t session_id; /* SessionId or EventId: one number space (SPECIFICATION.md) */
    uint32_t message_count;
    uint8_t major_version, minor_version;
    uint8_t response_id; /* of Connect-, Open- and AttachResponse */
    uint8_t reason_id;   /* of ConnectClose and Close */
    uint8_t status_id;   /* of SessionStatus */
    uint8_t flags;
    uint8_t reserved8;   /* of Connect, ConnectResponse and SessionStatus */
    uint16_t reserved16; /* of Open and FanoutOpen */
    uint32_t wait_time;  /* RetryTime or ReturnTime, in seconds */

    struct sstp_span target_device_url;
    struct sstp_list device_urls; /* SourceDeviceURLs or TargetDeviceURLs */
    struct sstp_span token;       /* AuthenticationToken or RegistrationToken */
    struct sstp_span product_version, product_capabilities;
    struct sstp_span resource_url, identity_url, device_url, account_url;
    struct sstp_list fanout_entries;
    struct sstp_list fanout_indexes;

    struct sstp_span user_ref;
    uint32_t ttl; /* seconds */
    uint32_t ephemeral_reserved1;
    uint8_t ephemeral_reserved2;
    uint64_t byte_stream_size, session_size, message_size; /* bytes */
    uint32_t num_fragments, this_fragment;
    struct sstp_span fragment_id;
    uint64_t fragment_offset; /* bytes */

    struct sstp_span data;
};

/* Whether the resource is the presence server's, whose sessions have no identity
 * (GRVSSTP 2.2.5.1); spelt two ways in the specification (SPECIFICATION.md). */
bool sstp_resource_is_presence(struct sstp_span resource_url);

/* Whom a SessionStatus takes out of the session (GRVSSTP 2.2.8.1, 3.1.5.8,
 * SPECIFICATION.md). */
enum sstp_naming {
    SSTP_NAMING_NOBODY,    /* nothing is named, or a relay for what only a recipient has */
    SSTP_NAMING_INDEXES,   /* 1.6 */
    SSTP_NAMING_RELAY,     /* all of the RelayURL in DeviceURL */
    SSTP_NAMING_RECIPIENT, /* by IdentityURL, and DeviceURL where it is not empty */
};

enum sstp_naming sstp_session_status_naming(const struct sstp_command *status);

/* Whether it names them as its form has to: 1.5 a relay for a relay's status, a recipient for
 * a recipient's; 1.6 either indexes or URLs. */
bool sstp_session_status_is_regular(const struct sstp_command *status);

/* Whether a field that has `condition` is on the wire in this command, going by
 * the members that are set so far. */
bool sstp_condition_holds(enum sstp_condition condition, const struct sstp_command *command);

#endif
