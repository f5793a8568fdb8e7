/* SPDX-License-Identifier: GPL-2.0-or-later */
/* http_services: the encapsulations that a server has, for its struct http_options. */
#ifndef RELAYSIM_CARRIER_HTTP_SERVICES_H
#define RELAYSIM_CARRIER_HTTP_SERVICES_H

#include "carrier/door.h"

/* Up to NULL. */
extern const struct door_service *const http_services[];

#endif
