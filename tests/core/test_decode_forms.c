/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the bytes can be read in more than one way: the 1.5 and 1.6 forms, and
 * the reserved bytes after TTL (SPECIFICATION.md, Forms on the wire). */
#include "hex.h"
#include "record.h"
#include "rows.h"

#define FANOUT_1_5 "06 1300 22000000 'r' 00 00 0100 'i' 00 'd' 00 00 0000"
#define FANOUT_1_6 "06 1400 22000000 'r' 00 00 0100 'i' 00 'd' 00 00 00 0000"
#define FANOUT_1_6_FAILOVER "06 1500 22000000 'r' 00 00 0100 'i' 00 'd' 00 00 'f' 00 0000"
#define FANOUT_NEITHER "06 1200 22000000 'r' 00 00 0100 'i' 00 'd' 00 00 00"
#define FANOUT_EMPTY "06 0e00 22000000 'r' 00 00 0000 0000"
#define STATUS_1_5 "12 0f00 22000000 04 00 'd1' 00 'i1' 00"
#define STATUS_1_6 "12 1100 22000000 04 00 'd1' 00 'i1' 00 0000"
#define STATUS_1_6_INDEXES "12 1100 22000000 01 00 00 00 0200 0000 0100"
#define STATUS_COUNT_TOO_LARGE "12 0f00 22000000 01 00 00 00 0200 0000"
#define STATUS_COUNT_TOO_SMALL "12 1100 22000000 01 00 00 00 0100 0000 0100"
#define STATUS_COUNT_65535 "12 0f00 22000000 01 00 00 00 ffff 0000"

static const struct form_row {
    const char *name;
    const char *hex;
    enum sstp_version version; /* negotiated */
    enum sstp_version form;    /* that comes out */
    const char *findings;
    bool is_trusted;
} form_rows[] = {
    {"fanout-1.5/unknown", FANOUT_1_5, SSTP_VERSION_UNKNOWN, SSTP_VERSION_1_5, "", true},
    {"fanout-1.5/1.5", FANOUT_1_5, SSTP_VERSION_1_5, SSTP_VERSION_1_5, "", true},
    {"fanout-1.5/1.6", FANOUT_1_5, SSTP_VERSION_1_6, SSTP_VERSION_1_5, "version_form@0+19", true},
    {"fanout-1.6/unknown", FANOUT_1_6, SSTP_VERSION_UNKNOWN, SSTP_VERSION_1_6, "", true},
    {"fanout-1.6/1.5", FANOUT_1_6, SSTP_VERSION_1_5, SSTP_VERSION_1_6, "version_form@0+20", true},
    {"fanout-1.6/1.6", FANOUT_1_6, SSTP_VERSION_1_6, SSTP_VERSION_1_6, "", true},
    {"fanout-1.6-failover/1.6", FANOUT_1_6_FAILOVER, SSTP_VERSION_1_6, SSTP_VERSION_1_6,
     "reserved_not_zero@17+2", true},
    {"fanout-1.6-failover/1.5", FANOUT_1_6_FAILOVER, SSTP_VERSION_1_5, SSTP_VERSION_1_6,
     "version_form@0+21 reserved_not_zero@17+2", true},
    {"fanout-neither/unknown", FANOUT_NEITHER, SSTP_VERSION_UNKNOWN, SSTP_VERSION_1_5,
     "truncated@17+1", false},
    {"fanout-neither/1.5", FANOUT_NEITHER, SSTP_VERSION_1_5, SSTP_VERSION_1_5, "truncated@17+1",
     false},
    {"fanout-neither/1.6", FANOUT_NEITHER, SSTP_VERSION_1_6, SSTP_VERSION_1_6, "truncated@18+0",
     false},
    {"fanout-empty/unknown", FANOUT_EMPTY, SSTP_VERSION_UNKNOWN, SSTP_VERSION_1_5, "", true},
    {"fanout-empty/1.5", FANOUT_EMPTY, SSTP_VERSION_1_5, SSTP_VERSION_1_5, "", true},
    {"fanout-empty/1.6", FANOUT_EMPTY, SSTP_VERSION_1_6, SSTP_VERSION_1_6, "", true},
    {"status-1.5/unknown", STATUS_1_5, SSTP_VERSION_UNKNOWN, SSTP_VERSION_1_5, "", true},
    {"status-1.5/1.5", STATUS_1_5, SSTP_VERSION_1_5, SSTP_VERSION_1_5, "", true},
    {"status-1.5/1.6", STATUS_1_5, SSTP_VERSION_1_6, SSTP_VERSION_1_5, "version_form@0+15", true},
    {"status-1.6/unknown", STATUS_1_6, SSTP_VERSION_UNKNOWN, SSTP_VERSION_1_6, "", true},
    {"status-1.6/1.5", STATUS_1_6, SSTP_VERSION_1_5, SSTP_VERSION_1_6, "version_form@0+17", true},
    {"status-1.6/1.6", STATUS_1_6, SSTP_VERSION_1_6, SSTP_VERSION_1_6, "", true},
    {"status-1.6-indexes/unknown", STATUS_1_6_INDEXES, SSTP_VERSION_UNKNOWN, SSTP_VERSION_1_6, "",
     true},
    {"status-1.6-indexes/1.5", STATUS_1_6_INDEXES, SSTP_VERSION_1_5, SSTP_VERSION_1_6,
     "version_form@0+17", true},
    {"status-count-too-large/unknown", STATUS_COUNT_TOO_LARGE, SSTP_VERSION_UNKNOWN,
     SSTP_VERSION_1_5, "trailing_bytes@11+4", false},
    {"status-count-too-large/1.5", STATUS_COUNT_TOO_LARGE, SSTP_VERSION_1_5, SSTP_VERSION_1_5,
     "trailing_bytes@11+4", false},
    {"status-count-too-large/1.6", STATUS_COUNT_TOO_LARGE, SSTP_VERSION_1_6, SSTP_VERSION_1_6,
     "truncated@15+0", false},
    {"status-count-too-small/1.6", STATUS_COUNT_TOO_SMALL, SSTP_VERSION_1_6, SSTP_VERSION_1_6,
     "trailing_bytes@15+2", false},
    {"status-count-65535/1.6", STATUS_COUNT_65535, SSTP_VERSION_1_6, SSTP_VERSION_1_6,
     "truncated@15+0", false},
};

static void test_form(const void *data)
{
    const struct form_row *row = data;
    uint8_t bytes[64];
    const size_t len = hex_parse(row->hex, bytes, sizeof bytes);
    struct record record;

    record_init(&record);
    record_decode(&record, sstp_span(bytes, len), row->version);
    g_assert_cmpstr(record.findings->str, ==, row->findings);
    g_assert_cmpint((int)record.command.form, ==, (int)row->form);
    g_assert_cmpint(record.is_trusted, ==, row->is_trusted);

    /* A cut capture is read in the version's own form, and blamed for nothing
     * that its missing bytes might explain. */
    for (size_t cut = SSTP_HEADER_LEN; cut < len; cut++) {
        record_decode(&record, sstp_span(bytes, cut), row->version);
        g_assert_cmpint((int)record.command.form, ==,
                        row->version == SSTP_VERSION_1_6 ? SSTP_VERSION_1_6 : SSTP_VERSION_1_5);
        g_assert_null(strstr(record.findings->str, "version_form"));
        g_assert_false(record.is_trusted);
    }
    record_clear(&record);
}

/* A list whose count is too large holds the elements that are there. */
static void test_list_count(void)
{
    uint8_t bytes[64];
    const size_t len = hex_parse(STATUS_COUNT_65535, bytes, sizeof bytes);
    struct record record;
    record_init(&record);
    record_decode(&record, sstp_span(bytes, len), SSTP_VERSION_1_6);
    g_assert_cmpuint(record.command.fanout_indexes.count, ==, 1);
    g_assert_cmpuint(record.command.fanout_indexes.bytes.len, ==, 2);
    g_assert_nonnull(strstr(record.text->str, "11+4 session_status.count=65535\n"));
    record_clear(&record);
}

/* Ephemeral with all that may follow. */
static const struct ephemeral_part {
    const char *name;
    uint8_t flags;
    const char *hex;
} ephemeral_parts[] = {
    {"alone", 0x02, ""},
    {"stream-size", 0x12, "0100000000000000 0200000000000000 0300000000000000"},
    {"fragment", 0x42, "03000000 02000000 'frag' 00 0400000000000000"},
    {"fragment-empty-id", 0x42, "03000000 02000000 00 0400000000000000"},
    {"stream-size-and-fragment", 0x52,
     "0100000000000000 0200000000000000 0300000000000000 "
     "03000000 02000000 'frag' 00 0400000000000000"},
    {"zero-fragment", 0x42, "00000000 00000000 00 0000000000000000"},
    {"high-fragment", 0x42, "ffffffff ffffff00 'f' 00 ffffffffffffffff"},
};

static const char *const user_refs[] = {"", "u", "a longer reference"};

static void check_ephemeral(struct record *record, const struct ephemeral_part *part,
                            const char *user_ref, uint8_t reserved_len, uint8_t reserved)
{
    uint8_t bytes[128], tail[64];
    struct sstp_writer w = sstp_writer(bytes, sizeof bytes);
    sstp_write_uint(&w, 1, 0x0d);
    sstp_write_uint(&w, 2, 0);
    sstp_write_uint(&w, 4, 0x21);
    sstp_write_uint(&w, 4, 0);
    sstp_write_uint(&w, 1, part->flags);
    sstp_write_string(&w, sstp_span_of_string(user_ref));
    const size_t ttl_offset = w.pos;
    sstp_write_uint(&w, 4, 60);
    for (uint8_t i = 0; i < reserved_len; i++)
        sstp_write_uint(&w, 1, reserved);
    sstp_write_bytes(&w, sstp_span(tail, hex_parse(part->hex, tail, sizeof tail)));
    g_assert_false(w.failed);
    bytes[1] = (uint8_t)w.pos;

    record_decode(record, sstp_writer_span(&w), SSTP_VERSION_UNKNOWN);
    GString *expected = g_string_new(NULL);
    if (reserved != 0 && reserved_len >= 4)
        g_string_append_printf(expected, "reserved_not_zero@%zu+4", ttl_offset + 4);
    if (reserved != 0 && reserved_len == 5)
        g_string_append_printf(expected, " reserved_not_zero@%zu+1", ttl_offset + 8);
    g_assert_cmpstr(record->findings->str, ==, expected->str);
    g_string_free(expected, TRUE);
    g_assert_true(record->is_trusted);
    g_assert_cmpuint(record->command.ephemeral_reserved_len, ==, reserved_len);
    g_assert_cmpuint(record->command.ttl, ==, 60);
    g_assert_cmphex(record->command.ephemeral_reserved1, ==,
                    reserved_len >= 4 ? reserved * 0x01010101u : 0);
    g_assert_cmphex(record->command.ephemeral_reserved2, ==, reserved_len == 5 ? reserved : 0);
    if ((part->flags & 0x10) != 0)
        g_assert_cmpuint(record->command.message_size, ==, 3);
}

static void test_ephemeral(const void *data)
{
    const struct ephemeral_part *part = data;
    struct record record;
    record_init(&record);
    for (size_t i = 0; i < G_N_ELEMENTS(user_refs); i++) {
        check_ephemeral(&record, part, user_refs[i], 0, 0);
        check_ephemeral(&record, part, user_refs[i], 4, 0);
        check_ephemeral(&record, part, user_refs[i], 5, 0);
        check_ephemeral(&record, part, user_refs[i], 4, 1);
        check_ephemeral(&record, part, user_refs[i], 5, 0xff);
    }
    record_clear(&record);
}

/* Any other number of bytes after TTL is not Ephemeral's. */
static void test_ephemeral_other_lengths(void)
{
    struct record record;
    record_init(&record);
    for (size_t extra = 0; extra <= 8; extra++) {
        uint8_t bytes[32] = {0x0d, 0, 0, 0x21, 0, 0, 0, 0, 0, 0, 0, 0x02, 0, 60};
        const size_t len = 17 + extra;
        bytes[1] = (uint8_t)len;
        record_decode(&record, sstp_span(bytes, len), SSTP_VERSION_UNKNOWN);
        const bool fits = extra == 0 || extra == 4 || extra == 5;
        g_assert_cmpint(record.is_trusted, ==, fits);
        char *expected = fits ? g_strdup("") : g_strdup_printf("trailing_bytes@17+%zu", extra);
        g_assert_cmpstr(record.findings->str, ==, expected);
        g_free(expected);
    }
    record_clear(&record);
}

/* Where two readings fit, TTL alone wins (SPECIFICATION.md: the normal form). */
static void test_ephemeral_ambiguous(void)
{
    uint8_t bytes[64];
    /* TTL, Reserved1, NumFragments, ThisFragment without a 0x00, FragmentId, offset:
     * read without Reserved1, ThisFragment and FragmentId are one string. */
    const size_t len = hex_parse("0d 2800 21000000 00000000 42 00 3c000000 00000000 "
                                 "01000000 01010101 'ab' 00 0400000000000000",
                                 bytes, sizeof bytes);
    struct record record;
    record_init(&record);
    g_assert_cmpuint(len, ==, 0x28);
    record_decode(&record, sstp_span(bytes, len), SSTP_VERSION_UNKNOWN);
    g_assert_true(record.is_trusted);
    g_assert_cmpuint(record.command.ephemeral_reserved_len, ==, 0);
    g_assert_cmpuint(record.command.this_fragment, ==, 1);
    g_assert_true(
        sstp_span_is_equal(record.command.fragment_id, sstp_span_of_string("\1\1\1\1ab")));
    record_clear(&record);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_rows("/decode/form", form_rows, test_form);
    add_rows("/decode/ephemeral", ephemeral_parts, test_ephemeral);
    g_test_add_func("/decode/form/list-count", test_list_count);
    g_test_add_func("/decode/ephemeral/other-lengths", test_ephemeral_other_lengths);
    g_test_add_func("/decode/ephemeral/ambiguous", test_ephemeral_ambiguous);
    return g_test_run();
}
