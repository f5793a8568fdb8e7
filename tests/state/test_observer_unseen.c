/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Conversations of which the observer misses something (plugin/FIELDS.md): states come back one by
 * one, and nobody is accused. */
#include "story.h"

/* Each command that fixes a state; nothing is counted. */
static void test_late(void)
{
    static const struct story_line lines[] = {
        {"I Noop n=3", "established"},
        {"A Noop n=3", ""},
        {"I Data s=1", "?/buffering"},
        {"I EndMessage s=1", "?/waiting"},
        {"I Message s=1 n=1", "ready/ready #?"},
        {"A OpenResponse s=1 StopSending", "blocked/ready"},
        {"A OpenResponse s=2 OkStopSending", "suspended/waiting"},
        {"A OpenResponse s=3 StartSending", "ready/-"},
        {"A SessionStatus s=4 at=0", "?/-"},
        {"A OpenResponse s=4 StartSending", "ready/-"},
        {"A Close s=5", "closed/-"},
        {"A AttachResponse e=6", "event"},
        {"A RegisterResponse e=7", "event"},
        {"I Open s=8", "opening/-@14 asks"},
        {"A OpenResponse s=8 Ok", "ready/waiting@14 re=14"},
        {"A Message s=9", "ready/ready #?"},
        {"A Data s=9", "ready/buffering #?"},
        {"A EndMessage s=9", "ready/waiting #?"},
        {"I Noop n=77", ""},
        /* what is known by now is judged */
        {"I Data s=8", "ready/waiting@14 !unexpected_command"},
        {"I Message s=9", "ready/waiting !wrong_role"},
        /* but that may have crossed a Close before the capture began */
        {"I Open s=9", "opening/-@22 asks"},
        {"I ConnectClose n=9", "closed"},
        {"I Noop", "!unexpected_command"},
    };
    story_run(SSTP_OBSERVER_LATE, "", lines, G_N_ELEMENTS(lines), NULL, NULL);
}

/* Each command by which a connection is found to be what it is. */
static void test_late_connection(void)
{
    static const struct story_line refused[] = {
        {"A ConnectResponse WrongDevice", "aborting"},
        {"A ConnectClose", "closed"},
    };
    static const struct story_line accepted[] = {
        {"A ConnectResponse Ok", "established"},
        {"I Open s=1", "opening/-@2 asks"},
    };
    static const struct story_line closed[] = {
        {"A ConnectClose n=3", "closed"},
        {"I Message s=1", ""}, /* who knows which sessions there were */
    };
    /* A session that is none for messages has no state to be closed. */
    static const struct story_line attached[] = {
        {"A ConnectResponse Ok", "established"},
        {"A AttachResponse e=1", "event"},
        {"A Close s=1", "event"},
    };
    /* Who opened the connection was a guess. */
    static const struct story_line sides[] = {
        {"A Connect", "connecting asks"},
    };
    story_run(SSTP_OBSERVER_LATE, "", refused, G_N_ELEMENTS(refused), NULL, NULL);
    story_run(SSTP_OBSERVER_LATE, "", accepted, G_N_ELEMENTS(accepted), NULL, NULL);
    story_run(SSTP_OBSERVER_LATE, "", attached, G_N_ELEMENTS(attached), NULL, NULL);
    story_run(SSTP_OBSERVER_LATE, "", closed, G_N_ELEMENTS(closed), NULL, NULL);
    story_run(SSTP_OBSERVER_LATE, "", sides, G_N_ELEMENTS(sides), NULL, NULL);
}

/* A Close does not tell whose session it was; the first message does. */
static void test_late_close(void)
{
    static const struct story_line lines[] = {
        {"I Noop", "established"},
        {"A Close s=1", "closed/-"},
        {"I EndMessage s=1", "closed/- ~unknown_session"},
        {"I Message s=1", "closed/- #? ~unknown_session"},
        {"A Data s=1", "closed/- !unknown_session"},
        {"I Data s=1", "closed/- #? ~unknown_session"},
    };
    story_run(SSTP_OBSERVER_LATE, "", lines, G_N_ELEMENTS(lines), NULL, NULL);
}

/* A side that is heard late may have said anything before. */
static void test_late_side(void)
{
    static const struct story_line lines[] = {
        {"I Attach e=1", "established event asks"},
        {"I Open s=2", "opening/-@2 asks"},
        {"A Noop n=3", ""},
        {"I Register e=1", "event asks"},
        {"I Message s=2", "ready/ready@2 #?"},
        {"I Message s=2", "ready/ready@2 #? !unexpected_command"},
        {"A OpenResponse s=2 StopSending", "blocked/ready@2"},
    };
    story_run(SSTP_OBSERVER_LATE, "", lines, G_N_ELEMENTS(lines), NULL, NULL);
}

/* Nothing is outstanding, says the user. */
static void test_late_trusting(void)
{
    static const struct story_line lines[] = {
        {"A Noop", "established out=0"},
        {"I EndMessage s=1", "?/waiting +0 out=1"},
        {"I Message s=1", "ready/ready #1 out=1"},
        {"A Noop n=1", "out=0 acks=2 rem=0"},
        {"I Data s=1", "ready/buffering #1"},
        {"I EndMessage s=1", "ready/waiting #1 +1 out=1"},
        {"A Noop n=2", "out=0 acks=6 rem=0 !ack_excess"},
        {"A OpenResponse s=2 StopSending", "blocked/-"},
    };
    story_run(SSTP_OBSERVER_LATE_TRUSTING, "", lines, G_N_ELEMENTS(lines), "2@4 6@7", NULL);
}

/* States are gone until something fixes them; where a session was opened, and its
 * resource, stay known. */
static void test_gap(void)
{
    static const struct story_line lines[] = {
        {"gap", ""},
        {"A Noop n=5", "established"},
        {"I Data s=1", "?/buffering@3"},
        {"I EndMessage s=1", "?/waiting@3"},
        {"I Message s=1", "ready/ready@3 #?"},
        {"A OpenResponse s=2 StopSending", "blocked/-@5"},
        {"I Message s=2", "blocked/ready@5 #? ~blocked_send"},
        {"I Data s=2", "blocked/buffering@5 #?"},
        {"I EndMessage s=2", "blocked/waiting@5 #?"},
        {"A Noop n=9", ""},
        {"A OpenResponse s=77 OkStopSending", "suspended/waiting"},
        {"A Close s=78", "closed/-"},
        {"I Close s=78", "closed/- ~unknown_session"},
        /* the roles are not forgotten */
        {"A Register e=0x80000001", "!wrong_role"},
        {"I Open s=0x80000002", "opening/-@25 asks !session_id_range"},
        /* and a Connect begins anew */
        {"I Connect", "connecting asks"},
        {"A ConnectResponse Ok", "established re=26"},
        {"I Open s=1", "opening/-@28 asks"},
        {"I ConnectClose n=9", "closed out=0 acks=none rem=0 !ack_excess"},
    };
    STORY_FROM_START(STORY_TWO_SESSIONS
                     "I Message s=1; I Data s=1; I EndMessage s=1; I Message s=2",
                     lines, "9@-", NULL);
}

/* What a gap can hide: ids given away again, in every way. */
static void test_gap_hides(void)
{
    static const struct story_line lines[] = {
        {"gap", ""},
        {"A SessionStatus s=1 at=3", "established ?/-@3"}, /* a fanout by now */
        {"A AttachResponse e=2", "?/-@5"},                 /* an attach session by now */
        {"I Register e=3", "event asks"},                  /* and this one for an identity */
        {"I Open s=4", "opening/-@17 asks"},               /* the attach session was closed */
        {"A OpenResponse s=5 Ok", "ready/waiting"},        /* likewise, and the Open missed */
        {"A SessionStatus s=6 at=3", "?/-@12"},
        {"I Message s=7", "ready/ready #?"}, /* it was closed before */
    };
    STORY_FROM_START(STORY_CONNECTED
                     "I Open s=1; A OpenResponse s=1 Ok; I Open s=2; A OpenResponse s=2 Ok;"
                     "I Open s=3; A OpenResponse s=3 Ok; I Attach e=4; I Attach e=5;"
                     "A AttachResponse e=5; I FanoutOpen s=6 to=a,b,c",
                     lines, NULL, NULL);
    g_assert_cmpuint(G_N_ELEMENTS(lines), ==, 8);
}

/* A Connect makes everything certain again, and the old ids are free. */
static void test_connect_after_gap(void)
{
    static const struct story_line lines[] = {
        {"gap", ""},
        {"I Connect", "connecting asks"},
        {"A ConnectResponse Ok", "established re=11"},
        {"I Data s=1", "!unknown_session"},
        {"I Open s=1", "opening/-@14 asks"},
        {"A OpenResponse s=1 Ok", "ready/waiting@14 re=14"},
        {"I Message s=1", "ready/ready@14 #1 out=0"},
        {"I Data s=1", "ready/buffering@14 #1"},
        {"I EndMessage s=1", "ready/waiting@14 #1 +1 out=1"},
        {"A Noop n=2", "out=0 acks=18 rem=0 !ack_excess"},
    };
    STORY_FROM_START(STORY_TWO_SESSIONS "I Message s=1; I Data s=1; I EndMessage s=1", lines,
                     "9@- 18@19", NULL);
}

/* Parts of a clean conversation: nobody is accused of what was not seen. */
struct part {
    enum sstp_observer_begin begin;
    size_t from, to; /* lines that are missing, the last one not among them */
    char of_side;    /* of this side alone; 0 for both */
    char alone;      /* the side that is there at all; 0 for both */
};

static bool is_missing(const struct part *part, size_t i)
{
    const char side = story_clean[i][0];
    return (i >= part->from && i < part->to && (part->of_side == 0 || part->of_side == side)) ||
           (part->alone != 0 && part->alone != side);
}

/* A gap of a side is noticed by what it sends next.  Until then the other side is
 * judged by what was seen, and that may be wrong; then no more. */
static void check_part(const struct part *part)
{
    struct story story;
    bool has_lost[2] = {false, false};

    story_begin(&story, part->begin);
    for (size_t i = 0; i < story_clean_len; i++) {
        const char *line = story_clean[i];
        const bool from_initiator = line[0] == 'I';
        if (is_missing(part, i)) {
            has_lost[from_initiator] = part->begin == SSTP_OBSERVER_FROM_START;
            continue;
        }
        if (has_lost[from_initiator])
            story_tell_all(&story, "gap");
        has_lost[from_initiator] = false;
        (void)story_tell(&story, line);
        if (!story_is_accusing(&story) || has_lost[!from_initiator])
            continue;
        g_test_message("%zu to %zu of %c missing, %c alone: %s: %s", part->from, part->to,
                       part->of_side != 0 ? part->of_side : '*',
                       part->alone != 0 ? part->alone : '-', line, story.outcome->str);
        g_test_fail();
    }
    story_end(&story);
}

static void test_parts(void)
{
    static const char sides[] = {0, 'I', 'A'};
    struct part part = {SSTP_OBSERVER_FROM_START, 0, 0, 0, 0};
    check_part(&part);

    /* Every late beginning, with both sides and with one. */
    part.begin = SSTP_OBSERVER_LATE;
    for (part.to = 0; part.to <= story_clean_len; part.to++)
        for (size_t side = 0; side < G_N_ELEMENTS(sides); side++) {
            part.alone = sides[side];
            check_part(&part);
        }

    /* Every gap, of both sides and of one. */
    part.begin = SSTP_OBSERVER_FROM_START;
    part.alone = 0;
    for (part.from = 0; part.from < story_clean_len; part.from++)
        for (part.to = part.from; part.to <= story_clean_len; part.to++)
            for (size_t side = 0; side < G_N_ELEMENTS(sides); side++) {
                part.of_side = sides[side];
                check_part(&part);
            }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/state/observer/unseen/late", test_late);
    g_test_add_func("/state/observer/unseen/late-connection", test_late_connection);
    g_test_add_func("/state/observer/unseen/late-close", test_late_close);
    g_test_add_func("/state/observer/unseen/late-side", test_late_side);
    g_test_add_func("/state/observer/unseen/late-trusting", test_late_trusting);
    g_test_add_func("/state/observer/unseen/gap", test_gap);
    g_test_add_func("/state/observer/unseen/gap-hides", test_gap_hides);
    g_test_add_func("/state/observer/unseen/connect-after-gap", test_connect_after_gap);
    g_test_add_func("/state/observer/unseen/parts", test_parts);
    return g_test_run();
}
