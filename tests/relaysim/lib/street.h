/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * street: a client's carrier over HTTP and a server behind its door, with wires between them that
 * carry some bytes at a time, and may break; and time.
 */
#ifndef TESTS_RELAYSIM_STREET_H
#define TESTS_RELAYSIM_STREET_H

#include "base/random.h"
#include "carrier/carrier.h"
#include "carrier/http_options.h"

struct street_config {
    const struct carrier_ops *ops; /* the client's */
    const struct http_options *client;
    struct http_options server;
    uint64_t random;
    size_t losing;  /* one step of so many loses a wire, once the way is free; 0: none */
    bool loses_one; /* and then only one whose number is `lost` */
    unsigned lost;
    bool ends_alone;     /* a wire ends with either side of it, as TCP does */
    int64_t patience_ms; /* between two messages, at most */
};

/* Messages both ways, some longer than a body, and whatever happens to the wires: each comes once
 * and in its order, and is acknowledged; and in the end all is gone. */
void street_exchange(const struct street_config *config);

#endif
