/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtual_half: what LongLived and KeepAlive do alike with their two halves, and all three
 * encapsulations with a result; for the virtual connection alone. */
#ifndef SSTP_HENC_VIRTUAL_HALF_H
#define SSTP_HENC_VIRTUAL_HALF_H

#include "henc/virtual_state.h"

static inline void henc_virtual_raise(struct henc_result *result, enum henc_finding finding)
{
    result->findings |= henc_finding_bit(finding);
}

static inline void henc_virtual_step(struct henc_virtual *v, enum henc_event event)
{
    v->phase = henc_phase_next(v->kind, v->phase, event);
}

/* Whether a body or its Content-Length is above what KeepAlive and Polling allow. */
static inline bool henc_virtual_body_is_long(const struct henc_message *m)
{
    return m->body.len > HENC_BODY_LEN_MAX ||
           (m->has_content_length && m->content_length > HENC_BODY_LEN_MAX);
}

/* Of a server's name, in which the case of letters does not matter. */
struct henc_digest henc_virtual_name_digest(struct sstp_span name);

/* Keeps an echo string and compares it with the other half's, whichever of the
 * two comes second (GRVHENC 3.1.5.2.1.1, 3.3.5.2.1.1). */
void henc_virtual_note_echo(struct henc_virtual *v, enum henc_half half,
                            const struct henc_echo *echo, struct henc_result *result);

/* handshake_order, once for a half; where it is not proven nothing is said, nor later on. */
void henc_virtual_note_order(struct henc_half_state *half, bool is_proven,
                             struct henc_result *result);

/* Whether application data may flow, as far as anybody knows. */
bool henc_virtual_is_open(const struct henc_virtual *v);

/* Whether the server would have been heard, had it agreed to application data. */
bool henc_virtual_hears_server(const struct henc_virtual *v);

/* Whether data on this half comes before what has to be before it, as far as the capture goes so
 * far (GRVHENC 3.2.5.1.1.1, 3.2.5.2.2, 3.4.1.1, 3.4.5.2.2). */
bool henc_virtual_is_data_early(const struct henc_virtual *v, enum henc_half half);

/* Application data. */
void henc_virtual_pass_data(struct henc_virtual *v, enum henc_half half,
                            const struct henc_body *body, struct henc_result *result);

/* What of `bytes` comes after the first `start`. */
struct henc_body henc_virtual_body_after(uint64_t chunk, struct sstp_span bytes, size_t start,
                                         bool is_cut);

#endif
