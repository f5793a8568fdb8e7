/* SPDX-License-Identifier: GPL-2.0-or-later */
/* polling_server: the server's side of Polling (carrier/polling.h), for the door. */
#ifndef RELAYSIM_CARRIER_POLLING_SERVER_H
#define RELAYSIM_CARRIER_POLLING_SERVER_H

#include "carrier/door.h"

extern const struct door_service polling_service;

#endif
