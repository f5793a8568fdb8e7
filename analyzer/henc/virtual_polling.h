/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtual_polling: the numbered bodies of Polling (GRVHENC 3.5, 3.6); for the virtual
 * connection alone. */
#ifndef SSTP_HENC_VIRTUAL_POLLING_H
#define SSTP_HENC_VIRTUAL_POLLING_H

#include "henc/virtual_state.h"

enum henc_error henc_virtual_polling_message(struct henc_virtual *v, const struct henc_message *m,
                                             struct henc_result *result);
void henc_virtual_polling_transport_end(struct henc_virtual *v, uint64_t transport);

/* henc_virtual_is_early() */
bool henc_virtual_polling_is_early(const struct henc_virtual *v, const struct henc_message *m);

void henc_virtual_polling_finish(struct henc_virtual *v, struct henc_result *result);

#endif
