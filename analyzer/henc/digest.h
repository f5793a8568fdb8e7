/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * digest: what an observer keeps of bytes to know them again.
 *
 * A body that is sent twice must not be decoded twice, so each one is compared
 * with those before it.  Keeping the bodies would cost up to 32 KiB for each
 * direction of each connection; their SHA-256 costs 32 octets.  A
 * shorter or simpler sum would do against accidents, but a body taken for a
 * repetition is hidden from whoever reads the capture, so nobody may be able to
 * make two bodies with one sum.
 */
#ifndef SSTP_HENC_DIGEST_H
#define SSTP_HENC_DIGEST_H

#include "core/wire.h"

struct henc_digest {
    uint8_t octets[32];
};

struct henc_digest henc_digest(struct sstp_span bytes);

static inline bool henc_digest_is_equal(const struct henc_digest *a, const struct henc_digest *b)
{
    return memcmp(a->octets, b->octets, sizeof a->octets) == 0;
}

#endif
