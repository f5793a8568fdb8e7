/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sessions, and what the observer sees in them, line by line (story.h). */
#include "story.h"

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
    story_check(&story, lines, G_N_ELEMENTS(lines));
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
    STORY_FROM_START(STORY_CONNECTED, lines, "10@13", "12@14");
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
    STORY_FROM_START(STORY_CONNECTED, lines, "7@-", NULL);
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
    story_tell_all(&story, STORY_CONNECTED);
    story_check(&story, lines, G_N_ELEMENTS(lines));
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
    STORY_FROM_START(STORY_CONNECTED, lines, "9@14 12@14", NULL);
    STORY_FROM_START(STORY_CONNECTED, own, NULL, NULL);
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
    STORY_FROM_START(STORY_CONNECTED, lines, NULL, NULL);
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
    STORY_FROM_START(STORY_CONNECTED, lines, NULL, NULL);
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
    STORY_FROM_START(STORY_CONNECTED, lines, NULL, NULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/state/observer_session/session-life", test_session_life);
    g_test_add_func("/state/observer_session/4.2.2-bidirectional", test_bidirectional);
    g_test_add_func("/state/observer_session/refused-session", test_refused_session);
    g_test_add_func("/state/observer_session/3.1.4.3.1-session-id-again", test_session_id_again);
    g_test_add_func("/state/observer_session/crossing-close", test_crossing_close);
    g_test_add_func("/state/observer_session/4.2.6-fanout-1.5", test_fanout_of_1_5);
    g_test_add_func("/state/observer_session/3.1.5.8-fanout-1.6", test_fanout_of_1_6);
    g_test_add_func("/state/observer_session/3.2.5.6-fanout-to-client", test_fanout_to_client);
    return g_test_run();
}
