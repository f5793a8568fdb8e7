/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Speakers: whom they ring, at which port, and what they say. */
#include "scenario_text.h"

#include <string.h>

#define SPEAKERS "title T\nrelay R\nspeaker X\nspeaker Y at X\nspeaker Z at Y\n"

static void test_steps(void)
{
    struct scenario *s = scenario_text_parse(SPEAKERS "X rings R over Polling\n"
                                                      "Y rings Z\n"
                                                      "X speaks \"GET 00\\r\\n\" 0d0A 7f \"\\\"\"\n"
                                                      "expect Z heard 00\n"
                                                      "Y rings-off\n");
    static const char said[] = "GET 00\r\n\r\n\x7f\"";
    g_assert_cmpuint(s->num_speakers, ==, 3);
    for (unsigned i = 0; i < s->num_speakers; i++)
        g_assert_cmpuint(s->speakers[i].at, ==, 0);
    const struct scenario_step *step = scenario_text_step(s, 0);
    g_assert_cmpint(step->kind, ==, SCENARIO_RING);
    g_assert_cmpuint(step->speaker, ==, 0);
    g_assert_cmpuint(step->relay, ==, 0);
    g_assert_cmpint(step->carrier, ==, SCENARIO_CARRIER_POLLING);
    step = scenario_text_step(s, 1);
    g_assert_cmpuint(step->speaker, ==, 1);
    g_assert_cmpuint(step->relay, ==, SCENARIO_NONE);
    g_assert_cmpuint(step->peer, ==, 2);
    g_assert_cmpint(step->carrier, ==, SCENARIO_CARRIER_TCP);
    step = scenario_text_step(s, 2);
    g_assert_cmpint(step->kind, ==, SCENARIO_SPEAK);
    g_assert_cmpuint(step->bytes->len, ==, sizeof said - 1);
    g_assert_true(memcmp(step->bytes->data, said, sizeof said - 1) == 0);
    step = scenario_text_step(s, 3);
    g_assert_cmpint(step->kind, ==, SCENARIO_EXPECT_HEARD);
    g_assert_cmpuint(step->speaker, ==, 2);
    g_assert_cmpuint(step->bytes->len, ==, 1);
    g_assert_cmpuint(step->bytes->data[0], ==, 0);
    g_assert_cmpint(scenario_text_step(s, 4)->kind, ==, SCENARIO_RING_OFF);
    /* Nobody connects with an endpoint. */
    g_assert_nonnull(scenario_not_over(s, SCENARIO_CARRIER_POLLING));
    scenario_free(s);
}

static void test_mistakes(void)
{
    static const struct {
        const char *line, *mistake;
    } rows[] = {
        {"X rings X", "X cannot ring itself"},
        {"X rings R over CONNECT", "a speaker goes through no proxy"},
        {"X rings", "the name of a relay or speaker is needed at the end of the line"},
        {"X speaks", "bytes are needed at the end of the line, such as 10 07 00"},
        {"X speaks 1", "\"1\" is not made of bytes of two hexadecimal digits"},
        {"X speaks xy", "\"xy\" is not made of bytes of two hexadecimal digits"},
        {"R speaks 00", "\"speaks\" is what a speaker does"},
        {"X connects", "\"connects\" is what a device does"},
        {"expect X connected", "\"connected\" is not what is expected of a speaker"},
        {"expect R heard 00", "\"heard\" is not what is expected of a relay"},
        {"expect X Y heard 00", "\"heard\" is expected of one alone"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *text = g_strconcat(SPEAKERS "X rings R\n", rows[i].line, "\n", NULL);
        char *mistakes = scenario_text_mistakes(text, strlen(text));
        g_assert_nonnull(strstr(mistakes, rows[i].mistake));
        g_free(mistakes);
        g_free(text);
    }
}

static void test_too_many(void)
{
    GString *text = g_string_new("title T\n");
    for (unsigned i = 0; i <= SCENARIO_SPEAKERS_MAX; i++)
        g_string_append_printf(text, "speaker X%u\n", i);
    g_string_append(text, "X0 rings X1\n");
    char *mistakes = scenario_text_mistakes(text->str, text->len);
    g_assert_nonnull(strstr(mistakes, ":10: "));
    g_assert_nonnull(strstr(mistakes, "8 speakers"));
    g_free(mistakes);
    g_string_free(text, TRUE);
}

/* Of the encapsulations, too. */
static void test_findings(void)
{
    struct scenario *s = scenario_text_parse(SPEAKERS "finding echo_mismatch\nfinding gap 2\n"
                                                      "X rings R\n");
    g_assert_cmpuint(s->num_findings, ==, 2);
    g_assert_cmpstr(s->findings[0].filter, ==, "echo_mismatch");
    scenario_free(s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/speaker/steps", test_steps);
    g_test_add_func("/speaker/mistakes", test_mistakes);
    g_test_add_func("/speaker/too-many", test_too_many);
    g_test_add_func("/speaker/findings", test_findings);
    return g_test_run();
}
