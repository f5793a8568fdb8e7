/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * proxy_ntlm: the three messages of NTLM as HTTP carries them, in base64 (GRVHENC 4.6,
 * [MS-NLMP] 2.2.1, RFC 4559 for the like of it), with libntlm.
 *
 * The answer is that of NTLM's version 2 (carrier/proxy_ntlm2.h) where the challenge has target
 * information, as those of all that know it have, and else of version 1.  Of the challenge the
 * library is given the eight bytes that count, and nothing else that a proxy has made up.
 */
#ifndef RELAYSIM_CARRIER_PROXY_NTLM_H
#define RELAYSIM_CARRIER_PROXY_NTLM_H

#include "carrier/proxy_login.h"
#include "core/wire.h"

#define PROXY_NTLM_CHALLENGE_LEN 8u
#define PROXY_NTLM_TEXT_MAX (8u << 10) /* of a message, in base64 */

/* ---- A client's: all to be freed by g_free() ---- */

/* The first message, which asks for a challenge. */
char *proxy_ntlm_negotiate(void);

/* What goes into version 2. */
struct proxy_ntlm_extra {
    uint8_t challenge[PROXY_NTLM_CHALLENGE_LEN]; /* a random one of the client's own */
    int64_t wall_ms;                             /* since 1970 */
};

/* The third message; NULL where `challenge`, the text of the second, is none. */
char *proxy_ntlm_authenticate(struct sstp_span challenge, const struct proxy_login *login,
                              const struct proxy_ntlm_extra *extra);

/* ---- A proxy's ---- */

bool proxy_ntlm_is_negotiate(struct sstp_span text);

/* The second message. */
char *proxy_ntlm_challenge(const uint8_t challenge[PROXY_NTLM_CHALLENGE_LEN]);

/* Whether this is the third message, in either version, of this user, who knows the password. */
bool proxy_ntlm_is_answer(struct sstp_span text, const uint8_t challenge[PROXY_NTLM_CHALLENGE_LEN],
                          const struct proxy_login *login);

#endif
