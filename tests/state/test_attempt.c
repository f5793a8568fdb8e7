/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was taken on trial and taken back leaves nothing. */
#include "state/attempt.h"

#include "story.h"

/* Every command of both sides, about sessions that story_clean has and others; but those that take
 * destinations off a fanout session, which stay off, and what is told of the connection for good.
 */
static const char *const trials[] = {
    "I Open s=4 url=tried",
    "I Open s=9 url=tried",
    "A Open s=0x80000009",
    "I FanoutOpen/1.6 s=9 to=a,b,c",
    "I OpenResponse s=0x80000000 Ok",
    "A OpenResponse s=4 Ok",
    "A OpenResponse s=4 StartSending",
    "A OpenResponse s=4 StopSending",
    "A OpenResponse s=4 NoResource",
    "A OpenResponse s=5 OkStopSending",
    "A Close s=4",
    "I Close s=3",
    "I Close s=9",
    "I Message s=4 size=9 n=1",
    "I Data s=4 size=3",
    "I EndMessage s=4",
    "A Message s=0x80000000 n=2",
    "A Data s=0x80000000",
    "A EndMessage s=0x80000000",
    "I Noop n=1",
    "A Noop n=1",
    "A Noop n=9",
    "I Attach e=9",
    "A AttachResponse e=1 Ok",
    "A AttachResponse e=2 Ok",
    "I AttachAuthenticate e=2",
    "I Register e=1",
    "I Register e=9",
    "A RegisterResponse e=1",
    "A RegisterResponse e=3",
    "I ConnectClose",
    "A ConnectClose n=1",
};

/* What crosses the end of a session, and one that never was there. */
static const char *const crossing[] = {
    "I Connect",
    "A ConnectResponse Ok",
    "I Open s=4",
    "A OpenResponse s=4 Ok",
    "I Message s=4",
    "I Close s=4",
    "A OpenResponse s=4 StopSending",
    "I Close s=9",
    "A Close s=4",
    "I Open s=9",
    "A Close s=9",
    "I Message s=9",
};

/* Has the observer take a line, and takes it back. */
static void try_and_undo(struct story *story, const char *line)
{
    struct sstp_command command;
    GByteArray *store;
    struct sstp_observation seen;
    struct sstp_attempt attempt;
    const struct sstp_observed_place place = {story->frame + 1, 1};
    const struct sstp_observing observing = {.observer = &story->observer,
                                             .command = &command,
                                             .place = place,
                                             .from_initiator = line[0] == 'I',
                                             .seen = &seen};
    story_command(line + 2, &command, &store);
    sstp_attempt_begin(&attempt, &observing);
    sstp_observer_command(&story->observer, observing.from_initiator, &command, place, &seen);
    sstp_attempt_undo(&attempt, &observing);
    g_byte_array_unref(store);
}

/* The observer has kept as many of all that is kept for good. */
static void check_kept(const struct sstp_observer *observer, const struct sstp_observer *plain)
{
    g_assert_cmpuint(observer->exchanges.num, ==, plain->exchanges.num);
    for (int i = 0; i < 2; i++) {
        const struct sstp_observed_direction *one = &observer->directions[i];
        const struct sstp_observed_direction *other = &plain->directions[i];
        g_assert_cmpuint(one->messages.num, ==, other->messages.num);
        g_assert_cmpuint(one->entries.num, ==, other->entries.num);
        g_assert_cmpuint(one->acknowledgements.num, ==, other->acknowledgements.num);
    }
}

/* Before each line of a conversation everything is tried and taken back: what comes of the
 * lines is what came of them alone. */
static void check_trials(const char *const *lines, size_t num, const char *const *tried,
                         size_t num_tried)
{
    struct story plain, story;
    story_begin(&plain, SSTP_OBSERVER_FROM_START);
    story_begin(&story, SSTP_OBSERVER_FROM_START);
    for (size_t i = 0; i < num; i++) {
        for (size_t j = 0; i > 0 && j < num_tried; j++)
            try_and_undo(&story, tried[j]);
        g_assert_cmpstr(story_tell(&story, lines[i]), ==, story_tell(&plain, lines[i]));
        check_kept(&story.observer, &plain.observer);
    }
    for (int side = 0; side < 2; side++) {
        char *messages = g_strdup(story_messages(&plain, "IA"[side]));
        g_assert_cmpstr(story_messages(&story, "IA"[side]), ==, messages);
        g_free(messages);
    }
    story_end(&story);
    story_end(&plain);
}

static void test_undo(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(trials); i++) {
        g_test_message("%s", trials[i]);
        check_trials(story_clean, story_clean_len, &trials[i], 1);
        check_trials(crossing, G_N_ELEMENTS(crossing), &trials[i], 1);
    }
    check_trials(story_clean, story_clean_len, trials, G_N_ELEMENTS(trials));
}

#define OPENED STORY_CONNECTED "I Open s=1;"
#define ANSWERED OPENED "A OpenResponse s=1 Ok;"
#define ATTACHED STORY_CONNECTED "I Attach e=1; A AttachResponse e=1 Ok;"

/* A finding makes a command premature where it rests on what the other side has not said yet. */
static void test_premature(void)
{
    static const struct {
        const char *before, *line;
        bool is_premature;
    } rows[] = {
        {STORY_CONNECTED, "I Open s=1", false},
        {STORY_CONNECTED, "A OpenResponse s=1 Ok", true},      /* unknown_session */
        {STORY_CONNECTED "I Open s=1", "I Message s=1", true}, /* unexpected_command */
        {STORY_CONNECTED "I Open s=1", "I Open s=1", true},    /* duplicate_session */
        {STORY_TWO_SESSIONS, "A Noop n=1", true},              /* ack_excess */
        {STORY_CONNECTED, "A Attach e=0x80000001", false},     /* wrong_role */
        {STORY_CONNECTED, "I Open s=0x80000001", false},       /* session_id_range */
        {STORY_TWO_SESSIONS "A OpenResponse s=1 StopSending", "I Message s=1", false}, /* a note */
        /* What crosses the end of a session, and what is of the next one of its id. */
        {OPENED "I Close s=1", "A OpenResponse s=1 Ok", false},
        {ANSWERED "I Close s=1", "A OpenResponse s=1 StopSending", false},
        {ANSWERED "I Close s=1", "A Close s=1", false},
        {ANSWERED "I Close s=1", "A OpenResponse s=1 Ok", true},
        {ANSWERED "I Close s=1", "A OpenResponse s=1 Unknown", true},
        {OPENED "I Close s=1; A OpenResponse s=1 Ok", "A OpenResponse s=1 Ok", true},
        {OPENED "I Close s=1; A OpenResponse s=1 Ok", "A OpenResponse s=1 StopSending", false},
        {OPENED "I Close s=1; A Close s=1", "A OpenResponse s=1 Ok", true},
        {OPENED "I Close s=1; A Close s=1", "A Close s=1", true},
        {OPENED "A Close s=1; I Close s=1", "I Close s=1", false},
        {STORY_CONNECTED "I Attach e=1; I Close s=1", "A AttachResponse e=1 Ok", false},
        {STORY_CONNECTED, "A Close s=1", true},
        {STORY_CONNECTED, "I Close s=1", false},
        {STORY_CONNECTED "I ConnectClose", "A Close s=1", false},
        {ATTACHED "I Close s=1", "A AttachResponse e=1 Ok", true},
        {ATTACHED "I Close s=1", "A RegisterResponse e=1", true},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct story story;
        story_begin(&story, SSTP_OBSERVER_FROM_START);
        story_tell_all(&story, rows[i].before);
        (void)story_tell(&story, rows[i].line);
        const struct sstp_observing observing = {.observer = &story.observer, .seen = &story.seen};
        g_test_message("%s", rows[i].line);
        g_assert_cmpint(sstp_attempt_is_premature(&observing), ==, rows[i].is_premature);
        story_end(&story);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/state/attempt/undo", test_undo);
    g_test_add_func("/state/attempt/premature", test_premature);
    return g_test_run();
}
