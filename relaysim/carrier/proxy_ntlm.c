/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE /* explicit_bzero() */
#include "carrier/proxy_ntlm.h"

#include "carrier/proxy_ntlm2.h"

#include <glib.h>
#include <nettle/memops.h>
#include <ntlm.h>
#include <stddef.h>
#include <string.h>

#define SIGNATURE "NTLMSSP" /* with its NUL */
#define HEADER_LEN 12u      /* it, and the type */
#define ANSWER_LEN 24u

enum type { NEGOTIATE = 1, CHALLENGE = 2, AUTHENTICATE = 3 };

/* Offsets of the messages' fields: a length, a maximum and an offset each, or bytes. */
enum {
    CHALLENGE_FLAGS_AT = 20,
    CHALLENGE_AT = 24,
    TARGET_INFO_AT = 40,
    NT_ANSWER_AT = 20,
    DOMAIN_AT = 28,
    USER_AT = 36,
    FLAGS_AT = 60
};

/* Unicode; the target wanted; NTLM; signed always, as everybody says. */
#define FLAGS 0x8205u
#define FLAG_UNICODE 0x1u
#define FLAG_TARGET_INFO 0x800000u

/* What our proxy tells of itself: the name of its domain and its own, in UTF-16. */
static const uint8_t target_info[] = "\2\0\12\0P\0R\0O\0X\0Y\0\1\0\12\0P\0R\0O\0X\0Y\0\0\0\0";

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

/* Who asks: the parts of the login's user. */
struct who {
    const char *domain; /* `domain_len` of it */
    size_t domain_len;
    const char *user;
};

static struct who who_of(const struct proxy_login *login)
{
    const char *backslash = strchr(login->user, '\\');
    return (struct who){login->user, backslash != NULL ? (size_t)(backslash - login->user) : 0,
                        backslash != NULL ? backslash + 1 : login->user};
}

/* The older answer beside that of version 1 would soon give the password away to whoever hears it:
 * the newer one stands in its place, as in Windows. */
static char *authenticate_1(const uint8_t *bytes, const struct proxy_login *login)
{
    const struct who who = who_of(login);
    tSmbNtlmAuthChallenge challenge =
        challenge_of(bytes + CHALLENGE_AT, who.domain, who.domain_len);
    tSmbNtlmAuthResponse response = {.bufIndex = 0};
    buildSmbNtlmAuthResponse_noatsplit(&challenge, &response, who.user, login->password);
    response.lmResponse = response.ntResponse;
    return g_base64_encode((const guchar *)&response, SmbLength(&response));
}

/* The library's message, with answers to an empty password; ours stand in the place of the one, and
 * at the end. */
static char *authenticate_2(const uint8_t *bytes, struct sstp_span info,
                            const struct proxy_login *login, const struct proxy_ntlm_extra *extra)
{
    const struct who who = who_of(login);
    GByteArray *domain = proxy_ntlm2_wide(who.domain, who.domain_len);
    const struct proxy_ntlm2_key key =
        proxy_ntlm2_key(who.user, sstp_span(domain->data, domain->len), login->password);
    tSmbNtlmAuthChallenge challenge =
        challenge_of(bytes + CHALLENGE_AT, who.domain, who.domain_len);
    tSmbNtlmAuthResponse response = {.bufIndex = 0};
    buildSmbNtlmAuthResponse_noatsplit(&challenge, &response, who.user, "");
    const size_t len = SmbLength(&response);
    uint8_t *lm_answer = (uint8_t *)&response + GUINT32_FROM_LE(response.lmResponse.offset);
    GByteArray *answer = proxy_ntlm2_answer(&key,
                                            &(struct proxy_ntlm2){.challenge = bytes + CHALLENGE_AT,
                                                                  .own_challenge = extra->challenge,
                                                                  .target_info = info,
                                                                  .wall_ms = extra->wall_ms},
                                            lm_answer);
    response.ntResponse.len = response.ntResponse.maxlen = GUINT16_TO_LE((uint16)answer->len);
    response.ntResponse.offset = GUINT32_TO_LE((uint32)len);
    GByteArray *message = g_byte_array_new();
    g_byte_array_append(message, (const guint8 *)&response, (guint)len);
    g_byte_array_append(message, answer->data, answer->len);
    char *text = g_base64_encode(message->data, message->len);
    g_byte_array_unref(message);
    g_byte_array_unref(answer);
    g_byte_array_unref(domain);
    return text;
}

char *proxy_ntlm_authenticate(struct sstp_span text, const struct proxy_login *login,
                              const struct proxy_ntlm_extra *extra)
{
    size_t len;
    char *answer = NULL;
    uint8_t *bytes = decode(text, CHALLENGE, &len);
    if (bytes != NULL && len >= CHALLENGE_AT + PROXY_NTLM_CHALLENGE_LEN) {
        const struct sstp_span info = field(bytes, len, TARGET_INFO_AT);
        const bool has_info =
            (sstp_get_u32(bytes + CHALLENGE_FLAGS_AT) & FLAG_TARGET_INFO) != 0 && info.len > 0;
        answer =
            has_info ? authenticate_2(bytes, info, login, extra) : authenticate_1(bytes, login);
    }
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
    tSmbNtlmAuthChallenge challenge = challenge_of(bytes, NULL, 0);
    const size_t info_len = sizeof target_info - 1;
    challenge.flags |= GUINT32_TO_LE(FLAG_TARGET_INFO);
    /* What libntlm calls the empty string is the target information. */
    challenge.emptyString.len = challenge.emptyString.maxlen = GUINT16_TO_LE((uint16)info_len);
    challenge.emptyString.offset =
        GUINT32_TO_LE((uint32)(offsetof(tSmbNtlmAuthChallenge, buffer) + challenge.bufIndex));
    memcpy(challenge.buffer + challenge.bufIndex, target_info, info_len);
    challenge.bufIndex += (uint32)info_len;
    return g_base64_encode((const guchar *)&challenge, SmbLength(&challenge));
}

/* Whether a field is this text; the case of letters does not matter. */
static bool is_text(struct sstp_span value, bool is_wide, const char *text, size_t text_len)
{
    const size_t width = is_wide ? 2 : 1;
    if (value.len != width * text_len)
        return false;
    for (size_t i = 0; i < text_len; i++)
        if (g_ascii_tolower((char)value.data[width * i]) != g_ascii_tolower(text[i]) ||
            (is_wide && value.data[width * i + 1] != 0))
            return false;
    return true;
}

static bool is_unicode(const uint8_t *bytes, size_t len)
{
    return len < FLAGS_AT + 4 || (sstp_get_u32(bytes + FLAGS_AT) & FLAG_UNICODE) != 0;
}

/* Whoever names a domain has to name the right one; no user of this proxy needs to. */
static bool is_user(const uint8_t *bytes, size_t len, const struct proxy_login *login)
{
    const bool is_wide = is_unicode(bytes, len);
    const struct who who = who_of(login);
    return is_text(field(bytes, len, USER_AT), is_wide, who.user, strlen(who.user)) &&
           (who.domain_len == 0 ||
            is_text(field(bytes, len, DOMAIN_AT), is_wide, who.domain, who.domain_len));
}

/* Of version 2, for the domain that the message names. */
static bool knows_password_2(const uint8_t *bytes, size_t len, const uint8_t *challenge,
                             const struct proxy_login *login)
{
    const struct sstp_span named = field(bytes, len, DOMAIN_AT);
    GByteArray *wide = is_unicode(bytes, len)
                           ? g_byte_array_append(g_byte_array_new(), named.data, (guint)named.len)
                           : proxy_ntlm2_wide((const char *)named.data, named.len);
    const struct proxy_ntlm2_key key =
        proxy_ntlm2_key(who_of(login).user, sstp_span(wide->data, wide->len), login->password);
    g_byte_array_unref(wide);
    return proxy_ntlm2_is_answer(&key, challenge, field(bytes, len, NT_ANSWER_AT));
}

static bool knows_password(const uint8_t *bytes, size_t len, const uint8_t *challenge,
                           const struct proxy_login *login)
{
    uint8_t expected[ANSWER_LEN];
    const struct sstp_span answer = field(bytes, len, NT_ANSWER_AT);
    if (answer.len != ANSWER_LEN)
        return knows_password_2(bytes, len, challenge, login);
    ntlm_smb_nt_encrypt(login->password, challenge, expected);
    const bool is_good = memeql_sec(answer.data, expected, ANSWER_LEN) != 0;
    explicit_bzero(expected, sizeof expected);
    return is_good;
}

bool proxy_ntlm_is_answer(struct sstp_span text, const uint8_t challenge[PROXY_NTLM_CHALLENGE_LEN],
                          const struct proxy_login *login)
{
    size_t len;
    uint8_t *bytes = decode(text, AUTHENTICATE, &len);
    const bool is_good =
        bytes != NULL && knows_password(bytes, len, challenge, login) && is_user(bytes, len, login);
    g_free(bytes);
    return is_good;
}
