/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/decode.h"

#include <limits.h>

/* One walk over a command's fields. */
struct walk {
    struct sstp_reader reader;
    struct sstp_command *command;
    const struct sstp_visitor *visitor; /* NULL on a trial */
    enum sstp_version version;          /* the one negotiated */
    bool is_cut;                        /* the capture ends before CommandLength */
    bool length_is_valid;               /* within the limits of the command */
    bool form_is_a_guess;               /* from here on, for want of the bytes that tell */
};

static void raise_finding(const struct walk *walk, enum sstp_finding finding, size_t offset,
                          size_t len)
{
    if (walk->visitor != NULL && walk->visitor->finding != NULL)
        walk->visitor->finding(walk->visitor->cookie, finding, offset, len);
}

/* What a value breaks is not said where it may have been read in the wrong form. */
static void raise_value_finding(const struct walk *walk, enum sstp_finding finding, size_t offset,
                                size_t len)
{
    if (finding != SSTP_FINDING_COUNT && !walk->form_is_a_guess)
        raise_finding(walk, finding, offset, len);
}

static bool is_listening(const struct walk *walk)
{
    return walk->visitor != NULL && walk->visitor->value != NULL;
}

static void tell_value(const struct walk *walk, const struct sstp_value *value)
{
    if (is_listening(walk))
        walk->visitor->value(walk->visitor->cookie, value);
}

/* ------------------------------------------------------------------------
 * Rules about single values
 */

/* The finding that a number raises, or SSTP_FINDING_COUNT for none. */
static enum sstp_finding number_finding(enum sstp_field field, uint64_t number)
{
    const uint8_t octet = (uint8_t)number;
    bool is_known = true;
    uint64_t reserved = 0;

    switch ((int)field) { /* most fields have no rule of their own */
    case SSTP_FIELD_MAJOR_VERSION:
        return number == 1 ? SSTP_FINDING_COUNT : SSTP_FINDING_VERSION_UNSUPPORTED;
    case SSTP_FIELD_CONNECT_RESPONSE_ID:
        is_known = sstp_connect_response_name(octet) != NULL;
        break;
    case SSTP_FIELD_CONNECT_CLOSE_REASON_ID:
        is_known = sstp_connect_close_reason_name(octet) != NULL;
        break;
    case SSTP_FIELD_OPEN_RESPONSE_ID:
        is_known = sstp_open_response_name(octet) != NULL;
        break;
    case SSTP_FIELD_STATUS_ID:
        is_known = sstp_session_status_name(octet) != NULL;
        break;
    case SSTP_FIELD_CLOSE_REASON_ID:
        is_known = sstp_close_reason_name(octet) != NULL;
        break;
    case SSTP_FIELD_ATTACH_RESPONSE_ID:
        is_known = sstp_attach_response_name(octet) != NULL;
        break;
    case SSTP_FIELD_CONNECT_FLAGS:
        reserved = number & SSTP_CONNECT_FLAG_RESERVED;
        break;
    case SSTP_FIELD_OPEN_FLAGS:
        reserved = number & SSTP_OPEN_FLAG_RESERVED;
        break;
    case SSTP_FIELD_MESSAGE_FLAGS:
        reserved = number & (SSTP_MESSAGE_FLAG_RESERVED1 | SSTP_MESSAGE_FLAG_RESERVED2);
        break;
    case SSTP_FIELD_CONNECT_RESERVED:
    case SSTP_FIELD_OPEN_RESERVED:
    case SSTP_FIELD_SESSION_STATUS_RESERVED:
    case SSTP_FIELD_EPHEMERAL_RESERVED1:
    case SSTP_FIELD_EPHEMERAL_RESERVED2:
        reserved = number;
        break;
    }
    if (!is_known)
        return SSTP_FINDING_VALUE_UNKNOWN;
    return reserved != 0 ? SSTP_FINDING_RESERVED_NOT_ZERO : SSTP_FINDING_COUNT;
}

static bool is_blank(struct sstp_span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] != ' ')
            return false;
    return true;
}

/* Whether one of the tokens, which semicolons separate, begins or ends with a space
 * (GRVSSTP 2.2.1.1). */
static bool has_blank_ends(struct sstp_span tokens)
{
    for (size_t i = 0; i < tokens.len; i++)
        if (tokens.data[i] == ' ' && (i == 0 || i + 1 == tokens.len || tokens.data[i - 1] == ';' ||
                                      tokens.data[i + 1] == ';'))
            return true;
    return false;
}

/* The finding that a string raises, or SSTP_FINDING_COUNT for none. */
static enum sstp_finding string_finding(const struct sstp_command *command, enum sstp_field field,
                                        struct sstp_span text)
{
    /* GRVSSTP 2.2.6.1: FailoverDeviceURLs MUST be set to 0x00. */
    if (field == SSTP_FIELD_FAILOVER_DEVICE_URLS && text.len > 0)
        return SSTP_FINDING_RESERVED_NOT_ZERO;
    if (field == SSTP_FIELD_PEER_PRODUCT_CAPABILITIES && has_blank_ends(text))
        return SSTP_FINDING_CAPABILITIES_FORM;
    /* At least one token, which a blank is not. */
    if (field == SSTP_FIELD_PEER_PRODUCT_VERSION && is_blank(text))
        return SSTP_FINDING_STRING_EMPTY;
    if (text.len > 0)
        return SSTP_FINDING_COUNT;

    const bool opens = command->id == SSTP_OPEN || command->id == SSTP_FANOUT_OPEN;
    const bool must_not_be_empty = (field == SSTP_FIELD_RESOURCE_URL && opens) ||
                                   field == SSTP_FIELD_ACCOUNT_URL ||
                                   (field == SSTP_FIELD_IDENTITY_URL && opens &&
                                    !sstp_resource_is_presence(command->resource_url));
    return must_not_be_empty ? SSTP_FINDING_STRING_EMPTY : SSTP_FINDING_COUNT;
}

/* ------------------------------------------------------------------------
 * Single fields
 */

/* The index of a field that stands in no list. */
#define NO_INDEX UINT_MAX

/* sstp_read_uint(), without a call for each number. */
static inline uint64_t read_uint(struct sstp_reader *r, size_t size)
{
    uint64_t value = 0;

    if (r->failed)
        return 0;
    if (r->len - r->pos < size) {
        r->failed = SSTP_READER_SHORT;
        return 0;
    }
    for (size_t i = size; i > 0; i--)
        value = value << 8 | r->data[r->pos + i - 1];
    r->pos += size;
    return value;
}

static inline uint64_t read_number(struct walk *walk, enum sstp_field field, size_t size,
                                   unsigned index)
{
    const size_t offset = walk->reader.pos;
    const uint64_t number = read_uint(&walk->reader, size);
    if (walk->reader.failed || walk->visitor == NULL)
        return number;
    if (is_listening(walk))
        tell_value(walk, &(struct sstp_value){.field = field,
                                              .offset = offset,
                                              .len = size,
                                              .number = number,
                                              .is_element = index != NO_INDEX,
                                              .index = index != NO_INDEX ? index : 0});
    raise_value_finding(walk, number_finding(field, number), offset, size);
    return number;
}

static struct sstp_span read_string(struct walk *walk, enum sstp_field field, unsigned index)
{
    const size_t offset = walk->reader.pos;
    const struct sstp_span text = sstp_read_string(&walk->reader);
    if (walk->reader.failed || walk->visitor == NULL)
        return text;
    tell_value(walk, &(struct sstp_value){.field = field,
                                          .offset = offset,
                                          .len = text.len + 1,
                                          .bytes = text,
                                          .is_element = index != NO_INDEX,
                                          .index = index != NO_INDEX ? index : 0});
    raise_value_finding(walk, string_finding(walk->command, field, text), offset, text.len + 1);
    return text;
}

static struct sstp_span read_token(struct walk *walk, enum sstp_field field)
{
    const size_t offset = walk->reader.pos;
    const uint16_t declared = sstp_read_u16(&walk->reader);
    const size_t left = sstp_reader_left(&walk->reader);
    if (walk->reader.failed)
        return sstp_span(NULL, 0);

    /* What is there of a token that is too long is still worth showing; the
     * reader fails after it. */
    const struct sstp_span token =
        sstp_read_bytes(&walk->reader, declared < left ? declared : left);
    tell_value(walk, &(struct sstp_value){.field = field,
                                          .offset = offset,
                                          .len = 2 + token.len,
                                          .number = declared,
                                          .bytes = token});
    (void)sstp_read_bytes(&walk->reader, declared - token.len);
    return token;
}

static struct sstp_span read_rest(struct walk *walk, enum sstp_field field)
{
    const size_t offset = walk->reader.pos;
    const struct sstp_span rest = sstp_read_bytes(&walk->reader, sstp_reader_left(&walk->reader));
    if (!walk->reader.failed)
        tell_value(walk, &(struct sstp_value){
                             .field = field, .offset = offset, .len = rest.len, .bytes = rest});
    return rest;
}

/* ------------------------------------------------------------------------
 * Lists
 */

/* Reads one element of a list; tells of it when the walk has a visitor. */
static void read_element(struct walk *walk, enum sstp_kind kind, enum sstp_field list,
                         unsigned index)
{
    if (kind == SSTP_KIND_INDEXES) {
        (void)read_number(walk, SSTP_FIELD_FANOUT_DEVICE_INDEX, 2, index);
    } else if (kind == SSTP_KIND_STRINGS) {
        (void)read_string(walk, sstp_field_of_strings(list), index);
    } else {
        if (walk->visitor != NULL && walk->visitor->entry != NULL) {
            struct sstp_reader ahead = walk->reader;
            (void)sstp_fanout_entry_read(&ahead, walk->command->form);
            /* An entry that does not end reaches to the end of the command. */
            const size_t end = ahead.failed ? ahead.len : ahead.pos;
            walk->visitor->entry(walk->visitor->cookie, index, walk->reader.pos,
                                 end - walk->reader.pos);
        }
        for (unsigned i = 0; i < sstp_fanout_num_columns(walk->command->form); i++)
            (void)read_string(walk, sstp_fanout_columns[i], index);
    }
}

static struct sstp_list read_list(struct walk *walk, enum sstp_kind kind, enum sstp_field field)
{
    const size_t offset = walk->reader.pos;
    const uint16_t count =
        (uint16_t)sstp_read_uint(&walk->reader, kind == SSTP_KIND_STRINGS ? 1 : 2);
    const size_t start = walk->reader.pos;
    if (walk->reader.failed)
        return (struct sstp_list){0, {NULL, 0}};
    if (kind == SSTP_KIND_ENTRIES)
        walk->form_is_a_guess = walk->is_cut && walk->version == SSTP_VERSION_UNKNOWN;

    /* First to see where the list ends, then to tell of its elements. */
    struct walk trial = *walk;
    trial.visitor = NULL;
    uint16_t read = 0;
    size_t end = start;
    while (read < count) {
        read_element(&trial, kind, field, read);
        if (trial.reader.failed)
            break;
        end = trial.reader.pos;
        read++;
    }
    const struct sstp_list list = {read, sstp_span(walk->reader.data + start, end - start)};
    tell_value(walk, &(struct sstp_value){.field = field,
                                          .offset = offset,
                                          .len = end - offset,
                                          .number = count,
                                          .bytes = list.bytes});
    if (walk->visitor == NULL) {
        walk->reader = trial.reader;
        return list;
    }
    for (unsigned i = 0; i < count && !walk->reader.failed; i++)
        read_element(walk, kind, field, i);
    return list;
}

/* ------------------------------------------------------------------------
 * A whole command
 */

/* Raises one of the findings of a command that does not end where it says.  Of
 * a capture that was cut short nothing is said, for the bytes may well have been
 * there; nor of a length that is called wrong already. */
static void raise_end_finding(const struct walk *walk, enum sstp_finding finding)
{
    if (!walk->is_cut && walk->length_is_valid)
        raise_finding(walk, finding, walk->reader.pos, walk->reader.len - walk->reader.pos);
}

static void read_step(struct walk *walk, const struct sstp_step *step)
{
    void *member = (char *)walk->command + step->member;
    const enum sstp_kind kind = sstp_field_infos[step->field].kind;
    switch (kind) {
    case SSTP_KIND_U8:
        *(uint8_t *)member = (uint8_t)read_number(walk, step->field, 1, NO_INDEX);
        break;
    case SSTP_KIND_U16:
        *(uint16_t *)member = (uint16_t)read_number(walk, step->field, 2, NO_INDEX);
        break;
    case SSTP_KIND_U32:
        *(uint32_t *)member = (uint32_t)read_number(walk, step->field, 4, NO_INDEX);
        break;
    case SSTP_KIND_U64:
        *(uint64_t *)member = read_number(walk, step->field, 8, NO_INDEX);
        break;
    case SSTP_KIND_STRING:
        *(struct sstp_span *)member = read_string(walk, step->field, NO_INDEX);
        break;
    case SSTP_KIND_TOKEN:
        *(struct sstp_span *)member = read_token(walk, step->field);
        break;
    case SSTP_KIND_STRINGS:
    case SSTP_KIND_ENTRIES:
    case SSTP_KIND_INDEXES:
        *(struct sstp_list *)member = read_list(walk, kind, step->field);
        break;
    case SSTP_KIND_REST:
        *(struct sstp_span *)member = read_rest(walk, step->field);
        break;
    }
}

/* Header, SessionId, StatusId and Reserved stand before the URLs of a SessionStatus. */
#define SESSION_STATUS_URLS_OFFSET 9u

/* Those of a Message's flags that say which fields come after its UserRef. */
#define FLAGS_WITH_FIELDS                                                                          \
    (SSTP_MESSAGE_FLAG_EPHEMERAL | SSTP_MESSAGE_FLAG_STREAM_SIZE | SSTP_MESSAGE_FLAG_FRAGMENT)

/* Reads the fields after the header into *command, whose id, form and
 * ephemeral_reserved_len are set.  Returns whether they end where the bytes do. */
static bool walk_fields(struct walk *walk, const struct sstp_command_info *info)
{
    walk->reader.pos = SSTP_HEADER_LEN;
    walk->reader.failed = SSTP_READER_OK;
    for (size_t i = 0; i < info->num_steps && !walk->reader.failed; i++) {
        const struct sstp_step *step = &info->steps[i];
        if (step->condition == SSTP_ALWAYS || sstp_condition_holds(step->condition, walk->command))
            read_step(walk, step);
        /* As most Messages. */
        if (step->field == SSTP_FIELD_USER_REF && (walk->command->flags & FLAGS_WITH_FIELDS) == 0)
            break;
    }
    if (walk->reader.failed) {
        raise_end_finding(walk, walk->reader.failed == SSTP_READER_UNTERMINATED
                                    ? SSTP_FINDING_STRING_UNTERMINATED
                                    : SSTP_FINDING_TRUNCATED);
        return false;
    }
    if (walk->is_cut)
        return false;
    if (sstp_reader_left(&walk->reader) == 0) {
        if (walk->command->id == SSTP_SESSION_STATUS &&
            !sstp_session_status_is_regular(walk->command))
            raise_finding(walk, SSTP_FINDING_SESSION_STATUS_FORM, SESSION_STATUS_URLS_OFFSET,
                          walk->reader.len - SESSION_STATUS_URLS_OFFSET);
        return true;
    }
    raise_end_finding(walk, SSTP_FINDING_TRAILING_BYTES);
    return false;
}

/* Whether the fields end exactly at CommandLength in this reading. */
static bool reading_fits(const struct walk *walk, const struct sstp_command_info *info,
                         enum sstp_version form, uint8_t ephemeral_reserved_len)
{
    struct sstp_command command = {
        .id = walk->command->id, .form = form, .ephemeral_reserved_len = ephemeral_reserved_len};
    struct walk trial = *walk;
    trial.command = &command;
    trial.visitor = NULL;
    return walk_fields(&trial, info);
}

/* Sets the form of the two commands that have one by version, and the number of
 * reserved bytes after TTL, to the reading that fits (SPECIFICATION.md, Forms on the wire). */
static void choose_reading(struct walk *walk, const struct sstp_command_info *info)
{
    static const uint8_t reserved_lens[] = {0, 4, 5};
    struct sstp_command *command = walk->command;

    command->form = SSTP_VERSION_1_5;
    if (command->id == SSTP_FANOUT_OPEN || command->id == SSTP_SESSION_STATUS) {
        const enum sstp_version expected =
            walk->version == SSTP_VERSION_UNKNOWN ? SSTP_VERSION_1_5 : walk->version;
        const enum sstp_version other =
            expected == SSTP_VERSION_1_5 ? SSTP_VERSION_1_6 : SSTP_VERSION_1_5;
        command->form = expected;
        if (!reading_fits(walk, info, expected, 0) && reading_fits(walk, info, other, 0)) {
            command->form = other;
            if (walk->version != SSTP_VERSION_UNKNOWN)
                raise_finding(walk, SSTP_FINDING_VERSION_FORM, 0, walk->reader.len);
        }
    } else if (command->id == SSTP_MESSAGE) {
        for (size_t i = 0; i < sizeof reserved_lens; i++)
            if (reading_fits(walk, info, SSTP_VERSION_1_5, reserved_lens[i])) {
                command->ephemeral_reserved_len = reserved_lens[i];
                break;
            }
    }
}

/* Whether more than one reading has to be tried. */
static bool has_readings(const struct walk *walk)
{
    enum { MESSAGE_FLAGS_OFFSET = 11 }; /* header, SessionId, MessageCount */
    const uint8_t id = walk->command->id;
    return id == SSTP_FANOUT_OPEN || id == SSTP_SESSION_STATUS ||
           (id == SSTP_MESSAGE && walk->reader.len > MESSAGE_FLAGS_OFFSET &&
            (walk->reader.data[MESSAGE_FLAGS_OFFSET] & SSTP_MESSAGE_FLAG_EPHEMERAL) != 0);
}

enum { SESSION_ID_LEN = 4 };

bool sstp_command_decode(struct sstp_span bytes, enum sstp_version version,
                         const struct sstp_visitor *visitor, struct sstp_command *command)
{
    struct walk walk = {sstp_reader(bytes), command, visitor, version, false, true, false};

    memset(command, 0, sizeof *command);
    command->form = SSTP_VERSION_1_5;
    command->id = (uint8_t)read_number(&walk, SSTP_FIELD_COMMAND_ID, 1, NO_INDEX);
    command->length = (uint16_t)read_number(&walk, SSTP_FIELD_COMMAND_LENGTH, 2, NO_INDEX);
    if (walk.reader.failed)
        return false;
    if (walk.reader.len > command->length && command->length >= SSTP_HEADER_LEN)
        walk.reader.len = command->length;
    walk.is_cut = command->is_cut = walk.reader.len < command->length;

    const struct sstp_command_info *info = sstp_command_info(command->id);
    command->lacks_session_id = info != NULL && info->scope != SSTP_SCOPE_CONNECTION &&
                                walk.reader.len < SSTP_HEADER_LEN + SESSION_ID_LEN;
    if (info == NULL) {
        raise_finding(&walk, SSTP_FINDING_UNKNOWN_COMMAND, 0, 1);
        return false;
    }
    walk.length_is_valid = sstp_command_length_is_valid(info, command->length);
    if (!walk.length_is_valid)
        raise_finding(&walk, SSTP_FINDING_LENGTH_INVALID, 1, 2);
    if (command->length < SSTP_HEADER_LEN)
        return false;

    if (has_readings(&walk))
        choose_reading(&walk, info);
    return walk_fields(&walk, info) && walk.length_is_valid;
}
