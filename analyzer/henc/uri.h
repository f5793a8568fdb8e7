/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * uri: the request URIs of the three HTTP encapsulations.
 *
 *     /2.0/relay.example/GUID,ConnType=LongLived,ContentLength=2147479552
 *     http://relay.example/2.0/relay.example/GUID,ConnType=KeepAlive,ID=...
 *     /            http://relay.example            (Polling)
 *
 * Reading is lenient: tokens in any order, each optional but ConnType, blanks
 * around them, names without regard to case.  Writing keeps to the grammar.
 * Nothing is allocated; what is read are views into the caller's URI.  This is
 * no HTTP parser: the method and the URI come from one.
 *
 *     struct henc_uri uri;
 *     if (henc_uri_parse(method, target, &uri)) ...
 *
 * The URI of Polling is that of any POST to a server's root: only the body
 * (polling.h) tells that it is one.
 */
#ifndef SSTP_HENC_URI_H
#define SSTP_HENC_URI_H

#include "core/wire.h"

/* With the values of `sstp.encap`. */
enum henc_kind {
    HENC_KIND_LONGLIVED = 4, /* GRVHENC 2.2.2 */
    HENC_KIND_KEEPALIVE = 5, /* GRVHENC 2.2.3 */
    HENC_KIND_POLLING = 6    /* GRVHENC 2.2.4 */
};

/* Which session of a LongLived or KeepAlive connection; Polling has POST only.
 * With the values of `sstp.encap.half`. */
enum henc_half { HENC_HALF_GET = 0, HENC_HALF_POST = 1 };

/* GRVHENC 2.2.2.1.1.3: the only ContentLength, also the most octets that one
 * half of a LongLived connection carries. */
#define HENC_LONGLIVED_LENGTH_MAX UINT64_C(0x7ffff000)
/* GRVHENC 2.2.1.1.1 and 2.2.2.1.1.4. */
#define HENC_GUID_LEN 39u
#define HENC_VERSION "2.0"

/* Views into the URI; one that is not there is empty. */
struct henc_uri {
    enum henc_kind kind;
    enum henc_half half;
    bool is_absolute;            /* the form for a proxy */
    bool is_malformed;           /* no GUID, or a ContentLength that is no number */
    bool has_content_length;     /* a valid one */
    struct sstp_span authority;  /* of an absolute URI: host, perhaps with a port */
    struct sstp_span version;    /* LongLived and KeepAlive only, as all below */
    struct sstp_span server;     /* Relay-Server-Name */
    struct sstp_span guid;       /* Virtual-Connection-GUID */
    struct sstp_span request_id; /* after ID= */
    struct sstp_span content_length_text;
    uint64_t content_length; /* octets */
};

/* Reads the target of a request with this method (`GET` or `POST`, in capitals).
 * Returns whether it is a URI of an encapsulation; *uri is set in any case, and
 * of no meaning when it is not. */
bool henc_uri_parse(struct sstp_span method, struct sstp_span target, struct henc_uri *uri);

/* The findings that a URI gives cause for by itself: encap_malformed,
 * guid_length, encap_version, content_length_exceeded. */
uint32_t henc_uri_findings(const struct henc_uri *uri);

/* Whether this is 39 letters and digits (GRVHENC 2.2.1.1.1). */
bool henc_guid_is_regular(struct sstp_span guid);

/* Writes the target by the grammar (GRVHENC 2.2.2.1.1, 2.2.2.2.1, 2.2.3.1.1,
 * 2.2.4.1.1) from kind, half, is_absolute, version, server and guid; for GET
 * also request_id, unless empty, and for LongLived GET content_length.  An absolute one
 * leads to `authority`, or to the server where that is empty.  The
 * writer fails where server, guid or version is empty or holds a character that
 * would end it. */
void henc_uri_write(struct sstp_writer *w, const struct henc_uri *uri);

#endif
