/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * longlived_server: the server's side of LongLived (GRVHENC 3.2), behind the door
 * (carrier/door.h).
 *
 * A virtual connection begins with either half, and is ready when both are there and POST has begun
 * with its echo string, which GET brings back.  What the endpoint says waits until POST has brought
 * the first of SSTP (GetSessionReady).  When GET's body is full, a half is lost, or nothing comes
 * for too long, all is closed.
 */
#ifndef RELAYSIM_CARRIER_LONGLIVED_SERVER_H
#define RELAYSIM_CARRIER_LONGLIVED_SERVER_H

#include "carrier/door.h"

extern const struct door_service longlived_service;

#endif
