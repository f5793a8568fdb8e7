/* SPDX-License-Identifier: GPL-2.0-or-later */
/* random: random numbers, the system's, or a row of them that is always the same. */
#ifndef RELAYSIM_BASE_RANDOM_H
#define RELAYSIM_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* `len` bytes from the system; nobody looks at the cookie. */
void random_system(void *cookie, void *bytes, size_t len);

/* `state` is the seed. */
struct random_seeded {
    uint64_t state;
};

/* The next number of the row. */
uint64_t random_seeded_next(struct random_seeded *random);

/* The next `len` bytes of the row; the cookie is a struct random_seeded. */
void random_seeded_fill(void *cookie, void *bytes, size_t len);

#endif
