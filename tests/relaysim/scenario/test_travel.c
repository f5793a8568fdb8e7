/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How connections travel. */
#include "scenario_text.h"

#include <string.h>

/* As the step says, else as the device does, else as whoever plays it. */
static void test_carriers(void)
{
    struct scenario *s = scenario_text_parse("title T\n"
                                             "not-over 443 because it is so\n"
                                             "relay R poll-max 7 poll-min 1 poll-repetitions 2\n"
                                             "device A relay R over Polling\n"
                                             "device B relay R\n"
                                             "device C\n"
                                             "A B connect\n"
                                             "A B connect over KeepAlive\n"
                                             "A connects to C\n");
    static const enum scenario_carrier wanted[] = {
        SCENARIO_CARRIER_POLLING, SCENARIO_CARRIER_ANY, SCENARIO_CARRIER_KEEPALIVE,
        SCENARIO_CARRIER_KEEPALIVE, SCENARIO_CARRIER_TCP};
    g_assert_cmpuint(s->steps->len, ==, G_N_ELEMENTS(wanted));
    for (guint i = 0; i < s->steps->len; i++)
        g_assert_cmpint(scenario_text_step(s, i)->carrier, ==, wanted[i]);
    g_assert_cmpint(s->relays[0].poll_max, ==, 7);
    g_assert_cmpint(s->relays[0].poll_min, ==, 1);
    g_assert_cmpint(s->relays[0].poll_repetitions, ==, 2);
    g_assert_cmpstr(scenario_not_over(s, SCENARIO_CARRIER_443), ==, "it is so");
    g_assert_null(scenario_not_over(s, SCENARIO_CARRIER_POLLING));
    g_assert_null(scenario_not_over(s, SCENARIO_CARRIER_TCP));
    scenario_free(s);
}

/* Devices serve nothing but TCP. */
static void test_no_relay(void)
{
    struct scenario *s = scenario_text_parse("title T\ndevice A\ndevice B\nA connects to B\n");
    g_assert_nonnull(scenario_not_over(s, SCENARIO_CARRIER_POLLING));
    g_assert_null(scenario_not_over(s, SCENARIO_CARRIER_TCP));
    scenario_free(s);
}

static const struct {
    const char *text, *wanted;
} mistakes[] = {
    {"device A over\n",
     "f.scn:1: a way to travel is needed at the end of the line, such as Polling"},
    {"device A over polling\n",
     "f.scn:1: one travels over TCP, 443, LongLived, KeepAlive or Polling, not \"polling\""},
    {"title T\ndevice A\ndevice B\nA connects to B over Polling\n",
     "f.scn:4: devices serve nothing but TCP"},
    {"title T\nrelay R\ndevice A relay R\nA connects over\n",
     "f.scn:4: a way to travel is needed at the end of the line, such as Polling"},
    {"not-over\n", "f.scn:1: a way to travel is needed at the end of the line, such as Polling"},
    {"not-over TCP because so\n", "f.scn:1: every scenario is played over TCP"},
    {"not-over Polling Polling because so\n", "f.scn:1: \"Polling\" is said twice"},
    {"not-over Polling because so\nnot-over 443 Polling because so\n",
     "f.scn:2: \"Polling\" is said twice"},
    {"not-over Polling\n", "f.scn:1: \"because\" and a reason are needed at the end of the line"},
    {"not-over Polling because\n",
     "f.scn:1: \"because\" and a reason are needed at the end of the line"},
};

static void test_mistakes(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(mistakes); i++)
        assert_mistake(mistakes[i].text, strlen(mistakes[i].text), mistakes[i].wanted);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scenario-travel/carriers", test_carriers);
    g_test_add_func("/scenario-travel/no-relay", test_no_relay);
    g_test_add_func("/scenario-travel/mistakes", test_mistakes);
    return g_test_run();
}
