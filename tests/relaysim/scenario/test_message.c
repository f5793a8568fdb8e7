/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages, whole or in parts. */
#include "scenario_text.h"

#include "core/command.h"

#include <string.h>

static void test_lines(void)
{
    static const struct {
        const char *line, *mistake;
    } rows[] = {
        {"A sends N on s", NULL},
        {"A sends M on s", "\"M\" is a message already"},
        {"A sends N", "\"on\" is needed at the end of the line"},
        {"A sends N on s text \"This is message N\"", NULL},
        {"A sends N on s text x size 1", "a message has either a text or a size"},
        {"A sends N on s size 1048577",
         "a number of bytes is a number from 0 to 1048576, not \"1048577\""},
        {"A sends N on s size 100 text \"\"", "a message has either a text or a size"},
        {"A sends N on s ttl 4294967294", NULL},
        {"A sends N on s ttl 4294967295",
         "a number of seconds is a number from 0 to 4294967294, not \"4294967295\""},
        {"A sends N on s fragment 1 of 1 id at 0", NULL},
        {"A sends N on s fragment 0 of 1 id at 0",
         "the number of a fragment is a number from 1 to 4294967295, not \"0\""},
        {"A sends N on s fragment 1 of 0 id at 0",
         "the number of fragments is a number from 1 to 4294967295, not \"0\""},
        {"A sends N on s fragment 1 of 1 id", "\"at\" is needed at the end of the line"},
        {"A sends N on s sizes 1 2", "MessageSize is needed at the end of the line"},
        {"A ends M", "message M has its end already"},
        {"A continues M", "message M has its end already"},
        {"B ends M", "M is not B's message"},
        {"B completes M", NULL},
        {"A completes M", "A does not hold messages"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        scenario_text_check_line(rows[i].line, rows[i].mistake);
}

/* Messages are told apart by their content. */
static void test_same_content(void)
{
    scenario_text_check_line("A sends N on s text x\nA sends O on s text y", NULL);
    char *got =
        scenario_text_mistakes(PLAY "A sends N on s text x\nA sends O on s text x\n",
                               strlen(PLAY "A sends N on s text x\nA sends O on s text x\n"));
    g_assert_cmpstr(got, ==,
                    "f.scn:9: message N has the same content, and could not be told from O");
    g_free(got);
}

/* The parts of a message are all of it, in order, and no more. */
static void test_parts(void)
{
    struct scenario *s = scenario_text_parse(PLAY "A begins N on s size 10\n"
                                                  "A continues N with 4 bytes\n"
                                                  "A continues N with 6 bytes\nA ends N\n");
    static const struct {
        enum scenario_kind kind;
        uint64_t number;
        size_t offset;
    } steps[] = {{SCENARIO_CONTINUE, 4, 0}, {SCENARIO_CONTINUE, 6, 4}, {SCENARIO_END, 0, 10}};
    for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
        const struct scenario_step *step = scenario_text_step(s, 4 + i);
        g_assert_cmpint(step->kind, ==, steps[i].kind);
        g_assert_cmpuint(step->number, ==, steps[i].number);
        g_assert_cmpuint(step->offset, ==, steps[i].offset);
        g_assert_cmpuint(step->message, ==, 1);
    }
    g_assert_cmpuint(s->messages[1].fields.data.len, ==, 10);
    scenario_free(s);
    char *got = scenario_text_mistakes(
        PLAY "A begins N on s size 10\nA continues N with 11 bytes\n",
        strlen(PLAY "A begins N on s size 10\nA continues N with 11 bytes\n"));
    g_assert_nonnull(strstr(got, "f.scn:9: message N has only 10 bytes left"));
    g_free(got);
}

/* Each option sets its flag, and nothing else does. */
static void test_flags(void)
{
    static const struct {
        const char *options;
        unsigned flags;
    } rows[] = {{"", 0},
                {"ttl 0", SSTP_MESSAGE_FLAG_EPHEMERAL},
                {"track", SSTP_MESSAGE_FLAG_TRACK},
                {"ack-immediately", SSTP_MESSAGE_FLAG_ACK_IMMEDIATELY},
                {"do-not-deliver-if-offline", SSTP_MESSAGE_FLAG_DO_NOT_DELIVER_IF_OFFLINE},
                {"fragment 2 of 3 id at 4", SSTP_MESSAGE_FLAG_FRAGMENT},
                {"sizes 1 2 3", SSTP_MESSAGE_FLAG_STREAM_SIZE}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *text = g_strconcat(PLAY "A sends N on s ", rows[i].options, "\n", NULL);
        struct scenario *s = scenario_text_parse(text);
        g_assert_cmphex(s->messages[1].fields.flags, ==, rows[i].flags);
        scenario_free(s);
        g_free(text);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scenario-message/lines", test_lines);
    g_test_add_func("/scenario-message/same-content", test_same_content);
    g_test_add_func("/scenario-message/parts", test_parts);
    g_test_add_func("/scenario-message/flags", test_flags);
    return g_test_run();
}
