/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * henc_fields: what the layer of the encapsulations registers with Wireshark.
 */
#ifndef GRVHENC_HENC_FIELDS_H
#define GRVHENC_HENC_FIELDS_H

#include "fields/fields.h"

#include "henc/henc_findings.h"

/* clang-format off */

/*    constant             | name                     | filter after sstp.encap | type    | display | strings | blurb */
#define GRVHENC_FIELDS(X)                                                                                                          \
    X(KIND,                 "Encapsulation",           "",                       UINT8,   BASE_DEC,  VALS(grvsstp_encapsulations), "What carries the SSTP connection")          \
    X(GUID,                 "Virtual-Connection-GUID", ".guid",                  STRING,  BASE_NONE, NULL, NULL)                   \
    X(HALF,                 "Half",                    ".half",                  UINT8,   BASE_DEC,  VALS(grvhenc_halves), "Which session of the virtual connection")           \
    X(VERSION,              "Encapsulation version",   ".version",               STRING,  BASE_NONE, NULL, NULL)                   \
    X(SERVER,               "Relay-Server-Name",       ".server",                STRING,  BASE_NONE, NULL, NULL)                   \
    X(REQUEST_ID,           "ID",                      ".request_id",            STRING,  BASE_NONE, NULL, NULL)                   \
    X(CONTENT_LENGTH,       "ContentLength",           ".content_length",        UINT64,  BASE_DEC,  NULL, "ContentLength= of the LongLived URI, in octets") \
    X(ECHO,                 "Echo string, ping-data",  ".echo",                  STRING,  BASE_NONE, NULL, NULL)                   \
    X(UNDECODED,            "Body not decoded",        ".undecoded",             STRING,  BASE_NONE, NULL, "The encoding that a proxy has put on the body, and that was not undone") \
    X(SEQUENCE,             "Sequence-Number",         ".sequence",              UINT32,  BASE_DEC,  NULL, NULL)                   \
    X(CHECKSUM,             "Checksum",                ".checksum",              INT64,   BASE_DEC,  NULL, "As printed")           \
    X(CHECKSUM_CALCULATED,  "Checksum calculated",     ".checksum_calculated",   INT64,   BASE_DEC,  NULL, "Over the data of this body") \
    X(CHECKSUM_STATUS,      "Checksum status",         ".checksum.status",       UINT8,   BASE_DEC,  VALS(grvhenc_checksum_states), NULL) \
    X(POLL_MAX,             "Max-Poll-Interval",       ".poll.max",              UINT32,  BASE_DEC | BASE_UNIT_STRING, &units_seconds, NULL) \
    X(POLL_MIN,             "Min-Poll-Interval",       ".poll.min",              UINT32,  BASE_DEC | BASE_UNIT_STRING, &units_seconds, NULL) \
    X(POLL_REPETITIONS,     "Poll-Repetition",         ".poll.repetitions",      UINT32,  BASE_DEC,  NULL, NULL)                   \
    X(WAITING,              "Octets that wait",        ".waiting",              UINT32,  BASE_DEC,  NULL, "SSTP data of this body that waits for a body before it") \
    X(WAITS_FOR,            "Waits for number",        ".waits_for",            UINT32,  BASE_DEC,  NULL, "Sequence-Number of the body that is missing") \
    X(SHOWN_IN,             "Data shown in frame",     ".shown_in",             FRAMENUM, BASE_NONE, NULL, "Where the data of this body, which had to wait, is decoded") \
    X(STATE,                "State",                   ".state",                 STRING,  BASE_NONE, NULL, "Of the virtual connection, after this message")

/* clang-format on */

#define GRVHENC_FIELD_CONSTANT(constant, name, filter, type, display, strings, blurb)              \
    GRVHENC_##constant,
enum grvhenc_field { GRVHENC_FIELDS(GRVHENC_FIELD_CONSTANT) GRVHENC_FIELD_COUNT };
#undef GRVHENC_FIELD_CONSTANT

extern int proto_grvhenc;
extern const value_string grvhenc_halves[];
extern const value_string grvhenc_checksum_states[];

int grvhenc_hf(enum grvhenc_field field);
int grvhenc_ett(void);
expert_field *grvhenc_ei(enum henc_finding finding);

/* Whether somebody may ask for an item of a command: the tree is looked at, or a filter, a column
 * or a colour has a field of ours, one of an encapsulation included. */
bool grvsstp_is_asked_for(proto_tree *tree);

/* Registers all of it under proto_grvhenc. */
void grvhenc_fields_register(void);

#endif
