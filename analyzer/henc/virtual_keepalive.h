/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtual_keepalive: the bodies of KeepAlive, one a request (GRVHENC 3.3, 3.4); for the
 * virtual connection alone. */
#ifndef SSTP_HENC_VIRTUAL_KEEPALIVE_H
#define SSTP_HENC_VIRTUAL_KEEPALIVE_H

#include "henc/virtual_state.h"

/* A POST; `was_challenged`: the one before was answered by 401 or 407. */
void henc_virtual_keepalive_post(struct henc_virtual *v, const struct henc_message *m,
                                 bool was_challenged, struct henc_result *result);

/* Whether the body of a POST is the echo string of the handshake. */
bool henc_virtual_keepalive_is_echo(const struct henc_virtual *v, const struct henc_message *m,
                                    bool was_challenged, struct henc_echo *echo);

/* The 200 to a GET. */
void henc_virtual_keepalive_get_answer(struct henc_virtual *v, const struct henc_message *m,
                                       struct henc_result *result);

#endif
