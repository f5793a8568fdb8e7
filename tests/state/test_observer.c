/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Conversations, and what the observer sees in them, line by line (story.h). */
#include "story.h"

#define NUM(array) (sizeof(array) / sizeof(array)[0])

#define CONNECTED "I Connect; A ConnectResponse Ok;"

#define FROM_START(before, lines, of_initiator, of_acceptor)                                       \
    story_run(SSTP_OBSERVER_FROM_START, before, lines, NUM(lines), of_initiator, of_acceptor)

/* ------------------------------------------------------------------------
 * The connection
 */

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
    FROM_START("", lines, NULL, NULL);
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
    FROM_START("", lines, NULL, NULL);
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
    FROM_START("", lines, NULL, NULL);
    FROM_START("", early_end, NULL, NULL);
    FROM_START("", crossing, NULL, NULL);
    FROM_START("", end_alone, NULL, NULL);
}

/* ------------------------------------------------------------------------
 * Sessions
 */

static void test_session_life(void)
{
    static const struct story_line lines[] = {
        {"I Connect", "connecting asks"},
        {"A ConnectResponse Ok", "established re=1"},
        {"I Open s=1 url=Some://resource", "opening/-@3 asks"},
        {"A OpenResponse s=1 OkStopSending", "suspended/waiting@3 re=3"},
        {"A OpenResponse s=1 StartSending", "ready/waiting@3"},
        {"I Message s=1", "ready/ready@3 #1 out=0"},
        {"I Data s=1", "ready/buffering@3 #1"},
        {"I Data s=1", "ready/buffering@3 #1"},
        {"I EndMessage s=1", "ready/waiting@3 #1 +0 out=1"},
        {"A Noop n=1", "out=0 acks=9 rem=0"},
        {"I Close s=1", "closed/-@3"},
        {"A ConnectClose", "closed out=0"},
    };
    struct story story;

    story_begin(&story, SSTP_OBSERVER_FROM_START);
    story_check(&story, lines, NUM(lines));
    g_assert_cmpstr(story_messages(&story, 'I'), ==, "9@10");
    const struct sstp_observed_session *session = sstp_observer_session(&story.observer, 0);
    g_assert_cmpstr(session->resource_url, ==, "Some://resource");
    g_assert_cmpuint(session->id, ==, 1);
    g_assert_cmpuint(session->num_messages, ==, 1);
    const struct sstp_observed_exchange *exchange = sstp_observer_exchange(&story.observer, 1);
    g_assert_cmpuint(exchange->request_frame, ==, 3);
    g_assert_cmpint(exchange->request_time_ns, ==, 3000);
    g_assert_cmpuint(exchange->response_frame, ==, 4);
    story_end(&story);
}

/* GRVSSTP 4.2.2: both sides open, in their own ranges. */
static void test_bidirectional(void)
{
    static const struct story_line lines[] = {
        {"I Open s=0x7fffffff", "opening/-@3 asks"},
        {"A Open s=0x80000000", "opening/-@4 asks"},
        {"A OpenResponse s=0x7fffffff Ok", "ready/waiting@3 re=3"},
        {"I OpenResponse s=0x80000000 Ok", "ready/waiting@4 re=4"},
        {"I Message s=0x7fffffff", "ready/ready@3 #1 out=0"},
        {"A Message s=0x80000000", "ready/ready@4 #1 out=0"},
        {"I Data s=0x7fffffff", "ready/buffering@3 #1"},
        {"I EndMessage s=0x7fffffff", "ready/waiting@3 #1 +0 out=1"},
        {"A Data s=0x80000000", "ready/buffering@4 #1"},
        {"A EndMessage s=0x80000000", "ready/waiting@4 #1 +0 out=1"},
        /* A Message brings a count, and tells of its own direction. */
        {"A Message s=0x80000000 n=1", "ready/ready@4 #2 out=1 acks=10 rem=0"},
        {"I Noop n=1", "out=0 acks=12 rem=0"},
        {"A Open s=0x7ffffffe", "opening/-@15 asks !session_id_range"},
        {"I Open s=0xffffffff", "opening/-@16 asks !session_id_range"},
        {"I Open s=0x7fffffff", "ready/waiting@3 !duplicate_session"},
    };
    FROM_START(CONNECTED, lines, "10@13", "12@14");
}

static void test_refused_session(void)
{
    static const struct story_line lines[] = {
        {"I Open s=1", "opening/-@3 asks"},
        {"A OpenResponse s=1 NoResource", "closed/-@3 re=3 ~response_unfit"},
        {"I Message s=1", "closed/-@3 #1 out=0 !unknown_session"},
        {"I Data s=1", "closed/-@3 #1 !unknown_session"},
        {"I EndMessage s=1", "closed/-@3 #1 +0 out=1 !unknown_session"},
        {"I Close s=1", "closed/-@3 ~unknown_session"},
        {"A OpenResponse s=1 StartSending", "closed/-@3 !unknown_session"},
        {"I Open s=1", "opening/-@10 asks"},
        {"A OpenResponse s=1 FanoutNotSupported", "closed/-@10 re=10 ~response_unfit"},
        {"I Open s=1", "opening/-@12 asks"},
        {"A OpenResponse s=1 Ok", "ready/waiting@12 re=12"},
        {"I Message s=1", "ready/ready@12 #2 out=1"},
    };
    FROM_START(CONNECTED, lines, "7@-", NULL);
}

/* GRVSSTP 3.1.4.3.1: not before the session ends, but then. */
static void test_session_id_again(void)
{
    static const struct story_line lines[] = {
        {"I Open s=1 url=first", "opening/-@3 asks"},
        {"A OpenResponse s=1 Ok", "ready/waiting@3 re=3"},
        {"I Message s=1", "ready/ready@3 #1 out=0"},
        {"I Close s=1", "closed/-@3"},
        {"I Open s=1 url=second", "opening/-@7 asks"},
        {"A OpenResponse s=1 OkStopSending", "suspended/waiting@7 re=7"},
        {"I Open s=1 url=third", "suspended/waiting@7 !duplicate_session"},
        {"A OpenResponse s=1 StartSending", "ready/waiting@7"},
        {"I Message s=1", "ready/ready@7 #2 out=0"},
        {"I Data s=1", "ready/buffering@7 #2"},
        {"I EndMessage s=1", "ready/waiting@7 #2 +0 out=1"},
    };
    struct story story;

    story_begin(&story, SSTP_OBSERVER_FROM_START);
    story_tell_all(&story, CONNECTED);
    story_check(&story, lines, NUM(lines));
    g_assert_cmpuint(story.observer.sessions.num, ==, 2);
    g_assert_cmpstr(sstp_observer_session(&story.observer, 0)->resource_url, ==, "first");
    g_assert_cmpstr(sstp_observer_session(&story.observer, 1)->resource_url, ==, "second");
    g_assert_cmpuint(sstp_observer_session(&story.observer, 0)->num_messages, ==, 1);
    g_assert_cmpuint(sstp_observer_session(&story.observer, 1)->num_messages, ==, 1);
    story_end(&story);
}

/* What was on its way when the other side closed the session: notes, and the
 * message counts (SPECIFICATION.md). */
static void test_crossing_close(void)
{
    static const struct story_line lines[] = {
        {"I Open s=1", "opening/-@3 asks"},
        {"A OpenResponse s=1 Ok", "ready/waiting@3 re=3"},
        {"I Message s=1", "ready/ready@3 #1 out=0"},
        {"I Data s=1", "ready/buffering@3 #1"},
        {"A Close s=1", "closed/-@3"},
        {"I Data s=1", "closed/-@3 #1 ~unknown_session"},
        {"I EndMessage s=1", "closed/-@3 #1 +0 out=1 ~unknown_session"},
        {"I Message s=1", "closed/-@3 #2 out=1 ~unknown_session"},
        {"I Data s=1", "closed/-@3 #2 ~unknown_session"},
        {"I EndMessage s=1", "closed/-@3 #2 +1 out=2 ~unknown_session"},
        {"I Close s=1", "closed/-@3 ~unknown_session"},
        {"A Noop n=2", "out=0 acks=9,12 rem=0"},
    };
    static const struct story_line own[] = {
        {"I Open s=1", "opening/-@3 asks"},
        {"I Close s=1", "closed/-@3"},
        {"A OpenResponse s=1 Ok", "closed/-@3 ~unknown_session"},
        {"A Close s=1", "closed/-@3 ~unknown_session"},
        {"I Message s=1", "closed/-@3 #1 out=0 !unknown_session"},
    };
    FROM_START(CONNECTED, lines, "9@14 12@14", NULL);
    FROM_START(CONNECTED, own, NULL, NULL);
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
    FROM_START(CONNECTED "I Open s=1; A OpenResponse s=1 Ok;"
                         "A Open s=0x80000001; I OpenResponse s=0x80000001 Ok",
               lines, "11@-", NULL);
}

/* A count that crosses the ConnectClose still acknowledges. */
static void test_crossing_count(void)
{
    static const struct story_line lines[] = {
        {"A ConnectClose n=1", "closed out=1 acks=9 rem=1 ~unacknowledged"},
        {"I Noop n=1", "out=0 acks=15 rem=0"},
        {"I ConnectClose n=1", "out=0 acks=none rem=0 !ack_excess ~unacknowledged"},
    };
    FROM_START(CONNECTED "I Open s=1; A OpenResponse s=1 Ok;"
                         "A Open s=0x80000001; I OpenResponse s=0x80000001 Ok;"
                         "I Message s=1; I Data s=1; I EndMessage s=1;"
                         "I Message s=1; I Data s=1; I EndMessage s=1;"
                         "A Message s=0x80000001; A Data s=0x80000001; A EndMessage s=0x80000001",
               lines, "9@16 12@-", "15@17");
}

/* ------------------------------------------------------------------------
 * Acknowledgement
 */

#define TWO_SESSIONS                                                                               \
    CONNECTED "I Open s=1; A OpenResponse s=1 Ok; I Open s=2; A OpenResponse s=2 Ok;"

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
    FROM_START(TWO_SESSIONS, lines, "9@19 12@19 15@20 18@20", NULL);
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
    FROM_START(TWO_SESSIONS, lines, "12@13 15@17 18@19", NULL);
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
    FROM_START(TWO_SESSIONS, lines, "9@15 13@15", NULL);
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
    FROM_START(TWO_SESSIONS, lines, "10@14 13@14", NULL);
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
    FROM_START(TWO_SESSIONS, lines, "11@13 17@18", NULL);
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
    FROM_START(TWO_SESSIONS, lines, "8@14 9@19 18@19", NULL);
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
    FROM_START(CONNECTED, lines, "6@- 11@-", NULL);
}

/* GRVSSTP 3.1.7.1 */
static void test_transport_end(void)
{
    static const struct story_line lines[] = {
        {"I EndMessage s=1", "ready/waiting@3 #1 +0 out=1"},
        {"end", ""},
    };
    FROM_START(TWO_SESSIONS "I Message s=1; I Data s=1", lines, "9@-", NULL);
}

/* ------------------------------------------------------------------------
 * Fanout
 */

/* GRVSSTP 4.2.6, 1.5: by names, one destination or one relay at a time. */
static void test_fanout_of_1_5(void)
{
    static const struct story_line lines[] = {
        {"I FanoutOpen/1.5 s=1 url=app to=b,db, to=c,dc,r1 to=d,dd,r2 to=e,de,r2",
         "opening/-@3 asks active=4"},
        {"A OpenResponse s=1 OkStopSending", "suspended/waiting@3 re=3"},
        {"A SessionStatus/1.5 s=1 identity=d device=dd", "suspended/waiting@3 active=3"},
        {"A SessionStatus/1.5 s=1 identity=d device=dx", "suspended/waiting@3 active=3"},
        {"A OpenResponse s=1 StartSending", "ready/waiting@3"},
        {"A SessionStatus/1.5 s=1 device=r2", "ready/waiting@3 active=2"},
        {"A SessionStatus/1.5 s=1 identity=b device=db", "ready/waiting@3 active=1"},
        {"A SessionStatus/1.5 s=1 identity=c", "ready/waiting@3 active=0"},
        {"A Close s=1", "closed/-@3"},
        {"A SessionStatus/1.5 s=1 identity=c", "closed/-@3 !unknown_session"},
    };
    FROM_START(CONNECTED, lines, NULL, NULL);
}

/* 1.6: by index as well. */
static void test_fanout_of_1_6(void)
{
    static const struct story_line lines[] = {
        {"I FanoutOpen/1.6 s=1 to=b,db,r1 to=c,dc,r1 to=d,dd,r2", "opening/-@3 asks active=3"},
        {"A SessionStatus/1.6 s=1 at=2", "opening/-@3 re=3 active=2"},
        {"A SessionStatus/1.6 s=1 at=2,3", "opening/-@3 active=2 !bad_index ~bad_index"},
        {"A SessionStatus/1.6 s=1", "opening/-@3 active=2"},
        {"A SessionStatus/1.6 s=1 at=0,1", "opening/-@3 active=0"},
        {"A Close s=1", "closed/-@3"},
        {"I FanoutOpen s=1", "opening/-@9 asks active=0"},
        {"A OpenResponse s=1 Ok", "ready/waiting@9 re=9"},
        {"A Close s=1", "closed/-@9"},
        {"I FanoutOpen s=1 to=b,db,r1", "opening/-@12 asks active=1"},
        {"A OpenResponse s=1 NoFanoutEntries", "closed/-@12 re=12"},
    };
    FROM_START(CONNECTED, lines, NULL, NULL);
}

/* Between relays both sides open; a client refuses (SPECIFICATION.md, 3.2.5.6). */
static void test_fanout_to_client(void)
{
    static const struct story_line lines[] = {
        {"A FanoutOpen s=0x80000001 to=a,b,c", "opening/-@3 asks active=1"},
        {"I Attach e=1", "event asks"},
        {"A FanoutOpen s=0x80000002 to=a,b,c", "!wrong_role"},
        {"I FanoutOpen s=2 to=a,b,c", "opening/-@6 asks active=1"},
        {"I OpenResponse s=0x80000001 Ok", "ready/waiting@3 re=3 ~response_unfit"},
    };
    FROM_START(CONNECTED, lines, NULL, NULL);
}

/* ------------------------------------------------------------------------
 * Attach and register sessions
 */

static void test_attach(void)
{
    static const struct story_line lines[] = {
        {"I Attach e=1 url=attached", "event asks"},
        {"A AttachResponse e=1 Ok", "event re=3"},
        {"I AttachAuthenticate e=1", "event"},
        {"A AttachResponse e=1 Ok", "event"},
        /* an identity, on an id of its own */
        {"I Register e=2", "event asks"},
        {"I Register e=3", "event asks"},
        {"A RegisterResponse e=3", "event re=8"},
        {"A RegisterResponse e=2", "event re=7"},
        {"A RegisterResponse e=2", "event !unexpected_command"},
        {"I Open s=2", "event !duplicate_session"},
        {"I Attach e=1", "event !duplicate_session"},
        {"A Close s=2", "event"},
        {"I Close s=1", "event"},
        {"I Open s=1", "opening/-@16 asks"},
    };
    FROM_START(CONNECTED, lines, NULL, NULL);
}

/* GRVSSTP 3.3.5.17: the device and its account, on the id of the Attach. */
static void test_register_on_attach(void)
{
    static const struct story_line lines[] = {
        {"I Attach e=1", "event asks"},
        {"I Attach e=2", "event asks"},
        {"I Register e=1", "event asks !unexpected_command"},
        {"A AttachResponse e=2 AwaitingRegister", "event re=4"},
        {"I Register e=2", "event asks"},
        {"A RegisterResponse e=2", "event re=7"},
        {"I Register e=0x80000001", "event asks !session_id_range"},
        {"A Close s=2", "event"},
        {"I Register e=2", "event ~unknown_session"},
        {"I Attach e=2", "event asks"},
    };
    FROM_START(CONNECTED, lines, NULL, NULL);
}

/* Bytes of a command that is none. */
static void test_unknown_command(void)
{
    struct story story;
    const struct sstp_command command = {.id = 0x2a, .message_count = 3};

    story_begin(&story, SSTP_OBSERVER_FROM_START);
    story_tell_all(&story, CONNECTED);
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
    static const struct {
        const char *path;
        void (*run)(void);
    } tests[] = {
        {"4.1.1-handshake", test_handshake},
        {"4.1.2-refusal", test_refusal},
        {"3.1.5.1-violations-change-nothing", test_violations_change_nothing},
        {"session-life", test_session_life},
        {"4.2.2-bidirectional", test_bidirectional},
        {"refused-session", test_refused_session},
        {"3.1.4.3.1-session-id-again", test_session_id_again},
        {"crossing-close", test_crossing_close},
        {"crossing-connect-close", test_crossing_connect_close},
        {"crossing-count", test_crossing_count},
        {"4.3.1-multiple-sessions", test_multiple_sessions},
        {"4.3.2-interleaved", test_interleaved},
        {"4.4-flow-control", test_flow_control},
        {"4.4.1-race", test_race_of_flow_control},
        {"3.1.5.19-excess", test_excess},
        {"bad-messages", test_bad_messages},
        {"message-while-opening", test_message_while_opening},
        {"3.1.7.1-transport-end", test_transport_end},
        {"4.2.6-fanout-1.5", test_fanout_of_1_5},
        {"3.1.5.8-fanout-1.6", test_fanout_of_1_6},
        {"3.2.5.6-fanout-to-client", test_fanout_to_client},
        {"3.2.5.15-attach", test_attach},
        {"3.3.5.17-register-on-attach", test_register_on_attach},
        {"unknown-command", test_unknown_command},
    };
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < NUM(tests); i++) {
        char *path = g_strdup_printf("/state/observer/%s", tests[i].path);
        g_test_add_func(path, tests[i].run);
        g_free(path);
    }
    return g_test_run();
}
