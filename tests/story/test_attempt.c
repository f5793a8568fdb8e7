/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What comes again after a connection was lost is the same message on the same hop. */
#include "tale.h"

#define RELAY "grooveDNS://r"
#define OTHER "grooveDNS://q"
#define TEXT "a message that can be told from others"

/* a sends twice, over one connection after the other. */
struct row {
    const char *name;
    const char *second_to, *second_text;
    bool is_acknowledged, has_gap, ends; /* the first */
    bool is_attempt;
    enum sstp_story_certainty certainty;
};

static const struct row rows[] = {
    {"lost", "id:b", TEXT, false, false, true, true, SSTP_STORY_CERTAIN},
    {"acknowledged", "id:b", TEXT, true, false, true, false, SSTP_STORY_OPEN},
    {"to-somebody-else", "id:c", TEXT, false, false, true, false, SSTP_STORY_OPEN},
    {"other-contents", "id:b", "another message that is no less", false, false, true, false,
     SSTP_STORY_OPEN},
    {"end-not-seen", "id:b", TEXT, false, false, false, true, SSTP_STORY_LIKELY},
    {"acknowledgement-not-seen", "id:b", TEXT, false, true, true, false, SSTP_STORY_OPEN},
};

static void test_row(gconstpointer data)
{
    const struct row *row = data;
    struct tale tale;

    tale_init(&tale, NULL);
    struct tale_connection *a = tale_connect(&tale, "dpp:///a", RELAY);
    tale_open(a, true, 1, "res", "id:b", "");
    const uint32_t first = tale_send(a, true, 1, TEXT);
    if (row->has_gap)
        tale_gap(a);
    if (row->is_acknowledged)
        tale_acknowledge(a, false, 1);
    if (row->ends)
        tale_end(a);
    a = tale_connect(&tale, "dpp:///a", RELAY);
    tale_open(a, true, 1, "res", row->second_to, "");
    const uint32_t second = tale_send(a, true, 1, row->second_text);
    tale_acknowledge(a, false, 1);
    sstp_story_finish(tale.story);

    const struct sstp_story_leg told = tale_leg(&tale, second);
    g_assert_cmpuint(told.attempt_of, ==, row->is_attempt ? first : second);
    g_assert_cmpint(told.certainty, ==, row->certainty);
    g_assert_cmpuint(told.journey, ==, row->is_attempt ? 0 : 1);
    g_assert_cmpuint(told.hop, ==, 0);
    g_assert_cmpuint(sstp_story_next_attempt(tale.story, first, SSTP_STORY_NONE), ==, first);
    g_assert_cmpuint(sstp_story_next_attempt(tale.story, first, first), ==,
                     row->is_attempt ? second : SSTP_STORY_NONE);
    const struct sstp_story_branch branch = tale_branch(&tale, first, "id:b");
    g_assert_cmpint(branch.outcome, ==,
                    row->is_attempt || row->is_acknowledged ? SSTP_STORY_WAITING
                    : row->has_gap                          ? SSTP_STORY_NOT_KNOWN
                                                            : SSTP_STORY_UNDER_WAY);
    tale_clear(&tale);
}

/* Three alike of which one was acknowledged; the other two come again, in their order, and
 * then a new one. */
static void test_repeated(void)
{
    uint32_t first[3], second[3];
    struct tale tale;

    tale_init(&tale, NULL);
    struct tale_connection *a = tale_connect(&tale, "dpp:///a", RELAY);
    tale_open(a, true, 1, "res", "id:b", "");
    for (int i = 0; i < 3; i++)
        first[i] = tale_send(a, true, 1, "ok");
    tale_acknowledge(a, false, 1);
    tale_end(a);
    a = tale_connect(&tale, "dpp:///a", RELAY);
    tale_open(a, true, 1, "res", "id:b", "");
    for (int i = 0; i < 3; i++)
        second[i] = tale_send(a, true, 1, "ok");
    sstp_story_finish(tale.story);
    g_assert_cmpuint(tale_leg(&tale, second[0]).attempt_of, ==, first[1]);
    g_assert_cmpuint(tale_leg(&tale, second[1]).attempt_of, ==, first[2]);
    g_assert_cmpuint(tale_leg(&tale, second[2]).attempt_of, ==, second[2]);
    g_assert_cmpint(tale_leg(&tale, second[0]).certainty, ==, SSTP_STORY_LIKELY);
    g_assert_cmpint(tale_leg(&tale, second[2]).certainty, ==, SSTP_STORY_OPEN);
    /* Were it one of the two, its branch might have gone on before. */
    const struct sstp_story_branch branch = tale_branch(&tale, second[2], "id:b");
    g_assert_cmpint(branch.outcome, ==, SSTP_STORY_UNDER_WAY);
    g_assert_cmpint(branch.certainty, ==, SSTP_STORY_LIKELY);
    tale_clear(&tale);
}

/* a sends over a connection of its own, which is lost unless it is acknowledged; the leg. */
static uint32_t send_from_a(struct tale *tale, bool is_acknowledged)
{
    struct tale_connection *a = tale_connect(tale, "dpp:///a", RELAY);

    tale_open(a, true, 1, "res", "id:b", "");
    const uint32_t leg = tale_send(a, true, 1, TEXT);
    if (is_acknowledged)
        tale_acknowledge(a, false, 1);
    else
        tale_end(a);
    return leg;
}

/* The relay had the first attempt, and its acknowledgement was lost; it delivers both, and the
 * delivery itself is tried twice. */
static void test_through_the_relay(void)
{
    struct tale tale;

    tale_init(&tale, NULL);
    const uint32_t first = send_from_a(&tale, false);
    const uint32_t again = send_from_a(&tale, true);

    struct tale_connection *b = tale_connect(&tale, "dpp:///b", RELAY);
    tale_open(b, false, 0x80000001, "res", "id:b", "");
    const uint32_t delivery = tale_send(b, false, 0x80000001, TEXT);
    tale_end(b);
    g_assert_cmpint(tale_branch(&tale, first, "id:b").outcome, ==, SSTP_STORY_WAITING);
    b = tale_connect(&tale, "dpp:///b", RELAY);
    tale_open(b, false, 0x80000001, "res", "id:b", "");
    const uint32_t delivered = tale_send(b, false, 0x80000001, TEXT);
    tale_acknowledge(b, true, 1);
    sstp_story_finish(tale.story);

    g_assert_cmpuint(tale_leg(&tale, delivery).from, ==, again); /* the one that was counted */
    g_assert_cmpuint(tale_leg(&tale, delivered).attempt_of, ==, delivery);
    g_assert_cmpuint(tale_leg(&tale, delivered).from, ==, again);
    g_assert_cmpuint(sstp_story_next_hop(tale.story, first, SSTP_STORY_NONE), ==, delivery);
    g_assert_cmpuint(sstp_story_next_hop(tale.story, again, delivery), ==, delivered);
    g_assert_cmpuint(sstp_story_next_hop(tale.story, again, delivered), ==, SSTP_STORY_NONE);
    g_assert_cmpuint(tale_leg(&tale, delivered).hop, ==, 1);
    g_assert_cmpint(tale_leg(&tale, delivered).certainty, ==, SSTP_STORY_CERTAIN);
    g_assert_cmpuint(tale_leg(&tale, delivered).journey, ==, 0);
    const struct sstp_story_branch branch = tale_branch(&tale, first, "id:b");
    g_assert_cmpint(branch.outcome, ==, SSTP_STORY_DELIVERED);
    g_assert_cmpuint(branch.leg, ==, delivered);
    g_assert_cmpuint(sstp_story_num_journeys(tale.story), ==, 1);
    tale_clear(&tale);
}

/* The relay has a message twice, for its acknowledgement was lost, and sends both on; the second
 * is cut off and comes again.  That makes it no other message. */
static void test_twice_through_the_relay(void)
{
    uint32_t leg = SSTP_STORY_NONE;
    struct tale tale;

    tale_init(&tale, NULL);
    const uint32_t first = send_from_a(&tale, false);
    send_from_a(&tale, true);

    struct tale_connection *b = tale_connect(&tale, "dpp:///b", RELAY);
    tale_open(b, false, 0x80000001, "res", "id:b", "");
    const uint32_t delivered = tale_send(b, false, 0x80000001, TEXT);
    tale_acknowledge(b, true, 1);
    for (int i = 0; i < 2; i++) {
        leg = tale_send(b, false, 0x80000001, TEXT);
        g_assert_cmpuint(tale_leg(&tale, leg).attempt_of, ==, delivered);
        g_assert_cmpint(tale_leg(&tale, leg).certainty, ==, SSTP_STORY_CERTAIN);
        tale_end(b);
        b = tale_connect(&tale, "dpp:///b", RELAY);
        tale_open(b, false, 0x80000001, "res", "id:b", "");
    }
    sstp_story_finish(tale.story);

    g_assert_cmpint(tale_leg(&tale, delivered).certainty, ==, SSTP_STORY_CERTAIN);
    const struct sstp_story_branch branch = tale_branch(&tale, first, "id:b");
    g_assert_cmpint(branch.outcome, ==, SSTP_STORY_DELIVERED);
    g_assert_cmpint(branch.certainty, ==, SSTP_STORY_CERTAIN);
    g_assert_cmpuint(sstp_story_num_journeys(tale.story), ==, 1);
    tale_clear(&tale);
}

/* Its device has it since it has acknowledged it for the first time, however often it does so. */
static void test_delivered_again_and_again(void)
{
    uint32_t legs[3] = {0};
    int64_t first_ns = 0;
    struct tale tale;

    tale_init(&tale, NULL);
    const uint32_t first = send_from_a(&tale, false);
    send_from_a(&tale, true);
    for (int i = 0; i < 3; i++) {
        struct tale_connection *b = tale_connect(&tale, "dpp:///b", RELAY);
        tale_open(b, false, 0x80000001, "res", "id:b", "");
        legs[i] = tale_send(b, false, 0x80000001, TEXT);
        if (i > 0)
            tale_acknowledge(b, true, 1);
        if (i == 1)
            first_ns = tale.now_ns;
        tale_end(b);
    }
    sstp_story_finish(tale.story);

    const struct sstp_story_branch branch = tale_branch(&tale, first, "id:b");
    g_assert_cmpint(branch.outcome, ==, SSTP_STORY_DELIVERED);
    g_assert_cmpuint(branch.leg, ==, legs[1]);
    g_assert_cmpint(branch.since_ns, ==, first_ns);
    tale_clear(&tale);
}

/* So it goes from relay to relay, and the second one has it twice, too: all of its deliveries are
 * one hop, whichever of them arrives. */
static void test_twice_through_two_relays(void)
{
    static const struct tale_recipient b_there[] = {{"id:b", "dpp:///b", OTHER}};
    uint32_t first = SSTP_STORY_NONE, legs[4];
    struct tale tale;

    tale_init(&tale, NULL);
    for (int i = 0; i < 2; i++) {
        struct tale_connection *a = tale_connect(&tale, "dpp:///a", RELAY);
        tale_fanout(a, true, 1, "res", b_there, 1);
        const uint32_t leg = tale_send(a, true, 1, TEXT);
        first = i == 0 ? leg : first;
        if (i == 0)
            tale_end(a);
        else
            tale_acknowledge(a, false, 1);
    }
    struct tale_connection *relays = tale_connect(&tale, RELAY, OTHER);
    tale_fanout(relays, true, 1, "res", b_there, 1);
    for (int i = 0; i < 2; i++)
        tale_send(relays, true, 1, TEXT);
    tale_acknowledge(relays, false, 2);
    struct tale_connection *b = NULL;
    for (int i = 0; i < 4; i++) {
        if (i != 1) {
            b = tale_connect(&tale, "dpp:///b", OTHER);
            tale_open(b, false, 0x80000001, "res", "id:b", "dpp:///b");
        }
        legs[i] = tale_send(b, false, 0x80000001, TEXT);
        if (i == 3)
            tale_acknowledge(b, true, 1);
        else if (i > 0)
            tale_end(b);
    }
    sstp_story_finish(tale.story);

    for (int i = 0; i < 4; i++)
        g_assert_cmpuint(tale_leg(&tale, legs[i]).attempt_of, ==, legs[0]);
    const struct sstp_story_branch branch = tale_branch(&tale, first, "id:b");
    g_assert_cmpint(branch.outcome, ==, SSTP_STORY_DELIVERED);
    g_assert_cmpuint(branch.leg, ==, legs[3]);
    tale_clear(&tale);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *name = g_strdup_printf("/row/%s", rows[i].name);
        g_test_add_data_func(name, &rows[i], test_row);
    }
    g_test_add_func("/repeated", test_repeated);
    g_test_add_func("/through-the-relay", test_through_the_relay);
    g_test_add_func("/twice-through-the-relay", test_twice_through_the_relay);
    g_test_add_func("/delivered-again-and-again", test_delivered_again_and_again);
    g_test_add_func("/twice-through-two-relays", test_twice_through_two_relays);
    return g_test_run();
}
