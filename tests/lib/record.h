/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record: a decode written down as text, a line for each thing a visitor hears:
 *
 *     3+4 session_id=0x21            offset + length, field, number
 *     7+5 resource_url="abcd"        a string without its 0x00
 *     20+5 auth_token=3:010203       the length that stands there, the bytes
 *     13+9 fanout.count=1            a list; its elements follow, "[1]" for the second
 *     15+7 entry 0
 *     1+2 !length_invalid            a finding
 *
 * On the way it asserts what holds for any bytes: values lie inside the command,
 * in wire order, and their views point to where they say.
 */
#ifndef TESTS_LIB_RECORD_H
#define TESTS_LIB_RECORD_H

#include <glib.h>

#include "decode.h"

struct record {
    GString *text;     /* of the last decode */
    GString *findings; /* its findings alone, as "filter@offset+len", blank between them */
    bool is_trusted;   /* what decode returned */
    struct sstp_command command;
};

void record_init(struct record *record);
void record_clear(struct record *record);

/* Decodes the bytes; what was recorded before is forgotten. */
void record_decode(struct record *record, struct sstp_span bytes, enum sstp_version version);

#endif
