/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "carrier/http_services.h"

#include "carrier/keepalive_server.h"
#include "carrier/longlived_server.h"
#include "carrier/polling_server.h"

const struct door_service *const http_services[] = {&longlived_service, &keepalive_service,
                                                    &polling_service, NULL};
