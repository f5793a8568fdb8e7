/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * http_head: writes the heads of the HTTP messages of the three encapsulations, with the header
 * fields of GRVHENC 2.2.1.2 and 2.2.1.3 in the order of its examples (section 4).
 */
#ifndef RELAYSIM_CARRIER_HTTP_HEAD_H
#define RELAYSIM_CARRIER_HTTP_HEAD_H

#include <glib.h>

#include "carrier/carrier.h"
#include "henc/uri.h"

/* A new GUID: 39 letters and digits (GRVHENC 2.2.1.1.1); to be freed. */
char *http_guid_new(const struct sstp_sec_random *random);

struct http_request {
    enum henc_kind kind;
    enum henc_half half;
    const char *guid;        /* not for Polling */
    uint64_t content_length; /* of GET, for LongLived alone: the one in the URI */
    const char *more;        /* header fields, whole lines; NULL */
};

/* A client's request: to its configuration's server, by its proxy where it has one. */
void http_write_request(GByteArray *bytes, const struct carrier *carrier,
                        const struct http_request *request);

/* A server's answer, after which the transport stays or does not.  Its status is one of GRVHENC
 * 2.2.1.4. */
void http_write_response(GByteArray *bytes, const struct carrier *carrier, unsigned status,
                         bool stays, uint64_t content_length);

#endif
