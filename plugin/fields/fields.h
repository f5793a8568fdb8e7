/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fields: what the plugin registers with Wireshark: the fields of the engine's
 * lists (analyzer/core/fields.h), the generated ones, the expert notes of the
 * engine's catalogue, and the subtrees.
 */
#ifndef GRVSSTP_FIELDS_H
#define GRVSSTP_FIELDS_H

#include "fields/compat.h"

#include <epan/expert.h>

#include "core/decode.h"
#include "core/findings.h"
#include "core/token.h"

/* What every filter name starts with.  A field whose name Wireshark has given
 * another type already is registered under the second prefix instead. */
#define GRVSSTP_FILTER_PREFIX "sstp."
#define GRVSSTP_FALLBACK_PREFIX "grvsstp."

/* clang-format off */

/* Fields that are no field of a command: found out, or parts of a token.
 *    constant             | name                          | filter                        | type       | display  | strings              | blurb */
#define GRVSSTP_OWN_FIELDS(X)                                                                                                                          \
    X(STREAM,               "SSTP connection",               "stream",                       UINT32,   BASE_DEC,  NULL,                                "Number of the SSTP connection, whatever carries it")               \
    X(FROM_INITIATOR,       "From initiator",                "from_initiator",               BOOLEAN,  BASE_NONE, NULL,                                "Sent by the side that opened the connection")                       \
    X(SUMMARY,              "Summary",                       "summary",                      STRING,   BASE_NONE, NULL,                                "The command in one line")                                           \
    X(AUTH_TOKEN_LENGTH,    "AuthenticationTokenLength",     "auth_token.length",            UINT16,   BASE_DEC,  NULL,                                NULL)                                                                \
    X(REG_TOKEN_LENGTH,     "RegistrationTokenLength",       "registration_token.length",    UINT16,   BASE_DEC,  NULL,                                NULL)                                                                \
    X(DATA_LENGTH,          "Data length",                   "data.length",                  UINT16,   BASE_DEC,  NULL,                                "Payload bytes of this Data command")                                \
    X(MESSAGE_PAYLOAD,      "Message payload",               "message.payload",              BYTES,    BASE_NONE, NULL,                                "The whole message, put together at its EndMessage")                 \
    X(MESSAGE_LENGTH,       "Message length",                "message.length",               UINT64,   BASE_DEC,  NULL,                                "Bytes of the whole message")                                        \
    X(MESSAGE_SEGMENT,      "Data in frame",                 "message.segment",              FRAMENUM, BASE_NONE, NULL,                                "A frame with Data of this message")                                 \
    X(MESSAGE_REASSEMBLED_IN, "Message ends in frame",       "message.reassembled_in",       FRAMENUM, BASE_NONE, NULL,                                "The frame of this message's EndMessage")                            \
    X(FRAGMENT_REASSEMBLED_IN, "Fragments end in frame",     "message.fragment.reassembled_in", FRAMENUM, BASE_NONE, NULL,                             "The frame that ended the last fragment to come of this stream")     \
    X(MESSAGE_WHOLE,        "Fragments put together",        "message.whole",                BYTES,    BASE_NONE, NULL,                                "The byte stream of all fragments, on the last of them to come")     \
    X(FANOUT_INDEX,         "Index",                         "fanout.index",                 UINT16,   BASE_DEC,  NULL,                                "Position of the fanout entry, as SessionStatus counts")              \
    X(COMMAND_SEGMENT,      "Piece in frame",                "command.segment",              FRAMENUM, BASE_NONE, NULL,                                "A frame that brought a piece of this command")                      \
    X(COMMAND_REASSEMBLED_IN, "Command ends in frame",       "command.reassembled_in",       FRAMENUM, BASE_NONE, NULL,                                "The frame in which this command is complete")                       \
    X(COMMAND_PART,         "Part of the command",           "command.part",                 BYTES,    BASE_NONE, NULL,                                "Bytes of a command that does not lie whole in this frame")          \
    X(COMMAND_UNDECODED,    "Undecoded bytes",               "command.undecoded",            BYTES,    BASE_NONE, NULL,                                "Bytes of the command that belong to none of its fields")            \
    X(SKIPPED,              "Skipped bytes",                 "skipped",                      BYTES,    BASE_NONE, NULL,                                "Bytes of which it is not known to which command they belong")       \
    X(CONNECTION_STATE,     "Connection state",              "connection.state",             STRING,   BASE_NONE, NULL,                                "State of the connection after this command")                       \
    X(CONNECTION_VERSION,   "Version in force",              "connection.version",           STRING,   BASE_NONE, NULL,                                "The SSTP version that both sides agreed on")                        \
    X(SESSION_STATE,        "Session state",                 "session.state",                STRING,   BASE_NONE, NULL,                                "State of the session after this command, as its originator sees it") \
    X(SESSION_RECEIVER_STATE, "MessageReceiver state",       "session.receiver_state",       STRING,   BASE_NONE, NULL,                                "State of the session's MessageReceiver after this command")        \
    X(SESSION_OPENED_IN,    "Session opened in frame",       "session.opened_in",            FRAMENUM, BASE_NONE, NULL,                                "The Open or FanoutOpen of this session")                            \
    X(SESSION_RESOURCE_URL, "ResourceURL of the session",    "session.resource_url",         STRING,   BASE_NONE, NULL,                                "The ResourceURL with which this session was opened")                \
    X(RESPONSE_IN,          "Response in frame",             "response_in",                  FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_RESPONSE),     "The answer to this command")                                        \
    X(RESPONSE_TO,          "Response to frame",             "response_to",                  FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_REQUEST),      "The command that this one answers")                                 \
    X(RESPONSE_TIME,        "Response time",                 "response_time",                RELATIVE_TIME, BASE_NONE, NULL,                           "Time since the command that this one answers")                      \
    X(MESSAGE_NUMBER,       "Message number",                "message.number",               UINT32,   BASE_DEC,  NULL,                                "Ordinal of this message in its direction of the connection")        \
    X(MESSAGE_ACK_TIME,     "Time to acknowledgement",       "message.ack_time",             RELATIVE_TIME, BASE_NONE, NULL,                           "Time from this EndMessage to the acknowledgement of its message")   \
    X(ACK_ACKED_IN,         "Acknowledged in frame",         "ack.acked_in",                 FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_ACK),          "Where the acknowledgement of this message came")                    \
    X(ACK_COVERED,          "Messages acknowledged",         "ack.covered",                  UINT32,   BASE_DEC,  NULL,                                "How many messages this count acknowledges of those seen")           \
    X(ACK_FIRST,            "Oldest acknowledged, in frame", "ack.first",                    FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_ACK),          "EndMessage of the oldest message that this count acknowledges")     \
    X(ACK_LAST,             "Newest acknowledged, in frame", "ack.last",                     FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_ACK),          "EndMessage of the newest message that this count acknowledges")     \
    X(ACK_ACKS,             "Acknowledges frame",            "ack.acks",                     FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_ACK),          "EndMessage of a message that this count acknowledges, oldest first") \
    X(ACK_TIME,             "Time since the oldest",         "ack.time",                     RELATIVE_TIME, BASE_NONE, NULL,                           "Time since the EndMessage of the oldest message acknowledged")      \
    X(ACK_OUTSTANDING,      "Messages outstanding",          "ack.outstanding",              UINT32,   BASE_DEC,  NULL,                                "Messages that are sent and not acknowledged: the sender's own, or on Noop and ConnectClose the other side's") \
    X(ACK_REMAINING,        "Messages still outstanding",    "ack.remaining",                UINT32,   BASE_DEC,  NULL,                                "Messages of the acknowledged direction that this count leaves")     \
    X(JOURNEY,              "Journey",                       "journey",                      UINT32,   BASE_DEC,  NULL,                                "Number of the message among all of the capture, whatever carries it") \
    X(JOURNEY_HOP,          "Hop of the journey",            "journey.hop",                  UINT32,   BASE_DEC,  NULL,                                "Hops of the message before this one; 0 is the first that was seen")   \
    X(JOURNEY_FROM,         "One hop before, in frame",      "journey.from",                 FRAMENUM, BASE_NONE, NULL,                                "The EndMessage of the message one hop before")                      \
    X(JOURNEY_TO,           "One hop after, in frame",       "journey.to",                   FRAMENUM, BASE_NONE, NULL,                                "An EndMessage of the message one hop after")                        \
    X(JOURNEY_CERTAINTY,    "Certainty",                     "journey.certainty",            UINT8,    BASE_DEC,  VALS(grvsstp_certainties),           "How sure it is that this is the message of its journey")            \
    X(JOURNEY_STATE,        "State of the journey",          "journey.state",                STRING,   BASE_NONE, NULL,                                "What has become of the message for one or more of its recipients")  \
    X(FANOUT_ACTIVE,        "Destinations in the session",   "fanout.active",                UINT16,   BASE_DEC,  NULL,                                "Destinations that are still in the fanout session")                 \
    X(SEC_NAME,             "Security message",              "sec.name",                     STRING,   BASE_NONE, NULL,                                "The name of the message, from its carrier")                         \
    X(SEC_MAJOR,            "MajorVersionNumber",            "sec.version.major",            UINT8,    BASE_DEC,  NULL,                                NULL)                                                                \
    X(SEC_MINOR,            "MinorVersionNumber",            "sec.version.minor",            UINT8,    BASE_DEC,  NULL,                                NULL)                                                                \
    X(SEC_MESSAGE,          "MessageID",                     "sec.message",                  UINT8,    BASE_DEC,  NULL,                                NULL)                                                                \
    X(SEC_IV,               "IV",                            "sec.iv",                       BYTES,    BASE_NONE, NULL,                                NULL)                                                                \
    X(SEC_HMAC,             "HMAC",                          "sec.hmac",                     BYTES,    BASE_NONE, NULL,                                NULL)                                                                \
    X(SEC_ENCRYPTED_DEVICE_NONCE, "EncryptedDeviceNonce",    "sec.encrypted_device_nonce",   BYTES,    BASE_NONE, NULL,                                NULL)                                                                \
    X(SEC_DEVICE_NONCE,     "DeviceNonce",                   "sec.device_nonce",             BYTES,    BASE_NONE, NULL,                                NULL)                                                                \
    X(SEC_ENCRYPTED_RELAY_NONCE, "EncryptedRelayNonce",      "sec.encrypted_relay_nonce",    BYTES,    BASE_NONE, NULL,                                NULL)                                                                \
    X(SEC_FIELD,            "Field",                         "sec.field",                    BYTES,    BASE_NONE, NULL,                                "A length-prefixed part of unknown meaning")                         \
    X(SEC_FIELD_LENGTH,     "Length",                        "sec.field.length",             UINT16,   BASE_DEC,  NULL,                                NULL)                                                                \
    X(SEC_LENGTH,           "Length",                        "sec.length",                   UINT16,   BASE_DEC,  NULL,                                "Length of the part that follows")                                   \
    X(SEC_OPAQUE,           "Opaque data",                   "sec.opaque",                   BYTES,    BASE_NONE, NULL,                                "The rest of a message whose layout is not known")

/*    constant | of what */
#define GRVSSTP_SUBTREES(X)                                                                        \
    X(COMMAND)                                                                                     \
    X(PIECES)                                                                                      \
    X(FLAGS)                                                                                       \
    X(LIST)                                                                                        \
    X(ENTRY)                                                                                       \
    X(TOKEN)

/* clang-format on */

#define OWN_FIELD_CONSTANT(constant, name, filter, type, display, strings, blurb)                  \
    GRVSSTP_##constant,
enum grvsstp_own_field { GRVSSTP_OWN_FIELDS(OWN_FIELD_CONSTANT) GRVSSTP_OWN_FIELD_COUNT };
#undef OWN_FIELD_CONSTANT

#define SUBTREE_CONSTANT(constant) GRVSSTP_TREE_##constant,
enum grvsstp_subtree { GRVSSTP_SUBTREES(SUBTREE_CONSTANT) GRVSSTP_SUBTREE_COUNT };
#undef SUBTREE_CONSTANT

/* sstp.encap (plugin/FIELDS.md). */
enum grvsstp_encapsulation {
    GRVSSTP_ENCAP_TCP,
    GRVSSTP_ENCAP_SSTP_443,
    GRVSSTP_ENCAP_SECURE_TUNNEL,
    GRVSSTP_ENCAP_SOCKS,
    GRVSSTP_ENCAP_LONGLIVED,
    GRVSSTP_ENCAP_KEEPALIVE,
    GRVSSTP_ENCAP_POLLING
};
extern const value_string grvsstp_encapsulations[];

/* sstp.journey.certainty */
extern const value_string grvsstp_certainties[];

#define GRVSSTP_LONG_NAME "Groove Simple Symmetric Transport Protocol"
extern int proto_grvsstp;      /* "grvsstp" */
extern int proto_grvsstp_sstp; /* the hidden "sstp" */

/* Adds the hidden item by which the bare filter `sstp` finds our packets beside
 * those of the other protocol of that name. */
void grvsstp_add_bare_name(proto_tree *tree, tvbuff_t *tvb, int offset);

/* The registered field of a command's field, and of one of our own. */
int grvsstp_hf(enum sstp_field field);
int grvsstp_own_hf(enum grvsstp_own_field field);
int grvsstp_ett(enum grvsstp_subtree subtree);
expert_field *grvsstp_ei(enum sstp_finding finding);

/* Whether a field of a command is asked for, whatever its protocol says. */
bool grvsstp_is_field_marked(void);

/* What Wireshark knows of each field, by enum sstp_field and by enum grvsstp_own_field. */
extern const header_field_info *grvsstp_infos[];
extern const header_field_info *grvsstp_own_infos[];

/* Whether an item of a field is more than a place in the tree: the tree is looked at, or a filter,
 * a column or a colour asks for the field.  As libwireshark decides when it has been called, but
 * before: most items of most commands are asked for by nobody. */
static inline bool grvsstp_is_needed(proto_tree *tree, const header_field_info *info)
{
    return tree != NULL && (PTREE_DATA(tree)->visible || info->ref_type != HF_REF_TYPE_NONE);
}

static inline bool grvsstp_needs(proto_tree *tree, enum sstp_field field)
{
    return grvsstp_is_needed(tree, grvsstp_infos[field]);
}

static inline bool grvsstp_needs_own(proto_tree *tree, enum grvsstp_own_field field)
{
    return grvsstp_is_needed(tree, grvsstp_own_infos[field]);
}

/* Adds the flags byte at offset with its bits, as far as they are needed; a field that has none is
 * added as a plain number.  Where its own item is not needed, `tree` stands for it. */
proto_item *grvsstp_add_number(proto_tree *tree, enum sstp_field field, tvbuff_t *tvb, int offset,
                               int len);

/* Adds the expert note of a finding to `item`, or, with NULL, to the tree as one about
 * `len` bytes at offset. */
void grvsstp_show_finding(packet_info *pinfo, proto_tree *tree, proto_item *item, tvbuff_t *tvb,
                          enum sstp_finding finding, int offset, int len);

/* Registers all of it under proto_grvsstp. */
void grvsstp_fields_register(void);

/* A field that is none of the engine's; `filter` stands after the prefix. */
struct grvsstp_own_field_row {
    const char *name;
    const char *filter;
    enum ftenum type;
    int display;
    const void *strings;
    const char *blurb;
};

/* Registers `count` fields, and `count` findings of a catalogue, for a protocol;
 * hfs and eis receive what they are known by. */
void grvsstp_register_rows(int protocol, const struct grvsstp_own_field_row *rows, int *hfs,
                           int count);
void grvsstp_register_findings(int protocol, const struct sstp_finding_info *findings,
                               expert_field *eis, int count);

#endif
