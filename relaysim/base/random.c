/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/random.h"

#include <sys/random.h>
#include <sys/types.h>

void random_system(void *cookie, void *bytes, size_t len)
{
    uint8_t *at = bytes;
    (void)cookie;
    while (len > 0) {
        const ssize_t num = getrandom(at, len, 0);
        if (num > 0) {
            at += num;
            len -= (size_t)num;
        }
    }
}

/* splitmix64, which is public domain and needs no more state than a seed. */
uint64_t random_seeded_next(struct random_seeded *random)
{
    uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void random_seeded_fill(void *cookie, void *bytes, size_t len)
{
    uint8_t *at = bytes;
    for (size_t i = 0; i < len; i++)
        at[i] = (uint8_t)(random_seeded_next(cookie) & 0xff);
}
