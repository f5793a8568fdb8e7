/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check.h"
#include "commands.h"
#include "decode.h"
#include "encode.h"
#include "hex.h"
#include "vectors.h"

#include <glib.h>

#define SPAN(text)                                                                                 \
    {                                                                                              \
        (const uint8_t *)(text), sizeof(text) - 1                                                  \
    }
#define LIST(count, text)                                                                          \
    {                                                                                              \
        count, SPAN(text)                                                                          \
    }

/* Commands as a sender makes them, and the bytes that they are. */
static const struct row {
    const char *vector;
    struct sstp_command command;
} rows[] = {
    {"Connect, empty", {.id = SSTP_CONNECT, .major_version = 1, .minor_version = 6}},
    {"Connect, two source devices",
     {.id = SSTP_CONNECT,
      .major_version = 1,
      .minor_version = 6,
      .target_device_url = SPAN("r1"),
      .device_urls = LIST(2, "dpp:///a\0b\0"),
      .token = SPAN("\xff"),
      .product_version = SPAN("P"),
      .product_capabilities = SPAN("A;B")}},
    {"ConnectResponse, TryLater",
     {.id = SSTP_CONNECT_RESPONSE,
      .major_version = 1,
      .minor_version = 6,
      .response_id = SSTP_CONNECT_RESPONSE_TRY_LATER,
      .product_version = SPAN("R 1"),
      .product_capabilities = SPAN("ABC;MDF"),
      .wait_time = 60}},
    {"ConnectResponse, WillUpgrade",
     {.id = SSTP_CONNECT_RESPONSE,
      .major_version = 1,
      .minor_version = 5,
      .response_id = SSTP_CONNECT_RESPONSE_WILL_UPGRADE,
      .flags = SSTP_CONNECT_FLAG_SINGLE_HOP,
      .wait_time = 0x80000000}},
    {"ConnectResponse, WrongDevice",
     {.id = SSTP_CONNECT_RESPONSE,
      .major_version = 1,
      .minor_version = 5,
      .response_id = SSTP_CONNECT_RESPONSE_WRONG_DEVICE,
      .flags = SSTP_CONNECT_FLAG_MULTI_DROP,
      .device_urls = LIST(1, "not sent\0"),
      .wait_time = 1}},
    {"ConnectResponse, NewVersionRequired",
     {.id = SSTP_CONNECT_RESPONSE,
      .major_version = 1,
      .minor_version = 6,
      .response_id = SSTP_CONNECT_RESPONSE_NEW_VERSION_REQUIRED,
      .flags = 0xff}},
    {"ConnectAuthenticate", {.id = SSTP_CONNECT_AUTHENTICATE, .token = SPAN("\1\3\3\0\0")}},
    {"ConnectClose, ProtocolError",
     {.id = SSTP_CONNECT_CLOSE,
      .reason_id = SSTP_CONNECT_CLOSE_PROTOCOL_ERROR,
      .message_count = 2,
      .wait_time = 300}},
    {"ConnectClose, Resting",
     {.id = SSTP_CONNECT_CLOSE, .reason_id = SSTP_CONNECT_CLOSE_RESTING, .wait_time = 300}},
    {"Open",
     {.id = SSTP_OPEN,
      .session_id = 0x21,
      .resource_url = SPAN("res"),
      .identity_url = SPAN("id"),
      .device_url = SPAN("dev")}},
    {"FanoutOpen, 1.5",
     {.id = SSTP_FANOUT_OPEN,
      .session_id = 0x22,
      .form = SSTP_VERSION_1_5,
      .resource_url = SPAN("res"),
      .fanout_entries = LIST(2, "i1\0d1\0r1\0i2\0\0\0")}},
    {"FanoutOpen, 1.6",
     {.id = SSTP_FANOUT_OPEN,
      .session_id = 0x22,
      .form = SSTP_VERSION_1_6,
      .resource_url = SPAN("res"),
      .fanout_entries = LIST(2, "i1\0d1\0r1\0\0i2\0\0\0\0")}},
    {"FanoutOpen, no entry",
     {.id = SSTP_FANOUT_OPEN, .session_id = 0x22, .resource_url = SPAN("r")}},
    {"OpenResponse",
     {.id = SSTP_OPEN_RESPONSE,
      .session_id = 0x21,
      .response_id = SSTP_OPEN_RESPONSE_OK_STOP_SENDING}},
    {"Attach",
     {.id = SSTP_ATTACH,
      .session_id = 1,
      .resource_url = SPAN("r"),
      .account_url = SPAN("acc"),
      .token = SPAN("\1\3\4")}},
    {"AttachResponse",
     {.id = SSTP_ATTACH_RESPONSE,
      .session_id = 1,
      .response_id = SSTP_ATTACH_RESPONSE_AWAITING_REGISTER,
      .token = SPAN("\1\4\3")}},
    {"AttachAuthenticate",
     {.id = SSTP_ATTACH_AUTHENTICATE, .session_id = 1, .token = SPAN("\xaa")}},
    {"Register", {.id = SSTP_REGISTER, .session_id = 2}},
    {"RegisterResponse", {.id = SSTP_REGISTER_RESPONSE, .session_id = 2, .token = SPAN("\xbb")}},
    {"Message, plain", {.id = SSTP_MESSAGE, .session_id = 0x21}},
    {"Message, every field",
     {.id = SSTP_MESSAGE,
      .session_id = 0x80000021,
      .message_count = 7,
      .flags = 0x77,
      .user_ref = SPAN("u1"),
      .ttl = 3600,
      .byte_stream_size = 1,
      .session_size = 2,
      .message_size = 0x0102030405060708,
      .num_fragments = 3,
      .this_fragment = 2,
      .fragment_id = SPAN("f"),
      .fragment_offset = UINT64_MAX}},
    {"Message, ephemeral",
     {.id = SSTP_MESSAGE, .session_id = 0x21, .flags = SSTP_MESSAGE_FLAG_EPHEMERAL, .ttl = 60}},
    {"Message, ephemeral with Reserved1",
     {.id = SSTP_MESSAGE,
      .session_id = 0x21,
      .flags = SSTP_MESSAGE_FLAG_EPHEMERAL,
      .ephemeral_reserved_len = 4,
      .ttl = 60}},
    {"Message, ephemeral with both reserved",
     {.id = SSTP_MESSAGE,
      .session_id = 0x21,
      .flags = SSTP_MESSAGE_FLAG_EPHEMERAL,
      .ephemeral_reserved_len = 5,
      .ttl = 60}},
    {"Data", {.id = SSTP_DATA, .session_id = 0x21, .data = SPAN("\xff\0\xff")}},
    {"Data, empty", {.id = SSTP_DATA, .session_id = 0x21}},
    {"EndMessage", {.id = SSTP_END_MESSAGE, .session_id = 0x21}},
    {"Noop, published", {.id = SSTP_NOOP, .message_count = 1, .session_id = 0x99}},
    {"Close", {.id = SSTP_CLOSE, .session_id = 0x21, .reason_id = SSTP_CLOSE_EMPTY_SESSION}},
    {"SessionStatus, 1.5",
     {.id = SSTP_SESSION_STATUS,
      .session_id = 0x22,
      .form = SSTP_VERSION_1_5,
      .status_id = SSTP_SESSION_STATUS_QUOTA_WOULD_BE_EXCEEDED,
      .device_url = SPAN("d1"),
      .identity_url = SPAN("i1"),
      .fanout_indexes = LIST(1, "\0\0")}},
    {"SessionStatus, 1.6 with one destination",
     {.id = SSTP_SESSION_STATUS,
      .session_id = 0x22,
      .form = SSTP_VERSION_1_6,
      .status_id = SSTP_SESSION_STATUS_LOCKED_OUT,
      .device_url = SPAN("d1"),
      .identity_url = SPAN("i1")}},
    {"SessionStatus, 1.6 with indexes",
     {.id = SSTP_SESSION_STATUS,
      .session_id = 0x22,
      .form = SSTP_VERSION_1_6,
      .status_id = SSTP_SESSION_STATUS_DNS_LOOKUP_FAILED,
      .fanout_indexes = LIST(2, "\0\0\5\1")}},
};

static const struct vector *find_vector(const char *name)
{
    for (size_t i = 0; i < num_vectors; i++)
        if (g_str_equal(vectors[i].name, name))
            return &vectors[i];
    g_error("no vector called %s", name);
}

static void test_row(const void *data)
{
    const struct row *row = data;
    uint8_t expected[VECTOR_LEN_MAX], bytes[VECTOR_LEN_MAX];
    const size_t len = vector_bytes(find_vector(row->vector), expected);
    g_assert_cmpuint(sstp_command_encode(&row->command, bytes, sizeof bytes), ==, len);
    check_same_bytes(bytes, len, expected, len);
}

/* Every vector comes back from its decoded form, the published ones too. */
static void test_vectors(void)
{
    for (size_t i = 0; i < num_vectors; i++) {
        uint8_t bytes[VECTOR_LEN_MAX], again[VECTOR_LEN_MAX];
        const size_t len = vector_bytes(&vectors[i], bytes);
        struct sstp_command command;
        g_assert_true(
            sstp_command_decode(sstp_span(bytes, len), vectors[i].version, NULL, &command));
        g_assert_cmpuint(sstp_command_encode(&command, again, sizeof again), ==, len);
        check_same_bytes(again, len, bytes, len);
    }
}

/* Every buffer that is too small, the one that fits, and one byte more. */
static void test_room(void)
{
    for (size_t i = 0; i < num_vectors; i++) {
        uint8_t bytes[VECTOR_LEN_MAX];
        const size_t len = vector_bytes(&vectors[i], bytes);
        struct sstp_command command;
        (void)sstp_command_decode(sstp_span(bytes, len), vectors[i].version, NULL, &command);
        for (size_t size = 0; size <= len + 1; size++) {
            uint8_t *out = g_malloc(size);
            g_assert_cmpuint(sstp_command_encode(&command, out, size), ==, size < len ? 0 : len);
            g_free(out);
        }
    }
}

static void test_refused(void)
{
    static uint8_t token[65537], out[70000];
    struct sstp_command command = {.id = 0};
    g_assert_cmpuint(sstp_command_encode(&command, out, sizeof out), ==, 0);
    command.id = 0x13;
    g_assert_cmpuint(sstp_command_encode(&command, out, sizeof out), ==, 0);

    command = (struct sstp_command){.id = SSTP_OPEN, .resource_url = SPAN("a\0b")};
    g_assert_cmpuint(sstp_command_encode(&command, out, sizeof out), ==, 0);

    for (size_t len = 65534; len <= 65537; len++) {
        command =
            (struct sstp_command){.id = SSTP_CONNECT_AUTHENTICATE, .token = sstp_span(token, len)};
        g_assert_cmpuint(sstp_command_encode(&command, out, sizeof out), ==, 0);
    }
}

/* What grows in a command, and the limit that stops it. */
static const struct limit {
    const char *test_path;
    struct sstp_command command;
    size_t member; /* the span that grows */
    size_t max;
} limits[] = {
    {"/encode/limit/connect", {.id = SSTP_CONNECT}, offsetof(struct sstp_command, token), 2055},
    {"/encode/limit/connect-response",
     {.id = SSTP_CONNECT_RESPONSE},
     offsetof(struct sstp_command, product_version),
     2055},
    {"/encode/limit/connect-authenticate",
     {.id = SSTP_CONNECT_AUTHENTICATE},
     offsetof(struct sstp_command, token),
     2055},
    {"/encode/limit/open", {.id = SSTP_OPEN}, offsetof(struct sstp_command, device_url), 2055},
    {"/encode/limit/fanout-open",
     {.id = SSTP_FANOUT_OPEN},
     offsetof(struct sstp_command, resource_url),
     65535},
    {"/encode/limit/attach", {.id = SSTP_ATTACH}, offsetof(struct sstp_command, token), 2055},
    {"/encode/limit/attach-response",
     {.id = SSTP_ATTACH_RESPONSE},
     offsetof(struct sstp_command, token),
     2055},
    {"/encode/limit/attach-authenticate",
     {.id = SSTP_ATTACH_AUTHENTICATE},
     offsetof(struct sstp_command, token),
     2055},
    {"/encode/limit/register", {.id = SSTP_REGISTER}, offsetof(struct sstp_command, token), 8192},
    {"/encode/limit/register-response",
     {.id = SSTP_REGISTER_RESPONSE},
     offsetof(struct sstp_command, token),
     2055},
    {"/encode/limit/message", {.id = SSTP_MESSAGE}, offsetof(struct sstp_command, user_ref), 2055},
    {"/encode/limit/data", {.id = SSTP_DATA}, offsetof(struct sstp_command, data), 2055},
    {"/encode/limit/session-status",
     {.id = SSTP_SESSION_STATUS},
     offsetof(struct sstp_command, identity_url),
     2055},
};

/* One below the limit, at it, and one above. */
static void test_limit(const void *data)
{
    static uint8_t filler[70000], out[70000];
    const struct limit *limit = data;
    struct sstp_command command = limit->command;
    struct sstp_span *member = (struct sstp_span *)(void *)((char *)&command + limit->member);

    memset(filler, 'x', sizeof filler);
    const size_t empty = sstp_command_encode(&command, out, sizeof out);
    g_assert_cmpuint(empty, >, 0);
    for (size_t length = limit->max - 1; length <= limit->max + 1; length++) {
        *member = sstp_span(filler, length - empty);
        const size_t expected = length <= limit->max ? length : 0;
        g_assert_cmpuint(sstp_command_encode(&command, out, sizeof out), ==, expected);
        if (expected > 0)
            g_assert_cmpuint(sstp_get_u16(out + 1), ==, length);
    }
}

/* An unknown form counts as 1.5. */
static void test_form_unknown(void)
{
    uint8_t bytes[64];
    struct sstp_command command = {.id = SSTP_SESSION_STATUS, .form = SSTP_VERSION_UNKNOWN};
    g_assert_cmpuint(sstp_command_encode(&command, bytes, sizeof bytes), ==, 11);
    command.form = SSTP_VERSION_1_6;
    g_assert_cmpuint(sstp_command_encode(&command, bytes, sizeof bytes), ==, 13);
}

/* The same bytes as the whole command has at its front. */
static void test_data_header(void)
{
    static const size_t lens[] = {0, 1, 255, 256, SSTP_DATA_PAYLOAD_MAX};
    static const uint32_t ids[] = {0, 0x21, 0x80000001, UINT32_MAX};
    uint8_t data[SSTP_DATA_PAYLOAD_MAX] = {0}, whole[2055], header[SSTP_DATA_HEADER_LEN];
    for (size_t l = 0; l < G_N_ELEMENTS(lens); l++)
        for (size_t i = 0; i < G_N_ELEMENTS(ids); i++) {
            const struct sstp_command command = {
                .id = SSTP_DATA, .session_id = ids[i], .data = sstp_span(data, lens[l])};
            const size_t len = sstp_command_encode(&command, whole, sizeof whole);
            g_assert_cmpuint(len, ==, sizeof header + lens[l]);
            sstp_data_header_encode(ids[i], lens[l], header);
            g_assert_true(memcmp(header, whole, sizeof header) == 0);
        }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *path = g_strconcat("/encode/row/", rows[i].vector, NULL);
        g_test_add_data_func(path, &rows[i], test_row);
        g_free(path);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(limits); i++)
        g_test_add_data_func(limits[i].test_path, &limits[i], test_limit);
    g_test_add_func("/encode/vectors", test_vectors);
    g_test_add_func("/encode/data-header", test_data_header);
    g_test_add_func("/encode/room", test_room);
    g_test_add_func("/encode/refused", test_refused);
    g_test_add_func("/encode/form-unknown", test_form_unknown);
    return g_test_run();
}
