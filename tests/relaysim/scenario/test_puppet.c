/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Those who say what the scenario has them say. */
#include "scenario_text.h"

#include <string.h>

#define TWO "title T\nproxy P\npuppet A\npuppet B\n" /* lines 1 to 4 */

static void test_steps(void)
{
    struct scenario *s = scenario_text_parse(TWO "A calls B\n"
                                                 "B calls A over SOCKS through P\n"
                                                 "at 1500ms\n"
                                                 "A says Noop MessageCount 3\n"
                                                 "B says-bytes 0102 ff\n"
                                                 "A hangs-up\n"
                                                 "B breaks-off\n");
    static const enum scenario_kind kinds[] = {SCENARIO_CALL,     SCENARIO_CALL, SCENARIO_AT,
                                               SCENARIO_SAY,      SCENARIO_SAY,  SCENARIO_HANG_UP,
                                               SCENARIO_BREAK_OFF};
    static const uint8_t noop[] = {0x10, 7, 0, 3, 0, 0, 0}, bytes[] = {1, 2, 0xff};
    g_assert_cmpuint(s->num_puppets, ==, 2);
    g_assert_cmpstr(s->puppets[1].url, ==, "grooveDNS://b.groove.example");
    g_assert_cmpuint(s->steps->len, ==, G_N_ELEMENTS(kinds));
    for (guint i = 0; i < s->steps->len; i++)
        g_assert_cmpint(scenario_text_step(s, i)->kind, ==, kinds[i]);
    g_assert_cmpuint(scenario_text_step(s, 0)->puppet, ==, 0);
    g_assert_cmpuint(scenario_text_step(s, 0)->peer, ==, 1);
    g_assert_cmpint(scenario_text_step(s, 0)->carrier, ==, SCENARIO_CARRIER_ANY);
    g_assert_cmpuint(scenario_text_step(s, 0)->proxy, ==, SCENARIO_NONE);
    g_assert_cmpint(scenario_text_step(s, 1)->carrier, ==, SCENARIO_CARRIER_SOCKS);
    g_assert_cmpuint(scenario_text_step(s, 1)->proxy, ==, 0);
    g_assert_cmpuint(scenario_text_step(s, 2)->number, ==, 1500);
    g_assert_cmpuint(scenario_text_step(s, 3)->bytes->len, ==, sizeof noop);
    g_assert_cmpint(memcmp(scenario_text_step(s, 3)->bytes->data, noop, sizeof noop), ==, 0);
    g_assert_cmpuint(scenario_text_step(s, 4)->bytes->len, ==, sizeof bytes);
    g_assert_cmpint(memcmp(scenario_text_step(s, 4)->bytes->data, bytes, sizeof bytes), ==, 0);
    g_assert_null(scenario_not_over(s, SCENARIO_CARRIER_POLLING));
    scenario_free(s);
}

static const struct {
    const char *text, *wanted;
} mistakes[] = {
    {TWO "A calls A\n", "f.scn:5: A cannot call itself"},
    {TWO "A calls P\n", "f.scn:5: \"P\" is a proxy; a puppet is needed here"},
    {TWO "A calls\n", "f.scn:5: the name of a puppet is needed at the end of the line"},
    {TWO "A calls B over SOCKS\n", "f.scn:5: SOCKS needs a proxy, which \"through\" names"},
    {TWO "A calls B over TCP through P\n", "f.scn:5: TCP goes through no proxy"},
    {TWO "A connects to B\n", "f.scn:5: \"connects\" is what a device does"},
    {TWO "P calls B\n", "f.scn:5: \"calls\" is what a puppet does"},
    {TWO "A says-bytes\n", "f.scn:5: bytes are needed at the end of the line, such as 10 07 00"},
    {TWO "A says-bytes 1\n", "f.scn:5: \"1\" is not made of bytes of two hexadecimal digits"},
    {TWO "A says-bytes \"\"\n", "f.scn:5: there are no bytes in the line"},
    {TWO "A hangs-up now\n", "f.scn:5: the line goes on with \"now\", which says nothing here"},
    {TWO "at once\n", "f.scn:5: the time since the first step is a time such as 200ms or 2s, at "
                      "most 604800s, not \"once\""},
    {"title T\npuppet A\npuppet A\nA hangs-up\n", "f.scn:3: \"A\" is a puppet already"},
};

static void test_mistakes(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(mistakes); i++)
        assert_mistake(mistakes[i].text, strlen(mistakes[i].text), mistakes[i].wanted);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scenario-puppet/steps", test_steps);
    g_test_add_func("/scenario-puppet/mistakes", test_mistakes);
    return g_test_run();
}
