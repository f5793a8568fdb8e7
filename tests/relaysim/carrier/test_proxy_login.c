/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Users and passwords that a scheme can carry, and those that it cannot. */
#include "carrier/proxy_login.h"

#include <glib.h>
#include <string.h>

static const struct {
    const char *name;
    enum proxy_scheme scheme;
    const char *user, *password;
    const char *why; /* NULL: it is good */
} rows[] = {
    {"basic", PROXY_BASIC, "alice", "open:sesame", NULL},
    {"basic-utf-8", PROXY_BASIC, "zo\xc3\xab", "\xc3\xa9", NULL},
    {"basic-no-password", PROXY_BASIC, "alice", "", NULL},
    {"basic-colon", PROXY_BASIC, "a:b", "x", "colon"},
    {"basic-nobody", PROXY_BASIC, "", "x", "empty"},
    {"basic-line", PROXY_BASIC, "alice\r\nX: y", "x", "control"},
    {"basic-line-password", PROXY_BASIC, "alice", "x\n", "control"},
    {"ntlm", PROXY_NTLM, "DOMAIN\\alice", "sesame", NULL},
    {"ntlm-colon", PROXY_NTLM, "a:b", "x", NULL},
    {"ntlm-utf-8", PROXY_NTLM, "alice", "\xc3\xa9", "ASCII"},
};

static void test_row(gconstpointer data)
{
    const size_t i = GPOINTER_TO_SIZE(data);
    char *error;
    struct proxy_login *login =
        proxy_login_new(rows[i].scheme, rows[i].user, rows[i].password, &error);
    g_assert_cmpint(login == NULL, ==, rows[i].why != NULL);
    g_assert_cmpint(error != NULL, ==, rows[i].why != NULL);
    if (error != NULL)
        g_assert_nonnull(strstr(error, rows[i].why));
    g_free(error);
    proxy_login_free(login);
}

static void test_longest(void)
{
    const size_t max[] = {[PROXY_BASIC] = PROXY_LOGIN_MAX, [PROXY_NTLM] = PROXY_NTLM_MAX};
    for (unsigned scheme = 0; scheme < PROXY_SCHEME_COUNT; scheme++)
        for (size_t len = max[scheme]; len <= max[scheme] + 1; len++)
            for (unsigned i = 0; i < 2; i++) {
                char *text = g_strnfill(len, 'x'), *error;
                struct proxy_login *login = proxy_login_new(
                    (enum proxy_scheme)scheme, i == 0 ? text : "x", i == 0 ? "x" : text, &error);
                g_assert_cmpint(login != NULL, ==, len == max[scheme]);
                g_free(error);
                proxy_login_free(login);
                g_free(text);
            }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *path = g_strconcat("/proxy-login/", rows[i].name, NULL);
        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_row);
        g_free(path);
    }
    g_test_add_func("/proxy-login/longest", test_longest);
    return g_test_run();
}
