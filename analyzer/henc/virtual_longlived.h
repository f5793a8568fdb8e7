/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtual_longlived: the bodies of LongLived, which do not end (GRVHENC 3.1, 3.2); for the
 * virtual connection alone. */
#ifndef SSTP_HENC_VIRTUAL_LONGLIVED_H
#define SSTP_HENC_VIRTUAL_LONGLIVED_H

#include "henc/virtual_state.h"

/* A length was agreed on: that of one half's bodies. */
void henc_virtual_longlived_limit(struct henc_half_state *half, uint64_t limit,
                                  struct henc_result *result);

/* The body of a head that has just come, as far as it is there. */
void henc_virtual_longlived_body(struct henc_virtual *v, const struct henc_message *m,
                                 struct henc_result *result);

/* More of it. */
void henc_virtual_longlived_piece(struct henc_virtual *v, const struct henc_piece *piece,
                                  struct henc_result *result);

#endif
