/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE /* explicit_bzero() */
#include "carrier/proxy_ntlm2.h"

#include <nettle/hmac.h>
#include <nettle/md4.h>
#include <nettle/memops.h>
#include <string.h>

#define PROOF_LEN 16u /* of an answer: what nobody without the password can say of the rest */

/* The time of Windows, in units of 100 ns since 1601. */
#define UNITS_PER_MS 10000
#define MS_1601_TO_1970 INT64_C(11644473600000)

/* Of the target information: a pair's id and length, and the id of the time. */
enum { PAIR_HEAD_LEN = 4, PAIR_END = 0, PAIR_TIME = 7, TIME_LEN = 8 };

GByteArray *proxy_ntlm2_wide(const char *text, size_t len)
{
    GByteArray *wide = g_byte_array_new();
    for (size_t i = 0; i < len; i++)
        g_byte_array_append(wide, (const uint8_t[]){(uint8_t)text[i], 0}, 2);
    return wide;
}

/* HMAC-MD5 of one text after the other. */
static void sign(const struct proxy_ntlm2_key *key, struct sstp_span one, struct sstp_span two,
                 uint8_t digest[PROOF_LEN])
{
    struct hmac_md5_ctx hmac;
    hmac_md5_set_key(&hmac, sizeof key->bytes, key->bytes);
    hmac_md5_update(&hmac, one.len, one.data);
    hmac_md5_update(&hmac, two.len, two.data);
    hmac_md5_digest(&hmac, PROOF_LEN, digest);
    explicit_bzero(&hmac, sizeof hmac);
}

static struct sstp_span span_of(const GByteArray *array)
{
    return sstp_span(array->data, array->len);
}

struct proxy_ntlm2_key proxy_ntlm2_key(const char *user, struct sstp_span domain,
                                       const char *password)
{
    struct proxy_ntlm2_key hash, key;
    struct md4_ctx md4;
    char *upper = g_ascii_strup(user, -1);
    GByteArray *wide_user = proxy_ntlm2_wide(upper, strlen(upper));
    GByteArray *wide_password = proxy_ntlm2_wide(password, strlen(password));
    md4_init(&md4);
    md4_update(&md4, wide_password->len, wide_password->data);
    md4_digest(&md4, sizeof hash.bytes, hash.bytes);
    sign(&hash, span_of(wide_user), domain, key.bytes);
    explicit_bzero(&md4, sizeof md4);
    explicit_bzero(&hash, sizeof hash);
    if (wide_password->len > 0)
        explicit_bzero(wide_password->data, wide_password->len);
    g_byte_array_unref(wide_password);
    g_byte_array_unref(wide_user);
    g_free(upper);
    return key;
}

/* What the proxy tells of the time; NULL. */
static const uint8_t *find_time(struct sstp_span info)
{
    size_t at = 0;
    while (info.len - at >= PAIR_HEAD_LEN) {
        const unsigned id = sstp_get_u16(info.data + at), len = sstp_get_u16(info.data + at + 2);
        if (id == PAIR_END || len > info.len - at - PAIR_HEAD_LEN)
            return NULL;
        if (id == PAIR_TIME && len == TIME_LEN)
            return info.data + at + PAIR_HEAD_LEN;
        at += PAIR_HEAD_LEN + len;
    }
    return NULL;
}

GByteArray *proxy_ntlm2_answer(const struct proxy_ntlm2_key *key, const struct proxy_ntlm2 *ntlm2,
                               uint8_t lm_answer[PROXY_NTLM2_LM_LEN])
{
    static const uint8_t version[8] = {1, 1}, zeros[4] = {0};
    const struct sstp_span challenge = sstp_span(ntlm2->challenge, PROXY_NTLM2_CHALLENGE_LEN);
    const uint64_t now = GUINT64_TO_LE((uint64_t)(ntlm2->wall_ms + MS_1601_TO_1970) * UNITS_PER_MS);
    const uint8_t *told = find_time(ntlm2->target_info);
    GByteArray *answer = g_byte_array_new();
    g_byte_array_set_size(answer, PROOF_LEN);
    g_byte_array_append(answer, version, sizeof version);
    g_byte_array_append(answer, told != NULL ? told : (const void *)&now, TIME_LEN);
    g_byte_array_append(answer, ntlm2->own_challenge, PROXY_NTLM2_CHALLENGE_LEN);
    g_byte_array_append(answer, zeros, sizeof zeros);
    g_byte_array_append(answer, ntlm2->target_info.data, (guint)ntlm2->target_info.len);
    g_byte_array_append(answer, zeros, sizeof zeros);
    sign(key, challenge, sstp_span(answer->data + PROOF_LEN, answer->len - PROOF_LEN),
         answer->data);
    /* [MS-NLMP] 3.1.5.1.2: none where the proxy tells the time. */
    memset(lm_answer, 0, PROXY_NTLM2_LM_LEN);
    if (told == NULL) {
        const struct sstp_span own = sstp_span(ntlm2->own_challenge, PROXY_NTLM2_CHALLENGE_LEN);
        sign(key, challenge, own, lm_answer);
        memcpy(lm_answer + PROOF_LEN, own.data, own.len);
    }
    return answer;
}

bool proxy_ntlm2_is_answer(const struct proxy_ntlm2_key *key, const uint8_t *challenge,
                           struct sstp_span answer)
{
    uint8_t proof[PROOF_LEN];
    if (answer.len <= PROOF_LEN)
        return false;
    sign(key, sstp_span(challenge, PROXY_NTLM2_CHALLENGE_LEN),
         sstp_span(answer.data + PROOF_LEN, answer.len - PROOF_LEN), proof);
    return memeql_sec(proof, answer.data, sizeof proof) != 0;
}
