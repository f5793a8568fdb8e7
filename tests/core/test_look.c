/* SPDX-License-Identifier: GPL-2.0-or-later */
/* That the evidence is what the header says, and that SSTP is taken for SSTP.
 * What must not be taken for it is in test_look_others.c. */
#include <glib.h>

#include "hex.h"
#include "look.h"
#include "random.h"
#include "rows.h"
#include "vectors.h"

static const struct sstp_look_hint session_21 = {.has_session_id = true, .session_id = 0x21};

static int bits_of(const uint8_t *bytes, size_t len)
{
    return sstp_look(sstp_span(bytes, len), false, NULL).bits;
}

/* The sums written out: CommandId 3; length 16 if fixed, 5 up to 2,055, 3 up to
 * 8,192, 0 above; a small number 12; a session again 32; a known code 4; a value
 * that must be zero 8 an octet; a character 1; fields that end right 8. */
static const struct evidence_row {
    const char *name;
    const char *hex;
    bool is_end;
    bool has_hint;
    int bits;
    unsigned num_commands;
    bool wants_more;
} evidence_rows[] = {
    {"noop", "10 0700 01000000", false, false, 3 + 16 + 12, 1, false},
    {"noop-large-count", "10 0700 00000100", false, false, 3 + 16, 1, false},
    {"noop-at-segment-end", "10 0700 01000000", true, false, 3 + 16 + 12 + 8, 1, false},
    {"two-noops", "10 0700 01000000 10 0700 01000000", false, false, 2 * (3 + 16 + 12), 2, false},
    {"end-message", "0f 0700 21000000", false, false, 3 + 16 + 12, 1, false},
    {"end-message-acceptor", "0f 0700 21000080", false, false, 3 + 16 + 12, 1, false},
    {"end-message-large-session", "0f 0700 21000100", false, false, 3 + 16, 1, false},
    {"end-message-again", "0f 0700 21000000", false, true, 3 + 16 + 32, 1, false},
    {"end-message-other", "0f 0700 22000000", false, true, 3 + 16 + 12, 1, false},
    {"close", "11 0800 21000000 15", false, false, 3 + 16 + 12 + 4, 1, false},
    {"close-unknown-reason", "11 0800 21000000 01", false, false, 3 + 16 + 12 + 4 - 16, 1, false},
    {"open-response", "07 0800 21000000 0b", false, false, 3 + 16 + 12 + 4, 1, false},
    {"connect-close", "04 0800 03 02000000", false, false, 3 + 16 + 4 + 12, 1, false},
    {"connect-close-resting", "04 0c00 01 00000000 2c010000", false, false, 3 + 16 + 4 + 12, 1,
     false},
    {"data", "0e 0a00 21000000 ff00ff", false, false, 3 + 5 + 12, 1, false},
    {"data-again", "0e 0a00 21000000 ff00ff", false, true, 3 + 5 + 32, 1, false},
    {"data-begun", "0e 0708 21000000 ff00ff", false, false, 3 + 5 + 12, 0, true},
    {"message", "0d 0d00 21000000 00000000 00 00", false, false, 3 + 5 + 12 + 12 + 8, 1, false},
    {"register", "0b 0900 02000000 0000", false, false, 3 + 3 + 12 + 8, 1, false},
    {"attach", "08 1200 01000000 'r' 00 'acc' 00 0300 010304", false, false, 3 + 5 + 12 + 1 + 3 + 8,
     1, false},
    {"open", "05 1500 21000000 'res' 00 'id' 00 'dev' 00 00 0000", false, false,
     3 + 5 + 12 + 3 + 2 + 3 + 6 + 16 + 8, 1, false},
    {"open-long-strings",
     "05 3500 21000000 'xxxxxxxxxxxxxxxxxxxx' 00 'xxxxxxxxxxxxxxxxxxxx' 00 00 00 0000", false,
     false, 3 + 5 + 12 + 24 + 6 + 16 + 8, 1, false},
    {"fanout-open", "06 0e00 22000000 'r' 00 00 0000 0000", false, false,
     3 + 0 + 12 + 1 + 6 + 16 + 8, 1, false},
    {"session-status", "12 0b00 22000000 01 00 00 00", false, false, 3 + 5 + 12 + 4 + 8 + 8, 1,
     false},
    {"connect-begun-in-header", "01 bc", false, false, 0, 0, true},
    {"connect-begun-in-url", "01 bc00 01 05 00 'groov'", false, false, 3 + 5 + 8 + 8 + 5, 0, true},
    {"connect-response-begun", "02 a900 01 05 00", false, false, 3 + 5 + 8 + 4, 0, true},
    {"chain-then-header", "10 0700 01000000 0e", false, false, 3 + 16 + 12, 1, false},
    {"nothing", "", false, false, 0, 0, false},
    {"id-0", "00 0700 01000000", false, false, -1, 0, false},
    {"id-0x13", "13 0700 01000000", false, false, -1, 0, false},
    {"length-2", "10 0200 01000000", false, false, -1, 0, false},
    {"chain-then-impossible", "10 0700 01000000 ff", false, false, -1, 1, false},
    {"chain-then-length-0", "10 0700 01000000 10 0000", false, false, -1, 1, false},
    {"unprintable-url", "05 0f00 21000000 01 00 'i' 00 00 00 0000", false, false, -1, 0, false},
    {"url-0x1f", "05 0f00 21000000 1f 00 'i' 00 00 00 0000", false, false, -1, 0, false},
    {"url-0x7f", "05 0f00 21000000 7f 00 'i' 00 00 00 0000", false, false, -1, 0, false},
    {"url-0x80", "05 0f00 21000000 80 00 'i' 00 00 00 0000", false, false, -1, 0, false},
    {"url-blank-and-tilde", "05 1000 21000000 20 7e 00 'i' 00 00 00 0000", false, false,
     3 + 5 + 12 + 2 + 1 + 6 + 16 + 8, 1, false},
};

static void test_evidence(const void *data)
{
    const struct evidence_row *row = data;
    uint8_t bytes[64];
    const size_t len = hex_parse(row->hex, bytes, sizeof bytes);
    const struct sstp_look look =
        sstp_look(sstp_span(bytes, len), row->is_end, row->has_hint ? &session_21 : NULL);
    g_assert_cmpint(look.bits, ==, row->bits);
    if (row->bits >= 0) {
        g_assert_cmpuint(look.num_commands, ==, row->num_commands);
        g_assert_cmpint(look.wants_more, ==, row->wants_more);
    }
    /* No hint is the same as one that knows nothing. */
    const struct sstp_look_hint none = {.session_id = 0x21};
    if (!row->has_hint)
        g_assert_cmpint(sstp_look(sstp_span(bytes, len), row->is_end, &none).bits, ==, row->bits);
}

/* However long its strings, a command that is only begun proves no more. */
static void test_text_is_capped(void)
{
    uint8_t bytes[200];
    const size_t start = hex_parse("01 bc00 01 05 00", bytes, sizeof bytes);
    memset(bytes + start, 'x', 100);
    for (size_t len = 0; len <= 100; len++)
        g_assert_cmpint(bits_of(bytes, start + len), ==, 24 + (int)MIN(len, 24));
}

/* The published Connect: whole, and begun at every byte.  On SSTP's own port its
 * fixed start is enough, on any port 16 characters of the URL more. */
static void test_connect_begun(void)
{
    uint8_t bytes[VECTOR_LEN_MAX];
    const size_t len = vector_bytes(&vectors[0], bytes);
    for (size_t cut = 0; cut <= len; cut++) {
        const struct sstp_look look = sstp_look(sstp_span(bytes, cut), false, NULL);
        g_assert_cmpint(look.bits >= SSTP_LOOK_OWN_PORT, ==, cut >= 6);
        g_assert_cmpint(look.bits >= SSTP_LOOK_ANY_PORT, ==, cut >= 6 + 16);
        g_assert_cmpint(look.wants_more, ==, cut > 0 && cut < len);
    }
}

/* The published Connect with another device's URL: nothing but control bytes, a line's end,
 * octets of UTF-8.  Where a connection begins it is a Connect all the same. */
static void test_connect_to_an_odd_device(void)
{
    enum { URL_OFFSET = 6 };
    static const char *const urls[] = {"\1", "d\ne", "\xc3\xbc"};
    static const struct sstp_look_hint start = {.is_start = true};

    for (size_t i = 0; i < G_N_ELEMENTS(urls); i++) {
        uint8_t bytes[VECTOR_LEN_MAX];
        const size_t len = vector_bytes(&vectors[0], bytes);
        for (size_t at = URL_OFFSET; bytes[at] != 0; at++)
            bytes[at] = (uint8_t)urls[i][(at - URL_OFFSET) % strlen(urls[i])];
        const struct sstp_span connect = sstp_span(bytes, len);
        g_assert_cmpint(sstp_look(connect, true, NULL).bits, ==, -1);
        g_assert_cmpint(sstp_look(connect, true, &start).bits, >=, SSTP_LOOK_ANY_PORT);
        /* A command that is none by another's rules is none here. */
        bytes[0] = SSTP_OPEN;
        g_assert_cmpint(sstp_look(connect, true, &start).bits, <, SSTP_LOOK_OWN_PORT);
    }
}

/* Who has sent commands, by the first of them that tells. */
static const struct sender_row {
    const char *name;
    const char *hex;
    enum sstp_look_sender sender;
} sender_rows[] = {
    {"connect", "01 0700 01 06 00 00", SSTP_LOOK_INITIATOR},
    {"connect-response", "02 0700 00 01 06 00", SSTP_LOOK_ACCEPTOR},
    {"noop", "10 0700 01000000", SSTP_LOOK_ANYBODY},
    {"data-of-the-initiators", "0e 0800 21000000 61", SSTP_LOOK_INITIATOR},
    {"data-of-the-acceptors", "0e 0800 21000080 61", SSTP_LOOK_ACCEPTOR},
    {"open-response-to-the-initiator", "07 0800 21000000 01", SSTP_LOOK_ACCEPTOR},
    {"open-response-to-the-acceptor", "07 0800 21000080 01", SSTP_LOOK_INITIATOR},
    {"close", "11 0800 21000000 15", SSTP_LOOK_ANYBODY},
    {"noop-then-end", "10 0700 01000000 0f 0700 21000080", SSTP_LOOK_ACCEPTOR},
    {"noop-then-nothing-known", "10 0700 01000000 ff", SSTP_LOOK_ANYBODY},
    {"noop-cut", "10 0700 0100", SSTP_LOOK_ANYBODY},
    {"length-of-nothing", "10 0000 0f 0700 21000080", SSTP_LOOK_ANYBODY},
    {"nothing", "", SSTP_LOOK_ANYBODY},
};

static void test_sender(const void *data)
{
    const struct sender_row *row = data;
    uint8_t bytes[64];
    const size_t len = hex_parse(row->hex, bytes, sizeof bytes);
    g_assert_cmpint(sstp_look_sender(sstp_span(bytes, len)), ==, row->sender);
}

/* What an acceptor says first. */
static void test_connect_responses(void)
{
    for (size_t i = 0; i < num_vectors; i++) {
        uint8_t bytes[VECTOR_LEN_MAX];
        const size_t len = vector_bytes(&vectors[i], bytes);
        if (bytes[0] == SSTP_CONNECT_RESPONSE)
            g_assert_cmpint(sstp_look(sstp_span(bytes, len), true, NULL).bits, >=,
                            SSTP_LOOK_OWN_PORT);
    }
    uint8_t bytes[VECTOR_LEN_MAX];
    const size_t len = vector_bytes(&vectors[1], bytes);
    g_assert_cmpint(bits_of(bytes, len), >=, SSTP_LOOK_ANY_PORT);
}

/* Every command alone in its segment is enough on SSTP's own port, and where the
 * segment's end is not known, on a connection that is. */
static void test_single_commands(void)
{
    for (size_t i = 0; i < num_vectors; i++) {
        uint8_t bytes[VECTOR_LEN_MAX];
        const struct sstp_span span = sstp_span(bytes, vector_bytes(&vectors[i], bytes));
        g_assert_cmpint(sstp_look(span, true, NULL).bits, >=, SSTP_LOOK_OWN_PORT);
        g_assert_cmpint(sstp_look(span, false, NULL).bits, >=, SSTP_LOOK_SEGMENT_START);
        g_assert_cmpuint(sstp_look_find(span, true, NULL), ==, 0);
    }
}

/* Three commands in a row are enough on any port, wherever the row begins. */
static void test_chains(void)
{
    static uint8_t bytes[4 * VECTOR_LEN_MAX];
    for (size_t i = 0; i + 3 <= num_vectors; i++) {
        size_t len = 0;
        for (size_t j = i; j < i + 3; j++)
            len += vector_bytes(&vectors[j], bytes + len);
        const struct sstp_look look = sstp_look(sstp_span(bytes, len), true, NULL);
        g_assert_cmpint(look.bits, >=, SSTP_LOOK_ANY_PORT);
    }
}

/* Every header of three bytes. */
static void test_plausible_headers(void)
{
    for (unsigned id = 0; id < 256; id++)
        for (unsigned length = 0; length <= 65535; length++) {
            const uint8_t header[] = {(uint8_t)id, (uint8_t)length, (uint8_t)(length >> 8)};
            const struct sstp_command_info *info = sstp_command_info((uint8_t)id);
            g_assert_cmpint(sstp_look_header_is_plausible(header), ==,
                            info != NULL && sstp_command_length_is_valid(info, (uint16_t)length));
        }
}

static const struct find_row {
    const char *name;
    const char *hex;
    bool is_end;
    bool has_hint;
    size_t found;
} find_rows[] = {
    {"nothing", "", true, false, 0},
    {"two-bytes", "10 07", true, false, 2},
    {"first", "10 0700 01000000", false, false, 0},
    {"after-one", "ff 10 0700 01000000", false, false, 1},
    {"at-the-end", "ffffff 0f 0700 21000000", false, false, 3},
    {"none", "ffffff 0f 0800 21000000", false, false, 10},
    /* 20 bits are enough for the first byte of a segment alone. */
    {"data-first", "0e 0a00 21000000 ff00ff", false, false, 0},
    {"data-later", "ff 0e 0a00 21000000 ff00ff", false, false, 11},
    {"data-later-at-segment-end", "ff 0e 0a00 21000000 ff00ff", true, false, 1},
    {"data-later-again", "ff 0e 0a00 21000000 ff00ff", false, true, 1},
    /* What a segment seems to start with yields to what is surer. */
    {"weak-then-sure", "0b 0812 0001 0000 10 0700 01000000 0f 0700 21000000", false, false, 7},
    {"weak-alone", "0e 0812 00000000 ffffffff", false, false, 11},
    {"header-split-at-the-end", "ffff 10 07", false, false, 4},
};

static void test_find(const void *data)
{
    const struct find_row *row = data;
    uint8_t bytes[64];
    const size_t len = hex_parse(row->hex, bytes, sizeof bytes);
    g_assert_cmpuint(
        sstp_look_find(sstp_span(bytes, len), row->is_end, row->has_hint ? &session_21 : NULL), ==,
        row->found);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_rows("/look/evidence", evidence_rows, test_evidence);
    add_rows("/look/find", find_rows, test_find);
    add_rows("/look/sender", sender_rows, test_sender);
    g_test_add_func("/look/connect-to-an-odd-device", test_connect_to_an_odd_device);
    g_test_add_func("/look/text-is-capped", test_text_is_capped);
    g_test_add_func("/look/connect-begun", test_connect_begun);
    g_test_add_func("/look/connect-responses", test_connect_responses);
    g_test_add_func("/look/single-commands", test_single_commands);
    g_test_add_func("/look/chains", test_chains);
    g_test_add_func("/look/plausible-headers", test_plausible_headers);
    return g_test_run();
}
