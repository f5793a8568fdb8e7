/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>

#include "decode.h"
#include "random.h"
#include "rows.h"
#include "summary.h"
#include "vectors.h"

static void test_vectors(void)
{
    for (size_t i = 0; i < num_vectors; i++) {
        uint8_t bytes[VECTOR_LEN_MAX];
        char text[SSTP_SUMMARY_SIZE], detail[SSTP_SUMMARY_SIZE], name[SSTP_SUMMARY_SIZE];
        const size_t len = vector_bytes(&vectors[i], bytes);
        struct sstp_command command;
        (void)sstp_command_decode(sstp_span(bytes, len), vectors[i].version, NULL, &command);
        sstp_summary(&command, text, sizeof text);
        g_assert_cmpstr(text, ==, vectors[i].summary);
        sstp_summary_name(&command, name, sizeof name);
        g_assert_true(g_str_has_prefix(text, name));
        sstp_summary_detail(&command, NULL, detail, sizeof detail);
        g_assert_true(g_str_has_suffix(text, detail));
    }
}

#define SPAN(text)                                                                                 \
    {                                                                                              \
        (const uint8_t *)(text), sizeof(text) - 1                                                  \
    }
#define X16 "0123456789abcdef"
#define X64 X16 X16 X16 X16

static const struct row {
    const char *name;
    struct sstp_command command;
    const char *summary;
} rows[] = {
    {"unknown-command", {.id = 0x2a}, "unknown command 0x2a"},
    {"id-0", {.id = 0}, "unknown command 0x00"},
    {"unknown-connect-response",
     {.id = SSTP_CONNECT_RESPONSE, .response_id = 0x07, .major_version = 1, .minor_version = 255},
     "ConnectResponse 0x07 1.255"},
    {"unknown-open-response",
     {.id = SSTP_OPEN_RESPONSE, .response_id = 0xff},
     "OpenResponse s=0x0 0xff"},
    {"unknown-session-status",
     {.id = SSTP_SESSION_STATUS, .status_id = 0},
     "SessionStatus s=0x0 0x00"},
    {"unknown-close", {.id = SSTP_CLOSE, .reason_id = 1}, "Close s=0x0 0x01"},
    {"unknown-attach-response",
     {.id = SSTP_ATTACH_RESPONSE, .response_id = 4},
     "AttachResponse s=0x0 0x04"},
    {"connect-close", {.id = SSTP_CONNECT_CLOSE, .reason_id = 0x0b}, "ConnectClose 0x0b"},
    {"connect-close-acks",
     {.id = SSTP_CONNECT_CLOSE, .reason_id = 0x0f, .message_count = UINT32_MAX},
     "ConnectClose TooManyUnknownSessionCmds [acks 4294967295]"},
    {"noop-0", {.id = SSTP_NOOP}, "Noop"},
    {"one-destination",
     {.id = SSTP_FANOUT_OPEN,
      .session_id = UINT32_MAX,
      .fanout_entries = {1, {NULL, 0}},
      .resource_url = SPAN("r")},
     "FanoutOpen s=0xffffffff r, 1 destination"},
    {"unprintable",
     {.id = SSTP_OPEN, .resource_url = SPAN("a\x1f\x20\x7e\x7f\x1b[31m\n\xff%s")},
     "Open s=0x0 a. ~..[31m..%s"},
    {"url-of-64", {.id = SSTP_OPEN, .resource_url = SPAN(X64)}, "Open s=0x0 " X64},
    {"url-of-65", {.id = SSTP_OPEN, .resource_url = SPAN(X64 "x")}, "Open s=0x0 " X64 "..."},
    {"longest",
     {.id = SSTP_FANOUT_OPEN,
      .session_id = UINT32_MAX,
      .fanout_entries = {65535, {NULL, 0}},
      .resource_url = SPAN(X64 "x")},
     "FanoutOpen s=0xffffffff " X64 "..., 65535 destinations"},
};

static void test_row(const void *data)
{
    const struct row *row = data;
    char text[SSTP_SUMMARY_SIZE];
    sstp_summary(&row->command, text, sizeof text);
    g_assert_cmpstr(text, ==, row->summary);
}

/* Whatever is in a command, the text fits and is printable. */
static void test_random(void)
{
    static struct random_store store;
    struct rng random = rng(5);
    for (unsigned i = 0; i < 20000; i++) {
        struct sstp_command command;
        char text[SSTP_SUMMARY_SIZE], larger[4 * SSTP_SUMMARY_SIZE];
        random_command(&random, &store, &command);
        sstp_summary(&command, text, sizeof text);
        sstp_summary(&command, larger, sizeof larger);
        g_assert_cmpstr(text, ==, larger); /* nothing was cut */
        for (const char *p = text; *p != '\0'; p++)
            g_assert_true(*p >= 0x20 && *p < 0x7f);
    }
}

/* A text that is too small is filled as far as it goes, and ended. */
static void test_room(void)
{
    const struct sstp_command command = {
        .id = SSTP_CONNECT_CLOSE, .reason_id = SSTP_CONNECT_CLOSE_IDLE, .message_count = 12};
    const char *full = "ConnectClose Idle [acks 12]";
    for (size_t size = 1; size <= strlen(full) + 2; size++) {
        char *text = g_malloc(size);
        sstp_summary(&command, text, size);
        g_assert_cmpuint(strlen(text), ==, MIN(size - 1, strlen(full)));
        g_assert_true(g_str_has_prefix(full, text));
        sstp_summary_detail(&command, NULL, text, size);
        g_assert_true(g_str_has_prefix("Idle [acks 12]", text));
        sstp_summary_name(&command, text, size);
        g_assert_true(g_str_has_prefix("ConnectClose", text));
        g_free(text);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_rows("/summary/row", rows, test_row);
    g_test_add_func("/summary/vectors", test_vectors);
    g_test_add_func("/summary/random", test_random);
    g_test_add_func("/summary/room", test_room);
    return g_test_run();
}
