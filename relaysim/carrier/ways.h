/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ways: the table of the ways by which a client connects, for whoever lets somebody choose one.
 */
#ifndef RELAYSIM_CARRIER_WAYS_H
#define RELAYSIM_CARRIER_WAYS_H

#include "carrier/carrier.h"

struct carrier_way {
    const char *via;  /* as --via has it */
    const char *over; /* as a scenario has it */
    const struct carrier_ops *ops;
    bool may_have_proxy, needs_proxy, is_http;
};

/* The row after the last has neither words nor ops, and may be whichever of them. */
extern const struct carrier_way carrier_ways[];

/* Their words for --via, in this order, and with | between. */
#define CARRIER_VIA_WORDS "tcp", "443", "connect", "socks", "longlived", "keepalive", "polling"
#define CARRIER_VIAS "tcp|443|connect|socks|longlived|keepalive|polling"

/* By its word in a scenario; NULL where there is none. */
const struct carrier_way *carrier_way_over(const char *over);

#endif
