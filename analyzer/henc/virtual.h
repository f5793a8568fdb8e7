/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtual: one virtual connection, as somebody sees it who watches both sides.
 *
 * A virtual connection is one SSTP connection carried by HTTP: its GUID between
 * two addresses, over as many TCP connections as it takes.  Messages go in, in
 * the order in which they were sent as far as anybody knows, see henc_virtual_is_early(); out come
 * its state, what is wrong, and SSTP bytes in the order in which they were sent.  Nothing is parsed
 * here (uri.h, echo.h, polling.h do that), nothing is looked up, and no SSTP command is known.  The
 * watcher owns the map from GUID and addresses to virtual connections, and remembers of each TCP
 * connection which virtual connection and half its last request belonged to, for a response names
 * neither.
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
 * outstanding at a time (GRVHENC 3.5.1.1), so an exchange that is answered proves
 * that all before it are over.  So a number is missed (sequence_gap) as soon as a
 * higher one has its 200 and no request is open that could bring it; what was
 * parked is delivered with that 200, after_gap.  Where another request is open, for
 * a capture may show two exchanges in the wrong order, the number is waited for
 * until a request comes with a number higher than any before it, or the caps of
 * flow.h are reached, or the capture ends.
 */
#ifndef SSTP_HENC_VIRTUAL_H
#define SSTP_HENC_VIRTUAL_H

#include "henc/virtual_state.h"

/* Begins a virtual connection of which nothing was seen.  *mem is copied.  A
 * henc_virtual that was never given anything to park needs no clear, nor does
 * one whose memory goes away as a whole. */
void henc_virtual_init(struct henc_virtual *v, const struct sstp_mem *mem, enum henc_kind kind);

/* Frees what is parked. */
void henc_virtual_clear(struct henc_virtual *v);

/* Whether a request with the GUID of v begins another virtual connection, for v
 * is closed, or for Polling has gone beyond its handshake.  Changes nothing. */
bool henc_virtual_is_renewed_by(const struct henc_virtual *v, const struct henc_message *m);

/* A request of v was captured after its answer: so v, of Polling, need not begin with the first
 * request that is seen. */
void henc_virtual_note_disorder(struct henc_virtual *v);

/* Whether the message, or the piece, was captured before one that it follows, which another TCP
 * connection of v carries, so that it would be called wrong: where captures disagree about the
 * time that may yet come.  Whoever does not want to wait goes on with henc_virtual_message() or
 * henc_virtual_data(); what that says then holds, for the other one was waited for in vain. */
bool henc_virtual_is_early(const struct henc_virtual *v, const struct henc_message *m);
bool henc_virtual_piece_is_early(const struct henc_virtual *v, const struct henc_piece *piece);

/* Whether a message that is early waits for nothing but an answer: a request of Polling, for the
 * one on another TCP connection, *transport.  It breaks the rules if it was sent before that answer
 * was (GRVHENC 3.5.1.1). */
bool henc_virtual_awaits_answer(const struct henc_virtual *v, const struct henc_message *m,
                                uint64_t *transport);

/* Bytes of a TCP connection of v are missing: what rests on their not having been sent is said
 * no more. */
void henc_virtual_lose(struct henc_virtual *v, uint64_t transport);

/* A request or a response.  *result is set in any case; its deliveries point
 * into m->body and into v, the latter until the next call with v.
 * GRVHENC 3.1.5, 3.2.5, 3.3.5, 3.4.5, 3.5.5, 3.6.5. */
enum henc_error henc_virtual_message(struct henc_virtual *v, const struct henc_message *m,
                                     struct henc_result *result);

/* A piece of a LongLived body, in the order of its half's bytes. */
void henc_virtual_data(struct henc_virtual *v, const struct henc_piece *piece,
                       struct henc_result *result);

/* Bytes that are no HTTP message on a session of LongLived or KeepAlive, in the direction
 * that carries no data: after a GET request, or from the server after a POST request
 * (GRVHENC 3.1.5.1.2, 3.2.5.1.2).  Nobody decodes them. */
void henc_virtual_stray(struct henc_virtual *v, enum henc_half half, uint64_t chunk,
                        struct henc_result *result);

/* A TCP connection ended, by FIN of either side or RST; one that v does not use
 * (any more) changes nothing.  Ends LongLived with either half, KeepAlive with
 * GET (GRVHENC 3.2.7, 3.4.7).  Polling does not end with it: where the answer was not seen
 * its state is unknown from the next request to the next answer (3.5.7). */
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

/* Whether one half is not to be heard now: it is lacking, or its request was refused with 401 or
 * 407, or perhaps so, and was not seen again. */
bool henc_virtual_is_half_unheard(const struct henc_virtual *v);

/* The chunk of the last message or piece of LongLived or KeepAlive. */
uint64_t henc_virtual_last_chunk(const struct henc_virtual *v);

#endif
