/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Clean conversations while allocations fail: nothing leaks, nothing breaks, what
 * is missed is missed, and nobody is accused of it. */
#include "random.h"
#include "story.h"

/* When a command's allocations fail. */
enum when {
    ONCE,  /* the nth */
    SINCE, /* from the nth on, the first of each command */
    NEVER
};

static void check_findings(const struct story *story, const char *line)
{
    if (story_is_accusing(story))
        g_error("frame %u, %s: %s", story->frame, line, story->outcome->str);
}

static void tell(struct story *story, enum when when, size_t n)
{
    for (size_t i = 0; i < story_clean_len; i++) {
        struct counting_mem *memory = &story->memory;
        if (when == ONCE)
            memory->fails_at = n;
        else if (when == SINCE && memory->num_requests + 1 >= n)
            memory->fails_at = memory->num_requests + 1;
        (void)story_tell(story, story_clean[i]);
        check_findings(story, story_clean[i]);
        memory->fails_at = 0;
        if (when == ONCE && memory->num_failed > 0)
            when = NEVER;
    }
}

/* A conversation from its Connect on, whatever was missed before: nothing of that
 * is left, and everything is told. */
static void check_recovery(struct story *story)
{
    static const struct story_line lines[] = {
        {"I Connect", "connecting asks"}, {"A ConnectResponse Ok", NULL}, {"I Open s=4", NULL},
        {"A OpenResponse s=4 Ok", NULL},  {"I Message s=4", NULL},        {"I Data s=4", NULL},
        {"I EndMessage s=4", NULL},       {"A Noop n=1", NULL},
    };
    sstp_observer_gap(&story->observer);
    story->state = story->observer.state;
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        const char *outcome = story_tell(story, lines[i].line);
        if (lines[i].outcome != NULL)
            g_assert_cmpstr(outcome, ==, lines[i].outcome);
        check_findings(story, lines[i].line);
    }
    g_assert_cmpuint(story->seen.outstanding, ==, 0);
    g_assert_true(story->seen.has_acknowledgement);
    const struct sstp_observed_acknowledgement last =
        sstp_observer_acknowledgement(&story->observer, false, story->seen.acknowledgement);
    g_assert_cmpuint(last.covered, ==, 1);
    const struct sstp_observed_entry entry =
        sstp_observer_entry(&story->observer, true, last.first);
    g_assert_cmpuint(entry.frame, ==, story->frame - 1);
    g_assert_cmpuint(sstp_observer_message(&story->observer, true, entry.message).number, ==, 1);
}

static size_t count_requests(void)
{
    struct story story;
    story_begin(&story, SSTP_OBSERVER_FROM_START);
    tell(&story, NEVER, 0);
    g_assert_cmpuint(story.seen.outstanding, ==, 0);
    g_assert_cmpuint(story.seen.findings, ==, 0);
    const size_t num_requests = story.memory.num_requests;
    story_end(&story);
    return num_requests;
}

static void test_each_allocation(void)
{
    const size_t num_requests = count_requests();
    g_assert_cmpuint(num_requests, >, 30);
    size_t num_lacking = 0;
    for (int when = ONCE; when <= SINCE; when++)
        for (size_t n = 1; n <= num_requests; n++) {
            struct story story;
            story_begin(&story, SSTP_OBSERVER_FROM_START);
            tell(&story, (enum when)when, n);
            if (when == ONCE)
                g_assert_cmpuint(story.memory.num_failed, ==, 1);
            else
                num_lacking += story.memory.num_failed > 0;
            check_recovery(&story);
            story_end(&story); /* asserts that nothing is left */
        }
    /* All but where n lies amid the requests of the last command that makes any. */
    g_assert_cmpuint(num_lacking, >=, num_requests - 4);
}

/* Now and then, by a seed that is printed with the finding. */
static void test_at_random(void)
{
    for (uint64_t seed = 0; seed < 300; seed++) {
        struct rng random = rng(seed);
        struct story story;
        story_begin(&story, SSTP_OBSERVER_FROM_START);
        for (size_t i = 0; i < story_clean_len; i++) {
            story.memory.fails_at = rng_is_one_in(&random, 3)
                                        ? story.memory.num_requests + 1 + rng_below(&random, 4)
                                        : 0;
            (void)story_tell(&story, story_clean[i]);
            check_findings(&story, story_clean[i]);
        }
        story.memory.fails_at = 0;
        check_recovery(&story);
        story_end(&story);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/oom/observer/each-allocation", test_each_allocation);
    g_test_add_func("/oom/observer/at-random", test_at_random);
    return g_test_run();
}
