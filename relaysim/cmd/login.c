/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE /* explicit_bzero() */
#include "cmd/login.h"

#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>

#define LINE_MAX_LEN (2u * PROXY_LOGIN_MAX + 2u) /* user, colon, password, the line's end */

/* "USER[:PASSWORD]" */
static struct proxy_login *read_pair(const char *option, enum proxy_scheme scheme, const char *pair,
                                     char **error)
{
    const char *colon = strchr(pair, ':');
    const char *password = colon != NULL ? colon + 1 : g_getenv(LOGIN_VARIABLE);
    struct proxy_login *login = NULL;
    char *why = NULL;
    if (password == NULL) {
        why = g_strdup("there is no password, neither in " LOGIN_VARIABLE
                       " of the environment nor, after a colon, with the user");
    } else {
        char *user = colon != NULL ? g_strndup(pair, (gsize)(colon - pair)) : g_strdup(pair);
        login = proxy_login_new(scheme, user, password, &why);
        g_free(user);
    }
    if (login == NULL)
        *error = g_strdup_printf("--%s: %s", option, why);
    g_free(why);
    return login;
}

/* The first line of a file, without its end. */
static bool read_line(const char *path, char *line, size_t size, char **why)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        *why = g_strdup(g_strerror(errno));
        return false;
    }
    setvbuf(file, NULL, _IONBF, 0); /* no copy of it stays */
    const bool is_read = fgets(line, (int)size, file) != NULL;
    const size_t len = is_read ? strcspn(line, "\r\n") : 0;
    *why = NULL;
    if (!is_read)
        *why = g_strdup(ferror(file) ? g_strerror(errno) : "it is empty");
    else if (len + 1 == size)
        *why = g_strdup("its first line is too long");
    line[len] = '\0';
    fclose(file);
    return *why == NULL;
}

struct proxy_login *login_read_who(const char *option, enum proxy_scheme scheme, const char *who,
                                   char **error)
{
    const char *path = login_file(who);
    char line[LINE_MAX_LEN + 1] = "";
    char *why = NULL;
    struct proxy_login *login = NULL;
    if (path == NULL)
        return read_pair(option, scheme, who, error);
    if (read_line(path, line, sizeof line, &why))
        login = read_pair(option, scheme, line, error);
    else
        *error = g_strdup_printf("--%s: %s cannot be read: %s", option, path, why);
    g_free(why);
    explicit_bzero(line, sizeof line);
    return login;
}

struct proxy_login *login_read(const char *option, const char *value, char **error)
{
    const char *colon = strchr(value, ':');
    for (unsigned i = 0; colon != NULL && i < PROXY_SCHEME_COUNT; i++) {
        const char *name = proxy_scheme_options[i];
        if (strlen(name) == (size_t)(colon - value) && strncmp(value, name, strlen(name)) == 0)
            return login_read_who(option, (enum proxy_scheme)i, colon + 1, error);
    }
    *error = g_strdup_printf(
        "--%s is basic or ntlm, a colon, and " LOGIN_WHO ", such as basic:alice", option);
    return NULL;
}

const char *login_file(const char *value)
{
    if (value == NULL)
        return NULL;
    for (unsigned i = 0; i < PROXY_SCHEME_COUNT; i++) {
        const size_t len = strlen(proxy_scheme_options[i]);
        if (strncmp(value, proxy_scheme_options[i], len) == 0 && value[len] == ':')
            value += len + 1;
    }
    return value[0] == '@' ? value + 1 : NULL;
}
