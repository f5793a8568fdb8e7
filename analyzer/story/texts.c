/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "story/texts.h"

#include <string.h>

static uint64_t hash_of(const struct sstp_texts *texts, struct sstp_span text)
{
    struct sstp_digesting digesting;

    sstp_digest_begin(&digesting, texts->key);
    sstp_digest_add(&digesting, text);
    return sstp_digest_end_half(&digesting);
}

static uint64_t hash_of_number(const void *owner, uint32_t number)
{
    const struct sstp_texts *texts = owner;
    return hash_of(texts, *(const struct sstp_span *)sstp_array_at(&texts->texts, number));
}

static bool is_text(const void *owner, uint32_t number, const void *wanted)
{
    const struct sstp_span *kept =
        sstp_array_at(&((const struct sstp_texts *)owner)->texts, number);
    const struct sstp_span *text = wanted;

    return kept->len == text->len && memcmp(kept->data, text->data, text->len) == 0;
}

static const struct sstp_index_of index_of = {hash_of_number, is_text};

void sstp_texts_init(struct sstp_texts *texts, const struct sstp_mem *mem,
                     const uint8_t key[SSTP_DIGEST_KEY_LEN], uint32_t max)
{
    texts->mem = mem;
    memcpy(texts->key, key, SSTP_DIGEST_KEY_LEN);
    sstp_array_init(&texts->texts, mem, sizeof(struct sstp_span));
    sstp_index_init(&texts->index, mem, &index_of, texts);
    texts->left = max;
    texts->is_full = false;
}

void sstp_texts_clear(struct sstp_texts *texts)
{
    for (uint32_t i = 0; i < texts->texts.num; i++) {
        const struct sstp_span *text = sstp_array_at(&texts->texts, i);
        texts->mem->resize(texts->mem->cookie, (void *)text->data, 0);
    }
    sstp_array_clear(&texts->texts);
    sstp_index_clear(&texts->index);
}

/* A copy among the texts, whose index is then the last. */
static bool keep(struct sstp_texts *texts, struct sstp_span text)
{
    if (text.len > texts->left || !sstp_index_reserve(&texts->index))
        return false;
    uint8_t *copy = texts->mem->resize(texts->mem->cookie, NULL, text.len);
    if (copy == NULL)
        return false;
    struct sstp_span *kept = sstp_array_add(&texts->texts);
    if (kept == NULL) {
        texts->mem->resize(texts->mem->cookie, copy, 0);
        return false;
    }
    memcpy(copy, text.data, text.len);
    *kept = sstp_span(copy, text.len);
    texts->left -= (uint32_t)text.len;
    return true;
}

uint32_t sstp_texts_put(struct sstp_texts *texts, struct sstp_span text)
{
    if (text.len == 0)
        return SSTP_TEXT_NONE;
    const uint64_t hash = hash_of(texts, text);
    const uint32_t found = sstp_index_find(&texts->index, hash, &text);
    if (found != SSTP_INDEX_NONE)
        return found + 1;
    if (!keep(texts, text)) {
        texts->is_full = true;
        return SSTP_TEXT_NONE;
    }
    sstp_index_add(&texts->index, hash, texts->texts.num - 1);
    return texts->texts.num;
}

struct sstp_span sstp_texts_get(const struct sstp_texts *texts, uint32_t number)
{
    if (number == SSTP_TEXT_NONE)
        return sstp_span(NULL, 0);
    return *(const struct sstp_span *)sstp_array_at(&texts->texts, number - 1);
}
