/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * proxy_login: who asks, for a proxy that wants to know, and what has been learned of it.
 *
 * One for all the carriers of a client that go through one proxy; it outlives them.
 */
#ifndef RELAYSIM_CARRIER_PROXY_LOGIN_H
#define RELAYSIM_CARRIER_PROXY_LOGIN_H

#include <stdbool.h>

/* What the products know (GRVHENC 3.1.4.1.2, note <12>). */
enum proxy_scheme { PROXY_BASIC, PROXY_NTLM, PROXY_SCHEME_COUNT };

#define PROXY_LOGIN_MAX 255u /* bytes, of the user and of the password (RFC 1929) */
#define PROXY_NTLM_MAX 128u  /* likewise, with NTLM: the library has bounds of its own */

struct proxy_login {
    enum proxy_scheme scheme;
    char *user, *password;
    /* The ProxyAuthRequired of GRVHENC: the proxy has asked once, and is told at once from then
     * on. */
    bool is_required;
};

/* "basic", "ntlm"; and as HTTP has it, "Basic", "NTLM". */
extern const char *const proxy_scheme_options[PROXY_SCHEME_COUNT + 1]; /* ends with NULL */
const char *proxy_scheme_name(enum proxy_scheme scheme);

/* Copies both.  NULL with *error, a sentence to be freed that does not have the password, where
 * the scheme cannot carry them.  With NTLM the user may be DOMAIN\USER. */
struct proxy_login *proxy_login_new(enum proxy_scheme scheme, const char *user,
                                    const char *password, char **error);

/* Leaves nothing in memory.  NULL is fine. */
void proxy_login_free(struct proxy_login *login);

#endif
