/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>

#include "henc/henc_findings.h"
#include "bytes.h"
#include "henc/polling.h"

#define BIT(finding) (UINT32_C(1) << HENC_FINDING_##finding)

#define URL "1.2\0grooveDNS://server01.relay.net\0"
#define GUID_A "m3u7m5ev6iz9hj6mx97s4kdrnk8khajvb3bwnba"
#define GUID_B "a5s2fj8q55cxne2v4wr48ad9ciffsznzq9apczi"

/* The Connect and ConnectResponse of GRVHENC 4.3; their server name was replaced
 * after their checksums had been taken (SPECIFICATION.md, Encapsulations). */
#define CONNECT(server)                                                                            \
    "\x01\xbc\x00\x01\x05\x00grooveDNS://" server ".relay.net\0"                                   \
    "\x01"                                                                                         \
    "dpp:///mk8k5dap7nfbni3ctwybmew2h2sgi3fh3gj5iui\0"                                             \
    "M\0\x01\x03\x01\x18\x00"                                                                      \
    "\xe9\x4c\xb5\xb2\xb7\xdf\x00\xc9\x65\xed\x36\xea\xed\x61\x26\x1d\xa8\xa0\xa2\xcb\x5d\x1b\x83" \
    "\x66\x14\x00\x98\x90\xf1\x20\x14\xf5\x31\xcf\x1d\x03\x93\x09\x0d\xee\x8e\x70\x8d\x93\x21\x8c" \
    "\x18\x00\x59\x0f\x17\xda\x46\x1a\x3d\x1a\xae\x5b\x86\x99\x93\x45\x59\x9f\x41\xc5\x7e\xc4\x07" \
    "\xf5\x9e\xedGroove Client 4.2 2623\0\0"
#define CONNECT_RESPONSE(server)                                                                   \
    "\x02\xa9\x00\x01\x05\x00g\0\x01\x03\x02\x18\x00"                                              \
    "\x69\x06\x19\xae\x3b\xad\x0b\x7a\x5a\x7a\x67\xe0\xa2\x90\x41\x65\x28\x5b\xf6\xd2\xe7\x8e\xb4" \
    "\xf6\x14\x00\x9d\x05\x4d\x7d\xb0\xa0\xed\x48\x1e\xd7\x05\xba\xf0\x24\xa0\xd6\xbe\x02\x2b\xd1" \
    "\x18\x00\x00\xe8\xf4\xab\x6c\xb1\xf0\xc0\xe9\x2d\xc8\x0b\x2d\x91\x5e\x07\x4c\x9a\x24\x34\xb7" \
    "\xf1\xb8\x10\x18\x00\xbc\x51\x27\x8e\x48\xf5\xd6\x73\x9a\x53\x32\x3f\x68\x93\xb6\xc5\x1d\x55" \
    "\x4f\xe2\x42\x51\x21\x13\x03Groove Relay 12.0 1407\0\0\x01grooveDNS://" server                \
    ".relay.net\0\0"
#define NOOP "\x10\x07\x00\x01\x00\x00\x00"

#define BYTES(text) text, sizeof text - 1

static const struct {
    const char *name;
    const char *bytes;
    size_t len;
    int64_t checksum;
} checksums[] = {
    {"connect", BYTES(CONNECT("monster2")), 539304},
    {"connect-as-printed", BYTES(CONNECT("server01")), 537659},
    {"connect-response", BYTES(CONNECT_RESPONSE("monster2")), 660819},
    {"connect-response-as-printed", BYTES(CONNECT_RESPONSE("server01")), 650528},
    {"noop", BYTES(NOOP), 62},
    {"nothing", BYTES(""), 0},
    {"high-bytes", BYTES("\x80\x80"), -381},
    {"minus-one-counts-nothing", BYTES("\xff\xff\xff"), 0},
};

static void test_checksum(gconstpointer data)
{
    const size_t row = GPOINTER_TO_SIZE(data);
    g_assert_cmpint(henc_polling_checksum(sstp_span(checksums[row].bytes, checksums[row].len)), ==,
                    checksums[row].checksum);
}

static void test_checksum_forms(void)
{
    static const struct {
        int64_t printed;
        int64_t calculated;
        bool is_good;
    } rows[] = {
        {0, 0, true},
        {-381, -381, true},
        {INT64_C(4294966915), -381, true}, /* -381 in 32 bits without sign */
        {381, -381, false},
        {62, 63, false},
        {INT64_C(5000000000), INT64_C(5000000000), true},
        {705032704, INT64_C(5000000000), true},   /* its low 32 bits */
        {-1589934592, INT64_C(7000000000), true}, /* the same with a sign */
        {-1589934593, INT64_C(7000000000), false},
        {INT64_C(705032704) + INT64_C(4294967296) * 3, INT64_C(5000000000), false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        g_assert_cmpint(henc_polling_checksum_is_good(rows[i].printed, rows[i].calculated), ==,
                        rows[i].is_good);
}

/* The bodies printed in GRVHENC 4.3; body 3, of which only pieces are printed,
 * stands with its head and the data that is whole. */
static const struct {
    const char *name;
    const char *body;
    size_t len;
    bool is_response;
    uint32_t sequence;
    int64_t checksum;
    size_t header_len;
    const char *guid;
    uint32_t findings;
} published[] = {
    {"request-1",
     BYTES(URL GUID_A "\0"
                      "0\0"
                      "0\0"),
     false, 0, 0, 79, GUID_A, 0},
    {"request-2",
     BYTES(URL GUID_A "\0"
                      "0\0"
                      "539304\0" CONNECT("server01")),
     false, 0, 539304, 84, GUID_A, BIT(CHECKSUM_BAD)},
    {"request-2-with-its-own-name",
     BYTES("1.2\0grooveDNS://monster2.relay.net\0" GUID_A "\0"
           "0\0"
           "539304\0" CONNECT("monster2")),
     false, 0, 539304, 84, GUID_A, 0},
    {"response-2",
     BYTES(URL GUID_A "\0"
                      "0\0"
                      "660819\0"
                      "120,5,3\0" CONNECT_RESPONSE("server01")),
     true, 0, 660819, 92, GUID_A, BIT(CHECKSUM_BAD)},
    {"response-2-with-its-own-name",
     BYTES("1.2\0grooveDNS://monster2.relay.net\0" GUID_A "\0"
           "0\0"
           "660819\0"
           "120,5,3\0" CONNECT_RESPONSE("monster2")),
     true, 0, 660819, 92, GUID_A, 0},
    {"response-3",
     BYTES(URL GUID_B "\0"
                      "37\0"
                      "0\0"
                      "120,5,3\0"),
     true, 37, 0, 88, GUID_B, 0},
    {"request-4",
     BYTES(URL GUID_B "\0"
                      "38\0"
                      "0\0"),
     false, 38, 0, 80, GUID_B, 0},
    {"response-4",
     BYTES(URL GUID_B "\0"
                      "38\0"
                      "62\0"
                      "120,5,3\0" NOOP),
     true, 38, 62, 89, GUID_B, 0},
    {"request-5",
     BYTES(URL GUID_B "\0"
                      "39\0"
                      "0\0"),
     false, 39, 0, 80, GUID_B, 0},
    {"response-5",
     BYTES(URL GUID_B "\0"
                      "39\0"
                      "0\0"
                      "120,5,3\0"),
     true, 39, 0, 88, GUID_B, 0},
};

static void test_published(gconstpointer data)
{
    const size_t row = GPOINTER_TO_SIZE(data);
    const struct sstp_span body = sstp_span(published[row].body, published[row].len);
    struct henc_polling p;
    g_assert_cmpint(henc_polling_parse(body, published[row].is_response, &p), ==, HENC_POLLING_OK);
    g_assert_true(henc_polling_is_body(body));
    assert_bytes(p.version.data, p.version.len, "1.2", 3);
    assert_bytes(p.guid.data, p.guid.len, published[row].guid, 39);
    g_assert_cmpuint(p.server.len, ==, strlen("server01.relay.net"));
    g_assert_cmpuint(p.server_url.len, ==, strlen("grooveDNS://server01.relay.net"));
    g_assert_cmpuint(p.sequence, ==, published[row].sequence);
    g_assert_cmpint(p.checksum, ==, published[row].checksum);
    g_assert_cmpuint(p.header_len, ==, published[row].header_len);
    g_assert_cmpuint(p.data.len, ==, published[row].len - published[row].header_len);
    if (published[row].is_response) {
        g_assert_cmpuint(p.poll_max, ==, HENC_POLL_MAX_DEFAULT);
        g_assert_cmpuint(p.poll_min, ==, HENC_POLL_MIN_DEFAULT);
        g_assert_cmpuint(p.poll_repetitions, ==, HENC_POLL_REPETITIONS_DEFAULT);
    }
    g_assert_cmphex(henc_polling_findings(&p, false), ==, published[row].findings);
    g_assert_cmphex(henc_polling_findings(&p, true), ==, 0);

    /* Written again it is the same, where its checksum is its own. */
    if (published[row].findings == 0) {
        uint8_t *again = g_malloc(body.len);
        for (size_t size = 0; size <= body.len; size++) {
            struct sstp_writer w = sstp_writer(again, size);
            henc_polling_write(&w, &p);
            g_assert_cmpint(w.failed, ==, size < body.len);
        }
        assert_bytes(again, body.len, body.data, body.len);
        g_free(again);
    }

    /* Every prefix is no such body, or cut, until the last field is there. */
    for (size_t len = 0; len < body.len; len++) {
        uint8_t *copy = g_memdup2(body.data, len);
        const enum henc_polling_result result =
            henc_polling_parse(sstp_span(copy, len), published[row].is_response, &p);
        const size_t head = strlen("1.2") + 1 + strlen(HENC_POLLING_SCHEME);
        g_assert_cmpint(result, ==,
                        len < head                        ? HENC_POLLING_NOT
                        : len < published[row].header_len ? HENC_POLLING_CUT
                                                          : HENC_POLLING_OK);
        g_free(copy);
    }
}

#define MANY_DIGITS "1.234567890123456"

static const struct {
    const char *name;
    const char *body;
    size_t len;
    bool is_response;
    enum henc_polling_result result;
    uint32_t findings;
} odd[] = {
    {"version-1.3",
     BYTES("1.3\0grooveDNS://a\0" GUID_A "\0"
           "0\0"
           "0\0"),
     false, HENC_POLLING_OK, BIT(ENCAP_VERSION)},
    {"guid-of-42",
     BYTES("1.2\0grooveDNS://a\0" GUID_A "xyz\0"
           "0\0"
           "0\0"),
     false, HENC_POLLING_OK, BIT(GUID_LENGTH)},
    {"no-guid",
     BYTES("1.2\0grooveDNS://a\0\0"
           "0\0"
           "0\0"),
     false, HENC_POLLING_OK, BIT(ENCAP_MALFORMED)},
    {"no-server",
     BYTES("1.2\0grooveDNS://\0" GUID_A "\0"
           "0\0"
           "0\0"),
     false, HENC_POLLING_OK, BIT(ENCAP_MALFORMED)},
    {"scheme-in-lower-case",
     BYTES("1.2\0groovedns://a\0" GUID_A "\0"
           "0\0"
           "0\0"),
     false, HENC_POLLING_OK, 0},
    {"sequence-at-32-bits",
     BYTES("1.2\0grooveDNS://a\0" GUID_A "\0"
           "4294967295\0"
           "0\0"),
     false, HENC_POLLING_OK, 0},
    {"sequence-above-32-bits",
     BYTES("1.2\0grooveDNS://a\0" GUID_A "\0"
           "4294967296\0"
           "0\0"),
     false, HENC_POLLING_OK, BIT(ENCAP_MALFORMED)},
    {"checksum-no-number",
     BYTES("1.2\0grooveDNS://a\0" GUID_A "\0"
           "0\0"
           "-\0"),
     false, HENC_POLLING_OK, BIT(ENCAP_MALFORMED)},
    {"checksum-minus",
     BYTES("1.2\0grooveDNS://a\0" GUID_A "\0"
           "0\0"
           "-381\0"
           "\x80\x80"),
     false, HENC_POLLING_OK, 0},
    {"checksum-lowest",
     BYTES("1.2\0grooveDNS://a\0" GUID_A "\0"
           "0\0"
           "-9223372036854775808\0"),
     false, HENC_POLLING_OK, BIT(CHECKSUM_BAD)},
    {"checksum-below-64-bits",
     BYTES("1.2\0grooveDNS://a\0" GUID_A "\0"
           "0\0"
           "-9223372036854775809\0"),
     false, HENC_POLLING_OK, BIT(ENCAP_MALFORMED)},
    {"poll-of-two",
     BYTES("1.2\0grooveDNS://a\0" GUID_A "\0"
           "0\0"
           "0\0"
           "120,5\0"),
     true, HENC_POLLING_OK, BIT(ENCAP_MALFORMED)},
    {"poll-with-blanks",
     BYTES("1.2\0grooveDNS://a\0" GUID_A "\0"
           "0\0"
           "0\0"
           "120, 5, 3\0"),
     true, HENC_POLLING_OK, 0},
    {"response-without-poll",
     BYTES("1.2\0grooveDNS://a\0" GUID_A "\0"
           "0\0"
           "0\0"),
     true, HENC_POLLING_CUT, 0},
    {"longest-version",
     BYTES("1.23456789012345\0grooveDNS://a\0" GUID_A "\0"
           "0\0"
           "0\0"),
     false, HENC_POLLING_OK, BIT(ENCAP_VERSION)},
    {"too-long-a-version", BYTES(MANY_DIGITS "\0grooveDNS://a\0"), false, HENC_POLLING_NOT, 0},
    {"no-version", BYTES("\0grooveDNS://a\0"), false, HENC_POLLING_NOT, 0},
    {"other-scheme", BYTES("1.2\0http://a\0"), false, HENC_POLLING_NOT, 0},
    {"a-connect", BYTES(CONNECT("server01")), false, HENC_POLLING_NOT, 0},
    {"html", BYTES("<html></html>"), true, HENC_POLLING_NOT, 0},
};

static void test_odd(gconstpointer data)
{
    const size_t row = GPOINTER_TO_SIZE(data);
    struct henc_polling p;
    g_assert_cmpint(
        henc_polling_parse(sstp_span(odd[row].body, odd[row].len), odd[row].is_response, &p), ==,
        odd[row].result);
    if (odd[row].result == HENC_POLLING_OK)
        g_assert_cmphex(henc_polling_findings(&p, false), ==, odd[row].findings);
}

static void test_write_limit(void)
{
    static uint8_t data[HENC_BODY_LEN_MAX];
    static uint8_t out[HENC_BODY_LEN_MAX + 200];
    struct henc_polling p = {.version = sstp_span_of_string("1.2"),
                             .server = sstp_span_of_string("a"),
                             .guid = sstp_span_of_string(GUID_A)};
    memset(data, 0xff, sizeof data); /* checksum 0: one digit */
    const size_t header_len = sizeof "1.2" + sizeof "grooveDNS://a" + sizeof GUID_A + 2 + 2;
    static const struct {
        size_t above;
        bool is_failed;
    } rows[] = {{0, false}, {1, true}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct sstp_writer w = sstp_writer(out, sizeof out);
        p.data = sstp_span(data, HENC_BODY_LEN_MAX - header_len + rows[i].above);
        henc_polling_write(&w, &p);
        g_assert_cmpint(w.failed, ==, rows[i].is_failed);
    }
    /* A negative sum is written with its sign. */
    struct henc_polling again;
    struct sstp_writer high = sstp_writer(out, sizeof out);
    p.data = sstp_span_of_string("\x80\x80");
    henc_polling_write(&high, &p);
    g_assert_cmpint(henc_polling_parse(sstp_writer_span(&high), false, &again), ==,
                    HENC_POLLING_OK);
    g_assert_cmpint(again.checksum, ==, -381);

    struct henc_polling empty = {.version = p.version, .server = p.server};
    struct sstp_writer w = sstp_writer(out, sizeof out);
    henc_polling_write(&w, &empty);
    g_assert_true(w.failed);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(checksums); i++) {
        char *path = g_strdup_printf("/henc/polling/checksum/%s", checksums[i].name);
        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_checksum);
        g_free(path);
    }
    g_test_add_func("/henc/polling/checksum-forms", test_checksum_forms);
    for (size_t i = 0; i < G_N_ELEMENTS(published); i++) {
        char *path = g_strdup_printf("/henc/polling/published/%s", published[i].name);
        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_published);
        g_free(path);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(odd); i++) {
        char *path = g_strdup_printf("/henc/polling/odd/%s", odd[i].name);
        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_odd);
        g_free(path);
    }
    g_test_add_func("/henc/polling/write-limit", test_write_limit);
    return g_test_run();
}
