/* SPDX-License-Identifier: GPL-2.0-or-later */
/* polling_body: the bodies of Polling, made of what an endpoint has to say; for both sides. */
#ifndef RELAYSIM_CARRIER_POLLING_BODY_H
#define RELAYSIM_CARRIER_POLLING_BODY_H

#include "carrier/carrier.h"
#include "henc/polling.h"

/* Writes the fields, whose data is set here, and as much of the endpoint's output as there is room
 * for, which it is rid of.  `ep` may be NULL: there is none.  Returns the length of the body, or 0
 * where the fields are too long for one. */
size_t polling_body_write(uint8_t body[HENC_BODY_LEN_MAX], struct henc_polling *fields,
                          struct sstp_ep *ep);

#endif
