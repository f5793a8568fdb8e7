/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * polling: the bodies of the Polling encapsulation.
 *
 * Five fields, each with a 0x00 after it, and the application data
 * (GRVHENC 2.2.4.1.3.1); a response has a sixth field (2.2.4.2.1.1):
 *
 *     1.2  grooveDNS://relay.example  GUID  sequence  checksum  [max,min,repetitions]
 *
 * Nothing is allocated; what is read are views into the body.  The numbers are
 * decimal text.
 *
 *     struct henc_polling p;
 *     if (henc_polling_parse(body, is_response, &p) == HENC_POLLING_OK)
 *         feed(p.data);
 */
#ifndef SSTP_HENC_POLLING_H
#define SSTP_HENC_POLLING_H

#include "core/wire.h"

#define HENC_POLLING_VERSION "1.2"
#define HENC_POLLING_SCHEME "grooveDNS://"

/* GRVHENC 2.2.4.2.1.1: seconds, seconds, polls. */
#define HENC_POLL_MAX_DEFAULT 120u
#define HENC_POLL_MIN_DEFAULT 5u
#define HENC_POLL_REPETITIONS_DEFAULT 3u

/* The most octets in a body of Polling (GRVHENC 3.5.4.3.1) or KeepAlive
 * (3.3.4.7.1, 3.4.4.3). */
#define HENC_BODY_LEN_MAX 32768u

enum henc_polling_result {
    HENC_POLLING_OK,
    HENC_POLLING_NOT, /* does not begin as such a body */
    HENC_POLLING_CUT  /* begins so, and ends before the last field does */
};

struct henc_polling {
    bool is_response;
    bool sequence_is_valid; /* 1*DIGIT of at most 32 bits */
    bool checksum_is_valid; /* decimal, perhaps with '-', of at most 64 bits */
    bool poll_is_valid;     /* of a response: three such numbers of 32 bits */
    struct sstp_span version;
    struct sstp_span server_url;    /* with grooveDNS:// */
    struct sstp_span server;        /* without */
    struct sstp_span guid;          /* Virtual-Connection-GUID */
    struct sstp_span sequence_text; /* Sequence-Number as printed */
    struct sstp_span checksum_text;
    struct sstp_span poll_text; /* of a response */
    uint32_t sequence;
    int64_t checksum;
    uint32_t poll_max;         /* Max-Poll-Interval, seconds */
    uint32_t poll_min;         /* Min-Poll-Interval, seconds */
    uint32_t poll_repetitions; /* Poll-Repetition */
    size_t header_len;         /* octets before the data */
    struct sstp_span data;     /* Application-Data */
};

/* Whether bytes begin as a body of Polling: a version of digits and dots, 0x00,
 * and grooveDNS://.  A test for recognising, on a body or its beginning. */
bool henc_polling_is_body(struct sstp_span bytes);

/* Reads a body of a request or of a response with status 200.  A number that is
 * none leaves its value 0 and its flag false, and reading goes on.  For CUT the
 * fields that are there are set. */
enum henc_polling_result henc_polling_parse(struct sstp_span body, bool is_response,
                                            struct henc_polling *polling);

/* The checksum of application data (GRVHENC 2.2.4.1.3.1.3): the sum of
 * (octet + 1) * (index + 1), octets signed, index from 0; 0 without data. */
int64_t henc_polling_checksum(struct sstp_span data);

/* Whether a printed checksum stands for the calculated one: equal, or what is
 * left of it in 32 bits, signed or not. */
bool henc_polling_checksum_is_good(int64_t printed, int64_t calculated);

/* The findings that a body read with HENC_POLLING_OK gives cause for by itself:
 * encap_malformed, guid_length, encap_version, and checksum_bad unless
 * `data_is_cut` (the capture does not hold the whole body). */
uint32_t henc_polling_findings(const struct henc_polling *polling, bool data_is_cut);

/* Writes a body from is_response, version, server, guid, sequence and data, for
 * a response also poll_max, poll_min and poll_repetitions; the checksum is
 * calculated.  The writer fails where version, server or guid is empty or holds
 * a 0x00, or the body would be longer than HENC_BODY_LEN_MAX. */
void henc_polling_write(struct sstp_writer *w, const struct henc_polling *polling);

#endif
