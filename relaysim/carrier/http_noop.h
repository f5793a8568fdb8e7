/* SPDX-License-Identifier: GPL-2.0-or-later */
/* http_noop: after how long a silence whoever is carried over HTTP says a Noop. */
#ifndef RELAYSIM_CARRIER_HTTP_NOOP_H
#define RELAYSIM_CARRIER_HTTP_NOOP_H

#include "carrier/carrier.h"

/* The `keepalive_ms` of LongLived and KeepAlive, on either side: http_options.keepalive_ms, or the
 * products' HTTP_KEEPALIVE_MS. */
int64_t http_keepalive_ms(const struct carrier *carrier);

#endif
