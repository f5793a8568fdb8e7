/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/command.h"

#include <strings.h>

#define MEMBER(name) offsetof(struct sstp_command, name)
#define STEP(field, member)                                                                        \
    {                                                                                              \
        SSTP_FIELD_##field, SSTP_ALWAYS, MEMBER(member)                                            \
    }
#define STEP_IF(condition, field, member)                                                          \
    {                                                                                              \
        SSTP_FIELD_##field, SSTP_IF_##condition, MEMBER(member)                                    \
    }

/* clang-format off */

static const struct sstp_step connect_steps[] = {
    STEP(MAJOR_VERSION,             major_version),
    STEP(MINOR_VERSION,             minor_version),
    STEP(CONNECT_RESERVED,          reserved8),
    STEP(TARGET_DEVICE_URL,         target_device_url),
    STEP(SOURCE_DEVICE_URLS,        device_urls),
    STEP(AUTHENTICATION_TOKEN,      token),
    STEP(PEER_PRODUCT_VERSION,      product_version),
    STEP(PEER_PRODUCT_CAPABILITIES, product_capabilities),
};

static const struct sstp_step connect_response_steps[] = {
    STEP(MAJOR_VERSION,             major_version),
    STEP(MINOR_VERSION,             minor_version),
    STEP(CONNECT_RESPONSE_ID,       response_id),
    STEP(AUTHENTICATION_TOKEN,      token),
    STEP_IF(RESPONSE_HAS_FLAGS, CONNECT_FLAGS, flags),
    STEP(PEER_PRODUCT_VERSION,      product_version),
    STEP(PEER_PRODUCT_CAPABILITIES, product_capabilities),
    STEP_IF(RESPONSE_OK, TARGET_DEVICE_URLS, device_urls),
    STEP_IF(RESPONSE_OK, CONNECT_RESERVED,   reserved8),
    STEP_IF(RESPONSE_HAS_RETRY, RETRY_TIME,  wait_time),
};

static const struct sstp_step connect_authenticate_steps[] = {
    STEP(AUTHENTICATION_TOKEN, token),
};

static const struct sstp_step connect_close_steps[] = {
    STEP(CONNECT_CLOSE_REASON_ID, reason_id),
    STEP(MESSAGE_COUNT,           message_count),
    STEP_IF(RESTING, RETURN_TIME, wait_time),
};

static const struct sstp_step open_steps[] = {
    STEP(SESSION_ID,    session_id),
    STEP(RESOURCE_URL,  resource_url),
    STEP(IDENTITY_URL,  identity_url),
    STEP(DEVICE_URL,    device_url),
    STEP(OPEN_FLAGS,    flags),
    STEP(OPEN_RESERVED, reserved16),
};

static const struct sstp_step fanout_open_steps[] = {
    STEP(SESSION_ID,            session_id),
    STEP(RESOURCE_URL,          resource_url),
    STEP(OPEN_FLAGS,            flags),
    STEP(FANOUT_DEVICE_ENTRIES, fanout_entries),
    STEP(OPEN_RESERVED,         reserved16),
};

static const struct sstp_step open_response_steps[] = {
    STEP(SESSION_ID,       session_id),
    STEP(OPEN_RESPONSE_ID, response_id),
};

static const struct sstp_step session_status_steps[] = {
    STEP(SESSION_ID,              session_id),
    STEP(STATUS_ID,               status_id),
    STEP(SESSION_STATUS_RESERVED, reserved8),
    STEP(DEVICE_URL,              device_url),
    STEP(IDENTITY_URL,            identity_url),
    STEP_IF(FORM_1_6, FANOUT_DEVICE_INDEXES, fanout_indexes),
};

static const struct sstp_step close_steps[] = {
    STEP(SESSION_ID,      session_id),
    STEP(CLOSE_REASON_ID, reason_id),
};

static const struct sstp_step message_steps[] = {
    STEP(SESSION_ID,    session_id),
    STEP(MESSAGE_COUNT, message_count),
    STEP(MESSAGE_FLAGS, flags),
    STEP(USER_REF,      user_ref),
    STEP_IF(EPHEMERAL,           TTL,                 ttl),
    STEP_IF(EPHEMERAL_RESERVED1, EPHEMERAL_RESERVED1, ephemeral_reserved1),
    STEP_IF(EPHEMERAL_RESERVED2, EPHEMERAL_RESERVED2, ephemeral_reserved2),
    STEP_IF(STREAM_SIZE, BYTE_STREAM_SIZE, byte_stream_size),
    STEP_IF(STREAM_SIZE, SESSION_SIZE,     session_size),
    STEP_IF(STREAM_SIZE, MESSAGE_SIZE,     message_size),
    STEP_IF(FRAGMENT, NUM_FRAGMENTS,   num_fragments),
    STEP_IF(FRAGMENT, THIS_FRAGMENT,   this_fragment),
    STEP_IF(FRAGMENT, FRAGMENT_ID,     fragment_id),
    STEP_IF(FRAGMENT, FRAGMENT_OFFSET, fragment_offset),
};

static const struct sstp_step data_steps[] = {
    STEP(SESSION_ID, session_id),
    STEP(DATA,       data),
};

static const struct sstp_step end_message_steps[] = {
    STEP(SESSION_ID, session_id),
};

static const struct sstp_step noop_steps[] = {
    STEP(MESSAGE_COUNT, message_count),
};

static const struct sstp_step attach_steps[] = {
    STEP(EVENT_ID,             session_id),
    STEP(RESOURCE_URL,         resource_url),
    STEP(ACCOUNT_URL,          account_url),
    STEP(AUTHENTICATION_TOKEN, token),
};

static const struct sstp_step attach_response_steps[] = {
    STEP(EVENT_ID,             session_id),
    STEP(ATTACH_RESPONSE_ID,   response_id),
    STEP(AUTHENTICATION_TOKEN, token),
};

static const struct sstp_step attach_authenticate_steps[] = {
    STEP(EVENT_ID,             session_id),
    STEP(AUTHENTICATION_TOKEN, token),
};

static const struct sstp_step register_steps[] = {
    STEP(EVENT_ID,           session_id),
    STEP(REGISTRATION_TOKEN, token),
};

/* The shortest command of each kind has empty strings, tokens and lists; for
 * ConnectResponse it is NewVersionRequired, which has no flags. */
#define COMMAND(id, name, section, rules, min, max, step, sender, scope, ack, steps)               \
    [id] = {name, section, rules, min, max, step, SSTP_SENDER_##sender, SSTP_SCOPE_##scope, ack,   \
            steps, sizeof steps / sizeof steps[0]},

/*          id                      | name                | section | rules    | min  max   step | sender   | scope     | ack  | fields */
static const struct sstp_command_info commands[SSTP_COMMAND_ID_MAX + 1] = {
    COMMAND(SSTP_CONNECT,             "Connect",             "2.2.1", "3.1.5.1",   12,  2055, 1,   INITIATOR,  CONNECTION, false, connect_steps)
    COMMAND(SSTP_CONNECT_RESPONSE,    "ConnectResponse",     "2.2.2", "3.1.5.2",   10,  2055, 1,   ACCEPTOR,   CONNECTION, false, connect_response_steps)
    COMMAND(SSTP_CONNECT_AUTHENTICATE, "ConnectAuthenticate", "2.2.3", "3.1.5.3",   5,  2055, 1,   INITIATOR,  CONNECTION, false, connect_authenticate_steps)
    COMMAND(SSTP_CONNECT_CLOSE,       "ConnectClose",        "2.2.4", "3.1.5.4",    8,    12, 4,   ANY,        CONNECTION, true,  connect_close_steps)
    COMMAND(SSTP_OPEN,                "Open",                "2.2.5", "3.1.5.5",   13,  2055, 1,   ANY,        SESSION,    false, open_steps)
    COMMAND(SSTP_FANOUT_OPEN,         "FanoutOpen",          "2.2.6", "3.1.5.6",   13, 65535, 1,   ANY,        SESSION,    false, fanout_open_steps)
    COMMAND(SSTP_OPEN_RESPONSE,       "OpenResponse",        "2.2.7", "3.1.5.7",    8,     8, 1,   ANY,        SESSION,    false, open_response_steps)
    COMMAND(SSTP_SESSION_STATUS,      "SessionStatus",       "2.2.8", "3.1.5.8",   11,  2055, 1,   ANY,        SESSION,    false, session_status_steps)
    COMMAND(SSTP_CLOSE,               "Close",               "2.2.9", "3.1.5.9",    8,     8, 1,   ANY,        SESSION,    false, close_steps)
    COMMAND(SSTP_MESSAGE,             "Message",             "2.2.10", "3.1.5.10", 13,  2055, 1,   ANY,        SESSION,    true,  message_steps)
    COMMAND(SSTP_DATA,                "Data",                "2.2.11", "3.1.5.11",  7,  2055, 1,   ANY,        SESSION,    false, data_steps)
    COMMAND(SSTP_END_MESSAGE,         "EndMessage",          "2.2.12", "3.1.5.12",  7,     7, 1,   ANY,        SESSION,    false, end_message_steps)
    COMMAND(SSTP_NOOP,                "Noop",                "2.2.13", "3.1.5.13",  7,     7, 1,   ANY,        CONNECTION, true,  noop_steps)
    COMMAND(SSTP_ATTACH,              "Attach",              "2.2.14", "3.1.5.14", 11,  2055, 1,   INITIATOR,  EVENT,      false, attach_steps)
    COMMAND(SSTP_ATTACH_RESPONSE,     "AttachResponse",      "2.2.15", "3.1.5.15", 10,  2055, 1,   ACCEPTOR,   EVENT,      false, attach_response_steps)
    COMMAND(SSTP_ATTACH_AUTHENTICATE, "AttachAuthenticate",  "2.2.16", "3.1.5.16",  9,  2055, 1,   INITIATOR,  EVENT,      false, attach_authenticate_steps)
    COMMAND(SSTP_REGISTER,            "Register",            "2.2.17", "3.1.5.17",  9,  8192, 1,   INITIATOR,  EVENT,      false, register_steps)
    COMMAND(SSTP_REGISTER_RESPONSE,   "RegisterResponse",    "2.2.18", "3.1.5.18",  9,  2055, 1,   ACCEPTOR,   EVENT,      false, register_steps)
};

/* clang-format on */

enum sstp_version sstp_version_of_minor(uint8_t minor_version)
{
    return minor_version >= 6 ? SSTP_VERSION_1_6 : SSTP_VERSION_1_5;
}

const struct sstp_command_info *sstp_command_info(uint8_t command_id)
{
    if (command_id < SSTP_COMMAND_ID_MIN || command_id > SSTP_COMMAND_ID_MAX)
        return NULL;
    return &commands[command_id];
}

bool sstp_command_length_is_valid(const struct sstp_command_info *info, uint16_t length)
{
    return length >= info->min_length && length <= info->max_length &&
           (length - info->min_length) % info->length_step == 0;
}

bool sstp_condition_holds(enum sstp_condition condition, const struct sstp_command *command)
{
    switch (condition) {
    case SSTP_ALWAYS:
        return true;
    case SSTP_IF_RESPONSE_OK:
        return command->response_id == SSTP_CONNECT_RESPONSE_OK;
    case SSTP_IF_RESPONSE_HAS_FLAGS:
        return command->response_id != SSTP_CONNECT_RESPONSE_NEW_VERSION_REQUIRED;
    case SSTP_IF_RESPONSE_HAS_RETRY:
        return command->response_id == SSTP_CONNECT_RESPONSE_TRY_LATER ||
               command->response_id == SSTP_CONNECT_RESPONSE_WILL_UPGRADE;
    case SSTP_IF_RESTING:
        return command->reason_id == SSTP_CONNECT_CLOSE_RESTING;
    case SSTP_IF_EPHEMERAL:
        return (command->flags & SSTP_MESSAGE_FLAG_EPHEMERAL) != 0;
    case SSTP_IF_EPHEMERAL_RESERVED1:
        return (command->flags & SSTP_MESSAGE_FLAG_EPHEMERAL) != 0 &&
               command->ephemeral_reserved_len >= 4;
    case SSTP_IF_EPHEMERAL_RESERVED2:
        return (command->flags & SSTP_MESSAGE_FLAG_EPHEMERAL) != 0 &&
               command->ephemeral_reserved_len >= 5;
    case SSTP_IF_STREAM_SIZE:
        return (command->flags & SSTP_MESSAGE_FLAG_STREAM_SIZE) != 0;
    case SSTP_IF_FRAGMENT:
        return (command->flags & SSTP_MESSAGE_FLAG_FRAGMENT) != 0;
    case SSTP_IF_FORM_1_6:
        return command->form == SSTP_VERSION_1_6;
    }
    return false;
}

bool sstp_resource_is_presence(struct sstp_span resource_url)
{
    static const char presence[] = "grooveWanDPP";
    return resource_url.len == sizeof presence - 1 &&
           strncasecmp((const char *)resource_url.data, presence, resource_url.len) == 0;
}

/* Whether the status is one that a recipient has, not a relay; of a value that no table has
 * nobody knows. */
static bool is_of_recipient(uint8_t status_id)
{
    return status_id == SSTP_SESSION_STATUS_QUOTA_WOULD_BE_EXCEEDED ||
           status_id == SSTP_SESSION_STATUS_LOCKED_OUT;
}

static bool is_of_relay(uint8_t status_id)
{
    return status_id == SSTP_SESSION_STATUS_DNS_LOOKUP_FAILED ||
           status_id == SSTP_SESSION_STATUS_HOST_NOT_REACHABLE ||
           status_id == SSTP_SESSION_STATUS_CONNECTION_CLOSED;
}

enum sstp_naming sstp_session_status_naming(const struct sstp_command *status)
{
    if (status->form == SSTP_VERSION_1_6 && status->device_url.len == 0 &&
        status->identity_url.len == 0)
        return status->fanout_indexes.count > 0 ? SSTP_NAMING_INDEXES : SSTP_NAMING_NOBODY;
    if (status->identity_url.len > 0)
        return SSTP_NAMING_RECIPIENT;
    if (status->device_url.len == 0 || is_of_recipient(status->status_id))
        return SSTP_NAMING_NOBODY;
    return SSTP_NAMING_RELAY;
}

bool sstp_session_status_is_regular(const struct sstp_command *status)
{
    const enum sstp_naming naming = sstp_session_status_naming(status);

    if (status->fanout_indexes.count > 0)
        return naming == SSTP_NAMING_INDEXES;
    if (naming == SSTP_NAMING_RECIPIENT)
        return status->form == SSTP_VERSION_1_6 || !is_of_relay(status->status_id);
    return naming == SSTP_NAMING_RELAY;
}

struct sstp_fanout_entry sstp_fanout_entry_read(struct sstp_reader *r, enum sstp_version form)
{
    struct sstp_fanout_entry entry = {{NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}};
    entry.identity_url = sstp_read_string(r);
    entry.device_url = sstp_read_string(r);
    entry.relay_url = sstp_read_string(r);
    if (form == SSTP_VERSION_1_6)
        entry.failover_device_urls = sstp_read_string(r);
    return entry;
}

void sstp_fanout_entry_write(struct sstp_writer *w, const struct sstp_fanout_entry *entry,
                             enum sstp_version form)
{
    sstp_write_string(w, entry->identity_url);
    sstp_write_string(w, entry->device_url);
    sstp_write_string(w, entry->relay_url);
    if (form == SSTP_VERSION_1_6)
        sstp_write_string(w, entry->failover_device_urls);
}

const enum sstp_field sstp_fanout_columns[SSTP_FANOUT_COLUMNS_MAX] = {
    SSTP_FIELD_IDENTITY_URL, SSTP_FIELD_DEVICE_URL, SSTP_FIELD_RELAY_URL,
    SSTP_FIELD_FAILOVER_DEVICE_URLS};

unsigned sstp_fanout_num_columns(enum sstp_version form)
{
    return form == SSTP_VERSION_1_6 ? 4 : 3;
}

void sstp_fanout_column_read(const struct sstp_command *fanout_open, unsigned column,
                             struct sstp_span *texts)
{
    const struct sstp_list *entries = &fanout_open->fanout_entries;
    struct sstp_reader r = sstp_reader(entries->bytes);

    for (unsigned i = 0; i < entries->count; i++) {
        const struct sstp_fanout_entry entry = sstp_fanout_entry_read(&r, fanout_open->form);
        const struct sstp_span strings[SSTP_FANOUT_COLUMNS_MAX] = {
            entry.identity_url, entry.device_url, entry.relay_url, entry.failover_device_urls};
        texts[i] = strings[column];
    }
}

enum sstp_field sstp_field_of_strings(enum sstp_field list)
{
    return list == SSTP_FIELD_SOURCE_DEVICE_URLS ? SSTP_FIELD_SOURCE_DEVICE_URL
                                                 : SSTP_FIELD_TARGET_DEVICE_URL;
}

void sstp_list_read_strings(const struct sstp_list *list, struct sstp_span *texts)
{
    struct sstp_reader r = sstp_reader(list->bytes);

    for (unsigned i = 0; i < list->count; i++)
        texts[i] = sstp_read_string(&r);
}
