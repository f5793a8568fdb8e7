/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * json_text: bytes of somebody else in JSON.
 *
 * A string of JSON is Unicode, what comes from the wire need not be.  A member of any bytes is
 *
 *     "device":"dpp:///bob"                                  as it is, where it is valid UTF-8
 *     "device":"dpp:///b\ufffdb","device_bytes":"6470703a..."   otherwise: with replacement
 *                                characters, and once more with all its bytes in hexadecimal
 *
 * so that every line is valid, nothing is lost, and whoever need not know does not notice.  A NUL
 * counts as invalid.  A list is an array of such strings; where any of them is invalid, a second
 * array has all of them in hexadecimal.
 */
#ifndef RELAYSIM_BASE_JSON_TEXT_H
#define RELAYSIM_BASE_JSON_TEXT_H

#include <json-glib/json-glib.h>

#include "core/wire.h"

/* Adds such a member to the object that the builder is in. */
void json_text_add(JsonBuilder *builder, const char *name, struct sstp_span text);
void json_text_add_list(JsonBuilder *builder, const char *name, const struct sstp_span *texts,
                        size_t num);

/* A value: bytes in hexadecimal, two small digits each. */
void json_text_add_hex(JsonBuilder *builder, struct sstp_span bytes);

/* The builder's object in one line, without the newline, to be freed.  What could drive a
 * terminal or turn a line around is written as \uNNNN. */
char *json_text_line(JsonBuilder *builder);

#endif
