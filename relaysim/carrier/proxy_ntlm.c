/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE /* explicit_bzero() */
#include "carrier/proxy_ntlm.h"

#include <glib.h>
#include <ntlm.h>
#include <stddef.h>
#include <string.h>

#define SIGNATURE "NTLMSSP" /* with its NUL */
#define HEADER_LEN 12u      /* it, and the type */
#define ANSWER_LEN 24u

enum type { NEGOTIATE = 1, CHALLENGE = 2, AUTHENTICATE = 3 };

/* Offsets of the messages' fields: a length, a maximum and an offset each, or bytes. */
enum { CHALLENGE_AT = 24, NT_ANSWER_AT = 20, DOMAIN_AT = 28, USER_AT = 36, FLAGS_AT = 60 };

/* Unicode; the target wanted; NTLM; signed always, as everybody says. */
#define FLAGS 0x8205u
#define FLAG_UNICODE 0x1u

/* ------------------------------------------------------------------------
 * Messages
 */

/* A message of this type, NULL where the text is none; to be freed. */
static uint8_t *decode(struct sstp_span text, enum type type, size_t *len)
{
    if (text.len == 0 || text.len > PROXY_NTLM_TEXT_MAX)
        return NULL;
    char *copy = g_strndup((const char *)text.data, text.len);
    uint8_t *bytes = g_base64_decode(copy, len);
    g_free(copy);
    if (*len >= HEADER_LEN && memcmp(bytes, SIGNATURE, sizeof SIGNATURE) == 0 &&
        sstp_get_u32(bytes + sizeof SIGNATURE) == type)
        return bytes;
    g_free(bytes);
    return NULL;
}

/* What the field at `at` of a message holds; empty where that is not in it. */
static struct sstp_span field(const uint8_t *bytes, size_t len, size_t at)
{
    if (len < at + 8)
        return sstp_span(NULL, 0);
    const size_t field_len = sstp_get_u16(bytes + at), offset = sstp_get_u32(bytes + at + 4);
    return offset > len || field_len > len - offset ? sstp_span(NULL, 0)
                                                    : sstp_span(bytes + offset, field_len);
}

char *proxy_ntlm_negotiate(void)
{
    tSmbNtlmAuthRequest request = {.bufIndex = 0};
    buildSmbNtlmAuthRequest_noatsplit(&request, "", "");
    return g_base64_encode((const guchar *)&request, SmbLength(&request));
}

/* What the library makes an answer of: a challenge of our own, with the proxy's eight bytes and
 * the user's domain. */
static tSmbNtlmAuthChallenge challenge_of(const uint8_t *bytes, const char *domain,
                                          size_t domain_len)
{
    tSmbNtlmAuthChallenge made = {.ident = SIGNATURE, .msgType = GUINT32_TO_LE(CHALLENGE)};
    made.flags = GUINT32_TO_LE(FLAGS);
    memcpy(made.challengeData, bytes, PROXY_NTLM_CHALLENGE_LEN);
    for (size_t i = 0; i < domain_len; i++)
        made.buffer[2 * i] = (uint8_t)domain[i];
    made.bufIndex = (uint32)(2 * domain_len);
    made.uDomain.len = made.uDomain.maxlen = GUINT16_TO_LE((uint16)(2 * domain_len));
    made.uDomain.offset = GUINT32_TO_LE((uint32)offsetof(tSmbNtlmAuthChallenge, buffer));
    return made;
}

char *proxy_ntlm_authenticate(struct sstp_span text, const struct proxy_login *login)
{
    size_t len;
    uint8_t *bytes = decode(text, CHALLENGE, &len);
    if (bytes == NULL || len < CHALLENGE_AT + PROXY_NTLM_CHALLENGE_LEN) {
        g_free(bytes);
        return NULL;
    }
    const char *backslash = strchr(login->user, '\\');
    const size_t domain_len = backslash != NULL ? (size_t)(backslash - login->user) : 0;
    tSmbNtlmAuthChallenge challenge = challenge_of(bytes + CHALLENGE_AT, login->user, domain_len);
    tSmbNtlmAuthResponse response = {.bufIndex = 0};
    buildSmbNtlmAuthResponse_noatsplit(
        &challenge, &response, backslash != NULL ? backslash + 1 : login->user, login->password);
    /* The older answer beside it would soon give the password away to whoever hears it: the
     * newer one stands in its place, as in Windows. */
    response.lmResponse = response.ntResponse;
    char *answer = g_base64_encode((const guchar *)&response, SmbLength(&response));
    g_free(bytes);
    return answer;
}

/* ------------------------------------------------------------------------
 * A proxy's
 */

bool proxy_ntlm_is_negotiate(struct sstp_span text)
{
    size_t len;
    uint8_t *bytes = decode(text, NEGOTIATE, &len);
    g_free(bytes);
    return bytes != NULL;
}

char *proxy_ntlm_challenge(const uint8_t bytes[PROXY_NTLM_CHALLENGE_LEN])
{
    const tSmbNtlmAuthChallenge challenge = challenge_of(bytes, NULL, 0);
    return g_base64_encode((const guchar *)&challenge, SmbLength(&challenge));
}

/* Whether a field is this text; the case of letters does not matter. */
static bool is_text(struct sstp_span value, bool is_unicode, const char *text, size_t text_len)
{
    const size_t width = is_unicode ? 2 : 1;
    if (value.len != width * text_len)
        return false;
    for (size_t i = 0; i < text_len; i++)
        if (g_ascii_tolower((char)value.data[width * i]) != g_ascii_tolower(text[i]) ||
            (is_unicode && value.data[width * i + 1] != 0))
            return false;
    return true;
}

/* Whoever names a domain has to name the right one; no user of this proxy needs to. */
static bool is_user(const uint8_t *bytes, size_t len, const char *name)
{
    const bool is_unicode =
        len < FLAGS_AT + 4 || (sstp_get_u32(bytes + FLAGS_AT) & FLAG_UNICODE) != 0;
    const char *backslash = strchr(name, '\\');
    const char *user = backslash != NULL ? backslash + 1 : name;
    return is_text(field(bytes, len, USER_AT), is_unicode, user, strlen(user)) &&
           (backslash == NULL ||
            is_text(field(bytes, len, DOMAIN_AT), is_unicode, name, (size_t)(backslash - name)));
}

/* Compared in a time that does not tell how much of it is right. */
static bool is_same(const uint8_t *one, const uint8_t *two)
{
    uint8_t difference = 0;
    for (size_t i = 0; i < ANSWER_LEN; i++)
        difference = (uint8_t)(difference | (one[i] ^ two[i]));
    return difference == 0;
}

bool proxy_ntlm_is_answer(struct sstp_span text, const uint8_t challenge[PROXY_NTLM_CHALLENGE_LEN],
                          const struct proxy_login *login)
{
    size_t len;
    uint8_t expected[ANSWER_LEN];
    uint8_t *bytes = decode(text, AUTHENTICATE, &len);
    if (bytes == NULL)
        return false;
    const struct sstp_span answer = field(bytes, len, NT_ANSWER_AT);
    ntlm_smb_nt_encrypt(login->password, challenge, expected);
    const bool is_good = answer.len == ANSWER_LEN && is_same(answer.data, expected) &&
                         is_user(bytes, len, login->user);
    explicit_bzero(expected, sizeof expected);
    g_free(bytes);
    return is_good;
}
