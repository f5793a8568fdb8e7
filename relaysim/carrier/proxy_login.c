/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE /* explicit_bzero() */
#include "carrier/proxy_login.h"

#include <glib.h>
#include <string.h>

const char *const proxy_scheme_options[PROXY_SCHEME_COUNT + 1] = {
    [PROXY_BASIC] = "basic", [PROXY_NTLM] = "ntlm", [PROXY_SCHEME_COUNT] = NULL};

const char *proxy_scheme_name(enum proxy_scheme scheme)
{
    static const char *const names[] = {[PROXY_BASIC] = "Basic", [PROXY_NTLM] = "NTLM"};
    return names[scheme];
}

static bool has_control(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return true;
    return false;
}

/* NULL, or why the scheme cannot carry them. */
static char *check(enum proxy_scheme scheme, const char *user, const char *password)
{
    const unsigned max = scheme == PROXY_NTLM ? PROXY_NTLM_MAX : PROXY_LOGIN_MAX;
    if (user[0] == '\0')
        return g_strdup("the user for the proxy is empty");
    if (strlen(user) > max || strlen(password) > max)
        return g_strdup_printf("the user and the password for the proxy have at most %u bytes each "
                               "with %s",
                               max, proxy_scheme_name(scheme));
    if (has_control(user) || has_control(password))
        return g_strdup("the user and the password for the proxy have no control characters");
    if (scheme == PROXY_BASIC && strchr(user, ':') != NULL)
        return g_strdup("the user for the proxy has no colon");
    if (scheme == PROXY_NTLM && (!g_str_is_ascii(user) || !g_str_is_ascii(password)))
        return g_strdup("the user and the password for the proxy are of ASCII with NTLM");
    return NULL;
}

struct proxy_login *proxy_login_new(enum proxy_scheme scheme, const char *user,
                                    const char *password, char **error)
{
    *error = check(scheme, user, password);
    if (*error != NULL)
        return NULL;
    struct proxy_login *login = g_new0(struct proxy_login, 1);
    login->scheme = scheme;
    login->user = g_strdup(user);
    login->password = g_strdup(password);
    return login;
}

void proxy_login_free(struct proxy_login *login)
{
    if (login == NULL)
        return;
    explicit_bzero(login->password, strlen(login->password));
    g_free(login->user);
    g_free(login->password);
    g_free(login);
}
