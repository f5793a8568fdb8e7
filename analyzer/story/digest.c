/* SPDX-License-Identifier: GPL-2.0-or-later */
/* digest.c: SipHash with an output of 128 bits, as its authors have published it, with as many
 * rounds as SIPHASH says. */
#include "story/digest.h"

#include <endian.h>
#include <string.h>

static inline uint64_t rotate(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

static inline uint64_t get_u64(const uint8_t *bytes)
{
    uint64_t word;

    memcpy(&word, bytes, sizeof word);
    return le64toh(word);
}

static inline void round_once(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

/* Rounds for each word, and at the end: SipHash-1-3. */
#ifndef SIPHASH
#define SIPHASH 1, 3
#endif
static const struct {
    int for_word, at_end;
} rounds = {SIPHASH};

static inline void compress(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    for (int i = 0; i < rounds.for_word; i++)
        round_once(v);
    v[0] ^= word;
}

void sstp_digest_begin(struct sstp_digesting *digesting, const uint8_t key[SSTP_DIGEST_KEY_LEN])
{
    const uint64_t k0 = get_u64(key), k1 = get_u64(key + 8);

    *digesting = (struct sstp_digesting){
        .v = {k0 ^ UINT64_C(0x736f6d6570736575), k1 ^ UINT64_C(0x646f72616e646f6d) ^ 0xee,
              k0 ^ UINT64_C(0x6c7967656e657261), k1 ^ UINT64_C(0x7465646279746573)}};
}

/* The bytes that fill up the word that was begun, or all of them. */
static size_t fill_up(struct sstp_digesting *digesting, struct sstp_span bytes)
{
    size_t pos = 0;

    for (; pos < bytes.len && digesting->len % 8 != 0; pos++) {
        digesting->rest |= (uint64_t)bytes.data[pos] << (digesting->len % 8 * 8);
        if (++digesting->len % 8 == 0) {
            compress(digesting->v, digesting->rest);
            digesting->rest = 0;
        }
    }
    return pos;
}

/* Up to seven bytes, the first one lowest; `before` says whether eight bytes up to their end may be
 * read at once. */
static uint64_t get_rest(const uint8_t *bytes, size_t len, bool before)
{
    uint64_t rest = 0;

    if (before)
        return len > 0 ? get_u64(bytes + len - 8) >> (64 - 8 * len) : 0;
    for (size_t i = 0; i < len; i++)
        rest |= (uint64_t)bytes[i] << 8 * i;
    return rest;
}

void sstp_digest_add(struct sstp_digesting *digesting, struct sstp_span bytes)
{
    const size_t begin = fill_up(digesting, bytes);
    const size_t end = begin + (bytes.len - begin) / 8 * 8;
    size_t pos = begin;
    uint64_t v[4];

    if (begin == bytes.len)
        return;
    memcpy(v, digesting->v, sizeof v); /* they live in registers */
    for (; end - pos >= 32; pos += 32) {
        compress(v, get_u64(bytes.data + pos));
        compress(v, get_u64(bytes.data + pos + 8));
        compress(v, get_u64(bytes.data + pos + 16));
        compress(v, get_u64(bytes.data + pos + 24));
    }
    for (; pos < end; pos += 8)
        compress(v, get_u64(bytes.data + pos));
    memcpy(digesting->v, v, sizeof v);
    digesting->rest = get_rest(bytes.data + end, bytes.len - end, bytes.len >= 8);
    digesting->len += bytes.len - begin;
}

void sstp_digest_add_number(struct sstp_digesting *digesting, uint64_t number)
{
    const unsigned shift = digesting->len % 8 * 8;

    if (shift == 0) {
        compress(digesting->v, number);
    } else {
        compress(digesting->v, digesting->rest | number << shift);
        digesting->rest = number >> (64 - shift);
    }
    digesting->len += 8;
}

static uint64_t finish(uint64_t v[4])
{
    for (int i = 0; i < rounds.at_end; i++)
        round_once(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* All that was added, and its length, in `v`; the first half. */
static inline uint64_t end_half(const struct sstp_digesting *digesting, uint64_t v[4])
{
    memcpy(v, digesting->v, sizeof digesting->v);
    compress(v, digesting->rest | (digesting->len & 0xff) << 56);
    v[2] ^= 0xee;
    return finish(v);
}

struct sstp_digest sstp_digest_end(const struct sstp_digesting *digesting)
{
    struct sstp_digest digest;
    uint64_t v[4];

    digest.halves[0] = end_half(digesting, v);
    v[1] ^= 0xdd;
    digest.halves[1] = finish(v);
    return digest;
}

uint64_t sstp_digest_end_half(const struct sstp_digesting *digesting)
{
    uint64_t v[4];

    return end_half(digesting, v);
}
