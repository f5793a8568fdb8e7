/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tunnelled: a client that asks a proxy for a way to a relay, in memory, and what it hears. */
#ifndef TESTS_RELAYSIM_TUNNELLED_H
#define TESTS_RELAYSIM_TUNNELLED_H

#include "carrier/carrier.h"
#include "carrier/proxy_login.h"
#include "pair.h"

/* Where it wants to go. */
#define RELAY "relay1.example:2492"

/* A text without its last zero, and its length. */
#define TEXT(text) text, sizeof(text) - 1

/* A client of a proxy, whose transport is open; `login` is NULL where nobody is to be told. */
struct carrier *tunnelled_begin_as(const struct carrier_ops *ops, const char *target,
                                   struct proxy_login *login, struct carrier_transport **transport);
struct carrier *tunnelled_begin(const struct carrier_ops *ops, const char *target,
                                struct carrier_transport **transport);

/* "alice" with the password "sesame". */
struct proxy_login *tunnelled_alice(enum proxy_scheme scheme);

/* All that it has to say, taken a byte at a time. */
GByteArray *tunnelled_said(struct carrier_transport *transport);

/* All of it is exactly this. */
void tunnelled_assert_said(struct carrier_transport *transport, const void *expected, size_t len);

struct tunnelled_answer {
    const char *name, *bytes;
    size_t len;
    const char *failure; /* NULL: the way is free */
    size_t rest;         /* of the bytes, that are for the endpoint */
};

/* The answer comes, whole, and cut in two at every place. */
void tunnelled_answer(const struct carrier_ops *ops, const struct tunnelled_answer *answer);

#endif
