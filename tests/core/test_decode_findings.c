/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every rule of GRVSSTP 2.2 that a single command can break. */
#include "hex.h"
#include "record.h"
#include "rows.h"

static const struct row {
    const char *name;
    const char *hex;
    const char *findings; /* as record.h writes them */
    bool is_trusted;
} rows[] = {
    /* headers */
    {"unknown-id-0x00", "00 0800 0000000000", "unknown_command@0+1", false},
    {"unknown-id-0x13", "13 0800 0000000000", "unknown_command@0+1", false},
    {"unknown-id-0xff", "ff 0700 00000000", "unknown_command@0+1", false},
    {"unknown-id-length-0", "13 0000", "unknown_command@0+1", false},
    {"length-0", "10 0000 00000000", "length_invalid@1+2", false},
    {"length-1", "10 0100 00000000", "length_invalid@1+2", false},
    {"length-2", "10 0200 00000000", "length_invalid@1+2", false},
    {"length-3", "10 0300", "length_invalid@1+2", false},

    /* Connect */
    {"connect-major-0", "01 0c00 00 05 00 00 00 0000 00 00",
     "version_unsupported@3+1 string_empty@10+1", true},
    {"connect-major-2", "01 0c00 02 05 00 00 00 0000 00 00",
     "version_unsupported@3+1 string_empty@10+1", true},
    {"connect-minor-7", "01 0c00 01 07 00 00 00 0000 00 00", "string_empty@10+1", true},
    {"connect-reserved", "01 0c00 01 05 01 00 00 0000 00 00",
     "reserved_not_zero@5+1 string_empty@10+1", true},
    {"connect-target-unterminated", "01 0c00 01 05 00 'abcdef'", "string_unterminated@6+6", false},
    {"connect-source-unterminated", "01 0c00 01 05 00 00 01 'abcd'", "string_unterminated@8+4",
     false},
    {"connect-too-many-sources", "01 0c00 01 05 00 00 ff 0000 00 00", "string_unterminated@12+0",
     false},
    {"connect-one-source-too-few", "01 0e00 01 05 00 00 00 'a' 00 0000 00 00", "truncated@14+0",
     false},
    {"connect-token-one-too-long", "01 0e00 01 05 00 00 00 0500 01 02 00 00", "truncated@14+0",
     false},
    {"connect-token-takes-all", "01 0e00 01 05 00 00 00 0400 01 02 00 00",
     "string_unterminated@14+0", false},
    {"connect-token-65535", "01 0e00 01 05 00 00 00 ffff 01 02 00 00", "truncated@14+0", false},
    {"connect-trailing", "01 0d00 01 05 00 00 00 0000 00 00 00",
     "string_empty@10+1 trailing_bytes@12+1", false},

    {"connect-product-blank", "01 0e00 01 05 00 00 00 0000 '  ' 00 00", "string_empty@10+3", true},
    {"connect-product-of-one", "01 0d00 01 05 00 00 00 0000 'P' 00 00", "", true},
    {"connect-capabilities", "01 1500 01 05 00 00 00 0000 'P' 00 'ABC; X Y' 00",
     "capabilities_form@12+9", true},
    {"connect-capabilities-regular", "01 1400 01 05 00 00 00 0000 'P' 00 'ABC;X Y' 00", "", true},
    {"connect-capabilities-space-first", "01 0f00 01 05 00 00 00 0000 'P' 00 ' A' 00",
     "capabilities_form@12+3", true},
    {"connect-capabilities-space-last", "01 1100 01 05 00 00 00 0000 'P' 00 'A ;B' 00",
     "capabilities_form@12+5", true},

    /* ConnectResponse */
    {"connect-response-major", "02 0a00 02 06 05 0000 00 00",
     "version_unsupported@3+1 string_empty@8+1", true},
    {"connect-response-flags-0x04", "02 0b00 01 05 01 0000 04 00 00",
     "reserved_not_zero@8+1 string_empty@9+1", true},
    {"connect-response-flags-0x80", "02 0b00 01 05 01 0000 83 00 00",
     "reserved_not_zero@8+1 string_empty@9+1", true},
    {"connect-response-unknown", "02 0b00 01 05 07 0000 00 00 00",
     "value_unknown@5+1 string_empty@9+1", true},
    {"connect-response-ok-without-targets", "02 0b00 01 05 00 0000 00 00 00",
     "string_empty@9+1 truncated@11+0", false},
    {"connect-response-ok-without-reserved", "02 0c00 01 05 00 0000 00 00 00 00",
     "string_empty@9+1 truncated@12+0", false},
    {"connect-response-ok-minimal", "02 0d00 01 05 00 0000 00 00 00 00 00", "string_empty@9+1",
     true},
    {"connect-response-ok-reserved", "02 0d00 01 05 00 0000 00 00 00 00 ff",
     "string_empty@9+1 reserved_not_zero@12+1", true},
    {"connect-response-ok-with-retry", "02 1100 01 05 00 0000 00 00 00 00 00 3c000000",
     "string_empty@9+1 trailing_bytes@13+4", false},
    {"connect-response-wrong-device-with-targets", "02 0d00 01 05 01 0000 00 00 00 00 00",
     "string_empty@9+1 trailing_bytes@11+2", false},
    {"connect-response-try-later-without-retry", "02 0b00 01 06 02 0000 00 00 00",
     "string_empty@9+1 truncated@11+0", false},
    {"connect-response-try-later-retry-3-bytes", "02 0e00 01 06 02 0000 00 00 00 3c0000",
     "string_empty@9+1 truncated@11+3", false},
    {"connect-response-wont-upgrade-with-retry", "02 0f00 01 06 04 0000 00 00 00 3c000000",
     "string_empty@9+1 trailing_bytes@11+4", false},
    {"connect-response-new-version-with-flags", "02 0b00 01 06 05 0000 00 00 00",
     "string_empty@8+1 trailing_bytes@10+1", false},

    /* tokens */
    {"connect-authenticate-empty", "03 0500 0000", "", true},
    {"connect-authenticate-token-too-long", "03 0a00 0600 0103030000", "truncated@10+0", false},
    {"connect-authenticate-trailing", "03 0a00 0400 0103030000", "trailing_bytes@9+1", false},
    {"attach-token-too-long", "08 1000 01000000 'r' 00 'a' 00 0400 010304", "truncated@16+0",
     false},
    {"attach-account-empty", "08 0c00 01000000 'r' 00 00 0000", "string_empty@9+1", true},
    {"attach-resource-empty", "08 0c00 01000000 00 'a' 00 0000", "", true},
    {"attach-unterminated", "08 0b00 01000000 'abcd'", "string_unterminated@7+4", false},
    {"attach-response-token-too-long", "09 0b00 01000000 00 0200 aa", "truncated@11+0", false},
    {"attach-authenticate-token-too-long", "0a 0a00 01000000 0200 aa", "truncated@10+0", false},
    {"register-token-too-long", "0b 0a00 01000000 0200 aa", "truncated@10+0", false},
    {"register-trailing", "0b 0a00 01000000 0000 aa", "trailing_bytes@9+1", false},
    {"register-response-token-too-long", "0c 0900 01000000 0100", "truncated@9+0", false},

    /* ConnectClose */
    {"connect-close-7", "04 0700 00 000000", "length_invalid@1+2", false},
    {"connect-close-9", "04 0900 00 00000000 00", "length_invalid@1+2", false},
    {"connect-close-10", "04 0a00 00 00000000 0000", "length_invalid@1+2", false},
    {"connect-close-11", "04 0b00 01 00000000 000000", "length_invalid@1+2", false},
    {"connect-close-13", "04 0d00 01 00000000 00000000 00", "length_invalid@1+2", false},
    {"connect-close-resting-8", "04 0800 01 00000000", "truncated@8+0", false},
    {"connect-close-idle-12", "04 0c00 02 00000000 2c010000", "trailing_bytes@8+4", false},
    {"connect-close-unknown", "04 0800 0b 00000000", "value_unknown@3+1", true},
    {"connect-close-unknown-12", "04 0c00 0b 00000000 2c010000",
     "value_unknown@3+1 trailing_bytes@8+4", false},

    /* Open */
    {"open-minimal", "05 0d00 21000000 00 00 00 00 0000", "string_empty@7+1 string_empty@8+1",
     true},
    {"open-identity-empty", "05 0e00 21000000 'r' 00 00 00 00 0000", "string_empty@9+1", true},
    {"open-presence", "05 1900 21000000 'grooveWanDPP' 00 00 00 00 0000", "", true},
    {"open-presence-upper-case", "05 1900 21000000 'GROOVEWANDPP' 00 00 00 00 0000", "", true},
    {"open-presence-longer", "05 1a00 21000000 'grooveWanDPPx' 00 00 00 00 0000",
     "string_empty@21+1", true},
    {"open-presence-shorter", "05 1800 21000000 'grooveWanDP' 00 00 00 00 0000",
     "string_empty@19+1", true},
    {"open-reserved-low", "05 0f00 21000000 'r' 00 'i' 00 00 00 0100", "reserved_not_zero@13+2",
     true},
    {"open-reserved-high", "05 0f00 21000000 'r' 00 'i' 00 00 00 0080", "reserved_not_zero@13+2",
     true},
    {"open-flag-i", "05 0f00 21000000 'r' 00 'i' 00 00 01 0000", "", true},
    {"open-flag-r7", "05 0f00 21000000 'r' 00 'i' 00 00 02 0000", "reserved_not_zero@12+1", true},
    {"open-flag-r1", "05 0f00 21000000 'r' 00 'i' 00 00 80 0000", "reserved_not_zero@12+1", true},
    {"open-resource-unterminated", "05 0d00 21000000 'resres'", "string_unterminated@7+6", false},
    {"open-device-unterminated", "05 0f00 21000000 'r' 00 'i' 00 'abcd'",
     "string_unterminated@11+4", false},
    {"open-without-reserved", "05 0d00 21000000 'r' 00 'i' 00 00 00", "truncated@13+0", false},
    {"open-half-reserved", "05 0e00 21000000 'r' 00 'i' 00 00 00 00", "truncated@13+1", false},
    {"open-trailing", "05 1000 21000000 'r' 00 'i' 00 00 00 0000 00", "trailing_bytes@15+1", false},

    /* FanoutOpen */
    {"fanout-resource-empty", "06 0d00 22000000 00 00 0000 0000", "string_empty@7+1", true},
    {"fanout-flag-r7", "06 0e00 22000000 'r' 00 02 0000 0000", "reserved_not_zero@9+1", true},
    {"fanout-reserved", "06 0e00 22000000 'r' 00 00 0000 0001", "reserved_not_zero@12+2", true},
    {"fanout-identity-empty", "06 1100 22000000 'r' 00 00 0100 00 00 00 0000", "string_empty@12+1",
     true},
    {"fanout-count-too-large", "06 1300 22000000 'r' 00 00 0200 'i' 00 'd' 00 00 0000",
     "string_empty@17+1 string_unterminated@19+0", false},
    {"fanout-count-65535", "06 1300 22000000 'r' 00 00 ffff 'i' 00 'd' 00 00 0000",
     "string_empty@17+1 string_unterminated@19+0", false},
    {"fanout-count-too-small", "06 1700 22000000 'r' 00 00 0100 'i1' 00 00 00 'i2' 00 00 00 0000",
     "reserved_not_zero@17+2 trailing_bytes@19+4", false},

    /* fixed lengths */
    {"open-response-7", "07 0700 21000000", "length_invalid@1+2", false},
    {"open-response-9", "07 0900 21000000 00 00", "length_invalid@1+2", false},
    {"close-7", "11 0700 21000000", "length_invalid@1+2", false},
    {"close-9", "11 0900 21000000 00 00", "length_invalid@1+2", false},
    {"end-message-6", "0f 0600 210000", "length_invalid@1+2", false},
    {"end-message-8", "0f 0800 21000000 00", "length_invalid@1+2", false},
    {"noop-6", "10 0600 010000", "length_invalid@1+2", false},
    {"noop-8", "10 0800 01000000 00", "length_invalid@1+2", false},

    /* SessionStatus */
    {"session-status-reserved", "12 0b00 22000000 01 80 00 00",
     "reserved_not_zero@8+1 session_status_form@9+2", true},
    {"session-status-relay", "12 0c00 22000000 03 00 'r' 00 00", "", true},
    {"session-status-relay-with-identity", "12 0d00 22000000 03 00 'r' 00 'i' 00",
     "session_status_form@9+4", true},
    {"session-status-recipient", "12 0d00 22000000 04 00 'd' 00 'i' 00", "", true},
    {"session-status-recipient-without-device", "12 0c00 22000000 05 00 00 'i' 00", "", true},
    {"session-status-recipient-without-identity", "12 0c00 22000000 05 00 'd' 00 00",
     "session_status_form@9+3", true},
    {"session-status-nobody", "12 0b00 22000000 02 00 00 00", "session_status_form@9+2", true},
    {"session-status-unknown", "12 0d00 22000000 06 00 'd' 00 'i' 00", "value_unknown@7+1", true},
    {"session-status-unterminated", "12 0b00 22000000 01 00 00 'a'", "string_unterminated@10+1",
     false},

    /* Message */
    {"message-r1", "0d 0d00 21000000 00000000 80 00", "reserved_not_zero@11+1", true},
    {"message-r2", "0d 0d00 21000000 00000000 08 00", "reserved_not_zero@11+1", true},
    {"message-a-g-d", "0d 0d00 21000000 00000000 25 00", "", true},
    {"message-unterminated", "0d 0e00 21000000 00000000 00 'ab'", "string_unterminated@12+2",
     false},
    {"message-without-stream-size", "0d 0d00 21000000 00000000 10 00", "truncated@13+0", false},
    {"message-stream-size-23-bytes",
     "0d 2400 21000000 00000000 10 00 0000000000000000 0000000000000000 00000000000000",
     "truncated@29+7", false},
    {"message-fragment-unterminated", "0d 1700 21000000 00000000 40 00 01000000 01000000 'ab'",
     "string_unterminated@21+2", false},
    {"message-fragment-without-offset", "0d 1600 21000000 00000000 40 00 01000000 01000000 00",
     "truncated@22+0", false},
    {"message-ephemeral-without-ttl", "0d 0d00 21000000 00000000 02 00", "truncated@13+0", false},
    {"message-trailing", "0d 1100 21000000 00000000 00 00 3c000000", "trailing_bytes@13+4", false},
};

static void test_row(const void *data)
{
    const struct row *row = data;
    uint8_t bytes[64];
    const size_t len = hex_parse(row->hex, bytes, sizeof bytes);
    uint8_t *copy = g_memdup2(bytes, len); /* exactly as long, for the sanitizers */
    struct record record;

    record_init(&record);
    record_decode(&record, sstp_span(copy, len), SSTP_VERSION_1_5);
    g_assert_cmpstr(record.findings->str, ==, row->findings);
    g_assert_cmpint(record.is_trusted, ==, row->is_trusted);
    /* Without a visitor the verdict is the same. */
    struct sstp_command command;
    g_assert_cmpint(sstp_command_decode(sstp_span(copy, len), SSTP_VERSION_1_5, NULL, &command), ==,
                    row->is_trusted);

    /* Of a capture that was cut, what can be said of the bytes that are there is
     * said, and never that the command ends too early or too late. */
    for (size_t cut = 0; cut < len && len == sstp_get_u16(bytes + 1); cut++) {
        uint8_t *start = g_memdup2(bytes, cut);
        record_decode(&record, sstp_span(start, cut), SSTP_VERSION_1_5);
        g_assert_false(record.is_trusted);
        g_assert_null(strstr(record.findings->str, "truncated"));
        g_assert_null(strstr(record.findings->str, "trailing_bytes"));
        g_assert_null(strstr(record.findings->str, "unterminated"));
        g_free(start);
    }
    record_clear(&record);
    g_free(copy);
}

/* Every coded value: unknown exactly where the specification lists none. */
static const struct coded {
    const char *test_path;
    const char *hex;
    size_t offset; /* of the code */
    const char *(*name)(uint8_t value);
    const char *finding;
} codeds[] = {
    {"/decode/code/open-response", "07 0800 21000000 00", 7, sstp_open_response_name,
     "value_unknown@7+1"},
    {"/decode/code/close", "11 0800 21000000 00", 7, sstp_close_reason_name, "value_unknown@7+1"},
    {"/decode/code/session-status", "12 0b00 22000000 00 00 00 00", 7, sstp_session_status_name,
     "value_unknown@7+1"},
    {"/decode/code/attach-response", "09 0a00 01000000 00 0000", 7, sstp_attach_response_name,
     "value_unknown@7+1"},
    {"/decode/code/connect-close", "04 0800 00 00000000", 3, sstp_connect_close_reason_name,
     "value_unknown@3+1"},
    {"/decode/code/connect-response", "02 0b00 01 05 00 0000 00 00 00", 5,
     sstp_connect_response_name, "value_unknown@5+1"},
};

static void test_code(const void *data)
{
    const struct coded *coded = data;
    uint8_t bytes[64];
    const size_t len = hex_parse(coded->hex, bytes, sizeof bytes);
    struct record record;

    record_init(&record);
    for (unsigned value = 0; value < 256; value++) {
        bytes[coded->offset] = (uint8_t)value;
        record_decode(&record, sstp_span(bytes, len), SSTP_VERSION_1_5);
        g_assert_cmpint(strstr(record.findings->str, coded->finding) != NULL, ==,
                        coded->name((uint8_t)value) == NULL);
    }
    record_clear(&record);
}

/* Commands that can be of any length between their limits: what stands before
 * and after the part that grows, a string, a token or the payload. */
static const struct limit {
    const char *test_path;
    uint8_t id;
    char part;
    const char *before, *after;
    size_t min, max;
} limits[] = {
    {"/decode/limit/connect", 0x01, 's', "01 05 00", "00 0000 'P' 00 00", 13, 2055},
    {"/decode/limit/connect-response", 0x02, 's', "01 05 05 0000 'P' 00", "", 11, 2055},
    {"/decode/limit/connect-authenticate", 0x03, 't', "", "", 5, 2055},
    {"/decode/limit/open", 0x05, 's', "21000000 'r' 00 'i' 00", "00 0000", 15, 2055},
    {"/decode/limit/fanout-open", 0x06, 's', "22000000 'r' 00 00 0100 'i' 00 00", "0000", 18,
     65535},
    {"/decode/limit/attach", 0x08, 't', "01000000 00 'a' 00", "", 12, 2055},
    {"/decode/limit/attach-response", 0x09, 't', "01000000 00", "", 10, 2055},
    {"/decode/limit/attach-authenticate", 0x0a, 't', "01000000", "", 9, 2055},
    {"/decode/limit/register", 0x0b, 't', "01000000", "", 9, 8192},
    {"/decode/limit/register-response", 0x0c, 't', "01000000", "", 9, 2055},
    {"/decode/limit/message", 0x0d, 's', "21000000 00000000 00", "", 13, 2055},
    {"/decode/limit/data", 0x0e, 'd', "21000000", "", 7, 2055},
    {"/decode/limit/session-status", 0x12, 's', "22000000 04 00 00 'i'", "", 12, 2055},
};

/* The command of that CommandLength; returns how many bytes it has, one more
 * than that where the part would need to be shorter than empty. */
static size_t build(const struct limit *limit, size_t length, uint8_t *bytes, size_t size)
{
    struct sstp_writer w = sstp_writer(bytes, size);
    uint8_t before[64], after[64];
    const size_t before_len = hex_parse(limit->before, before, sizeof before);
    const size_t after_len = hex_parse(limit->after, after, sizeof after);
    const size_t grown = length > limit->min ? length - limit->min : 0;

    sstp_write_uint(&w, 1, limit->id);
    sstp_write_uint(&w, 2, length & 0xffff);
    sstp_write_bytes(&w, sstp_span(before, before_len));
    if (limit->part == 't')
        sstp_write_uint(&w, 2, grown);
    for (size_t i = 0; i < grown; i++)
        sstp_write_uint(&w, 1, 'x');
    if (limit->part == 's')
        sstp_write_uint(&w, 1, 0);
    sstp_write_bytes(&w, sstp_span(after, after_len));
    g_assert_false(w.failed);
    return w.pos;
}

static void test_limit(const void *data)
{
    const struct limit *limit = data;
    const size_t lengths[] = {limit->min - 1, limit->min, limit->min + 1,
                              limit->max - 1, limit->max, limit->max + 1};
    const struct sstp_command_info *info = sstp_command_info(limit->id);
    static uint8_t bytes[65536 + 64];
    struct record record;

    record_init(&record);
    for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
        const size_t len = build(limit, lengths[i], bytes, sizeof bytes);
        if (lengths[i] > SSTP_COMMAND_LEN_MAX)
            continue; /* no length field can say so */
        const bool is_below = i == 0;
        g_assert_cmpuint(len, ==, lengths[i] + is_below);
        record_decode(&record, sstp_span(bytes, lengths[i]), SSTP_VERSION_1_5);
        g_assert_cmpint(record.is_trusted, ==,
                        lengths[i] >= limit->min && lengths[i] <= limit->max);
        if (lengths[i] < info->min_length || lengths[i] > info->max_length)
            g_assert_cmpstr(record.findings->str, ==, "length_invalid@1+2");
        else if (!is_below)
            g_assert_cmpstr(record.findings->str, ==, "");
        else /* shorter than these fields, not than the command may be */
            g_assert_cmpstr(record.findings->str, !=, "");
    }
    record_clear(&record);
}

/* FanoutOpen of 65,535 bytes with as many entries as there can be; with a shorter
 * ResourceURL one byte is left over. */
static void test_fanout_of_all_entries(void)
{
    static uint8_t bytes[SSTP_COMMAND_LEN_MAX];
    const size_t num_entries = 21840; /* (65,535 - 15) / 3 */
    struct record record;

    record_init(&record);
    for (unsigned url_len = 2; url_len >= 1; url_len--) {
        struct sstp_writer w = sstp_writer(bytes, sizeof bytes);
        sstp_write_uint(&w, 1, 0x06);
        sstp_write_uint(&w, 2, SSTP_COMMAND_LEN_MAX);
        sstp_write_uint(&w, 4, 0x22);
        sstp_write_string(&w, sstp_span("rr", url_len));
        sstp_write_uint(&w, 1, 0);
        sstp_write_uint(&w, 2, num_entries);
        memset(bytes + w.pos, 0, sizeof bytes - w.pos);
        record_decode(&record, sstp_span(bytes, sizeof bytes), SSTP_VERSION_UNKNOWN);
        g_assert_cmpuint(record.command.fanout_entries.count, ==, num_entries);
        g_assert_cmpuint(record.command.fanout_entries.bytes.len, ==, 3 * num_entries);
        g_assert_cmpint(record.is_trusted, ==, url_len == 2);
        g_assert_cmpint(g_str_has_suffix(record.findings->str, " trailing_bytes@65534+1"), ==,
                        url_len == 1);
    }
    record_clear(&record);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_rows("/decode/finding", rows, test_row);
    for (size_t i = 0; i < G_N_ELEMENTS(codeds); i++)
        g_test_add_data_func(codeds[i].test_path, &codeds[i], test_code);
    for (size_t i = 0; i < G_N_ELEMENTS(limits); i++)
        g_test_add_data_func(limits[i].test_path, &limits[i], test_limit);
    g_test_add_func("/decode/fanout-of-all-entries", test_fanout_of_all_entries);
    return g_test_run();
}
