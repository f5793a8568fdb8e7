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

void sstp_digest_add(struct sstp_digesting *digesting, struct sstp_span bytes)
{
    size_t pos = fill_up(digesting, bytes);
    uint64_t v[4];

    memcpy(v, digesting->v, sizeof v); /* they live in registers */
    const size_t begin = pos;
    for (; bytes.len - pos >= 8; pos += 8)
        compress(v, get_u64(bytes.data + pos));
    digesting->len += pos - begin;
    memcpy(digesting->v, v, sizeof v);
    for (; pos < bytes.len; pos++)
        digesting->rest |= (uint64_t)bytes.data[pos] << (digesting->len++ % 8 * 8);
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

struct sstp_digest sstp_digest_end(const struct sstp_digesting *digesting)
{
    struct sstp_digest digest;
    uint64_t v[4];

    memcpy(v, digesting->v, sizeof v);
    compress(v, digesting->rest | (digesting->len & 0xff) << 56);
    v[2] ^= 0xee;
    digest.halves[0] = finish(v);
    v[1] ^= 0xdd;
    digest.halves[1] = finish(v);
    return digest;
}
