/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "carrier/http_noop.h"

#include "carrier/http_server.h"

int64_t http_keepalive_ms(const struct carrier *carrier)
{
    const struct carrier_config *config = carrier_config(carrier);
    const struct http_options *options =
        config->is_server ? http_server_options(config->shared) : config->http;
    return options->keepalive_ms != 0 ? options->keepalive_ms : HTTP_KEEPALIVE_MS;
}
