/* SPDX-License-Identifier: GPL-2.0-or-later */
/* halves: a client that has two transports, GET and POST, in memory; and what is answered to it. */
#ifndef TESTS_RELAYSIM_HALVES_H
#define TESTS_RELAYSIM_HALVES_H

#include "base/random.h"
#include "carrier/carrier.h"
#include "carrier/http_options.h"
#include "pair.h"
#include "spoken.h"

struct halves {
    struct random_seeded seed;
    struct pair *pair; /* whose A is for the carrier */
    struct carrier *carrier;
    struct carrier_transport *get, *post;
};

/* Both are open, and have a request to say. */
void halves_begin(struct halves *client, const struct carrier_ops *ops,
                  const struct http_options *options, const char *target, bool has_proxy);
/* The same through a proxy, that may want to know who asks. */
void halves_begin_as(struct halves *client, const struct carrier_ops *ops,
                     const struct http_options *options, const char *target,
                     struct proxy_login *login);
void halves_end(struct halves *client);

/* What they have to say is passed over. */
void halves_drain(struct halves *client);

/* An answer, in a state: before anything is answered, or when the virtual connection is there. */
struct halves_answer {
    const char *name;
    bool is_ready, is_get;
    const char *bytes;
    const char *failure; /* before it is ready; after that it is lost */
    bool is_fine;
};

/* The answer comes, `cut` bytes at a time (0: whole), and is as good as it should be. */
void halves_hear(struct halves *client, const struct halves_answer *answer, size_t cut);

#endif
