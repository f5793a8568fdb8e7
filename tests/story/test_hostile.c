/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands by chance, of any kind, on any session: nothing that is told may break the story, and
 * all that it tells is about legs and journeys that there are. */
#include "tale.h"

#define STEPS 3000u
#define CONNECTIONS 6u

static const char *const names[] = {"dpp:///a",      "dpp:///b", "grooveDNS://r",
                                    "grooveDNS://q", "",         "x"};
static const char *const identities[] = {"id:a", "id:b", "", "id:c"};
static const char *const texts[] = {"ok", "", "the same long text as ever",
                                    "another of them, as long"};

static const char *one_of(const char *const *all, unsigned num)
{
    return all[g_test_rand_int_range(0, (gint32)num)];
}
#define ONE_OF(all) one_of(all, G_N_ELEMENTS(all))

static void say_something(struct tale_connection *connection)
{
    const bool from_initiator = g_test_rand_bit();
    const uint32_t id =
        (uint32_t)g_test_rand_int_range(0, 3) + (g_test_rand_bit() ? 0x80000000 : 1);
    struct tale_recipient recipients[4];

    switch (g_test_rand_int_range(0, 13)) {
    case 0:
        tale_say_connect(connection, ONE_OF(names), ONE_OF(names));
        break;
    case 1:
        tale_say_response(connection, ONE_OF(names));
        break;
    case 2:
        tale_open(connection, from_initiator, id, ONE_OF(texts), ONE_OF(identities), ONE_OF(names));
        break;
    case 3:
        for (gsize i = 0; i < G_N_ELEMENTS(recipients); i++)
            recipients[i] =
                (struct tale_recipient){ONE_OF(identities), ONE_OF(names), ONE_OF(names)};
        tale_fanout(connection, from_initiator, id, ONE_OF(texts), recipients,
                    (unsigned)g_test_rand_int_range(0, 5));
        break;
    case 4:
        tale_status(connection, from_initiator, id, (uint8_t)g_test_rand_int_range(0, 8),
                    (unsigned)g_test_rand_int_range(0, 6));
        break;
    case 5:
        tale_response(connection, from_initiator, id, (uint8_t)g_test_rand_int_range(0, 8));
        break;
    case 6:
        tale_close(connection, from_initiator, id);
        break;
    case 7:
        tale_gap(connection);
        break;
    case 8:
        tale_acknowledge(connection, from_initiator, (uint32_t)g_test_rand_int_range(0, 20));
        break;
    case 9:
        if (g_test_rand_int_range(0, 5) == 0)
            tale_end(connection);
        break;
    case 10:
        tale_attach(connection);
        break;
    default:
        tale_send_as(connection, from_initiator, id, ONE_OF(texts), ONE_OF(identities),
                     (uint8_t)g_test_rand_int_range(0, 256));
        break;
    }
}

static void count(void *cookie, const struct sstp_story_branch *branch)
{
    ++*(unsigned *)cookie;
    g_assert_nonnull(sstp_story_outcome_name(branch->outcome));
}

static void ask_everything(struct sstp_story *story)
{
    const uint32_t num_legs = sstp_story_num_legs(story);
    const uint32_t num_journeys = sstp_story_num_journeys(story);
    uint32_t candidates[8];

    for (uint32_t leg = 0; leg < num_legs; leg++) {
        struct sstp_story_leg told;
        sstp_story_leg(story, leg, &told);
        g_assert_cmpuint(told.journey, <, num_journeys);
        g_assert_cmpuint(told.attempt_of, <, num_legs);
        g_assert_true(told.from == SSTP_STORY_NONE || told.from < num_legs);
        g_assert_cmpint(told.certainty == SSTP_STORY_OPEN, ==,
                        told.from == SSTP_STORY_NONE && told.attempt_of == leg &&
                            told.sight_of == leg);
        unsigned num = 0;
        for (uint32_t next = SSTP_STORY_NONE;
             (next = sstp_story_next_hop(story, leg, next)) != SSTP_STORY_NONE; num++)
            g_assert_cmpuint(num, <, num_legs);
        for (uint32_t next = SSTP_STORY_NONE;
             (next = sstp_story_next_attempt(story, leg, next)) != SSTP_STORY_NONE; num++)
            g_assert_cmpuint(num, <, 2 * num_legs);
        for (unsigned i = sstp_story_candidates(story, leg, candidates, 8); i-- > 0;)
            g_assert_cmpuint(candidates[i], <, num_legs);
    }
    for (uint32_t journey = 0; journey < num_journeys; journey++) {
        unsigned num = 0;
        const unsigned told = sstp_story_branches(story, journey, UINT32_MAX, count, &num);
        g_assert_cmpuint(num, ==, told);
        g_assert_cmpint(told == 0, ==, sstp_story_journey(story, journey) == SSTP_STORY_NONE);
    }
}

static void test_random(gconstpointer keeps)
{
    const struct sstp_story_config config = {.keeps_times = g_test_rand_bit(),
                                             .keeps_numbers = GPOINTER_TO_INT(keeps) != 0};
    struct tale_connection *connections[CONNECTIONS];
    struct tale tale;

    tale_init(&tale, &config);
    for (uint32_t point = 0; point < 2; point++)
        sstp_story_set_uncertainty(tale.story, point, g_test_rand_int_range(0, 2) * SECOND);
    for (unsigned step = 0; step < STEPS; step++) {
        if (step % 150 < CONNECTIONS)
            connections[step % 150] = tale_transport(&tale, (uint32_t)g_test_rand_int_range(0, 2),
                                                     ONE_OF(names), ONE_OF(names));
        if (step >= CONNECTIONS)
            say_something(connections[g_test_rand_int_range(0, CONNECTIONS)]);
        if (step % 1000 == 999)
            ask_everything(tale.story);
    }
    sstp_story_finish(tale.story);
    ask_everything(tale.story);
    g_assert_cmpuint(sstp_story_num_legs(tale.story), >, 50);
    tale_clear(&tale);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/random/numbers-kept", GINT_TO_POINTER(1), test_random);
    g_test_add_data_func("/random/revised", GINT_TO_POINTER(0), test_random);
    return g_test_run();
}
