/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtual: one virtual connection, as somebody sees it who watches both sides.
 *
 * A virtual connection is one SSTP connection carried by HTTP: its GUID between
 * two addresses, over as many TCP connections as it takes.  Messages go in, in
 * the order in which they were captured; out come its state, what is wrong, and
 * SSTP bytes in the order in which they were sent.  Nothing is parsed here
 * (uri.h, echo.h, polling.h do that), nothing is looked up, and no SSTP command
 * is known.  The watcher owns the map from GUID and addresses to virtual
 * connections, and remembers of each TCP connection which virtual connection
 * and half its last request belonged to, for a response names neither.
 *
 * Each message is shown once, on the first pass; the caller keeps the result.
 * A request on TCP connection 7, seen in frame 12:
 *
 *     struct henc_uri uri;
 *     struct henc_polling polling;
 *     struct henc_message m = {.chunk = 12, .transport = 7, .from_start = syn_seen, .body = body};
 *     if (!henc_uri_parse(method, target, &uri))
 *         return not_ours;
 *     m.half = uri.half;
 *     m.uri = &uri;
 *     if (uri.kind == HENC_KIND_POLLING) {
 *         if (henc_polling_parse(body, false, &polling) != HENC_POLLING_OK)
 *             return not_ours;
 *         m.polling = &polling;
 *     }
 *     v = find(guid, addresses);
 *     if (v == NULL || henc_virtual_is_renewed_by(v, &m)) {
 *         v = put(guid, addresses);                      // a new one: a new sstp.stream
 *         henc_virtual_init(v, &mem, uri.kind);
 *     }
 *     remember(7, v, uri.half);
 *
 *     struct henc_result result;
 *     if (henc_virtual_message(v, &m, &result) != HENC_OK)
 *         ...                                            // no memory: a body was dropped
 *     keep(12, result.state, result.findings);
 *     for (size_t i = 0; i < result.deliveries.num; i++) {
 *         const struct henc_delivery *d = &result.deliveries.items[i];
 *         if (d->after_gap)
 *             resynchronise(stream[d->direction]);
 *         feed(stream[d->direction], d->chunk, d->bytes); // now, or copy
 *     }
 *
 * The response on TCP connection 7 goes the same way, with .status, .half from
 * memory and .uri NULL; Polling parses its body with is_response when the status
 * is 200.  What a watcher meets beside this:
 *
 *   - A message without a body (GET, Polling's 400, an empty poll) is shown too:
 *     it moves the state.  Show an answer before the end of its TCP connection,
 *     though both may be in one frame.
 *   - LongLived bodies have no end.  Show the head with an empty body as soon as
 *     it is there, then each piece with henc_virtual_data().  The first piece has
 *     to hold the whole echo string: ask henc_echo_scan(), and wait while it
 *     wants more.
 *   - Only one half is captured: all else works; henc_virtual_finish() tells.
 *   - The capture begins midway: the state is HENC_STATE_UNKNOWN until an answer
 *     proves that the connection stands, and no finding is claimed on what came
 *     before.  from_start is what tells a handshake from the middle.
 *   - Segments that TCP sends again are TCP's affair.  A request that the client
 *     sends again is shown like any other; it comes back with is_repeat, and
 *     its bytes are not delivered a second time.
 *   - A capture cut short by a snap length: is_cut.  What is there is delivered,
 *     and the next delivery of that direction comes after_gap.
 *
 * When a missing Sequence-Number is given up: a client has one request
 * outstanding at a time (GRVHENC 3.5.1.1), so its next higher request proves
 * that it has the answer to the one before, and the server all that came before
 * that.  So a number is missed (sequence_gap) as soon as a higher one has its
 * 200 and no request is open that could bring it; it is waited for, nevertheless,
 * since a capture may show two exchanges in the wrong order, until a request
 * comes with a number higher than any before it, or the caps of flow.h are
 * reached, or the capture ends.  Then whatever is parked is delivered after_gap.
 */
#ifndef SSTP_HENC_VIRTUAL_H
#define SSTP_HENC_VIRTUAL_H

#include "henc/echo.h"
#include "henc/flow.h"
#include "henc/henc_findings.h"
#include "henc/phase.h"
#include "henc/polling.h"

enum henc_error {
    HENC_OK = 0,
    HENC_ERROR_MEMORY = -1 /* an early body could not be parked: it is as if never seen */
};

/* Requests of Polling without an answer that are kept in mind.  One is the rule,
 * more come from a capture out of order or from answers that it lacks. */
#define HENC_OUTSTANDING_MAX 4u

struct henc_message {
    uint64_t chunk;             /* the caller's name for this message, e.g. its frame */
    uint64_t transport;         /* the caller's name for the TCP connection */
    enum henc_half half;        /* of the request, for a response of the request it answers */
    unsigned status;            /* of a response; 0 for a request */
    bool from_start;            /* the TCP connection was captured from its SYN on */
    bool has_content_length;    /* the header is there */
    bool is_cut;                /* the body goes on, and the capture does not hold it */
    uint64_t content_length;    /* what the header says */
    const struct henc_uri *uri; /* of a request, else NULL */
    const struct henc_polling *polling; /* body of a Polling request or 200; NULL for
                                         * others, and where parsing was not OK */
    struct sstp_span body; /* all of it, and for LongLived what is there (or nothing) */
};

/* A piece of the body of a LongLived POST request (half POST) or GET response
 * (half GET). */
struct henc_piece {
    uint64_t chunk;
    enum henc_half half;
    bool is_cut;     /* bytes behind these are missing */
    bool after_loss; /* bytes before these are missing */
    struct sstp_span bytes;
};

struct henc_result {
    enum henc_state state; /* after the message */
    uint32_t findings;     /* bits of enum henc_finding */
    bool is_repeat;        /* the body was sent before; nothing of it is delivered */
    struct henc_echo echo; /* at the start of the body; len 0 if there is none */
    struct henc_deliveries deliveries;
};

/* What is known of one half of LongLived or KeepAlive. */
struct henc_half_state {
    bool is_requested;
    bool is_challenged; /* the last answer was 401 or 407: the request comes again */
    bool is_answered;   /* by a 200 */
    bool has_transport;
    bool awaits_echo; /* the next body begins with the echo string */
    bool has_echo;
    bool order_is_noted; /* handshake_order has been told for this half */
    bool length_is_noted;
    uint64_t transport;
    uint64_t last_chunk;
    uint64_t octets;       /* of bodies, for LongLived */
    uint64_t octets_limit; /* as agreed */
    struct henc_digest echo;
};

struct henc_outstanding {
    bool is_used;
    bool is_challenged;
    uint32_t number;
    uint64_t transport;
    struct henc_digest digest;
};

/* Read state through the results; the members are the module's own. */
struct henc_virtual {
    struct sstp_mem mem;
    enum henc_kind kind;
    enum henc_phase phase;
    struct henc_half_state halves[2]; /* by enum henc_half */
    struct henc_flow flows[2];        /* by enum henc_direction */
    bool handshake_is_seen;           /* its beginning is in the capture */
    bool has_early_data;              /* on POST, before anything of GET was seen */
    bool post_awaits_answer;          /* KeepAlive: the last POST has no 200 */
    bool post_was_echo;               /* KeepAlive: and it was the echo string */
    bool post_is_known;               /* KeepAlive: any POST was seen */
    bool post_is_reopened;            /* KeepAlive: no body yet on this transport */
    struct henc_digest post_digest;   /* KeepAlive: of the last POST's body */
    struct henc_outstanding outstanding[HENC_OUTSTANDING_MAX]; /* Polling */
    size_t num_requests;                                       /* Polling */
    bool has_request_number;                                   /* Polling: highest_request is one */
    bool has_answer_number;
    uint32_t highest_request;
    uint32_t highest_answer; /* the request number that has its 200 */
};

/* Begins a virtual connection of which nothing was seen.  *mem is copied.  A
 * henc_virtual that was never given anything to park needs no clear, nor does
 * one whose memory goes away as a whole. */
void henc_virtual_init(struct henc_virtual *v, const struct sstp_mem *mem, enum henc_kind kind);

/* Frees what is parked. */
void henc_virtual_clear(struct henc_virtual *v);

/* Whether a request with the GUID of v begins another virtual connection, for v
 * is closed, or for Polling has gone beyond its handshake.  Changes nothing. */
bool henc_virtual_is_renewed_by(const struct henc_virtual *v, const struct henc_message *m);

/* A request or a response.  *result is set in any case; its deliveries point
 * into m->body and into v, the latter until the next call with v.
 * GRVHENC 3.1.5, 3.2.5, 3.3.5, 3.4.5, 3.5.5, 3.6.5. */
enum henc_error henc_virtual_message(struct henc_virtual *v, const struct henc_message *m,
                                     struct henc_result *result);

/* A piece of a LongLived body, in the order of its half's bytes. */
void henc_virtual_data(struct henc_virtual *v, const struct henc_piece *piece,
                       struct henc_result *result);

/* A TCP connection ended, by FIN of either side or RST; one that v does not use
 * (any more) changes nothing.  Ends LongLived with either half, KeepAlive with
 * GET, Polling only before the answer (GRVHENC 3.2.7, 3.4.7, 3.5.7). */
void henc_virtual_transport_end(struct henc_virtual *v, uint64_t transport,
                                struct henc_result *result);

/* The capture ended: delivers what is parked, and tells of a missing half; that
 * finding belongs to the chunk henc_virtual_last_chunk(v), sequence_gap to the
 * chunks of the deliveries that are after_gap. */
void henc_virtual_finish(struct henc_virtual *v, struct henc_result *result);

/* Whether one half of LongLived or KeepAlive was requested, its handshake being in
 * the capture, and the other half never.  Only the end of the capture makes a
 * finding of it; asking changes nothing. */
bool henc_virtual_lacks_half(const struct henc_virtual *v);

/* The chunk of the last message or piece of LongLived or KeepAlive. */
uint64_t henc_virtual_last_chunk(const struct henc_virtual *v);

#endif
