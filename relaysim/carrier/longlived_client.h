/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * longlived_client: the client's side of LongLived (GRVHENC 3.1).
 *
 * Two transports, the halves of a virtual connection: POST carries what the endpoint says, GET what
 * it hears, each in one body without end.  Ready when GET has brought back the echo string that
 * POST began with.  When a body is full, or a half is lost, the virtual connection is over, and
 * with it the endpoint's: its owner makes a new one, which is what renewing is (3.1.4.3, 3.1.7).
 */
#ifndef RELAYSIM_CARRIER_LONGLIVED_CLIENT_H
#define RELAYSIM_CARRIER_LONGLIVED_CLIENT_H

#include "carrier/carrier.h"

extern const struct carrier_ops carrier_longlived;

#endif
