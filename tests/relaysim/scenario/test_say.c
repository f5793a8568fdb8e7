/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands, field by field. */
#include "scenario_text.h"

#include "core/decode.h"

#include <string.h>

#define TWO "title T\npuppet A\npuppet B\n" /* lines 1 to 3 */

static struct scenario *said;

/* What a line says; good until the next one. */
static struct sstp_command command_of(const char *line)
{
    struct sstp_command command;
    char *text = g_strconcat(TWO "A says ", line, "\n", NULL);
    scenario_free(said);
    said = scenario_text_parse(text);
    g_free(text);
    const GByteArray *bytes = scenario_text_step(said, 0)->bytes;
    g_assert_true(sstp_command_decode(sstp_span(bytes->data, bytes->len), SSTP_VERSION_UNKNOWN,
                                      NULL, &command));
    return command;
}

static void assert_text(struct sstp_span span, const char *text)
{
    g_assert_true(sstp_span_is_equal(span, sstp_span_of_string(text)));
}

static void test_strings(void)
{
    const struct sstp_command c = command_of(
        "Connect MajorVersionNumber 1 MinorVersionNumber 6 TargetDeviceURL \"dpp:///b \\\"c\\\"\" "
        "NumSourceDeviceURLs 2 dpp:///a \"\" AuthenticationToken 0102fF PeerProductVersion x");
    struct sstp_reader reader = sstp_reader(c.device_urls.bytes);
    g_assert_cmpuint(c.id, ==, SSTP_CONNECT);
    g_assert_cmpuint(c.minor_version, ==, 6);
    assert_text(c.target_device_url, "dpp:///b \"c\"");
    g_assert_cmpuint(c.device_urls.count, ==, 2);
    assert_text(sstp_read_string(&reader), "dpp:///a");
    assert_text(sstp_read_string(&reader), "");
    assert_text(c.token, "\x01\x02\xff");
    assert_text(c.product_version, "x");
    assert_text(c.product_capabilities, "");
}

static void test_codes(void)
{
    struct sstp_command c = command_of("ConnectResponse ResponseId TryLater RetryTime 7");
    g_assert_cmpuint(c.response_id, ==, SSTP_CONNECT_RESPONSE_TRY_LATER);
    g_assert_cmpuint(c.wait_time, ==, 7);
    c = command_of("Close SessionId 0x80000001 ReasonId 0x77");
    g_assert_cmpuint(c.session_id, ==, 0x80000001);
    g_assert_cmpuint(c.reason_id, ==, 0x77);
    c = command_of("ConnectClose MessageCount 3 ReasonId Resting ReturnTime 9");
    g_assert_cmpuint(c.message_count, ==, 3);
    g_assert_cmpuint(c.wait_time, ==, 9);
}

static void test_lists(void)
{
    struct sstp_command c = command_of("FanoutOpen NumFanoutDeviceEntries 2 i d r j e s");
    struct sstp_reader reader = sstp_reader(c.fanout_entries.bytes);
    g_assert_cmpint(c.form, ==, SSTP_VERSION_1_5);
    g_assert_cmpuint(c.fanout_entries.count, ==, 2);
    (void)sstp_fanout_entry_read(&reader, c.form);
    assert_text(sstp_fanout_entry_read(&reader, c.form).relay_url, "s");
    c = command_of("FanoutOpen form 1.6 NumFanoutDeviceEntries 1 i d r f");
    reader = sstp_reader(c.fanout_entries.bytes);
    g_assert_cmpint(c.form, ==, SSTP_VERSION_1_6);
    assert_text(sstp_fanout_entry_read(&reader, c.form).failover_device_urls, "f");
    c = command_of("SessionStatus SessionId 3 StatusId LockedOut NumFanoutDeviceIndexes 2 1 513");
    g_assert_cmpint(c.form, ==, SSTP_VERSION_1_6);
    g_assert_cmpuint(sstp_get_u16(c.fanout_indexes.bytes.data + 2), ==, 513);
    c = command_of("SessionStatus SessionId 3 StatusId LockedOut DeviceURL d");
    g_assert_cmpint(c.form, ==, SSTP_VERSION_1_5);
}

static void test_message(void)
{
    struct sstp_command c =
        command_of("Message SessionId 1 Flags 0x52 TTL 5 Reserved1 1 Reserved2 2 "
                   "ByteStreamSize 18446744073709551615 FragmentId id");
    g_assert_cmpuint(c.ephemeral_reserved_len, ==, 5);
    g_assert_cmpuint(c.ttl, ==, 5);
    g_assert_cmpuint(c.ephemeral_reserved2, ==, 2);
    g_assert_cmpuint(c.byte_stream_size, ==, UINT64_MAX);
    assert_text(c.fragment_id, "id");
    c = command_of("Message SessionId 1 Flags 0x02 TTL 5");
    g_assert_cmpuint(c.ephemeral_reserved_len, ==, 0);
    c = command_of("Data SessionId 1 Data filler 2048 7");
    g_assert_cmpuint(c.data.len, ==, 2048);
    c = command_of("Data SessionId 1 Data hex 00ff");
    g_assert_true(sstp_span_is_equal(c.data, sstp_span("\0\xff", 2)));
    c = command_of("Data SessionId 1 Data text \"a b\"");
    assert_text(c.data, "a b");
    c = command_of("EndMessage");
    g_assert_cmpuint(c.id, ==, SSTP_END_MESSAGE);
}

static const struct {
    const char *line, *wanted;
} mistakes[] = {
    {"", "a command is needed at the end of the line, such as Noop"},
    {" Nop", "there is no command \"Nop\""},
    {" Noop Count 3", "Noop has no field \"Count\""},
    {" Noop MessageCount", "MessageCount is needed at the end of the line"},
    {" Noop MessageCount 4294967296",
     "MessageCount is a number from 0 to 4294967295, not \"4294967296\""},
    {" Noop MessageCount 0xg", "MessageCount is a number from 0 to 4294967295, not \"0xg\""},
    {" Noop MessageCount 1 MessageCount 1", "\"MessageCount\" is said twice"},
    {" ConnectResponse RetryTime 7", "RetryTime has no place in this ConnectResponse"},
    {" Message TTL 7", "TTL has no place in this Message"},
    {" Noop form 1.6", "\"form\" stands in a FanoutOpen alone, before its entries"},
    {" FanoutOpen form 2", "a FanoutOpen has the form 1.5 or 1.6"},
    {" FanoutOpen NumFanoutDeviceEntries 1 a b",
     "a part of an entry is needed at the end of the line"},
    {" Data Data filler 7 1", "the length of the filler is a number from 8 to 65535, not \"7\""},
    {" Data Data filler 2049 1", "Data has at most 2055 bytes, and this one would have more"},
    {" Data Data 00", "\"text\" is needed here, not \"00\""},
    {" Data Data hex 0", "\"0\" is not made of bytes of two hexadecimal digits"},
    {" Register RegistrationToken", "RegistrationToken is needed at the end of the line"},
};

static void test_mistakes(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(mistakes); i++) {
        char *text = g_strconcat(TWO "A says", mistakes[i].line, "\n", NULL);
        char *wanted = g_strconcat("f.scn:4: ", mistakes[i].wanted, NULL);
        assert_mistake(text, strlen(text), wanted);
        g_free(text);
        g_free(wanted);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scenario-say/strings", test_strings);
    g_test_add_func("/scenario-say/codes", test_codes);
    g_test_add_func("/scenario-say/lists", test_lists);
    g_test_add_func("/scenario-say/message", test_message);
    g_test_add_func("/scenario-say/mistakes", test_mistakes);
    const int result = g_test_run();
    scenario_free(said);
    return result;
}
