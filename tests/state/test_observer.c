/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole connections, and what the observer sees in them, line by line (story.h). */
#include "story.h"

/* GRVSSTP 4.1.1 */
static void test_handshake(void)
{
    static const struct story_line lines[] = {
        {"I Connect", "connecting asks"},
        {"A ConnectResponse Ok", "established re=1"},
        {"I ConnectAuthenticate", ""},
        {"I Noop", "out=0"},
        {"A Noop", "out=0"},
        {"I ConnectClose", "closed out=0"},
    };
    STORY_FROM_START("", lines, NULL, NULL);
}

/* GRVSSTP 4.1.2 */
static void test_refusal(void)
{
    static const struct story_line lines[] = {
        {"I Connect", "connecting asks"},
        {"A ConnectResponse WrongDevice", "aborting re=1"},
        {"I Open s=1", "opening/-@3 asks !unexpected_command"},
        {"A ConnectClose", "closed out=0"},
        {"A Noop", "!unexpected_command"},
    };
    STORY_FROM_START("", lines, NULL, NULL);
}

/* GRVSSTP 3.1.5.1-2, and the ConnectClose that answers. */
static void test_violations_change_nothing(void)
{
    static const struct story_line lines[] = {
        {"A Noop", "!unexpected_command"},
        {"A Connect", "!wrong_role"},
        {"I Connect", "connecting asks"},
        {"I Connect", "!unexpected_command"},
        {"I Open s=1", "opening/-@5 asks !unexpected_command"},
        {"A ConnectResponse Ok", "established re=3"},
        {"A ConnectResponse Ok", "!unexpected_command"},
        {"I Connect", "!unexpected_command"},
        {"A OpenResponse s=1 Ok", "ready/waiting@5 re=5"},
        {"I Message s=1", "ready/ready@5 #1 out=0"},
        {"A ConnectClose", "closed out=0"},
    };
    static const struct story_line early_end[] = {
        {"I Noop", "!unexpected_command"},
        {"A ConnectClose", "closed out=0"},
    };
    static const struct story_line end_alone[] = {
        {"I ConnectClose", "closed !unexpected_command"},
        {"I ConnectClose", "!unexpected_command"},
    };
    static const struct story_line crossing[] = {
        {"A ConnectClose", "closed !unexpected_command"},
        {"I Connect", ""},
        {"A ConnectResponse Ok", "!unexpected_command"},
        {"I Noop", "out=0"},
    };
    STORY_FROM_START("", lines, NULL, NULL);
    STORY_FROM_START("", early_end, NULL, NULL);
    STORY_FROM_START("", crossing, NULL, NULL);
    STORY_FROM_START("", end_alone, NULL, NULL);
}

static void test_crossing_connect_close(void)
{
    static const struct story_line lines[] = {
        {"I Message s=1", "ready/ready@3 #1 out=0"},
        {"I Data s=1", "ready/buffering@3 #1"},
        {"A ConnectClose", "closed out=0"},
        {"I Data s=1", "closed/-@3 #1 ~unknown_session"},
        {"I EndMessage s=1", "closed/-@3 #1 +0 out=1 ~unknown_session"},
        {"I OpenResponse s=0x80000001 StopSending", "closed/-@5 ~unknown_session"},
        {"I Close s=0x80000002", "~unknown_session"},
        {"I Open s=3", ""},
        {"I Attach e=4", ""},
        {"I Register e=5", ""},
        {"I Noop", "out=0"},
        {"I ConnectClose", "out=0 ~unacknowledged"},
        {"I Noop", "!unexpected_command"},
        {"A Noop n=1", "!unexpected_command"},
    };
    STORY_FROM_START(STORY_CONNECTED "I Open s=1; A OpenResponse s=1 Ok;"
                                     "A Open s=0x80000001; I OpenResponse s=0x80000001 Ok",
                     lines, "11@-", NULL);
}

/* GRVSSTP 3.1.7.1 */
static void test_transport_end(void)
{
    static const struct story_line lines[] = {
        {"I EndMessage s=1", "ready/waiting@3 #1 +0 out=1"},
        {"end", ""},
    };
    STORY_FROM_START(STORY_TWO_SESSIONS "I Message s=1; I Data s=1", lines, "9@-", NULL);
}

/* Bytes of a command that is none. */
static void test_unknown_command(void)
{
    struct story story;
    const struct sstp_command command = {.id = 0x2a, .message_count = 3};

    story_begin(&story, SSTP_OBSERVER_FROM_START);
    story_tell_all(&story, STORY_CONNECTED);
    sstp_observer_command(&story.observer, true, &command, (struct sstp_observed_place){3, 0},
                          &story.seen);
    g_assert_cmpint(story.seen.connection_state, ==, SSTP_CONNECTION_ESTABLISHED);
    g_assert_cmpuint(story.seen.findings, ==, 0);
    g_assert_false(story.seen.has_session || story.seen.has_message ||
                   story.seen.has_acknowledgement || story.seen.has_outstanding);
    story_end(&story);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/state/observer/4.1.1-handshake", test_handshake);
    g_test_add_func("/state/observer/4.1.2-refusal", test_refusal);
    g_test_add_func("/state/observer/3.1.5.1-violations-change-nothing",
                    test_violations_change_nothing);
    g_test_add_func("/state/observer/crossing-connect-close", test_crossing_connect_close);
    g_test_add_func("/state/observer/3.1.7.1-transport-end", test_transport_end);
    g_test_add_func("/state/observer/unknown-command", test_unknown_command);
    return g_test_run();
}
