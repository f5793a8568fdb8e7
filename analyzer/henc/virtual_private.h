/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtual_private: what virtual.c and virtual_polling.c share; for nobody else.
 */
#ifndef SSTP_HENC_VIRTUAL_PRIVATE_H
#define SSTP_HENC_VIRTUAL_PRIVATE_H

#include "henc/virtual.h"

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

enum henc_error henc_virtual_polling_message(struct henc_virtual *v, const struct henc_message *m,
                                             struct henc_result *result);
void henc_virtual_polling_transport_end(struct henc_virtual *v, uint64_t transport);
void henc_virtual_polling_finish(struct henc_virtual *v, struct henc_result *result);

#endif
