/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/show.h"

#include "core/token.h"

/* Where the parts of a token go. */
struct token_place {
    packet_info *pinfo;
    proto_tree *tree;
    tvbuff_t *tvb;
    int offset; /* of the token's first byte */
};

static void show_header(void *cookie, uint8_t major, uint8_t minor, uint8_t message)
{
    const struct token_place *place = cookie;
    (void)major;
    (void)minor;
    (void)message;
    proto_tree_add_item(place->tree, grvsstp_own_hf(GRVSSTP_SEC_MAJOR), place->tvb, place->offset,
                        1, ENC_NA);
    proto_tree_add_item(place->tree, grvsstp_own_hf(GRVSSTP_SEC_MINOR), place->tvb,
                        place->offset + 1, 1, ENC_NA);
    proto_tree_add_item(place->tree, grvsstp_own_hf(GRVSSTP_SEC_MESSAGE), place->tvb,
                        place->offset + 2, 1, ENC_NA);
}

static enum grvsstp_own_field field_of(enum sstp_token_part part)
{
    switch (part) {
    case SSTP_TOKEN_PART_IV:
        return GRVSSTP_SEC_IV;
    case SSTP_TOKEN_PART_HMAC:
        return GRVSSTP_SEC_HMAC;
    case SSTP_TOKEN_PART_ENCRYPTED_DEVICE_NONCE:
        return GRVSSTP_SEC_ENCRYPTED_DEVICE_NONCE;
    case SSTP_TOKEN_PART_DEVICE_NONCE:
        return GRVSSTP_SEC_DEVICE_NONCE;
    case SSTP_TOKEN_PART_ENCRYPTED_RELAY_NONCE:
        return GRVSSTP_SEC_ENCRYPTED_RELAY_NONCE;
    case SSTP_TOKEN_PART_UNKNOWN:
        return GRVSSTP_SEC_FIELD;
    case SSTP_TOKEN_PART_OPAQUE:
        return GRVSSTP_SEC_OPAQUE;
    }
    return GRVSSTP_SEC_OPAQUE;
}

static void show_part(void *cookie, enum sstp_token_part part, unsigned index, size_t offset,
                      struct sstp_span bytes)
{
    const struct token_place *place = cookie;
    int start = place->offset + (int)offset;

    if (part != SSTP_TOKEN_PART_OPAQUE) {
        const enum grvsstp_own_field length =
            part == SSTP_TOKEN_PART_UNKNOWN ? GRVSSTP_SEC_FIELD_LENGTH : GRVSSTP_SEC_LENGTH;
        proto_tree_add_item(place->tree, grvsstp_own_hf(length), place->tvb, start, 2,
                            ENC_LITTLE_ENDIAN);
        start += 2;
    }
    if (bytes.len == 0)
        return;
    proto_item *item = proto_tree_add_item(place->tree, grvsstp_own_hf(field_of(part)), place->tvb,
                                           start, (int)bytes.len, ENC_NA);
    if (part == SSTP_TOKEN_PART_UNKNOWN)
        proto_item_prepend_text(item, "[%u] (%u bytes) ", index, (unsigned)bytes.len);
}

static void show_token_finding(void *cookie, enum sstp_finding finding, size_t offset, size_t len)
{
    const struct token_place *place = cookie;
    grvsstp_show_finding(place->pinfo, place->tree, NULL, place->tvb, finding,
                         place->offset + (int)offset, (int)len);
}

void grvsstp_show_token(packet_info *pinfo, proto_tree *tree, tvbuff_t *tvb, int offset,
                        const struct sstp_command *command)
{
    struct token_place place = {pinfo, tree, tvb, offset};
    const struct sstp_token_visitor visitor = {show_header, show_part, show_token_finding, &place};
    const char *name = sstp_token_name(command);

    if (name != NULL && command->token.len > 0)
        proto_item_set_generated(
            proto_tree_add_string(tree, grvsstp_own_hf(GRVSSTP_SEC_NAME), tvb, offset, 0, name));
    sstp_token_walk(command, &visitor);
}
