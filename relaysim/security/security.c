/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The private profile of security/security.h: it interoperates with nobody else's. */
#include "security/security.h"

#include <nettle/arcfour.h>
#include <nettle/hmac.h>

#define MAJOR_VERSION 1u
#define DEVICE_LAYER_MINOR_VERSION 3u  /* MS-GRVSSTPS 6, note 1 */
#define ACCOUNT_LAYER_MINOR_VERSION 4u /* likewise */
#define DISCARDED_LEN 256u             /* of the keystream (MS-GRVSSTPS 3.1.1.4) */
#define PRE_AUTH_TOKEN "relaysim"
#define HEADER_LEN 3u
#define PART_LEN_LEN 2u /* before each part */

/* ------------------------------------------------------------------------
 * Primitives
 */

void sstp_sec_marc4(const struct sstp_sec_secret *key, const struct sstp_sec_secret *iv, size_t len,
                    uint8_t *out, const uint8_t *in)
{
    struct arcfour_ctx arcfour;
    uint8_t mixed[SSTP_SEC_KEY_LEN];
    uint8_t discarded[DISCARDED_LEN] = {0};

    for (size_t i = 0; i < sizeof mixed; i++)
        mixed[i] = key->bytes[i] ^ iv->bytes[i];
    arcfour_set_key(&arcfour, sizeof mixed, mixed);
    arcfour_crypt(&arcfour, sizeof discarded, discarded, discarded);
    arcfour_crypt(&arcfour, len, out, in);
}

struct hmac {
    uint8_t bytes[SSTP_SEC_HMAC_LEN];
};

/* Over up to three runs of bytes. */
static struct hmac hmac(const struct sstp_sec_secret *key, struct sstp_span a, struct sstp_span b,
                        struct sstp_span c)
{
    struct hmac_sha1_ctx ctx;
    struct hmac digest;
    hmac_sha1_set_key(&ctx, sizeof key->bytes, key->bytes);
    hmac_sha1_update(&ctx, a.len, a.data);
    hmac_sha1_update(&ctx, b.len, b.data);
    hmac_sha1_update(&ctx, c.len, c.data);
    hmac_sha1_digest(&ctx, sizeof digest.bytes, digest.bytes);
    return digest;
}

struct sstp_sec_secret sstp_sec_derive_key(const char *secret, const char *url)
{
    struct sstp_sec_secret key;
    struct hmac_sha1_ctx ctx;
    uint8_t halves[2 * SSTP_SEC_HMAC_LEN];
    for (uint8_t half = 0; half < 2; half++) {
        hmac_sha1_set_key(&ctx, strlen(secret), (const uint8_t *)secret);
        hmac_sha1_update(&ctx, 1, &half);
        hmac_sha1_update(&ctx, strlen(url), (const uint8_t *)url);
        hmac_sha1_digest(&ctx, SSTP_SEC_HMAC_LEN, halves + half * SSTP_SEC_HMAC_LEN);
    }
    memcpy(key.bytes, halves, sizeof key.bytes);
    return key;
}

/* ------------------------------------------------------------------------
 * Tokens
 */

static struct sstp_span span_of(const struct sstp_sec_secret *secret)
{
    return sstp_span(secret->bytes, sizeof secret->bytes);
}

static void write_header(struct sstp_writer *w, enum sstp_sec_message id)
{
    const bool is_account_layer = id == SSTP_SEC_ACCOUNT_REGISTER ||
                                  id == SSTP_SEC_ACCOUNT_ON_NEW_DEVICE_REGISTER ||
                                  (id >= SSTP_SEC_ATTACH && id <= SSTP_SEC_ATTACH_AUTHENTICATE);
    sstp_write_uint(w, 1, MAJOR_VERSION);
    sstp_write_uint(w, 1,
                    is_account_layer ? ACCOUNT_LAYER_MINOR_VERSION : DEVICE_LAYER_MINOR_VERSION);
    sstp_write_uint(w, 1, id);
}

static void write_part(struct sstp_writer *w, struct sstp_span bytes)
{
    sstp_write_uint(w, 2, bytes.len);
    sstp_write_bytes(w, bytes);
}

static size_t written(const struct sstp_writer *w)
{
    return w->failed ? 0 : w->pos;
}

static struct sstp_span header_of(struct sstp_span token)
{
    return sstp_span(token.data, HEADER_LEN);
}

/* The reader after a header of this id; failed where it has another. */
static struct sstp_reader read_header(struct sstp_span token, enum sstp_sec_message id)
{
    struct sstp_reader r = sstp_reader(token);
    if (sstp_sec_message_id(token) != id)
        r.failed = SSTP_READER_SHORT;
    (void)sstp_read_bytes(&r, HEADER_LEN);
    return r;
}

static struct sstp_span read_part(struct sstp_reader *r)
{
    const uint16_t len = sstp_read_u16(r);
    return sstp_read_bytes(r, len);
}

/* A part of exactly the size of a secret. */
static struct sstp_sec_secret read_secret(struct sstp_reader *r)
{
    struct sstp_sec_secret secret = {{0}};
    const struct sstp_span part = read_part(r);
    if (part.len == sizeof secret.bytes)
        memcpy(secret.bytes, part.data, part.len);
    else if (!r->failed)
        r->failed = SSTP_READER_SHORT;
    return secret;
}

static bool is_at_end(const struct sstp_reader *r)
{
    return !r->failed && sstp_reader_left(r) == 0;
}

/* In a time that does not depend on the bytes, as it should be anywhere. */
static bool is_same(struct sstp_span part, const void *expected, size_t len)
{
    uint8_t difference = 0;
    if (part.len != len)
        return false;
    for (size_t i = 0; i < len; i++)
        difference |= (uint8_t)(part.data[i] ^ ((const uint8_t *)expected)[i]);
    return difference == 0;
}

uint8_t sstp_sec_message_id(struct sstp_span token)
{
    return token.len >= 3 && token.data[0] == MAJOR_VERSION ? token.data[2] : 0;
}

size_t sstp_sec_bare_write(enum sstp_sec_message id, void *token, size_t size)
{
    struct sstp_writer w = sstp_writer(token, size);
    write_header(&w, id);
    return written(&w);
}

/* ------------------------------------------------------------------------
 * Challenge, response, authentication
 */

/* A fresh nonce, and what travels of it: the IV and the nonce encrypted with it. */
static void make_nonce(const struct sstp_sec_secret *key, const struct sstp_sec_random *random,
                       struct sstp_sec_secret *iv, struct sstp_sec_secret *nonce,
                       struct sstp_sec_secret *encrypted)
{
    random->fill(random->cookie, iv->bytes, sizeof iv->bytes);
    random->fill(random->cookie, nonce->bytes, sizeof nonce->bytes);
    sstp_sec_marc4(key, iv, sizeof encrypted->bytes, encrypted->bytes, nonce->bytes);
}

size_t sstp_sec_challenge_write(enum sstp_sec_message id, const struct sstp_sec_secret *key,
                                const struct sstp_sec_random *random, struct sstp_sec_secret *nonce,
                                void *token, size_t size)
{
    struct sstp_writer w = sstp_writer(token, size);
    struct sstp_sec_secret iv, encrypted;

    make_nonce(key, random, &iv, nonce, &encrypted);
    write_header(&w, id);
    if (w.failed)
        return 0;
    const struct hmac digest = hmac(key, sstp_writer_span(&w), span_of(&iv), span_of(nonce));
    write_part(&w, span_of(&iv));
    write_part(&w, sstp_span(digest.bytes, sizeof digest.bytes));
    write_part(&w, span_of(&encrypted));
    return written(&w);
}

bool sstp_sec_challenge_read(enum sstp_sec_message id, const struct sstp_sec_secret *key,
                             struct sstp_span token, struct sstp_sec_secret *nonce)
{
    struct sstp_reader r = read_header(token, id);
    const struct sstp_sec_secret iv = read_secret(&r);
    const struct sstp_span claimed = read_part(&r);
    const struct sstp_sec_secret encrypted = read_secret(&r);
    if (!is_at_end(&r))
        return false;
    sstp_sec_marc4(key, &iv, sizeof nonce->bytes, nonce->bytes, encrypted.bytes);
    const struct hmac digest = hmac(key, header_of(token), span_of(&iv), span_of(nonce));
    return is_same(claimed, digest.bytes, sizeof digest.bytes);
}

/* The two nonces in the order of their fields. */
static struct hmac response_hmac(const struct sstp_sec_secret *key, struct sstp_span header,
                                 const struct sstp_sec_secret *iv,
                                 const struct sstp_sec_secret *answer,
                                 const struct sstp_sec_secret *challenge)
{
    uint8_t nonces[2 * SSTP_SEC_KEY_LEN];
    memcpy(nonces, answer->bytes, SSTP_SEC_KEY_LEN);
    memcpy(nonces + SSTP_SEC_KEY_LEN, challenge->bytes, SSTP_SEC_KEY_LEN);
    return hmac(key, header, span_of(iv), sstp_span(nonces, sizeof nonces));
}

size_t sstp_sec_response_write(enum sstp_sec_message id, const struct sstp_sec_secret *key,
                               const struct sstp_sec_random *random,
                               const struct sstp_sec_secret *peer_nonce,
                               struct sstp_sec_secret *nonce, void *token, size_t size)
{
    struct sstp_writer w = sstp_writer(token, size);
    struct sstp_sec_secret iv, encrypted;

    make_nonce(key, random, &iv, nonce, &encrypted);
    write_header(&w, id);
    if (w.failed)
        return 0;
    const struct hmac digest = response_hmac(key, sstp_writer_span(&w), &iv, peer_nonce, nonce);
    write_part(&w, span_of(&iv));
    write_part(&w, sstp_span(digest.bytes, sizeof digest.bytes));
    write_part(&w, span_of(peer_nonce));
    write_part(&w, span_of(&encrypted));
    return written(&w);
}

bool sstp_sec_response_read(enum sstp_sec_message id, const struct sstp_sec_secret *key,
                            struct sstp_span token, const struct sstp_sec_secret *own_nonce,
                            struct sstp_sec_secret *nonce)
{
    struct sstp_reader r = read_header(token, id);
    const struct sstp_sec_secret iv = read_secret(&r);
    const struct sstp_span claimed = read_part(&r);
    const struct sstp_sec_secret answer = read_secret(&r);
    const struct sstp_sec_secret encrypted = read_secret(&r);
    if (!is_at_end(&r))
        return false;
    sstp_sec_marc4(key, &iv, sizeof nonce->bytes, nonce->bytes, encrypted.bytes);
    const struct hmac digest = response_hmac(key, header_of(token), &iv, &answer, nonce);
    return is_same(claimed, digest.bytes, sizeof digest.bytes) &&
           is_same(span_of(&answer), own_nonce->bytes, sizeof own_nonce->bytes);
}

size_t sstp_sec_authenticate_write(enum sstp_sec_message id, const struct sstp_sec_secret *key,
                                   const struct sstp_sec_secret *peer_nonce, void *token,
                                   size_t size)
{
    struct sstp_writer w = sstp_writer(token, size);
    write_header(&w, id);
    if (w.failed)
        return 0;
    const struct hmac digest =
        hmac(key, sstp_writer_span(&w), span_of(peer_nonce), sstp_span(NULL, 0));
    write_part(&w, sstp_span(digest.bytes, sizeof digest.bytes));
    write_part(&w, span_of(peer_nonce));
    return written(&w);
}

bool sstp_sec_authenticate_read(enum sstp_sec_message id, const struct sstp_sec_secret *key,
                                struct sstp_span token, const struct sstp_sec_secret *own_nonce)
{
    struct sstp_reader r = read_header(token, id);
    const struct sstp_span claimed = read_part(&r);
    const struct sstp_sec_secret answer = read_secret(&r);
    if (!is_at_end(&r))
        return false;
    const struct hmac digest = hmac(key, header_of(token), span_of(&answer), sstp_span(NULL, 0));
    return is_same(claimed, digest.bytes, sizeof digest.bytes) &&
           is_same(span_of(&answer), own_nonce->bytes, sizeof own_nonce->bytes);
}

/* ------------------------------------------------------------------------
 * Registration
 */

/* Header, HMAC with `key` over header and what follows, then that. */
static void write_signed(struct sstp_writer *w, enum sstp_sec_message id,
                         const struct sstp_sec_secret *key, struct sstp_span parts)
{
    uint8_t header[3];
    struct sstp_writer h = sstp_writer(header, sizeof header);
    write_header(&h, id);
    const struct hmac digest = hmac(key, sstp_writer_span(&h), parts, sstp_span(NULL, 0));
    sstp_write_bytes(w, sstp_writer_span(&h));
    write_part(w, sstp_span(digest.bytes, sizeof digest.bytes));
    sstp_write_bytes(w, parts);
}

static bool is_signed(struct sstp_span token, struct sstp_span claimed, struct sstp_span parts,
                      const struct sstp_sec_secret *key)
{
    const struct hmac digest = hmac(key, header_of(token), parts, sstp_span(NULL, 0));
    return is_same(claimed, digest.bytes, sizeof digest.bytes);
}

/* The bytes that the reader has not read yet. */
static struct sstp_span rest_of(const struct sstp_reader *r)
{
    return r->failed ? sstp_span(NULL, 0) : sstp_span(r->data + r->pos, r->len - r->pos);
}

size_t sstp_sec_register_write(const struct sstp_sec_registration *registration, void *token,
                               size_t size)
{
    uint8_t parts[256], account[256];
    struct sstp_writer account_parts = sstp_writer(parts, sizeof parts);
    write_part(&account_parts, span_of(&registration->account_key));
    write_part(&account_parts, sstp_span_of_string(PRE_AUTH_TOKEN));
    struct sstp_writer account_message = sstp_writer(account, sizeof account);
    write_signed(&account_message,
                 registration->is_new_device ? SSTP_SEC_ACCOUNT_ON_NEW_DEVICE_REGISTER
                                             : SSTP_SEC_ACCOUNT_REGISTER,
                 &registration->account_key, sstp_writer_span(&account_parts));

    struct sstp_writer device_parts = sstp_writer(parts, sizeof parts);
    write_part(&device_parts, span_of(&registration->device_key));
    write_part(&device_parts, sstp_writer_span(&account_message));
    struct sstp_writer w = sstp_writer(token, size);
    write_signed(&w, SSTP_SEC_DEVICE_ACCOUNT_REGISTER, &registration->device_key,
                 sstp_writer_span(&device_parts));
    return written(&w);
}

bool sstp_sec_register_read(struct sstp_span token, struct sstp_sec_registration *registration)
{
    struct sstp_reader r = read_header(token, SSTP_SEC_DEVICE_ACCOUNT_REGISTER);
    const struct sstp_span claimed = read_part(&r);
    const struct sstp_span parts = rest_of(&r);
    registration->device_key = read_secret(&r);
    const struct sstp_span account = read_part(&r);
    if (!is_at_end(&r) || !is_signed(token, claimed, parts, &registration->device_key))
        return false;

    const uint8_t id = sstp_sec_message_id(account);
    if (id != SSTP_SEC_ACCOUNT_REGISTER && id != SSTP_SEC_ACCOUNT_ON_NEW_DEVICE_REGISTER)
        return false;
    registration->is_new_device = id == SSTP_SEC_ACCOUNT_ON_NEW_DEVICE_REGISTER;
    struct sstp_reader a = read_header(account, id);
    const struct sstp_span account_claimed = read_part(&a);
    const struct sstp_span account_parts = rest_of(&a);
    registration->account_key = read_secret(&a);
    (void)read_part(&a); /* the pre-authentication token: nobody hands any out */
    return is_at_end(&a) &&
           is_signed(account, account_claimed, account_parts, &registration->account_key);
}

size_t sstp_sec_register_response_write(const struct sstp_sec_secret *device_key, void *token,
                                        size_t size)
{
    struct sstp_writer w = sstp_writer(token, size);
    write_signed(&w, SSTP_SEC_DEVICE_ACCOUNT_REGISTER_RESPONSE, device_key, sstp_span(NULL, 0));
    return written(&w);
}

bool sstp_sec_register_response_read(const struct sstp_sec_secret *device_key,
                                     struct sstp_span token)
{
    struct sstp_reader r = read_header(token, SSTP_SEC_DEVICE_ACCOUNT_REGISTER_RESPONSE);
    const struct sstp_span claimed = read_part(&r);
    return is_at_end(&r) && is_signed(token, claimed, sstp_span(NULL, 0), device_key);
}

size_t sstp_sec_identities_num_fitting(const char *account_url, const char *const *identity_urls,
                                       size_t num_identities, size_t size)
{
    size_t len = HEADER_LEN + PART_LEN_LEN + strlen(account_url), num = 0;
    while (num < num_identities) {
        len += PART_LEN_LEN + strlen(identity_urls[num]);
        if (len > size)
            break;
        num++;
    }
    return num;
}

size_t sstp_sec_identities_write(const char *account_url, const char *const *identity_urls,
                                 size_t num_identities, void *token, size_t size)
{
    struct sstp_writer w = sstp_writer(token, size);
    write_header(&w, SSTP_SEC_IDENTITY_REGISTER);
    write_part(&w, sstp_span_of_string(account_url));
    for (size_t i = 0; i < num_identities; i++)
        write_part(&w, sstp_span_of_string(identity_urls[i]));
    return written(&w);
}

/* A name with a 0x00 in it would be another one where strings end there. */
static bool is_string(struct sstp_span part)
{
    return part.len == 0 || memchr(part.data, 0, part.len) == NULL;
}

bool sstp_sec_identities_read(struct sstp_span token, struct sstp_span *account_url,
                              void (*identity)(void *cookie, struct sstp_span url), void *cookie)
{
    struct sstp_reader r = read_header(token, SSTP_SEC_IDENTITY_REGISTER);
    *account_url = read_part(&r);
    struct sstp_reader trial = r;
    bool are_strings = is_string(*account_url);
    while (!trial.failed && sstp_reader_left(&trial) > 0)
        are_strings = is_string(read_part(&trial)) && are_strings;
    if (trial.failed || !are_strings)
        return false;
    while (sstp_reader_left(&r) > 0)
        identity(cookie, read_part(&r));
    return true;
}
