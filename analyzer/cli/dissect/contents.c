/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissect/contents.h"

#include <nettle/sha2.h>

#include "follow/journeys.h"

static void begin(void *state)
{
    sha256_init(state);
}

static void add(void *state, struct sstp_span bytes)
{
    sha256_update(state, bytes.len, bytes.data);
}

static void end(void *state, uint8_t digest[GRVSSTP_CONTENTS_LEN])
{
    sha256_digest(state, GRVSSTP_CONTENTS_LEN, digest);
}

const struct grvsstp_contents_digest contents_digest = {sizeof(struct sha256_ctx), begin, add, end};
