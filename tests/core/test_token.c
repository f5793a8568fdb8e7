/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>

#include "decode.h"
#include "hex.h"
#include "random.h"
#include "rows.h"
#include "token.h"
#include "vectors.h"

static const char *const part_names[] = {
    [SSTP_TOKEN_PART_IV] = "iv",
    [SSTP_TOKEN_PART_HMAC] = "hmac",
    [SSTP_TOKEN_PART_ENCRYPTED_DEVICE_NONCE] = "encrypted-device-nonce",
    [SSTP_TOKEN_PART_DEVICE_NONCE] = "device-nonce",
    [SSTP_TOKEN_PART_ENCRYPTED_RELAY_NONCE] = "encrypted-relay-nonce",
    [SSTP_TOKEN_PART_UNKNOWN] = "unknown",
    [SSTP_TOKEN_PART_OPAQUE] = "opaque",
};

/* A walk written down: "1.3/1 iv@3=.. !filter@offset+len". */
struct walk_log {
    GString *text;
    struct sstp_span token;
    unsigned num_parts;
};

static void log_header(void *cookie, uint8_t major, uint8_t minor, uint8_t message)
{
    struct walk_log *log = cookie;
    g_string_append_printf(log->text, "%u.%u/%u", major, minor, message);
}

static void log_part(void *cookie, enum sstp_token_part part, unsigned index, size_t offset,
                     struct sstp_span bytes)
{
    struct walk_log *log = cookie;
    const size_t length_len = part == SSTP_TOKEN_PART_OPAQUE ? 0 : 2;
    char *digits = g_malloc(2 * bytes.len + 1);

    g_assert_cmpuint(index, ==, log->num_parts++);
    g_assert_cmpuint(offset + length_len + bytes.len, <=, log->token.len);
    g_assert_true(bytes.data == log->token.data + offset + length_len);
    if (length_len > 0)
        g_assert_cmpuint(sstp_get_u16(log->token.data + offset), ==, bytes.len);
    hex_print(bytes.data, bytes.len, digits);
    g_string_append_printf(log->text, " %s@%zu=%s", part_names[part], offset, digits);
    g_free(digits);
}

static void log_finding(void *cookie, enum sstp_finding finding, size_t offset, size_t len)
{
    struct walk_log *log = cookie;
    g_assert_cmpuint(offset, <=, log->token.len);
    g_assert_cmpuint(len, <=, log->token.len - offset);
    g_string_append_printf(log->text, " !%s@%zu+%zu", sstp_finding_infos[finding].filter, offset,
                           len);
}

static void walk(const struct sstp_command *command, GString *text)
{
    struct walk_log log = {text, command->token, 0};
    const struct sstp_token_visitor visitor = {log_header, log_part, log_finding, &log};
    g_string_truncate(text, 0);
    sstp_token_walk(command, &visitor);
}

#define IV "00e8f4ab6cb1f0c0e92dc80b2d915e074c9a2434b7f1b810"
#define HMAC "9d054d7db0a0ed481ed705baf024a0d6be022bd1"

static const struct row {
    const char *name;
    uint8_t carrier;
    const char *token;
    const char *log;
} rows[] = {
    {"empty", SSTP_CONNECT, "", ""},
    {"one-byte", SSTP_CONNECT, "01", " !sec_token_malformed@0+1"},
    {"two-bytes", SSTP_REGISTER, "0103", " !sec_token_malformed@0+2"},
    {"header-alone", SSTP_CONNECT_RESPONSE, "010403", "1.4/3"},
    {"minor-5", SSTP_ATTACH, "010501", "1.5/1 !sec_version_unusual@0+2"},
    {"minor-2", SSTP_ATTACH, "010201", "1.2/1 !sec_version_unusual@0+2"},
    {"major-2", SSTP_ATTACH, "020301", "2.3/1 !sec_version_unusual@0+2"},

    /* SecConnect: IV, HMAC, nonce */
    {"sec-connect", SSTP_CONNECT, "010301 1800" IV "1400" HMAC "0100 aa",
     "1.3/1 iv@3=" IV " hmac@29=" HMAC " encrypted-device-nonce@51=aa"},
    {"sec-connect-iv-1", SSTP_CONNECT, "010301 0100 11 1400" HMAC "0000",
     "1.3/1 iv@3=11 !sec_length_unusual@3+2 hmac@6=" HMAC " encrypted-device-nonce@28="},
    {"sec-connect-hmac-1", SSTP_CONNECT, "010301 1800" IV "0100 22 0000",
     "1.3/1 iv@3=" IV " hmac@29=22 !sec_length_unusual@29+2 encrypted-device-nonce@32="},
    {"sec-connect-trailing", SSTP_CONNECT, "010301 1800" IV "1400" HMAC "0000 ff",
     "1.3/1 iv@3=" IV " hmac@29=" HMAC " encrypted-device-nonce@51= !sec_token_malformed@53+1"},
    {"sec-connect-header-alone", SSTP_CONNECT, "010301", "1.3/1 !sec_token_malformed@3+0"},
    {"sec-connect-half-a-length", SSTP_CONNECT, "010301 18", "1.3/1 !sec_token_malformed@3+1"},
    {"sec-connect-iv-too-long", SSTP_CONNECT, "010301 0200 11", "1.3/1 !sec_token_malformed@3+3"},
    {"sec-connect-without-nonce", SSTP_CONNECT, "010301 1800" IV "1400" HMAC,
     "1.3/1 iv@3=" IV " hmac@29=" HMAC " !sec_token_malformed@51+0"},
    /* SecConnectResponse: two nonces */
    {"sec-connect-response", SSTP_CONNECT_RESPONSE, "010302 1800" IV "1400" HMAC "0100aa 0100bb",
     "1.3/2 iv@3=" IV " hmac@29=" HMAC " device-nonce@51=aa encrypted-relay-nonce@54=bb"},
    {"sec-connect-response-one-nonce", SSTP_CONNECT_RESPONSE, "010302 1800" IV "1400" HMAC "0100aa",
     "1.3/2 iv@3=" IV " hmac@29=" HMAC " device-nonce@51=aa !sec_token_malformed@54+0"},

    /* The layouts belong to their carriers alone. */
    {"message-2-in-connect", SSTP_CONNECT, "010302 0100 aa", "1.3/2 unknown@3=aa"},
    {"message-1-in-response", SSTP_CONNECT_RESPONSE, "010301 0100 aa", "1.3/1 unknown@3=aa"},
    {"message-1-in-attach", SSTP_ATTACH, "010301 0100 aa", "1.3/1 unknown@3=aa"},
    {"message-2-in-attach-response", SSTP_ATTACH_RESPONSE, "010302 ff", "1.3/2 opaque@3=ff"},

    /* A generic walk that ends exactly shows its parts, any other is opaque. */
    {"parts", SSTP_REGISTER, "01030c 0000 0300 aabbcc 0100 dd",
     "1.3/12 unknown@3= unknown@5=aabbcc unknown@10=dd"},
    {"parts-one-over", SSTP_REGISTER, "01030c 0000 0300 aabbcc 0200 dd",
     "1.3/12 opaque@3=00000300aabbcc0200dd"},
    {"parts-half-a-length", SSTP_REGISTER, "01030c 0100 aa 00", "1.3/12 opaque@3=0100aa00"},
};

static void test_row(const void *data)
{
    const struct row *row = data;
    uint8_t bytes[128];
    const size_t len = hex_parse(row->token, bytes, sizeof bytes);
    uint8_t *copy = g_memdup2(bytes, len);
    GString *text = g_string_new(NULL);
    const struct sstp_command command = {.id = row->carrier, .token = sstp_span(copy, len)};
    walk(&command, text);
    g_assert_cmpstr(text->str, ==, row->log);
    g_string_free(text, TRUE);
    g_free(copy);
}

/* The published tokens (GRVHENC 4.3): 3+26+22+26 and 3+26+22+26+26 bytes. */
static void test_published(void)
{
    static const char *const logs[] = {
        "1.3/1 iv@3=e94cb5b2b7df00c965ed36eaed61261da8a0a2cb5d1b8366 "
        "hmac@29=9890f12014f531cf1d0393090dee8e708d93218c "
        "encrypted-device-nonce@51=590f17da461a3d1aae5b86999345599f41c57ec407f59eed",
        "1.3/2 iv@3=690619ae3bad0b7a5a7a67e0a2904165285bf6d2e78eb4f6 "
        "hmac@29=9d054d7db0a0ed481ed705baf024a0d6be022bd1 "
        "device-nonce@51=00e8f4ab6cb1f0c0e92dc80b2d915e074c9a2434b7f1b810 "
        "encrypted-relay-nonce@77=bc51278e48f5d6739a53323f6893b6c51d554fe242512113",
    };
    static const char *const names[] = {"SecConnect", "SecConnectResponse"};
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(logs); i++) {
        uint8_t bytes[VECTOR_LEN_MAX];
        const size_t len = vector_bytes(&vectors[i], bytes);
        struct sstp_command command;
        g_assert_true(g_str_has_suffix(vectors[i].name, "published"));
        (void)sstp_command_decode(sstp_span(bytes, len), SSTP_VERSION_1_5, NULL, &command);
        walk(&command, text);
        g_assert_cmpstr(text->str, ==, logs[i]);
        g_assert_cmpstr(sstp_token_name(&command), ==, names[i]);

        /* Cut anywhere, what is left does not have the layout any more. */
        for (size_t cut = 1; cut < command.token.len; cut++) {
            struct sstp_command shorter = command;
            shorter.token.len = cut;
            walk(&shorter, text);
            g_assert_nonnull(strstr(text->str, "!sec_token_malformed@"));
        }
    }
    g_string_free(text, TRUE);
}

/* IV and HMAC one byte shorter and longer than known, and as known. */
static void test_usual_lengths(void)
{
    GString *text = g_string_new(NULL);
    for (size_t iv_len = 23; iv_len <= 25; iv_len++)
        for (size_t hmac_len = 19; hmac_len <= 21; hmac_len++) {
            uint8_t bytes[64] = {1, 3, 1};
            const size_t hmac_offset = 3 + 2 + iv_len;
            bytes[3] = (uint8_t)iv_len;
            bytes[hmac_offset] = (uint8_t)hmac_len;
            const struct sstp_command command = {
                .id = SSTP_CONNECT, .token = sstp_span(bytes, hmac_offset + 2 + hmac_len + 2)};
            char *hmac_finding = g_strdup_printf("!sec_length_unusual@%zu+2", hmac_offset);
            walk(&command, text);
            g_assert_cmpint(strstr(text->str, "!sec_length_unusual@3+2") != NULL, ==, iv_len != 24);
            g_assert_cmpint(strstr(text->str, hmac_finding) != NULL, ==, hmac_len != 20);
            g_assert_null(strstr(text->str, "malformed"));
            g_free(hmac_finding);
        }
    g_string_free(text, TRUE);
}

static void test_random(void)
{
    struct rng random = rng(11);
    GString *text = g_string_new(NULL);
    for (unsigned i = 0; i < 50000; i++) {
        uint8_t bytes[64];
        const size_t len = rng_below(&random, sizeof bytes);
        for (size_t j = 0; j < len; j++)
            bytes[j] = (uint8_t)rng_below(&random, rng_is_one_in(&random, 4) ? 256 : 4);
        const struct sstp_command command = {.id = (uint8_t)rng_below(&random, 0x13),
                                             .token = sstp_span(bytes, len)};
        walk(&command, text); /* the callbacks assert */
        g_assert_cmpint(text->len == 0, ==, len == 0);
    }
    g_string_free(text, TRUE);
}

static void test_names(void)
{
    static const struct {
        uint8_t id, response_id;
        const char *token;
        const char *name;
    } names[] = {
        {SSTP_CONNECT, 0, "", "SecConnect"},
        {SSTP_CONNECT_RESPONSE, 0, "010302", "SecConnectResponse"},
        {SSTP_CONNECT_RESPONSE, 0, "010303",
         "SecConnectResponse or SecConnectResponseDeviceRegistrationNeeded"},
        {SSTP_CONNECT_RESPONSE, 0, "0103",
         "SecConnectResponse or SecConnectResponseDeviceRegistrationNeeded"},
        {SSTP_CONNECT_RESPONSE, 6, "010302", "SecConnectResponseAuthenticationFailed"},
        {SSTP_CONNECT_AUTHENTICATE, 0, "", "SecConnectAuthenticate"},
        {SSTP_ATTACH, 0, "", "SecAttach"},
        {SSTP_ATTACH_RESPONSE, 0, "", "SecAttachResponse"},
        {SSTP_ATTACH_RESPONSE, 1, "", "SecAttachResponseAuthenticationFailed"},
        {SSTP_ATTACH_RESPONSE, 3, "",
         "SecAttachResponseAccountRegistrationNeeded or "
         "SecAttachResponseNewDeviceRegistrationNeeded"},
        {SSTP_ATTACH_RESPONSE, 2, "", "security message of AttachResponse"},
        {SSTP_ATTACH_AUTHENTICATE, 0, "", "SecAttachAuthenticate"},
        {SSTP_REGISTER, 0, "", "SecDeviceAccountRegister or SecIdentityRegister"},
        {SSTP_REGISTER_RESPONSE, 0, "", "SecDeviceAccountRegisterResponse"},
        {SSTP_CONNECT_CLOSE, 0, "", NULL},
        {SSTP_OPEN, 0, "", NULL},
        {SSTP_DATA, 0, "", NULL},
        {SSTP_SESSION_STATUS, 0, "", NULL},
        {0x13, 0, "", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        uint8_t bytes[8];
        const size_t len = hex_parse(names[i].token, bytes, sizeof bytes);
        const struct sstp_command command = {
            .id = names[i].id, .response_id = names[i].response_id, .token = sstp_span(bytes, len)};
        g_assert_cmpstr(sstp_token_name(&command), ==, names[i].name);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_rows("/token/row", rows, test_row);
    g_test_add_func("/token/published", test_published);
    g_test_add_func("/token/usual-lengths", test_usual_lengths);
    g_test_add_func("/token/random", test_random);
    g_test_add_func("/token/names", test_names);
    return g_test_run();
}
