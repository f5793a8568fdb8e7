/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * decode: the bytes of one whole command into a struct sstp_command.
 *
 * The walk follows the command's row in the table and never stops at a broken
 * rule: it reports a finding and reads on as far as the bytes go.  A visitor is
 * told of every field with its place, in wire order; the plugin builds its tree
 * from that.  Nothing is allocated, and a visitor may leave by longjmp.
 *
 *     struct sstp_command command;
 *     sstp_command_decode(bytes, SSTP_VERSION_UNKNOWN, NULL, &command);
 */
#ifndef SSTP_CORE_DECODE_H
#define SSTP_CORE_DECODE_H

#include "core/command.h"
#include "core/findings.h"

/* One field as it stands in the bytes.  For the kinds TOKEN, STRINGS, ENTRIES
 * and INDEXES `offset` and `len` cover the length or count too, which is
 * `number`; the elements of a list follow as values of their own. */
struct sstp_value {
    enum sstp_field field;
    size_t offset; /* from the first byte of the command */
    size_t len;    /* 0x00 of a string included, where it is there */
    uint64_t number;
    struct sstp_span bytes; /* a string without its 0x00; a token or list without length or count */
    bool is_element;        /* of the list, or fanout entry, told of before */
    unsigned index;         /* position in its list, from 0 */
};

/* Each member may be NULL. */
struct sstp_visitor {
    void (*value)(void *cookie, const struct sstp_value *value);
    /* A fanout entry begins; its strings follow. */
    void (*entry)(void *cookie, unsigned index, size_t offset, size_t len);
    /* A rule is broken by the bytes at offset; len may be 0 at the very end. */
    void (*finding)(void *cookie, enum sstp_finding finding, size_t offset, size_t len);
    void *cookie;
};

/* Decodes the command that starts at bytes.data.  `bytes` holds CommandLength
 * bytes, or fewer where the capture was cut short, and at least the header; what
 * lies after CommandLength is left alone.
 *
 * `version` is the one negotiated.  The form that ends exactly at CommandLength
 * wins over it, with a finding; where none does, the version's form is read.
 *
 * Returns false when the command is not to be trusted as a whole: its CommandId
 * is unknown, its length out of limits, or its fields do not end exactly at
 * CommandLength, whether or not that is for want of captured bytes. */
bool sstp_command_decode(struct sstp_span bytes, enum sstp_version version,
                         const struct sstp_visitor *visitor, struct sstp_command *command);

#endif
