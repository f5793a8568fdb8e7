/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/client_print.h"

#include <string.h>

#define SPAN(text) sstp_span(text, sizeof(text) - 1)

static struct client_source *make_source(void)
{
    const struct sstp_command open = {.resource_url = SPAN("app\thandler"),
                                      .identity_url = SPAN("grooveIdentity://b\xff"),
                                      .device_url = SPAN("")};
    return client_source_new(&open, "dpp:///\x1b[31m");
}

static void check(enum client_format format, const struct sstp_ep_message *message,
                  const char *expected)
{
    struct client_source *source = make_source();
    GTimeZone *zone = g_time_zone_new_offset(-(3 * 3600 + 30 * 60));
    GDateTime *received = g_date_time_new(zone, 2026, 3, 1, 12, 0, 1.25);
    GBytes *line = client_print(format, received, source, message);
    gsize len;
    const char *data = g_bytes_get_data(line, &len);
    char *text = g_strndup(data, len);
    g_assert_cmpstr(text, ==, expected);
    g_assert_cmpuint(strlen(text), ==, len);
    g_free(text);
    g_bytes_unref(line);
    g_date_time_unref(received);
    g_time_zone_unref(zone);
    client_source_free(source);
}

/* Seven columns, whatever is in them. */
static void test_text(void)
{
#define COLUMNS                                                                                    \
    "2026-03-01T12:00:01.250000-03:30\tdpp:///\\x1b[31m\tgrooveIdentity://"                        \
    "b\\xff\t\tapp\\thandler\t"
    check(CLIENT_FORMAT_TEXT, &(struct sstp_ep_message){.data = SPAN("")}, COLUMNS "\t\n");
    check(CLIENT_FORMAT_TEXT,
          &(struct sstp_ep_message){.user_ref = SPAN("ref\n"), .data = SPAN("a\tb\\n\n\0\xc3\xbc")},
          COLUMNS "ref\\n\ta\\tb\\\\n\\n\\x00\xc3\xbc\n");
}

static void test_json(void)
{
#define MEMBERS                                                                                    \
    "{\"received\":\"2026-03-01T12:00:01.250000-03:30\",\"from\":\"dpp:///\\u001b[31m\","          \
    "\"resource\":\"app\\thandler\",\"identity\":\"grooveIdentity://b\xef\xbf\xbd\","              \
    "\"identity_bytes\":\"67726f6f76654964656e746974793a2f2f62ff\",\"device\":\"\","
    check(CLIENT_FORMAT_JSON, &(struct sstp_ep_message){.data = SPAN("x\n")},
          MEMBERS "\"user_ref\":\"\",\"flags\":0,\"size\":2,\"text\":\"x\\n\"}\n");
    check(CLIENT_FORMAT_JSON,
          &(struct sstp_ep_message){.flags = SSTP_MESSAGE_FLAG_EPHEMERAL,
                                    .ttl = UINT32_MAX,
                                    .user_ref = SPAN("ref"),
                                    .data = SPAN("\0")},
          MEMBERS "\"user_ref\":\"ref\",\"flags\":2,\"ttl\":4294967295,\"size\":1,"
                  "\"base64\":\"AA==\"}\n");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/client-print/text", test_text);
    g_test_add_func("/client-print/json", test_json);
    return g_test_run();
}
