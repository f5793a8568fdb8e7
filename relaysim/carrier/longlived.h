/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * longlived: what both sides of LongLived share (GRVHENC 3.1, 3.2): the two halves of a virtual
 * connection, GET and POST, of which a side speaks over one and hears the other, each in one body
 * without end, up to its content limit.
 *
 * Each side begins its state with a struct longlived.
 *
 * The end is graceful: who has said all ends the half over which it speaks, and hears the other to
 * its end.  When a half is lost, what is under way the other way is still heard, and a last
 * acknowledgement said: otherwise a peer whose body is full before anything of it is acknowledged
 * would send the same again for ever.
 *
 * The products do otherwise (GRVHENC notes 13, 17), and so does a side here that is told to: GET is
 * closed where the server's content limit is reached, and POST goes on, until SSTP waits for what
 * would come over GET, and time ends it (NetworkReceiveIO of the client).
 */
#ifndef RELAYSIM_CARRIER_LONGLIVED_H
#define RELAYSIM_CARRIER_LONGLIVED_H

#include "carrier/carrier.h"
#include "carrier/http_line.h"
#include "carrier/http_noop.h"
#include "carrier/http_options.h"

struct longlived {
    char *guid;                          /* NULL before it begins */
    struct carrier_transport *halves[2]; /* that are open, by enum henc_half; NULL */
    enum henc_half spoken;               /* over which this side speaks */
    bool may_speak;                      /* that the endpoint has to say */
    bool hangs;                          /* where GET is full, as the products do */
    bool is_ending;                      /* a half is lost: only the last words are said */
    bool has_last_words;                 /* and they are known */
    bool is_over;                        /* all is closed at once */
    uint64_t num_last_words;             /* octets, left of these */
    uint64_t said_limit, num_said;       /* octets of the body that it speaks */
    uint64_t heard_limit, num_heard;     /* likewise */
    int64_t deadline;                    /* until it is ready; until something comes; the end */
};

/* SSTP has come, and for so long nothing more may.  False where the body has more than it may have;
 * then nothing is done. */
bool longlived_hear(struct carrier *carrier, const void *data, size_t len, int64_t patience_ms);

/* Something is wrong, or nothing came: the end, without another word. */
void longlived_close(struct longlived *longlived);

/* A half is lost (GRVHENC 3.1.7, 3.2.7). */
void longlived_lost(struct carrier_transport *transport);

/* The deadline has passed: the end, or one step further with it. */
void longlived_expired(struct carrier *carrier);

/* Functions of the row. */
const char *longlived_connection_name(const struct carrier *carrier);
bool longlived_has_room(const struct carrier_transport *transport);
size_t longlived_output_len(const struct carrier_transport *transport);
size_t longlived_output(const struct carrier_transport *transport, struct sstp_span *pieces,
                        size_t max);
void longlived_taken(struct carrier_transport *transport, size_t len);
bool longlived_is_over(const struct carrier_transport *transport);
int64_t longlived_deadline(const struct carrier *carrier);

/* The rest of a row. */
#define LONGLIVED_OPS                                                                              \
    .name = "longlived", .port = 80, .proxy_port = 8080, .keepalive_ms = http_keepalive_ms,        \
    .connection_name = longlived_connection_name, .has_room = longlived_has_room,                  \
    .output_len = longlived_output_len, .output = longlived_output, .taken = longlived_taken,      \
    .is_over = longlived_is_over, .deadline = longlived_deadline

#endif
