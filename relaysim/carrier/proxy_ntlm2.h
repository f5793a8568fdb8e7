/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * proxy_ntlm2: the answers of NTLM's version 2 ([MS-NLMP] 3.3.2), which libntlm does not have, with
 * nettle's MD4 and HMAC-MD5.
 *
 * A key is made of who asks; an answer of the key, the proxy's challenge, and what the client adds:
 * what the proxy has told of itself (the target information), the time, and a challenge of its own.
 */
#ifndef RELAYSIM_CARRIER_PROXY_NTLM2_H
#define RELAYSIM_CARRIER_PROXY_NTLM2_H

#include <glib.h>

#include "core/wire.h"

#define PROXY_NTLM2_CHALLENGE_LEN 8u
#define PROXY_NTLM2_LM_LEN 24u

struct proxy_ntlm2_key {
    uint8_t bytes[16];
};

/* A text of ASCII as UTF-16, to be freed by g_byte_array_unref(). */
GByteArray *proxy_ntlm2_wide(const char *text, size_t len);

/* NTOWFv2: the user and the password are of ASCII, the domain is UTF-16, as the message has it. */
struct proxy_ntlm2_key proxy_ntlm2_key(const char *user, struct sstp_span domain,
                                       const char *password);

/* What a client answers with. */
struct proxy_ntlm2 {
    const uint8_t *challenge, *own_challenge; /* PROXY_NTLM2_CHALLENGE_LEN each */
    struct sstp_span target_info;             /* as it came */
    int64_t wall_ms; /* since 1970, unless the target information tells a time */
};

/* The NT answer, to be freed by g_byte_array_unref(); and the one for LAN Manager beside it. */
GByteArray *proxy_ntlm2_answer(const struct proxy_ntlm2_key *key, const struct proxy_ntlm2 *ntlm2,
                               uint8_t lm_answer[PROXY_NTLM2_LM_LEN]);

/* Whether it is the NT answer to this challenge of somebody with this key. */
bool proxy_ntlm2_is_answer(const struct proxy_ntlm2_key *key, const uint8_t *challenge,
                           struct sstp_span answer);

#endif
