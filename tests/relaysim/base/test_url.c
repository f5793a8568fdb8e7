/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/url.h"

#include "core/command.h"

#include <glib.h>

static void test_schemes(void)
{
    static const struct {
        const char *url;
        bool is_identity, is_device, is_relay, is_presence;
    } rows[] = {{"grooveIdentity://x", true, false, false, false},
                {"grooveIdentity://", false, false, false, false},
                {"grooveidentity://x", false, false, false, false},
                {"dpp:///x", false, true, false, false},
                {"dpp://", false, false, false, false},
                {"grooveDNS://x", false, false, true, false},
                {"grooveDNS://", false, false, false, false},
                {"grooveWanDPP", false, false, false, true},
                {"grooveWANDPP", false, false, false, true},
                {"grooveWanDPP2", false, false, false, false},
                {"", false, false, false, false}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const struct sstp_span url = sstp_span_of_string(rows[i].url);
        g_assert_cmpint(sstp_url_is_identity(url), ==, rows[i].is_identity);
        g_assert_cmpint(sstp_url_is_device(url), ==, rows[i].is_device);
        g_assert_cmpint(sstp_url_is_relay(url), ==, rows[i].is_relay);
        g_assert_cmpint(sstp_resource_is_presence(url), ==, rows[i].is_presence);
    }
}

/* Note <10>: 80 characters, and 81. */
static void test_length(void)
{
    for (gsize len = 79; len <= 81; len++) {
        char *name = g_strnfill(len, 'x');
        char *url = g_strconcat("grooveIdentity://", name, NULL);
        g_assert_cmpint(sstp_url_is_identity(sstp_span_of_string(url)), ==, len <= 80);
        g_free(url);
        g_free(name);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/url/schemes", test_schemes);
    g_test_add_func("/url/length", test_length);
    return g_test_run();
}
