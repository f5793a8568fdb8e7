/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * echo: the bodies of the LongLived and KeepAlive handshakes.
 *
 * The client sends the echo string `GroovePing: 1.0,Ping` and CRLF as the first
 * thing on its POST session, the server returns it on the GET session
 * (GRVHENC 2.2.1.1.3), and KeepAlive answers the POST with `<html></html>`
 * (GRVHENC 2.2.3.4.1.1).  Whatever follows is application data.
 *
 *     struct henc_echo echo;
 *     switch (henc_echo_scan(bytes, is_all, &echo)) {
 *     case HENC_ECHO_NEED_MORE: wait; break;
 *     case HENC_ECHO_YES: application data begins at echo.len; break;
 *     case HENC_ECHO_NO: application data begins at 0; break;
 *     }
 */
#ifndef SSTP_HENC_ECHO_H
#define SSTP_HENC_ECHO_H

#include "core/wire.h"

#define HENC_ECHO_PREFIX "GroovePing: 1.0,"
#define HENC_ECHO_PING_DATA "Ping"
#define HENC_EMPTY_ANSWER "<html></html>"

/* A longer echo string is none: it would not fit in a body of KeepAlive, and
 * the scan has to end. */
#define HENC_ECHO_LEN_MAX 32768u

enum henc_echo_result { HENC_ECHO_NO, HENC_ECHO_YES, HENC_ECHO_NEED_MORE };

struct henc_echo {
    size_t len;                 /* of the whole, its CRLF included if there is one */
    struct sstp_span ping_data; /* a view, without CRLF */
};

/* Looks for an echo string at the start of a body.  `is_all` says that no byte
 * will follow.  The string ends with CRLF, else before the first byte below
 * 0x20; with is_all also at the end.  Consumes nothing; *echo is set for YES,
 * and zero otherwise. */
enum henc_echo_result henc_echo_scan(struct sstp_span bytes, bool is_all, struct henc_echo *echo);

/* Whether these bytes, after which the capture has cut something off, are the beginning of what may
 * be an echo string: nobody knows how it went on. */
bool henc_echo_is_cut_off(struct sstp_span bytes);

/* Whether a body is KeepAlive-POST-Response-No-Data: in either case, with or
 * without CRLF. */
bool henc_empty_answer_is(struct sstp_span body);

/* Writes the echo string with CRLF (22 octets with HENC_ECHO_PING_DATA).  Fails
 * where ping_data is empty or holds a byte below 0x20, for it would end there. */
void henc_echo_write(struct sstp_writer *w, struct sstp_span ping_data);

/* Writes `<html></html>` with CRLF, 15 octets. */
void henc_empty_answer_write(struct sstp_writer *w);

#endif
