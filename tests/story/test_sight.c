/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One connection that is captured before and after a proxy or an address translator. */
#include "tale.h"

#define RELAY "grooveDNS://r"
#define TEXT "a message that can be told from others"

struct views {
    struct tale tale;
    struct tale_connection *outer, *inner; /* nearer to the initiator; to the acceptor */
};

static void begin(struct views *views, const char *inner_from)
{
    tale_init(&views->tale, NULL);
    views->outer = tale_transport(&views->tale, 0, "10.0.0.2:40000", "10.0.0.1:8080");
    views->inner = tale_transport(&views->tale, 0, inner_from, "192.0.2.1:2492");
}

static void begin_both(struct views *views)
{
    begin(views, "10.0.0.1:50000");
    tale_say_connect(views->outer, "dpp:///a", RELAY);
    tale_say_connect(views->inner, "dpp:///a", RELAY);
    tale_say_response(views->inner, RELAY);
    tale_say_response(views->outer, RELAY);
    tale_open(views->outer, true, 1, "res", "id:b", "");
    tale_open(views->inner, true, 1, "res", "id:b", "");
    tale_open(views->inner, false, 0x80000001, "res", "id:a", "");
    tale_open(views->outer, false, 0x80000001, "res", "id:a", "");
}

static void test_both_ways(void)
{
    struct views views;

    begin_both(&views);
    const uint32_t sent = tale_send(views.outer, true, 1, TEXT);
    const uint32_t again = tale_send(views.inner, true, 1, TEXT);
    tale_acknowledge(views.inner, false, 1); /* outside nobody saw it */
    const uint32_t got = tale_send(views.inner, false, 0x80000001, "an answer that is as long");
    const uint32_t got_again =
        tale_send(views.outer, false, 0x80000001, "an answer that is as long");
    sstp_story_finish(views.tale.story);

    g_assert_cmpuint(tale_leg(&views.tale, again).sight_of, ==, sent);
    g_assert_cmpuint(tale_leg(&views.tale, again).hop, ==, 0);
    g_assert_cmpuint(tale_leg(&views.tale, got_again).sight_of, ==, got);
    g_assert_cmpint(tale_leg(&views.tale, again).certainty, ==, SSTP_STORY_CERTAIN);
    g_assert_cmpint(tale_leg(&views.tale, sent).passage, ==, SSTP_STORY_ACKNOWLEDGED);
    g_assert_cmpuint(sstp_story_num_journeys(views.tale.story), ==, 2);
    g_assert_cmpuint(sstp_story_sight_of(views.tale.story, tale_number(views.inner)), ==,
                     tale_number(views.outer));
    g_assert_cmpuint(sstp_story_sight_of(views.tale.story, tale_number(views.outer)), ==,
                     SSTP_STORY_NONE);
    tale_clear(&views.tale);
}

/* A device that connects twice, and says the same. */
static void test_twice(void)
{
    struct views views;

    begin(&views, "10.0.0.2:40001");
    tale_say_connect(views.outer, "dpp:///a", RELAY);
    tale_say_connect(views.inner, "dpp:///a", RELAY);
    tale_say_response(views.outer, RELAY);
    tale_say_response(views.inner, RELAY);
    tale_open(views.outer, true, 1, "res", "id:b", "");
    tale_open(views.inner, true, 1, "res", "id:b", "");
    const uint32_t first = tale_send(views.outer, true, 1, TEXT);
    const uint32_t second = tale_send(views.inner, true, 1, TEXT);
    sstp_story_finish(views.tale.story);
    g_assert_cmpuint(tale_leg(&views.tale, second).sight_of, ==, second);
    g_assert_cmpuint(tale_leg(&views.tale, first).sight_of, ==, first);
    g_assert_cmpuint(sstp_story_sight_of(views.tale.story, tale_number(views.inner)), ==,
                     SSTP_STORY_NONE);
    tale_clear(&views.tale);
}

/* What both say differs at last. */
static void test_other_contents(void)
{
    struct views views;

    begin_both(&views);
    tale_send(views.outer, true, 1, TEXT);
    const uint32_t other = tale_send(views.inner, true, 1, "other contents on the other side");
    sstp_story_finish(views.tale.story);
    g_assert_cmpuint(tale_leg(&views.tale, other).sight_of, ==, other);
    g_assert_cmpuint(sstp_story_num_journeys(views.tale.story), ==, 2);
    tale_clear(&views.tale);
}

/* One view ends, or says nothing any more: what the other shows alone are legs of its own. */
static void test_one_view_ends(void)
{
    struct views views;

    begin_both(&views);
    tale_send(views.outer, true, 1, TEXT);
    tale_end(views.inner);
    for (int i = 0; i < 1000; i++) {
        g_autofree char *text = g_strdup_printf("message number %d of many", i);
        tale_send(views.outer, true, 1, text);
    }
    sstp_story_finish(views.tale.story);
    g_assert_cmpuint(sstp_story_num_journeys(views.tale.story), ==, 1001);
    tale_clear(&views.tale);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/both-ways", test_both_ways);
    g_test_add_func("/twice", test_twice);
    g_test_add_func("/other-contents", test_other_contents);
    g_test_add_func("/one-view-ends", test_one_view_ends);
    return g_test_run();
}
