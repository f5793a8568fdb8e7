/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * henc_findings: what can be wrong with an encapsulation.
 *
 * The rows have the shape of core/findings.h, so whoever walks that catalogue
 * walks this one the same way.  A finding names a field by its id (guid_length
 * the GUID, checksum_bad the checksum), hence none carries a byte range; one
 * message raises each at most once, and a set of them is a word of bits.
 *
 *     for (unsigned id = 0; id < HENC_FINDING_COUNT; id++)
 *         if (henc_findings_has(set, (enum henc_finding)id)) ...
 */
#ifndef SSTP_HENC_FINDINGS_H
#define SSTP_HENC_FINDINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/findings.h"

/* clang-format off */

/*    constant               | filter                   | severity | group    | section                           | sentence */
#define HENC_FINDINGS(X)                                                                                                          \
    X(ENCAP_MALFORMED,         "encap_malformed",         ERROR,   MALFORMED, "GRVHENC 2.2.2.1.1, 2.2.4.1.3.1",   "A field of the encapsulation is missing or is not of its form") \
    X(GUID_LENGTH,             "guid_length",             NOTE,    PROTOCOL,  "GRVHENC 2.2.1.1.1",                "A Virtual-Connection-GUID has 39 letters and digits") \
    X(ENCAP_VERSION,           "encap_version",           WARNING, PROTOCOL,  "GRVHENC 2.2.2.1.1.1, 2.2.3.1.1.2, 2.2.4.1.3.1.1", "The encapsulation version must be 2.0 for LongLived and KeepAlive, 1.2 for Polling") \
    X(CHECKSUM_BAD,            "checksum_bad",            WARNING, PROTOCOL,  "GRVHENC 2.2.4.1.3.1.3, 3.6.5.3",   "The checksum printed is not that of the application data") \
    X(SEQUENCE_GAP,            "sequence_gap",            WARNING, SEQUENCE,  "GRVHENC 3.5.4.3.1, 3.5.5.1.1.2",   "A lower Sequence-Number has not been seen though the exchange has gone on; commands around it may be incomplete") \
    X(SEQUENCE_REPEAT,         "sequence_repeat",         NOTE,    SEQUENCE,  "GRVHENC 3.3.7.1, 3.5.1.1",         "This body or its Sequence-Number was sent before") \
    X(ECHO_MISMATCH,           "echo_mismatch",           WARNING, PROTOCOL,  "GRVHENC 3.1.5.2.1.1, 3.3.5.2.1.1", "The echo string on the GET session differs from the one sent on the POST session") \
    X(MISSING_HALF,            "missing_half",            WARNING, SEQUENCE,  "GRVHENC 3.1.4.1, 3.3.4.1",         "A virtual connection has a GET and a POST session; the other one was not seen") \
    X(CONTENT_LENGTH_EXCEEDED, "content_length_exceeded", WARNING, PROTOCOL,  "GRVHENC 3.1.4.3, 3.2.4.2, 3.3.4.7.1, 3.5.4.3.1", "The body is longer than was agreed: 2147479552 octets for LongLived, 32768 for KeepAlive and Polling") \
    X(HANDSHAKE_ORDER,         "handshake_order",         WARNING, SEQUENCE,  "GRVHENC 3.1.4.3, 3.2.5.2.2, 3.3.4.7, 3.6.5.1", "Data or a request comes before the handshake of the encapsulation allows it") \
    X(OUT_OF_TURN,             "out_of_turn",             WARNING, SEQUENCE,  "GRVHENC 3.3.1.1, 3.3.5.2.1.2, 3.4.1.1, 3.5.1.1", "A request before the answer to the one before, a second answer, or an empty one where data has to come") \
    X(GUID_IN_USE,             "guid_in_use",             WARNING, PROTOCOL,  "GRVHENC 3.2.5.1.1, 3.2.5.2.1, 3.3.4.6, 3.4.5.1.1", "A virtual connection with this GUID has such a session already") \
    X(WRONG_HALF,              "wrong_half",              WARNING, PROTOCOL,  "GRVHENC 3.1.5.1.2, 3.2.5.1.2",     "Data goes from server to client on the GET session, and from client to server on the POST session") \
    X(ENCAP_MISMATCH,          "encap_mismatch",          WARNING, PROTOCOL,  "GRVHENC 3.5.5.1.1",                "The answer has the Virtual-Connection-GUID of another connection than the request") \
    X(ENCAP_MISMATCH_SERVER,   "encap_mismatch",          NOTE,    PROTOCOL,  "GRVHENC 3.5.5.1.1.1, 3.5.5.1.1.2", "The answer names another server than the request") \
    X(ENCAP_HEADER,            "encap_header",            NOTE,    PROTOCOL,  "GRVHENC 2.2.2.1, 2.2.2.1.1.3, 2.2.3.1, 2.2.4.1, 3.1.4.1", "A length other than 2147479552, another server than on the other session, or no header field that has to be there") \
    X(POLL_TIMER,              "timer",                   NOTE,    SEQUENCE,  "GRVHENC 2.2.4.2.1.1, 3.5.2.3",     "The poll comes outside of the interval that the server has set") \
    X(POST_ANSWER_BODY,        "post_answer_body",        WARNING, PROTOCOL,  "GRVHENC 2.2.3.4.1, 3.1.5.1.2",     "An answer on the POST session has no body, but for <html></html> in the first one of KeepAlive")

/* clang-format on */

#define HENC_FINDING_CONSTANT(constant, filter, severity, group, section, sentence)                \
    HENC_FINDING_##constant,
enum henc_finding { HENC_FINDINGS(HENC_FINDING_CONSTANT) HENC_FINDING_COUNT };
#undef HENC_FINDING_CONSTANT

/* Indexed by enum henc_finding. */
extern const struct sstp_finding_info henc_finding_infos[HENC_FINDING_COUNT];

/* A set of findings: bit i stands for the finding i. */
static inline uint32_t henc_finding_bit(enum henc_finding finding)
{
    return (uint32_t)1 << (unsigned)finding;
}

static inline bool henc_findings_has(uint32_t set, enum henc_finding finding)
{
    return (set & henc_finding_bit(finding)) != 0;
}

#endif
