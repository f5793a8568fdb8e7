/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a refusal may stand for: words that have no hint say all, and each hint names an option of
 * the relay that there is. */
#include "client/hint.h"

#include "core/mnemonics.h"

#include <glib.h>
#include <string.h>

/* The options of a hint, each with a blank after it; "" for none. */
static char *options_of(const char *hint)
{
    GString *options = g_string_new("");
    for (const char *at = hint; (at = strstr(at, "--")) != NULL;) {
        const size_t len = 2 + strspn(at + 2, "abcdefghijklmnopqrstuvwxyz-");
        g_string_append_len(options, at, (gssize)len);
        g_string_append_c(options, ' ');
        at += len;
    }
    return g_string_free(options, FALSE);
}

static void test_hints(void)
{
    static const struct {
        const char *(*hint)(uint8_t value);
        uint8_t value;
        const char *options;
    } rows[] = {
        {client_hint_connect_response, SSTP_CONNECT_RESPONSE_TRY_LATER, "--max-connections "},
        {client_hint_connect_response, SSTP_CONNECT_RESPONSE_CONNECT_REJECTED, "--lock-out "},
        {client_hint_connect_response, SSTP_CONNECT_RESPONSE_WRONG_DEVICE, ""},
        {client_hint_connect_close, SSTP_CONNECT_CLOSE_CROSSED_CONNECTIONS,
         "--connections-per-device "},
        {client_hint_connect_close, SSTP_CONNECT_CLOSE_PROTOCOL_ERROR, ""},
        {client_hint_open_response, SSTP_OPEN_RESPONSE_UNKNOWN,
         "--max-fanout --max-sessions --lock-out --auth "},
        {client_hint_open_response, SSTP_OPEN_RESPONSE_NO_RESOURCE, ""},
        {client_hint_close, SSTP_CLOSE_QUOTA_WOULD_BE_EXCEEDED,
         "--quota --max-queues --max-message --max-assembling "},
        {client_hint_close, SSTP_CLOSE_INTERNAL_ERROR, "--max-stored "},
        {client_hint_close, SSTP_CLOSE_NO_REASON, ""},
        {client_hint_register, SSTP_CLOSE_USER_AUTHENTICATION_FAILED, "--account "},
        {client_hint_register, SSTP_CLOSE_INTERNAL_ERROR, "--max-events "},
        {client_hint_register, SSTP_CLOSE_QUOTA_WOULD_BE_EXCEEDED, ""},
        {client_hint_status, SSTP_SESSION_STATUS_QUOTA_WOULD_BE_EXCEEDED, "--quota --max-queues "},
        {client_hint_status, SSTP_SESSION_STATUS_LOCKED_OUT, "--lock-out "},
        {client_hint_status, SSTP_SESSION_STATUS_HOST_NOT_REACHABLE, ""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const char *hint = rows[i].hint(rows[i].value);
        char *options = options_of(hint);
        g_test_message("%zu: %s", i, hint);
        g_assert_cmpstr(options, ==, rows[i].options);
        /* It goes after a word. */
        g_assert_true(*hint == '\0' ||
                      (g_str_has_prefix(hint, " (") && g_str_has_suffix(hint, ")")));
        g_free(options);
    }
    /* Whatever it is. */
    for (unsigned value = 0; value <= UINT8_MAX; value++)
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
            g_assert_nonnull(rows[i].hint((uint8_t)value));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/hint", test_hints);
    return g_test_run();
}
