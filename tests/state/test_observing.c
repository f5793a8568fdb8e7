/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all files of the observer do alike: who is accused, who asked whom, which session an id is.
 */
#include "state/observing.h"

#include "story.h"

struct fixture {
    struct story story;
    struct sstp_command command;
    struct sstp_observed_knowledge knowledge;
    struct sstp_observation seen;
    struct sstp_observing observing;
};

/* What is before, then a command of this id about session 1 on its way. */
static void begin(struct fixture *f, enum sstp_observer_begin begin, const char *before, uint8_t id,
                  bool from_initiator)
{
    memset(f, 0, sizeof *f);
    story_begin(&f->story, begin);
    story_tell_all(&f->story, before);
    f->command = (struct sstp_command){.id = id, .session_id = 1};
    f->observing = (struct sstp_observing){.observer = &f->story.observer,
                                           .command = &f->command,
                                           .place = {f->story.frame + 1, 7},
                                           .from_initiator = from_initiator,
                                           .seen = &f->seen};
}

static void end(struct fixture *f)
{
    story_end(&f->story);
}

static bool finds(struct fixture *f, enum sstp_finding finding)
{
    f->seen.findings = 0;
    sstp_observing_find(&f->observing, finding);
    g_assert_true(f->seen.findings == 0 || f->seen.findings == SSTP_OBSERVED(finding));
    return f->seen.findings != 0;
}

/* Of a side that was never heard nothing is claimed that rests on its silence. */
static void test_unheard(void)
{
    struct fixture f;
    begin(&f, SSTP_OBSERVER_LATE, "I Noop", SSTP_MESSAGE, true);
    g_assert_false(finds(&f, SSTP_FINDING_UNEXPECTED_COMMAND));
    g_assert_false(finds(&f, SSTP_FINDING_UNKNOWN_SESSION));
    g_assert_false(finds(&f, SSTP_FINDING_DUPLICATE_SESSION));
    g_assert_false(finds(&f, SSTP_FINDING_ACK_EXCESS));
    g_assert_true(finds(&f, SSTP_FINDING_SESSION_ID_RANGE));
    (void)story_tell(&f.story, "A Noop");
    g_assert_true(finds(&f, SSTP_FINDING_UNEXPECTED_COMMAND));
    end(&f);
}

/* Who had not received what decides is not accused, whatever that was about. */
static void test_unknown_to_sender(void)
{
    struct fixture f;
    begin(&f, SSTP_OBSERVER_FROM_START, STORY_CONNECTED "I Open s=1; A OpenResponse s=1 Ok",
          SSTP_MESSAGE, true);
    f.observing.knowledge = &f.knowledge;
    f.knowledge = (struct sstp_observed_knowledge){100, 50};
    struct sstp_observed_session *session = sstp_array_at(&f.story.observer.sessions, 0);
    f.story.observer.changed[false] = session->changed[false] = 50;
    g_assert_true(finds(&f, SSTP_FINDING_UNEXPECTED_COMMAND));
    session->changed[false] = 51; /* as a Close would have it */
    g_assert_false(finds(&f, SSTP_FINDING_UNEXPECTED_COMMAND));
    g_assert_false(finds(&f, SSTP_FINDING_UNKNOWN_SESSION));
    /* Of what its own side sent it knew all, and a count is no matter of permission. */
    g_assert_true(finds(&f, SSTP_FINDING_SESSION_ID_RANGE));
    g_assert_true(finds(&f, SSTP_FINDING_ACK_EXCESS));
    session->changed[false] = 50;
    f.story.observer.changed[false] = 51; /* as a ConnectClose would have it */
    g_assert_false(finds(&f, SSTP_FINDING_UNEXPECTED_COMMAND));
    f.observing.knowledge = NULL; /* nothing known of it: it knew all */
    g_assert_true(finds(&f, SSTP_FINDING_UNEXPECTED_COMMAND));
    end(&f);
}

/* The first answer counts, and a request that was not entered has none. */
static void test_exchange(void)
{
    struct fixture f;
    begin(&f, SSTP_OBSERVER_FROM_START, "", SSTP_OPEN, true);
    const uint32_t exchange = sstp_observing_ask(&f.observing);
    g_assert_cmpuint(exchange, ==, 1);
    g_assert_true(f.seen.has_exchange && !f.seen.is_response);
    f.seen = (struct sstp_observation){.has_exchange = false};
    sstp_observing_answer(&f.observing, 0);
    g_assert_false(f.seen.has_exchange);
    f.observing.place.frame = 5;
    sstp_observing_answer(&f.observing, exchange);
    g_assert_true(f.seen.has_exchange && f.seen.is_response);
    g_assert_cmpuint(sstp_observer_exchange(&f.story.observer, 0)->request_frame, ==, 1);
    g_assert_cmpuint(sstp_observer_exchange(&f.story.observer, 0)->response_frame, ==, 5);
    f.seen = (struct sstp_observation){.has_exchange = false};
    f.observing.place.frame = 6;
    sstp_observing_answer(&f.observing, exchange);
    g_assert_false(f.seen.has_exchange);
    g_assert_cmpuint(sstp_observer_exchange(&f.story.observer, 0)->response_frame, ==, 5);
    end(&f);
}

/* A gap makes of a session one that is not known, of a closed one none at all. */
static void test_session_after_gap(void)
{
    struct fixture f;
    uint32_t index;
    begin(&f, SSTP_OBSERVER_FROM_START,
          STORY_CONNECTED "I Open s=1; A OpenResponse s=1 Ok; I Message s=1", SSTP_DATA, true);
    struct sstp_observed_session *session = sstp_observing_session(&f.observing, &index);
    g_assert_cmpuint(session->message, ==, 1);
    g_assert_cmpint(session->state, ==, SSTP_SESSION_READY);
    g_assert_false(session->is_vague);
    sstp_observing_lose(&f.story.observer);
    session = sstp_observing_session(&f.observing, &index);
    g_assert_cmpint(session->state, ==, SSTP_SESSION_UNKNOWN);
    g_assert_cmpint(session->receiver, ==, SSTP_RECEIVER_UNKNOWN);
    g_assert_cmpuint(session->message, ==, 0);
    g_assert_true(session->is_vague);
    session->state = SSTP_SESSION_CLOSED;
    sstp_observing_lose(&f.story.observer);
    g_assert_null(sstp_observing_session(&f.observing, &index));
    f.command.session_id = 2;
    g_assert_null(sstp_observing_session(&f.observing, &index));
    end(&f);
}

/* Ids have their side; one that is in use cannot be opened, one that was or is vague can. */
static void test_may_open(void)
{
    static const struct {
        const char *before;
        uint32_t id;
        bool from_initiator, may;
        uint32_t findings;
    } rows[] = {
        {"", 1, true, true, 0},
        {"", 1, false, true, SSTP_OBSERVED(SSTP_FINDING_SESSION_ID_RANGE)},
        {"", 0x7fffffff, true, true, 0},
        {"", 0x80000000, true, true, SSTP_OBSERVED(SSTP_FINDING_SESSION_ID_RANGE)},
        {"", 0x80000000, false, true, 0},
        {"I Open s=1", 1, true, false, SSTP_OBSERVED(SSTP_FINDING_DUPLICATE_SESSION)},
        {"I Open s=1; A OpenResponse s=1 NoResource", 1, true, true, 0},
        {"I Open s=1; gap", 1, true, true, 0},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct fixture f;
        char *before = g_strconcat(STORY_CONNECTED, rows[i].before, NULL);
        begin(&f, SSTP_OBSERVER_FROM_START, before, SSTP_OPEN, rows[i].from_initiator);
        f.command.session_id = rows[i].id;
        g_assert_cmpint(sstp_observing_may_open(&f.observing), ==, rows[i].may);
        g_assert_cmphex(f.seen.findings, ==, rows[i].findings);
        g_assert_cmpint(f.seen.has_session, ==, !rows[i].may);
        end(&f);
        g_free(before);
    }
}

/* After a gap nobody is accused of a session that is not there; a late command is only noted. */
static void test_unknown_session(void)
{
    struct fixture f;
    begin(&f, SSTP_OBSERVER_FROM_START, STORY_CONNECTED, SSTP_MESSAGE, true);
    sstp_observing_unknown_session(&f.observing);
    g_assert_cmphex(f.seen.findings, ==, SSTP_OBSERVED(SSTP_FINDING_UNKNOWN_SESSION));
    f.seen.findings = 0;
    f.observing.is_late = true;
    sstp_observing_unknown_session(&f.observing);
    g_assert_cmphex(f.seen.findings, ==, SSTP_OBSERVED(SSTP_FINDING_UNKNOWN_SESSION_IGNORED));
    f.seen.findings = 0;
    f.observing.is_late = false;
    f.command.id = SSTP_CLOSE;
    sstp_observing_unknown_session(&f.observing);
    g_assert_cmphex(f.seen.findings, ==, SSTP_OBSERVED(SSTP_FINDING_UNKNOWN_SESSION_IGNORED));
    f.seen.findings = 0;
    f.command.id = SSTP_MESSAGE;
    sstp_observing_lose(&f.story.observer);
    sstp_observing_unknown_session(&f.observing);
    g_assert_cmphex(f.seen.findings, ==, 0);
    end(&f);
}

/* Without memory a session or a string is missed, and so is what would have followed. */
static void test_no_memory(void)
{
    struct fixture f;
    begin(&f, SSTP_OBSERVER_FROM_START, STORY_CONNECTED, SSTP_OPEN, true);
    f.story.memory.fails_at = f.story.memory.num_requests + 1;
    g_assert_null(sstp_observing_copy(&f.story.observer, sstp_span_of_string("text")));
    f.story.memory.fails_at = f.story.memory.num_requests + 1;
    g_assert_null(sstp_observing_add_session(&f.observing, SSTP_SESSION_OF_MESSAGES, true));
    g_assert_false(f.story.observer.is_complete);
    g_assert_false(f.story.observer.is_counting);
    char *copy = sstp_observing_copy(&f.story.observer, sstp_span_of_string("text"));
    g_assert_cmpstr(copy, ==, "text");
    f.story.observer.mem->resize(f.story.observer.mem->cookie, copy, 0);
    g_assert_null(sstp_observing_copy(&f.story.observer, sstp_span(NULL, 0)));
    end(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/state/observing/unheard", test_unheard);
    g_test_add_func("/state/observing/unknown-to-sender", test_unknown_to_sender);
    g_test_add_func("/state/observing/exchange", test_exchange);
    g_test_add_func("/state/observing/session-after-gap", test_session_after_gap);
    g_test_add_func("/state/observing/may-open", test_may_open);
    g_test_add_func("/state/observing/unknown-session", test_unknown_session);
    g_test_add_func("/state/observing/no-memory", test_no_memory);
    return g_test_run();
}
