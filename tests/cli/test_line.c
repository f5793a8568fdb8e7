/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands as steps of a scenario. */
#include "scenario/line.h"

#include <string.h>

#include "core/encode.h"

static guint8 encoded[SSTP_COMMAND_LEN_MAX];

/* The line of a command of which all but `cut` bytes are there, with `more` after them. */
static char *line_of(const struct sstp_command *command, gsize cut, const char *more,
                     enum line_result wanted)
{
    struct replace *replace = replace_new(1);
    GString *text = g_string_new(NULL);
    gsize len = sstp_command_encode(command, encoded, sizeof encoded);
    g_assert_cmpuint(len, >, 0);
    memcpy(encoded + len, more, strlen(more));
    len += strlen(more);
    encoded[1] = (guint8)len;
    encoded[2] = (guint8)(len >> 8);
    const struct sstp_span bytes = sstp_span(encoded, len - cut);
    line_learn(replace, bytes);
    g_assert_cmpint(line_append(text, "A", bytes, (guint16)len, replace), ==, wanted);
    g_assert_cmpint(text->str[text->len - 1], ==, '\n');
    g_string_truncate(text, text->len - 1);
    g_assert_null(strchr(text->str, '\n'));
    replace_free(replace);
    return g_string_free(text, FALSE);
}

static void assert_line(const struct sstp_command *command, const char *wanted)
{
    char *line = line_of(command, 0, "", LINE_WHOLE);
    g_assert_cmpstr(line, ==, wanted);
    g_free(line);
}

/* What is nobody's is said as it is. */
static void test_numbers(void)
{
    assert_line(&(struct sstp_command){.id = SSTP_NOOP}, "A says Noop");
    assert_line(&(struct sstp_command){.id = SSTP_NOOP, .message_count = 3},
                "A says Noop MessageCount 3");
    assert_line(&(struct sstp_command){.id = SSTP_CLOSE, .session_id = 0x80000001},
                "A says Close SessionId 0x80000001 ReasonId NoReason");
    assert_line(&(struct sstp_command){.id = SSTP_CLOSE, .session_id = 1, .reason_id = 0x77},
                "A says Close SessionId 0x1 ReasonId 0x77");
    assert_line(&(struct sstp_command){.id = SSTP_CONNECT_RESPONSE,
                                       .response_id = SSTP_CONNECT_RESPONSE_TRY_LATER,
                                       .wait_time = 60},
                "A says ConnectResponse ResponseId TryLater RetryTime 60");
    assert_line(&(struct sstp_command){.id = SSTP_MESSAGE,
                                       .session_id = 1,
                                       .flags = SSTP_MESSAGE_FLAG_EPHEMERAL,
                                       .ephemeral_reserved_len = 5,
                                       .ttl = 9},
                "A says Message SessionId 0x1 Flags 0x2 TTL 9 Reserved1 0x0 Reserved2 0x0");
    assert_line(&(struct sstp_command){.id = SSTP_SESSION_STATUS,
                                       .form = SSTP_VERSION_1_6,
                                       .status_id = SSTP_SESSION_STATUS_LOCKED_OUT,
                                       .fanout_indexes = {2, sstp_span("\1\0\2\1", 4)}},
                "A says SessionStatus StatusId LockedOut NumFanoutDeviceIndexes 2 1 258");
}

static void test_texts(void)
{
    char *line =
        line_of(&(struct sstp_command){.id = SSTP_CONNECT,
                                       .device_urls = {2, sstp_span("dpp:///ab\0{\"\\", 14)},
                                       .token = sstp_span("\1\3\x9\2\0xy", 7)},
                0, "", LINE_WHOLE);
    g_assert_nonnull(strstr(line, " NumSourceDeviceURLs 2 \"dpp:///"));
    g_assert_nonnull(strstr(line, "\" \"\\{\\\"\\\\\" "));
    g_assert_nonnull(strstr(line, " AuthenticationToken 0103090200"));
    g_assert_null(strstr(line, "7879")); /* "xy" */
    g_assert_null(strstr(line, "dpp:///ab"));
    g_free(line);
    line = line_of(&(struct sstp_command){.id = SSTP_FANOUT_OPEN,
                                          .form = SSTP_VERSION_1_6,
                                          .fanout_entries = {1, sstp_span("i\0d\0r\0\0", 7)}},
                   0, "", LINE_WHOLE);
    g_assert_true(g_str_has_prefix(line, "A says FanoutOpen form 1.6 NumFanoutDeviceEntries 1 \""));
    g_assert_true(g_str_has_suffix(line, " \"\""));
    g_free(line);
}

static void test_data(void)
{
    char *line = line_of(&(struct sstp_command){.id = SSTP_DATA,
                                                .session_id = 1,
                                                .data = sstp_span_of_string("a secret message")},
                         0, "", LINE_WHOLE);
    g_assert_true(g_str_has_prefix(line, "A says Data SessionId 0x1 Data filler 16 "));
    g_free(line);
    line = line_of(&(struct sstp_command){.id = SSTP_DATA, .data = sstp_span_of_string("secret")},
                   0, "", LINE_WHOLE);
    g_assert_true(g_str_has_prefix(line, "A says Data Data hex "));
    g_assert_cmpuint(strlen(line), ==, strlen("A says Data Data hex ") + 12);
    g_assert_null(strstr(line, "736563726574"));
    g_free(line);
    assert_line(&(struct sstp_command){.id = SSTP_DATA}, "A says Data");
}

/* What is no command as it should be is said as bytes, of the same number. */
static void test_malformed(void)
{
    const struct sstp_command open = {.id = SSTP_OPEN,
                                      .session_id = 1,
                                      .resource_url = sstp_span_of_string("handler"),
                                      .device_url = sstp_span_of_string("dpp:///b")};
    char *line = line_of(&open, 0, "secret", LINE_MALFORMED);
    const gsize len = strlen("A says-bytes ") + 2 * (7u + 8 + 1 + 9 + 3 + 6);
    g_assert_true(g_str_has_prefix(line, "A says-bytes 05220001000000"));
    g_assert_cmpuint(strlen(line), ==, len);
    g_assert_null(strstr(line, "68616e646c6572"));    /* "handler" */
    g_assert_null(strstr(line, "736563726574"));      /* "secret" */
    g_assert_nonnull(strstr(line, "6470703a2f2f2f")); /* "dpp:///" */
    g_free(line);
    line = line_of(&open, 4, "secret", LINE_CUT);
    g_assert_cmpuint(strlen(line), ==, len);
    g_assert_true(g_str_has_suffix(line, "00000000"));
    g_free(line);
}

static void test_cut_data(void)
{
    char *line = line_of(&(struct sstp_command){.id = SSTP_DATA,
                                                .session_id = 1,
                                                .data = sstp_span_of_string("a secret message")},
                         9, "", LINE_CUT);
    g_assert_true(g_str_has_prefix(line, "A says Data SessionId 0x1 Data filler 16 "));
    g_free(line);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/line/numbers", test_numbers);
    g_test_add_func("/line/texts", test_texts);
    g_test_add_func("/line/data", test_data);
    g_test_add_func("/line/malformed", test_malformed);
    g_test_add_func("/line/cut-data", test_cut_data);
    return g_test_run();
}
