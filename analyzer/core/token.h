/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * token: the security message inside an AuthenticationToken or
 * RegistrationToken (MS-GRVSSTPS), as far as its layout is known.
 *
 * Of two messages the layout is known, SecConnect and SecConnectResponse.  The
 * others are walked as a header and a row of parts, each with a u16 length in
 * front; where that walk does not end exactly at the token's end, the layout is
 * unknown, not wrong.  Nothing is decrypted.
 */
#ifndef SSTP_CORE_TOKEN_H
#define SSTP_CORE_TOKEN_H

#include "core/command.h"
#include "core/findings.h"

#define SSTP_TOKEN_HEADER_LEN 3u /* MajorVersionNumber, MinorVersionNumber, MessageID */
#define SSTP_TOKEN_IV_LEN 24u
#define SSTP_TOKEN_HMAC_LEN 20u
#define SSTP_TOKEN_SEC_CONNECT 1u
#define SSTP_TOKEN_SEC_CONNECT_RESPONSE 2u

/* What a length-prefixed part of a token is. */
enum sstp_token_part {
    SSTP_TOKEN_PART_IV,
    SSTP_TOKEN_PART_HMAC,
    SSTP_TOKEN_PART_ENCRYPTED_DEVICE_NONCE,
    SSTP_TOKEN_PART_DEVICE_NONCE,
    SSTP_TOKEN_PART_ENCRYPTED_RELAY_NONCE,
    SSTP_TOKEN_PART_UNKNOWN, /* its meaning is not known */
    SSTP_TOKEN_PART_OPAQUE   /* bytes without a length in front: no walk fits them */
};

struct sstp_token_visitor {
    /* The header is there: three bytes at offset 0. */
    void (*header)(void *cookie, uint8_t major, uint8_t minor, uint8_t message);
    /* A part: its u16 length stands at offset (OPAQUE has none), `bytes` after it. */
    void (*part)(void *cookie, enum sstp_token_part part, unsigned index, size_t offset,
                 struct sstp_span bytes);
    void (*finding)(void *cookie, enum sstp_finding finding, size_t offset, size_t len);
    void *cookie;
};

/* Walks the token of `command`; offsets count from the token's first byte.  An
 * empty token is nothing and tells of nothing. */
void sstp_token_walk(const struct sstp_command *command, const struct sstp_token_visitor *visitor);

/* The name of the security message by its carrier and ResponseId, as far as
 * these tell ("SecConnect"); NULL for a command that carries none. */
const char *sstp_token_name(const struct sstp_command *command);

#endif
