/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * texts: names and URLs, each kept once, and known by a number.
 */
#ifndef SSTP_STORY_TEXTS_H
#define SSTP_STORY_TEXTS_H

#include "core/wire.h"
#include "state/array.h"
#include "story/digest.h"
#include "story/index.h"

/* The number of the empty text, and of one that is not kept for want of room. */
#define SSTP_TEXT_NONE 0u

/* The members are private. */
struct sstp_texts {
    const struct sstp_mem *mem;
    uint8_t key[SSTP_DIGEST_KEY_LEN];
    struct sstp_array texts; /* struct sstp_span, of copies */
    struct sstp_index index;
    uint32_t left; /* bytes */
    bool is_full;
};

/* At most so many bytes of them are kept. */
void sstp_texts_init(struct sstp_texts *texts, const struct sstp_mem *mem,
                     const uint8_t key[SSTP_DIGEST_KEY_LEN], uint32_t max);
void sstp_texts_clear(struct sstp_texts *texts);

/* The number of a text, which is kept from now on. */
uint32_t sstp_texts_put(struct sstp_texts *texts, struct sstp_span text);

/* The text of a number; good as long as they are. */
struct sstp_span sstp_texts_get(const struct sstp_texts *texts, uint32_t number);

#endif
