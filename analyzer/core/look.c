/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/look.h"

#include "core/decode.h"

/* What single observations are worth, in bits. */
enum {
    BITS_ID = 3,            /* 18 of 256 values */
    BITS_EXACT_LENGTH = 16, /* one of 65,536 */
    BITS_SHORT_LENGTH = 5,  /* at most 2,055 */
    BITS_LONG_LENGTH = 3,   /* at most 8,192 */
    BITS_KNOWN_CODE = 4,    /* about 10 of 256 */
    BITS_SMALL_NUMBER = 12, /* counts and ids are small in practice */
    BITS_SESSION_AGAIN = 32,
    BITS_TEXT_MAX = 24, /* of one command's strings together */
    BITS_STRUCTURE = 8, /* variable fields that end exactly at CommandLength */
    BITS_SEGMENT_END = 8,
    BITS_BROKEN_RULE = -8,
    BITS_ENOUGH = 64 /* nobody asks for more */
};

#define SMALL_NUMBER 0x10000u

/* Evidence gathered while a command is decoded. */
struct evidence {
    int bits;
    int text_bits;
    bool is_impossible;
    bool may_be_odd; /* of the command at hand a string may hold any bytes */
    bool has_session_id;
    bool is_greeting; /* Connect or ConnectResponse */
    uint32_t session_id;
};

static bool is_printable(struct sstp_span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < 0x20 || text.data[i] > 0x7e)
            return false;
    return true;
}

static void weigh_text(struct evidence *evidence, struct sstp_span text)
{
    if (!is_printable(text)) { /* which speaks for nothing */
        evidence->is_impossible |= !evidence->may_be_odd;
        return;
    }
    const int room = BITS_TEXT_MAX - evidence->text_bits;
    const int bits = text.len < (size_t)room ? (int)text.len : room;
    evidence->text_bits += bits;
    evidence->bits += bits;
}

static void weigh_session_id(struct evidence *evidence, uint32_t session_id)
{
    if (evidence->has_session_id && session_id == evidence->session_id)
        evidence->bits += BITS_SESSION_AGAIN;
    else if ((session_id & 0x7fffffffu) < SMALL_NUMBER)
        evidence->bits += BITS_SMALL_NUMBER;
    evidence->has_session_id = true;
    evidence->session_id = session_id;
}

static void weigh_value(void *cookie, const struct sstp_value *value)
{
    struct evidence *evidence = cookie;

    if (sstp_field_infos[value->field].kind == SSTP_KIND_STRING) {
        weigh_text(evidence, value->bytes);
        return;
    }
    switch ((int)value->field) { /* the others say nothing by themselves */
    case SSTP_FIELD_SESSION_ID:
    case SSTP_FIELD_EVENT_ID:
        weigh_session_id(evidence, (uint32_t)value->number);
        break;
    case SSTP_FIELD_MESSAGE_COUNT:
        if (value->number < SMALL_NUMBER)
            evidence->bits += BITS_SMALL_NUMBER;
        break;
    case SSTP_FIELD_MAJOR_VERSION:
    case SSTP_FIELD_CONNECT_RESERVED:
    case SSTP_FIELD_SESSION_STATUS_RESERVED:
        evidence->bits += 8; /* one value; the others break a rule */
        break;
    case SSTP_FIELD_OPEN_RESERVED:
        evidence->bits += 16;
        break;
    case SSTP_FIELD_OPEN_FLAGS:
    case SSTP_FIELD_CONNECT_FLAGS:
        evidence->bits += 6;
        break;
    case SSTP_FIELD_CONNECT_RESPONSE_ID:
    case SSTP_FIELD_CONNECT_CLOSE_REASON_ID:
    case SSTP_FIELD_OPEN_RESPONSE_ID:
    case SSTP_FIELD_STATUS_ID:
    case SSTP_FIELD_CLOSE_REASON_ID:
    case SSTP_FIELD_ATTACH_RESPONSE_ID:
        evidence->bits += BITS_KNOWN_CODE;
        break;
    }
}

static void weigh_finding(void *cookie, enum sstp_finding finding, size_t offset, size_t len)
{
    struct evidence *evidence = cookie;
    (void)offset;
    (void)len;
    /* Rules about what a text says: whoever breaks them speaks the protocol. */
    if (evidence->is_greeting &&
        (finding == SSTP_FINDING_STRING_EMPTY || finding == SSTP_FINDING_CAPABILITIES_FORM))
        return;
    if (finding == SSTP_FINDING_SESSION_STATUS_FORM)
        return;
    evidence->bits += BITS_BROKEN_RULE - 8; /* and what the value was credited with */
}

static int length_bits(const struct sstp_command_info *info, uint16_t length)
{
    if (!sstp_command_length_is_valid(info, length))
        return 2 * BITS_BROKEN_RULE;
    if (info->max_length - info->min_length <= info->length_step)
        return BITS_EXACT_LENGTH;
    if (info->max_length < 4096)
        return BITS_SHORT_LENGTH;
    return info->max_length < 16384 ? BITS_LONG_LENGTH : 0;
}

/* Characters of a string that goes on after the captured bytes are not told of
 * by the decoder; a Connect that is only begun has nothing else to show. */
static void weigh_begun_text(struct evidence *evidence, struct sstp_span bytes)
{
    enum { TARGET_DEVICE_URL_OFFSET = 6 };
    if (bytes.data[0] != SSTP_CONNECT || bytes.len <= TARGET_DEVICE_URL_OFFSET)
        return;
    const struct sstp_span text =
        sstp_span(bytes.data + TARGET_DEVICE_URL_OFFSET, bytes.len - TARGET_DEVICE_URL_OFFSET);
    if (memchr(text.data, 0, text.len) == NULL)
        weigh_text(evidence, text);
}

/* Weighs the command at the start of bytes, which may be there in part.  Returns
 * its CommandLength, or 0 when there is no header. */
static size_t weigh_command(struct evidence *evidence, struct sstp_span bytes)
{
    if (bytes.len < SSTP_HEADER_LEN)
        return 0;
    const uint16_t length = sstp_get_u16(bytes.data + 1);
    const struct sstp_command_info *info = sstp_command_info(bytes.data[0]);
    if (info == NULL || length < SSTP_HEADER_LEN) {
        evidence->is_impossible = true;
        return 0;
    }

    const struct sstp_visitor visitor = {weigh_value, NULL, weigh_finding, evidence};
    const bool had_session_id = evidence->has_session_id;
    const uint32_t session_id = evidence->session_id;
    struct sstp_command command;
    evidence->bits += BITS_ID + length_bits(info, length);
    evidence->text_bits = 0;
    evidence->is_greeting = bytes.data[0] == SSTP_CONNECT || bytes.data[0] == SSTP_CONNECT_RESPONSE;
    const bool is_trusted = sstp_command_decode(bytes, SSTP_VERSION_UNKNOWN, &visitor, &command);
    if (is_trusted && length_bits(info, length) < BITS_EXACT_LENGTH && command.id != SSTP_DATA)
        evidence->bits += BITS_STRUCTURE;
    if (!is_trusted) { /* what a broken command names again proves nothing */
        evidence->has_session_id = had_session_id;
        evidence->session_id = session_id;
    }
    if (bytes.len < length)
        weigh_begun_text(evidence, bytes);
    return length;
}

struct sstp_look sstp_look(struct sstp_span bytes, bool is_end, const struct sstp_look_hint *hint)
{
    struct evidence evidence = {.has_session_id = hint != NULL && hint->has_session_id,
                                .session_id = hint != NULL ? hint->session_id : 0};
    struct sstp_look look = {0, false, 0};
    size_t pos = 0;

    while (pos < bytes.len && evidence.bits < BITS_ENOUGH && !evidence.is_impossible) {
        const struct sstp_span rest = sstp_span(bytes.data + pos, bytes.len - pos);
        evidence.may_be_odd =
            hint != NULL && hint->is_start && pos == 0 && rest.data[0] == SSTP_CONNECT;
        const size_t length = weigh_command(&evidence, rest);
        if (evidence.is_impossible)
            break;
        if (length == 0 || length > rest.len) {
            if (length == 0 && sstp_command_info(rest.data[0]) == NULL)
                evidence.is_impossible = true;
            look.wants_more = look.num_commands == 0;
            break;
        }
        look.num_commands++;
        pos += length;
        if (pos == bytes.len && is_end)
            evidence.bits += BITS_SEGMENT_END;
    }
    look.bits = evidence.is_impossible ? -1 : evidence.bits;
    return look;
}

bool sstp_look_header_is_plausible(const uint8_t *header)
{
    const struct sstp_command_info *info = sstp_command_info(header[0]);
    return info != NULL && sstp_command_length_is_valid(info, sstp_get_u16(header + 1));
}

size_t sstp_look_find(struct sstp_span bytes, bool is_end, const struct sstp_look_hint *hint)
{
    bool may_start_here = false;
    for (size_t i = 0; i + SSTP_HEADER_LEN <= bytes.len; i++) {
        if (!sstp_look_header_is_plausible(bytes.data + i))
            continue;
        const struct sstp_look look =
            sstp_look(sstp_span(bytes.data + i, bytes.len - i), is_end, hint);
        if (look.bits >= SSTP_LOOK_ANY_OFFSET)
            return i;
        /* The last byte of a command and the next header can look like a long
         * command's header; what speaks louder further on is believed. */
        if (i == 0)
            may_start_here = look.bits >= SSTP_LOOK_SEGMENT_START;
    }
    return may_start_here ? 0 : bytes.len;
}

enum sstp_look_sender sstp_look_sender(struct sstp_span bytes)
{
    size_t pos = 0;
    while (bytes.len - pos >= SSTP_HEADER_LEN) {
        const uint8_t *at = bytes.data + pos;
        const struct sstp_command_info *info = sstp_command_info(at[0]);
        const uint16_t length = sstp_get_u16(at + 1);
        if (info == NULL || length < SSTP_HEADER_LEN)
            break;
        if (info->sender != SSTP_SENDER_ANY)
            return info->sender == SSTP_SENDER_INITIATOR ? SSTP_LOOK_INITIATOR : SSTP_LOOK_ACCEPTOR;
        const bool is_originators =
            at[0] == SSTP_OPEN || at[0] == SSTP_FANOUT_OPEN || sstp_command_is_of_message(at[0]);
        const bool is_receivers = at[0] == SSTP_OPEN_RESPONSE || at[0] == SSTP_SESSION_STATUS;
        if ((is_originators || is_receivers) && bytes.len - pos >= SSTP_HEADER_LEN + 4) {
            /* GRVSSTP 3.1.4.3.1: the id says which side originated the session. */
            const bool is_initiators =
                sstp_get_u32(at + SSTP_HEADER_LEN) < SSTP_ACCEPTOR_SESSION_ID;
            return is_originators == is_initiators ? SSTP_LOOK_INITIATOR : SSTP_LOOK_ACCEPTOR;
        }
        if (length > bytes.len - pos)
            break;
        pos += length;
    }
    return SSTP_LOOK_ANYBODY;
}
