/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/token.h"

/* The messages whose layout is known (SPECIFICATION.md, Security tokens). */
struct layout {
    uint8_t carrier; /* CommandId */
    uint8_t message; /* MessageID */
    uint8_t num_parts;
    enum sstp_token_part parts[4];
};

/* clang-format off */
static const struct layout layouts[] = {
    {SSTP_CONNECT, SSTP_TOKEN_SEC_CONNECT, 3,
     {SSTP_TOKEN_PART_IV, SSTP_TOKEN_PART_HMAC, SSTP_TOKEN_PART_ENCRYPTED_DEVICE_NONCE}},
    {SSTP_CONNECT_RESPONSE, SSTP_TOKEN_SEC_CONNECT_RESPONSE, 4,
     {SSTP_TOKEN_PART_IV, SSTP_TOKEN_PART_HMAC, SSTP_TOKEN_PART_DEVICE_NONCE,
      SSTP_TOKEN_PART_ENCRYPTED_RELAY_NONCE}},
};
/* clang-format on */

static const struct layout *layout_of(uint8_t carrier, uint8_t message)
{
    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++)
        if (layouts[i].carrier == carrier && layouts[i].message == message)
            return &layouts[i];
    return NULL;
}

static void tell_part(const struct sstp_token_visitor *visitor, enum sstp_token_part part,
                      unsigned index, size_t offset, struct sstp_span bytes)
{
    visitor->part(visitor->cookie, part, index, offset, bytes);
    const bool is_unusual = (part == SSTP_TOKEN_PART_IV && bytes.len != SSTP_TOKEN_IV_LEN) ||
                            (part == SSTP_TOKEN_PART_HMAC && bytes.len != SSTP_TOKEN_HMAC_LEN);
    if (is_unusual)
        visitor->finding(visitor->cookie, SSTP_FINDING_SEC_LENGTH_UNUSUAL, offset, 2);
}

static void walk_known(struct sstp_reader r, const struct layout *layout,
                       const struct sstp_token_visitor *visitor)
{
    for (unsigned i = 0; i < layout->num_parts; i++) {
        const size_t offset = r.pos;
        const uint16_t len = sstp_read_u16(&r);
        const struct sstp_span bytes = sstp_read_bytes(&r, len);
        if (r.failed) {
            visitor->finding(visitor->cookie, SSTP_FINDING_SEC_TOKEN_MALFORMED, offset,
                             r.len - offset);
            return;
        }
        tell_part(visitor, layout->parts[i], i, offset, bytes);
    }
    if (sstp_reader_left(&r) > 0)
        visitor->finding(visitor->cookie, SSTP_FINDING_SEC_TOKEN_MALFORMED, r.pos, r.len - r.pos);
}

static void walk_unknown(struct sstp_reader r, const struct sstp_token_visitor *visitor)
{
    struct sstp_reader trial = r;
    while (sstp_reader_left(&trial) > 0)
        (void)sstp_read_bytes(&trial, sstp_read_u16(&trial));
    if (trial.failed) {
        const size_t offset = r.pos;
        visitor->part(visitor->cookie, SSTP_TOKEN_PART_OPAQUE, 0, offset,
                      sstp_read_bytes(&r, sstp_reader_left(&r)));
        return;
    }
    for (unsigned i = 0; sstp_reader_left(&r) > 0; i++) {
        const size_t offset = r.pos;
        const uint16_t len = sstp_read_u16(&r);
        visitor->part(visitor->cookie, SSTP_TOKEN_PART_UNKNOWN, i, offset,
                      sstp_read_bytes(&r, len));
    }
}

void sstp_token_walk(const struct sstp_command *command, const struct sstp_token_visitor *visitor)
{
    struct sstp_reader r = sstp_reader(command->token);
    if (command->token.len == 0)
        return;
    const uint8_t major = sstp_read_u8(&r);
    const uint8_t minor = sstp_read_u8(&r);
    const uint8_t message = sstp_read_u8(&r);
    if (r.failed) {
        visitor->finding(visitor->cookie, SSTP_FINDING_SEC_TOKEN_MALFORMED, 0, command->token.len);
        return;
    }
    visitor->header(visitor->cookie, major, minor, message);
    if (major != 1 || (minor != 3 && minor != 4))
        visitor->finding(visitor->cookie, SSTP_FINDING_SEC_VERSION_UNUSUAL, 0, 2);

    const struct layout *layout = layout_of(command->id, message);
    if (layout != NULL)
        walk_known(r, layout, visitor);
    else
        walk_unknown(r, visitor);
}

static const char *connect_response_token_name(const struct sstp_command *command)
{
    if (command->response_id == SSTP_CONNECT_RESPONSE_AUTHENTICATION_FAILED)
        return "SecConnectResponseAuthenticationFailed";
    /* Ok carries either of two; the MessageID tells, where it is the known one. */
    if (command->token.len >= SSTP_TOKEN_HEADER_LEN &&
        command->token.data[2] == SSTP_TOKEN_SEC_CONNECT_RESPONSE)
        return "SecConnectResponse";
    return "SecConnectResponse or SecConnectResponseDeviceRegistrationNeeded";
}

static const char *attach_response_token_name(const struct sstp_command *command)
{
    switch (command->response_id) {
    case SSTP_ATTACH_RESPONSE_OK:
        return "SecAttachResponse";
    case SSTP_ATTACH_RESPONSE_AWAITING_REGISTER:
        return "SecAttachResponseAccountRegistrationNeeded or "
               "SecAttachResponseNewDeviceRegistrationNeeded";
    case SSTP_ATTACH_RESPONSE_ATTACH_REJECTED:
        return "SecAttachResponseAuthenticationFailed";
    }
    return "security message of AttachResponse";
}

const char *sstp_token_name(const struct sstp_command *command)
{
    switch ((int)command->id) { /* most commands carry no token */
    case SSTP_CONNECT:
        return "SecConnect";
    case SSTP_CONNECT_RESPONSE:
        return connect_response_token_name(command);
    case SSTP_CONNECT_AUTHENTICATE:
        return "SecConnectAuthenticate";
    case SSTP_ATTACH:
        return "SecAttach";
    case SSTP_ATTACH_RESPONSE:
        return attach_response_token_name(command);
    case SSTP_ATTACH_AUTHENTICATE:
        return "SecAttachAuthenticate";
    case SSTP_REGISTER:
        return "SecDeviceAccountRegister or SecIdentityRegister";
    case SSTP_REGISTER_RESPONSE:
        return "SecDeviceAccountRegisterResponse";
    }
    return NULL;
}
