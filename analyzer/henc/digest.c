/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "henc/digest.h"

#include <nettle/sha2.h>

_Static_assert(sizeof((struct henc_digest *)0)->octets == SHA256_DIGEST_SIZE, "SHA-256");

struct henc_digest henc_digest(struct sstp_span bytes)
{
    struct henc_digest digest;
    struct sha256_ctx context;

    sha256_init(&context);
    if (bytes.len > 0)
        sha256_update(&context, bytes.len, bytes.data);
    sha256_digest(&context, sizeof digest.octets, digest.octets);
    return digest;
}
