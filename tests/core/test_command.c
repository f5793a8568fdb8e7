/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>
#include <string.h>

#include "check.h"
#include "command.h"

/* GRVSSTP 2.2's table of limits and the sections' own words, by hand, and the
 * section of 3.1.5 that says what is done on receipt.  Minimum: fixed fields, empty
 * strings (one byte), tokens and lists (their count). */
static const struct row {
    uint8_t id;
    const char *name;
    const char *section;
    const char *rules;
    uint16_t min_length, max_length;
    enum sstp_sender sender;
    enum sstp_scope scope;
    bool has_message_count;
} rows[] = {
    {0x01, "Connect", "2.2.1", "3.1.5.1", 12, 2055, SSTP_SENDER_INITIATOR, SSTP_SCOPE_CONNECTION,
     false},
    {0x02, "ConnectResponse", "2.2.2", "3.1.5.2", 10, 2055, SSTP_SENDER_ACCEPTOR,
     SSTP_SCOPE_CONNECTION, false},
    {0x03, "ConnectAuthenticate", "2.2.3", "3.1.5.3", 5, 2055, SSTP_SENDER_INITIATOR,
     SSTP_SCOPE_CONNECTION, false},
    {0x04, "ConnectClose", "2.2.4", "3.1.5.4", 8, 12, SSTP_SENDER_ANY, SSTP_SCOPE_CONNECTION, true},
    {0x05, "Open", "2.2.5", "3.1.5.5", 13, 2055, SSTP_SENDER_ANY, SSTP_SCOPE_SESSION, false},
    {0x06, "FanoutOpen", "2.2.6", "3.1.5.6", 13, 65535, SSTP_SENDER_ANY, SSTP_SCOPE_SESSION, false},
    {0x07, "OpenResponse", "2.2.7", "3.1.5.7", 8, 8, SSTP_SENDER_ANY, SSTP_SCOPE_SESSION, false},
    {0x08, "Attach", "2.2.14", "3.1.5.14", 11, 2055, SSTP_SENDER_INITIATOR, SSTP_SCOPE_EVENT,
     false},
    {0x09, "AttachResponse", "2.2.15", "3.1.5.15", 10, 2055, SSTP_SENDER_ACCEPTOR, SSTP_SCOPE_EVENT,
     false},
    {0x0a, "AttachAuthenticate", "2.2.16", "3.1.5.16", 9, 2055, SSTP_SENDER_INITIATOR,
     SSTP_SCOPE_EVENT, false},
    {0x0b, "Register", "2.2.17", "3.1.5.17", 9, 8192, SSTP_SENDER_INITIATOR, SSTP_SCOPE_EVENT,
     false},
    {0x0c, "RegisterResponse", "2.2.18", "3.1.5.18", 9, 2055, SSTP_SENDER_ACCEPTOR,
     SSTP_SCOPE_EVENT, false},
    {0x0d, "Message", "2.2.10", "3.1.5.10", 13, 2055, SSTP_SENDER_ANY, SSTP_SCOPE_SESSION, true},
    {0x0e, "Data", "2.2.11", "3.1.5.11", 7, 2055, SSTP_SENDER_ANY, SSTP_SCOPE_SESSION, false},
    {0x0f, "EndMessage", "2.2.12", "3.1.5.12", 7, 7, SSTP_SENDER_ANY, SSTP_SCOPE_SESSION, false},
    {0x10, "Noop", "2.2.13", "3.1.5.13", 7, 7, SSTP_SENDER_ANY, SSTP_SCOPE_CONNECTION, true},
    {0x11, "Close", "2.2.9", "3.1.5.9", 8, 8, SSTP_SENDER_ANY, SSTP_SCOPE_SESSION, false},
    {0x12, "SessionStatus", "2.2.8", "3.1.5.8", 11, 2055, SSTP_SENDER_ANY, SSTP_SCOPE_SESSION,
     false},
};

static void test_table(void)
{
    g_assert_cmpuint(G_N_ELEMENTS(rows), ==, 18);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const struct sstp_command_info *info = sstp_command_info(rows[i].id);
        g_assert_nonnull(info);
        g_assert_cmpstr(info->name, ==, rows[i].name);
        g_assert_cmpstr(info->section, ==, rows[i].section);
        g_assert_cmpstr(info->rules, ==, rows[i].rules);
        g_assert_cmpuint(info->min_length, ==, rows[i].min_length);
        g_assert_cmpuint(info->max_length, ==, rows[i].max_length);
        g_assert_cmpint((int)info->sender, ==, (int)rows[i].sender);
        g_assert_cmpint((int)info->scope, ==, (int)rows[i].scope);
        g_assert_cmpint(info->has_message_count, ==, rows[i].has_message_count);
        g_assert_cmpuint(info->num_steps, >, 0);
    }
}

static void test_unknown_ids(void)
{
    g_assert_null(sstp_command_info(0x00));
    for (unsigned id = 0x13; id < 256; id++)
        g_assert_null(sstp_command_info((uint8_t)id));
}

/* Every CommandLength of every command. */
static void test_lengths(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        for (unsigned length = 0; length <= 65535; length++) {
            bool expected = length >= rows[i].min_length && length <= rows[i].max_length;
            if (rows[i].id == 0x04)
                expected = length == 8 || length == 12;
            g_assert_cmpint(
                sstp_command_length_is_valid(sstp_command_info(rows[i].id), (uint16_t)length), ==,
                expected);
        }
}

/* The scope and the acknowledgement of a row agree with its fields. */
static void test_table_agrees_with_fields(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const struct sstp_command_info *info = sstp_command_info(rows[i].id);
        bool has_session_id = false, has_event_id = false, has_message_count = false;
        for (size_t j = 0; j < info->num_steps; j++) {
            has_session_id |= info->steps[j].field == SSTP_FIELD_SESSION_ID;
            has_event_id |= info->steps[j].field == SSTP_FIELD_EVENT_ID;
            has_message_count |= info->steps[j].field == SSTP_FIELD_MESSAGE_COUNT;
        }
        g_assert_cmpint(has_session_id, ==, info->scope == SSTP_SCOPE_SESSION);
        g_assert_cmpint(has_event_id, ==, info->scope == SSTP_SCOPE_EVENT);
        g_assert_cmpint(has_message_count, ==, info->has_message_count);
    }
}

static void test_version_of_minor(void)
{
    g_assert_cmpint(sstp_version_of_minor(0), ==, SSTP_VERSION_1_5);
    g_assert_cmpint(sstp_version_of_minor(5), ==, SSTP_VERSION_1_5);
    g_assert_cmpint(sstp_version_of_minor(6), ==, SSTP_VERSION_1_6);
    g_assert_cmpint(sstp_version_of_minor(7), ==, SSTP_VERSION_1_6);
    g_assert_cmpint(sstp_version_of_minor(255), ==, SSTP_VERSION_1_6);
}

/* For each value of the byte that decides. */
static void test_conditions(void)
{
    for (unsigned value = 0; value < 256; value++) {
        struct sstp_command command = {.response_id = (uint8_t)value};
        g_assert_cmpint(sstp_condition_holds(SSTP_IF_RESPONSE_OK, &command), ==, value == 0);
        g_assert_cmpint(sstp_condition_holds(SSTP_IF_RESPONSE_HAS_FLAGS, &command), ==, value != 5);
        g_assert_cmpint(sstp_condition_holds(SSTP_IF_RESPONSE_HAS_RETRY, &command), ==,
                        value == 2 || value == 3);
        command = (struct sstp_command){.reason_id = (uint8_t)value};
        g_assert_cmpint(sstp_condition_holds(SSTP_IF_RESTING, &command), ==, value == 1);
        g_assert_true(sstp_condition_holds(SSTP_ALWAYS, &command));

        for (uint8_t len = 0; len <= 5; len++) {
            command = (struct sstp_command){.flags = (uint8_t)value, .ephemeral_reserved_len = len};
            const bool has_ephemeral = (value & 0x02) != 0;
            g_assert_cmpint(sstp_condition_holds(SSTP_IF_EPHEMERAL, &command), ==, has_ephemeral);
            g_assert_cmpint(sstp_condition_holds(SSTP_IF_EPHEMERAL_RESERVED1, &command), ==,
                            has_ephemeral && len >= 4);
            g_assert_cmpint(sstp_condition_holds(SSTP_IF_EPHEMERAL_RESERVED2, &command), ==,
                            has_ephemeral && len >= 5);
            g_assert_cmpint(sstp_condition_holds(SSTP_IF_STREAM_SIZE, &command), ==,
                            (value & 0x10) != 0);
            g_assert_cmpint(sstp_condition_holds(SSTP_IF_FRAGMENT, &command), ==,
                            (value & 0x40) != 0);
        }
    }
    struct sstp_command command = {.form = SSTP_VERSION_UNKNOWN};
    g_assert_false(sstp_condition_holds(SSTP_IF_FORM_1_6, &command));
    command.form = SSTP_VERSION_1_5;
    g_assert_false(sstp_condition_holds(SSTP_IF_FORM_1_6, &command));
    command.form = SSTP_VERSION_1_6;
    g_assert_true(sstp_condition_holds(SSTP_IF_FORM_1_6, &command));
}

static void check_entry(const struct sstp_fanout_entry *entry, enum sstp_version form,
                        const char *wire, size_t wire_len)
{
    uint8_t bytes[32];
    struct sstp_writer w = sstp_writer(bytes, sizeof bytes);
    sstp_fanout_entry_write(&w, entry, form);
    g_assert_false(w.failed);
    check_same_bytes(bytes, w.pos, wire, wire_len);

    struct sstp_reader r = sstp_reader(sstp_writer_span(&w));
    const struct sstp_fanout_entry read = sstp_fanout_entry_read(&r, form);
    g_assert_cmpint(r.failed, ==, SSTP_READER_OK);
    g_assert_cmpuint(sstp_reader_left(&r), ==, 0);
    g_assert_true(sstp_span_is_equal(read.identity_url, entry->identity_url));
    g_assert_true(sstp_span_is_equal(read.device_url, entry->device_url));
    g_assert_true(sstp_span_is_equal(read.relay_url, entry->relay_url));
    g_assert_true(sstp_span_is_equal(read.failover_device_urls, form == SSTP_VERSION_1_6
                                                                    ? entry->failover_device_urls
                                                                    : sstp_span("", 0)));

    /* Every list that ends early. */
    for (size_t len = 0; len < wire_len; len++) {
        r = sstp_reader(sstp_span(bytes, len));
        (void)sstp_fanout_entry_read(&r, form);
        g_assert_cmpint(r.failed, ==, SSTP_READER_UNTERMINATED);
    }
}

static void test_fanout_entries(void)
{
    const struct sstp_fanout_entry full = {sstp_span_of_string("i"), sstp_span_of_string("dd"),
                                           sstp_span_of_string("r"), sstp_span_of_string("f")};
    const struct sstp_fanout_entry empty = {{NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}};
    check_entry(&full, SSTP_VERSION_1_5, "i\0dd\0r\0", 7);
    check_entry(&full, SSTP_VERSION_1_6, "i\0dd\0r\0f\0", 9);
    check_entry(&empty, SSTP_VERSION_1_5, "\0\0\0", 3);
    check_entry(&empty, SSTP_VERSION_1_6, "\0\0\0\0", 4);
    struct sstp_reader r = sstp_reader(sstp_span(NULL, 0));
    (void)sstp_fanout_entry_read(&r, SSTP_VERSION_1_5);
    g_assert_cmpint(r.failed, ==, SSTP_READER_UNTERMINATED);
}

static void assert_span(struct sstp_span span, const char *text)
{
    g_assert_true(sstp_span_is_equal(span, sstp_span_of_string(text)));
}

/* By columns, also where the second entry ends early. */
static void test_fanout_columns(void)
{
    static const char *const strings[2][SSTP_FANOUT_COLUMNS_MAX] = {{"i", "dd", "r", "f"},
                                                                    {"", "e", "", "g"}};
    static const uint8_t bytes[] = "i\0dd\0r\0f\0\0e\0\0g"; /* and the literal's own 0x00 */
    struct sstp_span texts[2];
    struct sstp_command command = {.id = SSTP_FANOUT_OPEN, .form = SSTP_VERSION_1_6};

    g_assert_cmpuint(sstp_fanout_num_columns(SSTP_VERSION_1_5), ==, 3);
    g_assert_cmpuint(sstp_fanout_num_columns(SSTP_VERSION_1_6), ==, 4);
    g_assert_cmpint(sstp_fanout_columns[3], ==, SSTP_FIELD_FAILOVER_DEVICE_URLS);
    for (size_t lacking = 0; lacking < 3; lacking += 2) {
        command.fanout_entries = (struct sstp_list){2, sstp_span(bytes, sizeof bytes - lacking)};
        for (unsigned column = 0; column < SSTP_FANOUT_COLUMNS_MAX; column++) {
            sstp_fanout_column_read(&command, column, texts);
            for (unsigned i = 0; i < 2; i++)
                assert_span(texts[i],
                            lacking > 0 && i == 1 && column == 3 ? "" : strings[i][column]);
        }
    }
}

static void test_strings(void)
{
    const struct sstp_list list = {3, sstp_span((const uint8_t *)"a\0\0bc", 6)};
    struct sstp_span texts[3];

    sstp_list_read_strings(&list, texts);
    assert_span(texts[0], "a");
    assert_span(texts[1], "");
    assert_span(texts[2], "bc");
    g_assert_cmpint(sstp_field_of_strings(SSTP_FIELD_SOURCE_DEVICE_URLS), ==,
                    SSTP_FIELD_SOURCE_DEVICE_URL);
    g_assert_cmpint(sstp_field_of_strings(SSTP_FIELD_TARGET_DEVICE_URLS), ==,
                    SSTP_FIELD_TARGET_DEVICE_URL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/command/table", test_table);
    g_test_add_func("/command/unknown-ids", test_unknown_ids);
    g_test_add_func("/command/lengths", test_lengths);
    g_test_add_func("/command/table-agrees-with-fields", test_table_agrees_with_fields);
    g_test_add_func("/command/version-of-minor", test_version_of_minor);
    g_test_add_func("/command/conditions", test_conditions);
    g_test_add_func("/command/fanout-entries", test_fanout_entries);
    g_test_add_func("/command/fanout-columns", test_fanout_columns);
    g_test_add_func("/command/strings", test_strings);
    return g_test_run();
}
