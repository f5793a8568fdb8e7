/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages and their acknowledgement, and what the observer sees in them, line by line (story.h).
 */
#include "story.h"

/* GRVSSTP 4.3.1 */
static void test_multiple_sessions(void)
{
    static const struct story_line lines[] = {
        {"I Message s=1", "ready/ready@3 #1 out=0"},
        {"I Data s=1", "ready/buffering@3 #1"},
        {"I EndMessage s=1", "ready/waiting@3 #1 +0 out=1"},
        {"I Message s=2", "ready/ready@5 #2 out=1"},
        {"I Data s=2", "ready/buffering@5 #2"},
        {"I EndMessage s=2", "ready/waiting@5 #2 +1 out=2"},
        {"I Message s=1", "ready/ready@3 #3 out=2"},
        {"I Data s=1", "ready/buffering@3 #3"},
        {"I EndMessage s=1", "ready/waiting@3 #3 +2 out=3"},
        {"I Message s=2", "ready/ready@5 #4 out=3"},
        {"I Data s=2", "ready/buffering@5 #4"},
        {"I EndMessage s=2", "ready/waiting@5 #4 +3 out=4"},
        {"A Noop n=2", "out=2 acks=9,12 rem=2"},
        {"A Noop n=2", "out=0 acks=15,18 rem=0"},
    };
    STORY_FROM_START(STORY_TWO_SESSIONS, lines, "9@19 12@19 15@20 18@20", NULL);
}

/* GRVSSTP 4.3.2: numbered by Message, acknowledged by EndMessage. */
static void test_interleaved(void)
{
    static const struct story_line lines[] = {
        {"I Message s=1", "ready/ready@3 #1 out=0"},
        {"I Data s=1", "ready/buffering@3 #1"},
        {"I Message s=2", "ready/ready@5 #2 out=0"},
        {"I Data s=2", "ready/buffering@5 #2"},
        {"I Data s=1", "ready/buffering@3 #1"},
        {"I EndMessage s=2", "ready/waiting@5 #2 +0 out=1"},
        {"A Noop n=1", "out=0 acks=12 rem=0"},
        {"I Message s=2", "ready/ready@5 #3 out=0"},
        {"I EndMessage s=1", "ready/waiting@3 #1 +1 out=1"},
        {"I Data s=2", "ready/buffering@5 #3"},
        {"A Noop n=1", "out=0 acks=15 rem=0"},
        {"I EndMessage s=2", "ready/waiting@5 #3 +2 out=1"},
        {"A Noop n=1", "out=0 acks=18 rem=0"},
    };
    STORY_FROM_START(STORY_TWO_SESSIONS, lines, "12@13 15@17 18@19", NULL);
}

/* GRVSSTP 4.4: one session waits, the other goes on. */
static void test_flow_control(void)
{
    static const struct story_line lines[] = {
        {"I Message s=1", "ready/ready@3 #1 out=0"},
        {"I Data s=1", "ready/buffering@3 #1"},
        {"I EndMessage s=1", "ready/waiting@3 #1 +0 out=1"},
        {"A OpenResponse s=1 StopSending", "blocked/waiting@3"},
        {"I Message s=2", "ready/ready@5 #2 out=1"},
        {"I Data s=2", "ready/buffering@5 #2"},
        {"I EndMessage s=2", "ready/waiting@5 #2 +1 out=2"},
        {"A OpenResponse s=1 StopSending", "blocked/waiting@3"},
        {"A Noop n=2", "out=0 acks=9,13 rem=0"},
        {"A OpenResponse s=1 StartSending", "ready/waiting@3"},
        {"A OpenResponse s=1 StartSending", "ready/waiting@3"},
        {"I Message s=1", "ready/ready@3 #3 out=0"},
    };
    STORY_FROM_START(STORY_TWO_SESSIONS, lines, "9@15 13@15", NULL);
}

/* GRVSSTP 4.4.1: a note on the Message, and the counts are preserved. */
static void test_race_of_flow_control(void)
{
    static const struct story_line lines[] = {
        {"I Message s=1", "ready/ready@3 #1 out=0"},
        {"I Data s=1", "ready/buffering@3 #1"},
        {"A OpenResponse s=1 StopSending", "blocked/buffering@3"},
        {"I EndMessage s=1", "blocked/waiting@3 #1 +0 out=1"},
        {"I Message s=1", "blocked/ready@3 #2 out=1 ~blocked_send"},
        {"I Data s=1", "blocked/buffering@3 #2"},
        {"I EndMessage s=1", "blocked/waiting@3 #2 +1 out=2"},
        {"A Noop n=2", "out=0 acks=10,13 rem=0"},
    };
    STORY_FROM_START(STORY_TWO_SESSIONS, lines, "10@14 13@14", NULL);
}

static void test_excess(void)
{
    static const struct story_line lines[] = {
        {"A Noop n=1", "out=0 acks=none rem=0 !ack_excess"},
        {"I Message s=1", "ready/ready@3 #1 out=0"},
        {"I Data s=1", "ready/buffering@3 #1"},
        {"A Noop n=1", "out=0 acks=none rem=0 !ack_excess"},
        {"I EndMessage s=1", "ready/waiting@3 #1 +0 out=1"},
        {"A Noop n=0", "out=1"},
        {"A Noop n=0xffffffff", "out=0 acks=11 rem=0 !ack_excess"},
        {"A Noop n=1", "out=0 acks=none rem=0 !ack_excess"},
        {"I Message s=2", "ready/ready@5 #2 out=0"},
        {"I Data s=2", "ready/buffering@5 #2"},
        {"I EndMessage s=2", "ready/waiting@5 #2 +1 out=1"},
        {"A Noop n=1", "out=0 acks=17 rem=0"},
    };
    STORY_FROM_START(STORY_TWO_SESSIONS, lines, "11@13 17@18", NULL);
}

/* A count that crosses the ConnectClose still acknowledges. */
static void test_crossing_count(void)
{
    static const struct story_line lines[] = {
        {"A ConnectClose n=1", "closed out=1 acks=9 rem=1 ~unacknowledged"},
        {"I Noop n=1", "out=0 acks=15 rem=0"},
        {"I ConnectClose n=1", "out=0 acks=none rem=0 !ack_excess ~unacknowledged"},
    };
    STORY_FROM_START(STORY_CONNECTED
                     "I Open s=1; A OpenResponse s=1 Ok;"
                     "A Open s=0x80000001; I OpenResponse s=0x80000001 Ok;"
                     "I Message s=1; I Data s=1; I EndMessage s=1;"
                     "I Message s=1; I Data s=1; I EndMessage s=1;"
                     "A Message s=0x80000001; A Data s=0x80000001; A EndMessage s=0x80000001",
                     lines, "9@16 12@-", "15@17");
}

/* Messages that break rules: which of them enter the ledger. */
static void test_bad_messages(void)
{
    static const struct story_line lines[] = {
        /* SPECIFICATION.md: EndMessage without Data still enters */
        {"I Message s=1", "ready/ready@3 #1 out=0"},
        {"I EndMessage s=1", "ready/waiting@3 #1 +0 out=1 !unexpected_command"},
        {"I EndMessage s=1", "ready/waiting@3 +1 out=2 !unexpected_command"},
        {"I Data s=1", "ready/waiting@3 !unexpected_command"},
        /* not against the session's direction, nor where there is no session */
        {"A EndMessage s=1", "ready/waiting@3 !wrong_role"},
        {"A EndMessage s=9", "!unknown_session"},
        {"I EndMessage s=9", "!unknown_session"},
        {"A Message s=9 n=1", "acks=8 rem=1 !unknown_session"},
        {"I Message s=1", "ready/ready@3 #2 out=1"},
        {"I Message s=1", "ready/ready@3 #3 out=1 !unexpected_command"},
        {"I Data s=1", "ready/buffering@3 #3"},
        {"I EndMessage s=1", "ready/waiting@3 #3 +2 out=2"},
        {"A Noop n=2", "out=0 acks=9,18 rem=0"},
    };
    STORY_FROM_START(STORY_TWO_SESSIONS, lines, "8@14 9@19 18@19", NULL);
}

/* Nobody waits for the answer before sending: one finding, on the Message. */
static void test_message_while_opening(void)
{
    static const struct story_line lines[] = {
        {"I Open s=1", "opening/-@3 asks"},
        {"I Message s=1", "opening/-@3 #1 out=0 !unexpected_command"},
        {"I Data s=1", "opening/-@3 #1"},
        {"I EndMessage s=1", "opening/-@3 #1 +0 out=1"},
        {"I Data s=1", "opening/-@3 !unexpected_command"},
        {"A OpenResponse s=1 OkStopSending", "suspended/waiting@3 re=3"},
        {"I Message s=1", "suspended/ready@3 #2 out=1 !unexpected_command"},
        {"I Data s=1", "suspended/buffering@3 #2"},
        {"I EndMessage s=1", "suspended/waiting@3 #2 +1 out=2"},
    };
    STORY_FROM_START(STORY_CONNECTED, lines, "6@- 11@-", NULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/state/observer_message/4.3.1-multiple-sessions", test_multiple_sessions);
    g_test_add_func("/state/observer_message/4.3.2-interleaved", test_interleaved);
    g_test_add_func("/state/observer_message/4.4-flow-control", test_flow_control);
    g_test_add_func("/state/observer_message/4.4.1-race", test_race_of_flow_control);
    g_test_add_func("/state/observer_message/3.1.5.19-excess", test_excess);
    g_test_add_func("/state/observer_message/crossing-count", test_crossing_count);
    g_test_add_func("/state/observer_message/bad-messages", test_bad_messages);
    g_test_add_func("/state/observer_message/message-while-opening", test_message_while_opening);
    return g_test_run();
}
