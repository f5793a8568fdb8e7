/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is expected. */
#include "scenario_text.h"

#include "core/command.h"

static void test_lines(void)
{
    static const struct {
        const char *line, *mistake;
    } rows[] = {
        {"expect A connected", NULL},
        {"expect A B connected", NULL},
        {"expect A s ready", "either devices or sessions are expected to do the same"},
        {"expect connected", "of whom something is expected is needed after \"expect\""},
        {"expect A", "what is expected is needed at the end of the line"},
        {"expect A B refused WrongDevice", "\"refused\" is expected of one alone"},
        {"expect A ready", "\"ready\" is not what is expected of a device"},
        {"expect s connected", "\"connected\" is not what is expected of a session"},
        {"expect R connected", "\"connected\" is not what is expected of a relay"},
        {"expect A refused WrongDevice", NULL},
        {"expect s refused NoResource", NULL},
        {"expect A disconnected Resting for 5s", NULL},
        {"expect A disconnected Resting in 5s",
         "the line goes on with \"in\", which says nothing here"},
        {"expect s suspended", NULL},
        {"expect s closed NoReason", NULL},
        {"expect s lost LockedOut B", "session s is no fanout session, and has no SessionStatus"},
        {"expect A opened t", NULL},
        {"expect A opened s", "\"s\" is a session already"},
        {"expect B received M", NULL},
        {"expect B received nothing", NULL},
        {"expect B received s", "\"s\" is a session; a message is needed here"},
        {"expect A acknowledged M by Noop 1", NULL},
        {"expect A acknowledged M by Data 1",
         "what acknowledges is a Noop, Message or ConnectClose"},
        {"expect R stored 1000000", NULL},
        {"expect R stored 1000001",
         "a number of messages is a number from 0 to 1000000, not \"1000001\""},
        {"expect R lost 1", "\"lost\" is not what is expected of a relay"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        scenario_text_check_line(rows[i].line, rows[i].mistake);
}

/* One step for each subject, with what is expected. */
static void test_steps(void)
{
    struct scenario *s = scenario_text_parse(PLAY "expect A B connected\n"
                                                  "expect A disconnected Resting for 5s\n"
                                                  "expect s blocked\n"
                                                  "expect A opened t\n"
                                                  "expect R forwarded 3\n");
    g_assert_cmpuint(scenario_text_step(s, 3)->device, ==, 0);
    g_assert_cmpuint(scenario_text_step(s, 4)->device, ==, 1);
    const struct scenario_step *step = scenario_text_step(s, 5);
    g_assert_cmpint(step->kind, ==, SCENARIO_EXPECT_DISCONNECTED);
    g_assert_cmpuint(step->id, ==, SSTP_CONNECT_CLOSE_RESTING);
    g_assert_true(step->has_number);
    g_assert_cmpuint(step->number, ==, 5);
    g_assert_cmpuint(scenario_text_step(s, 6)->number, ==, SSTP_SESSION_BLOCKED);
    g_assert_cmpuint(scenario_text_step(s, 7)->session, ==, 1);
    g_assert_cmpuint(s->sessions[1].originator, ==, SCENARIO_NONE);
    g_assert_cmpuint(s->sessions[1].receiver, ==, 0);
    g_assert_cmpuint(scenario_text_step(s, 8)->id, ==, SCENARIO_FORWARDED);
    g_assert_cmpuint(scenario_text_step(s, 8)->number, ==, 3);
    scenario_free(s);
}

/* Of a session that a relay has opened nobody here knows the state. */
static void test_relays_session(void)
{
    scenario_text_check_line("expect s ready", NULL);
    char *got = scenario_text_mistakes(PLAY "expect A opened t\nexpect t ready\n",
                                       sizeof PLAY "expect A opened t\nexpect t ready\n" - 1);
    g_assert_cmpstr(got, ==, "f.scn:9: session t is a relay's, which keeps its state");
    g_free(got);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scenario-expect/lines", test_lines);
    g_test_add_func("/scenario-expect/steps", test_steps);
    g_test_add_func("/scenario-expect/relays-session", test_relays_session);
    return g_test_run();
}
