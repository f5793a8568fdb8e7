/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "carrier/ways.h"

#include "carrier/connect.h"
#include "carrier/direct.h"
#include "carrier/keepalive_client.h"
#include "carrier/longlived_client.h"
#include "carrier/polling.h"
#include "carrier/socks.h"

#include <string.h>

/* clang-format off */
const struct carrier_way carrier_ways[] = {
/*    via         | over        | ops                 | may have, needs a proxy | is HTTP */
    {"tcp",        "TCP",        &carrier_direct,       false, false,            false},
    {"443",        "443",        &carrier_direct_443,   false, false,            false},
    {"connect",    "CONNECT",    &carrier_connect,      true,  true,             false},
    {"socks",      "SOCKS",      &carrier_socks,        true,  true,             false},
    {"longlived",  "LongLived",  &carrier_longlived,    true,  false,            true},
    {"keepalive",  "KeepAlive",  &carrier_keepalive,    true,  false,            true},
    {"polling",    "Polling",    &carrier_polling,      true,  false,            true},
    {NULL,         NULL,         NULL,                  true,  false,            true},
};
/* clang-format on */

const struct carrier_way *carrier_way_over(const char *over)
{
    for (const struct carrier_way *way = carrier_ways; way->via != NULL; way++)
        if (strcmp(way->over, over) == 0)
            return way;
    return NULL;
}
