/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "carrier/direct.h"

#include "carrier/pass.h"

static void begin(struct carrier *carrier)
{
    carrier_want(carrier, CARRIER_TO_SERVER, 0);
}

static void on_opened(struct carrier_transport *transport)
{
    carrier_set_ready(transport->carrier);
}

static void on_not_opened(struct carrier_transport *transport, const char *why)
{
    carrier_fail(transport->carrier, why);
}

static void on_lost(struct carrier_transport *transport)
{
    carrier_lose(transport->carrier);
}

#define OPS                                                                                        \
    .begin = begin, .opened = on_opened, .not_opened = on_not_opened, .lost = on_lost,             \
    .receive = carrier_pass_receive, .has_room = carrier_pass_has_room,                            \
    .output_len = carrier_pass_output_len, .output = carrier_pass_output,                          \
    .taken = carrier_pass_taken, .is_over = carrier_pass_is_over

const struct carrier_ops carrier_direct = {.name = "tcp", .port = 2492, OPS};

const struct carrier_ops carrier_direct_443 = {.name = "443", .port = 443, OPS};
