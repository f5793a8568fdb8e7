/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * digest: 128 bits that stand for contents of any length: SipHash-1-3 with a key.
 *
 * Who does not know the key cannot make two contents with one digest.  It has to be one key
 * for all digests that are ever compared, over threads, processes and machines alike, and no
 * sender may know it.
 *
 *     struct sstp_digesting digesting;
 *     sstp_digest_begin(&digesting, key);
 *     sstp_digest_add(&digesting, bytes);        as often as there are pieces
 *     struct sstp_digest digest = sstp_digest_end(&digesting);
 *
 * How the bytes are cut into pieces makes no difference.
 */
#ifndef SSTP_STORY_DIGEST_H
#define SSTP_STORY_DIGEST_H

#include <stdbool.h>
#include <stdint.h>

#include "core/wire.h"

#define SSTP_DIGEST_KEY_LEN 16u

struct sstp_digest {
    uint64_t halves[2];
};

/* The members are private. */
struct sstp_digesting {
    uint64_t v[4];
    uint64_t rest; /* the bytes after the last whole word */
    uint64_t len;
};

void sstp_digest_begin(struct sstp_digesting *digesting, const uint8_t key[SSTP_DIGEST_KEY_LEN]);
void sstp_digest_add(struct sstp_digesting *digesting, struct sstp_span bytes);

/* The digest of all that was added; more may be added, and asked for again. */
struct sstp_digest sstp_digest_end(const struct sstp_digesting *digesting);

/* The first half of it alone, for half the work. */
uint64_t sstp_digest_end_half(const struct sstp_digesting *digesting);

/* A number among the contents, in eight bytes whatever the machine. */
void sstp_digest_add_number(struct sstp_digesting *digesting, uint64_t number);

static inline bool sstp_digest_is_equal(struct sstp_digest a, struct sstp_digest b)
{
    return a.halves[0] == b.halves[0] && a.halves[1] == b.halves[1];
}

#endif
