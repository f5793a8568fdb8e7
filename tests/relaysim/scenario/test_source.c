/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of a scenario, their lines, and lines that are repeated. */
#include "scenario_text.h"

#include <string.h>

static void test_repetitions(void)
{
    struct scenario *s = scenario_text_parse("title {i}\n"
                                             "repeat 3 as i\n"
                                             "  device D{i} url dpp:///d{i+10}#{i*7}\n"
                                             "end\n"
                                             "device E holds\n"
                                             "D1 connects to E\n"
                                             "D1 opens s to E\n"
                                             "repeat 2 as i # the batches\n"
                                             "  repeat 2 as j\n"
                                             "    D1 sends M{i}-{j} on s text \"{i}\\{{j-1}}\"\n"
                                             "  end\n"
                                             "  repeat {i}\n"
                                             "    wait {i}00ms\n"
                                             "  end # of it\n"
                                             "end\n"
                                             "D1 leaves\n");
    g_assert_cmpstr(s->title, ==, "{i}");
    g_assert_cmpuint(s->num_devices, ==, 4);
    g_assert_cmpstr(s->devices[2].name, ==, "D3");
    g_assert_cmpstr(s->devices[2].device_url, ==, "dpp:///d13#21");
    static const struct {
        enum scenario_kind kind;
        unsigned line;
        const char *text;
    } wanted[] = {
        {SCENARIO_CONNECT, 6, "D1 connects to E"},
        {SCENARIO_OPEN, 7, "D1 opens s to E"},
        {SCENARIO_SEND, 10, "D1 sends M1-1 on s text \"1{0}\""},
        {SCENARIO_SEND, 10, "D1 sends M1-2 on s text \"1{1}\""},
        {SCENARIO_WAIT, 13, "wait 100ms"},
        {SCENARIO_SEND, 10, "D1 sends M2-1 on s text \"2{0}\""},
        {SCENARIO_SEND, 10, "D1 sends M2-2 on s text \"2{1}\""},
        {SCENARIO_WAIT, 13, "wait 200ms"},
        {SCENARIO_WAIT, 13, "wait 200ms"},
        {SCENARIO_LEAVE, 16, "D1 leaves"},
    };
    g_assert_cmpuint(s->steps->len, ==, G_N_ELEMENTS(wanted));
    for (guint i = 0; i < s->steps->len; i++) {
        const struct scenario_step *step = &g_array_index(s->steps, struct scenario_step, i);
        g_assert_cmpint(step->kind, ==, wanted[i].kind);
        g_assert_cmpuint(step->line, ==, wanted[i].line);
        g_assert_cmpstr(step->text, ==, wanted[i].text);
    }
    g_assert_cmpuint(s->num_messages, ==, 4);
    g_assert_true(sstp_span_is_equal(s->messages[3].fields.data, sstp_span_of_string("2{1}")));
    scenario_free(s);
}

static const struct {
    const char *text, *wanted;
} repetition_mistakes[] = {
    {"title T\nrepeat 1000000000 as i\nwait 1s\nend\n",
     "f.scn:2: how often is a number from 1 to 200000, not \"1000000000\""},
    {"title T\nwait 1s\nrepeat 0\nwait 1s\nend\n",
     "f.scn:3: how often is a number from 1 to 200000, not \"0\""},
    {"title T\nwait 1s\nrepeat\nwait 1s\nend\n",
     "f.scn:3: how often is needed at the end of the line"},
    {"title T\nwait 1s\nrepeat 2 as\nend\n",
     "f.scn:3: the name of a counter is needed at the end of the line"},
    {"title T\nwait 1s\nrepeat 2 as 9\nend\n",
     "f.scn:3: a name begins with a letter, unlike \"9\""},
    {"title T\nwait 1s\nrepeat 2 of i\nend\n",
     "f.scn:3: the line goes on with \"of\", which says nothing here"},
    {"title T\nwait 1s\nrepeat 2 as i\nrepeat 2 as i\nend\nend\n",
     "f.scn:4: \"i\" is a counter already, of a repetition around this one (where i is 1)"},
    {"title T\nwait 1s\nend\n", "f.scn:3: there is nothing in this file that \"end\" could end"},
    {"title T\nwait 1s\nrepeat 2\nend now\n",
     "f.scn:4: the line goes on with \"now\", which says nothing here"},
    {"title T\nwait 1s\nrepeat 2\nwait 1s\n",
     "f.scn:3: the repetition has no end; a line \"end\" ends it"},
    {"title T\nwait 1s\nrepeat 2 as i\ninclude ends.scn\nend\n",
     "ends.scn:1: there is nothing in this file that \"end\" could end (where i is 1)"},
    {"title T\nwait 1s\ninclude begins.scn\nend\n",
     "begins.scn:1: the repetition has no end; a line \"end\" ends it\n"
     "f.scn:4: there is nothing in this file that \"end\" could end"},
    {"title T\nwait 1s\nrepeat 2 as i\nwait 1s\nrepeat 2 as i\nend\nA flies\n",
     "f.scn:3: the repetition has no end; a line \"end\" ends it"},
    {"title T\nwait 1s\nrepeat 2 as i\nwait {i}s\nedn # of it\nwait {i}\n",
     "f.scn:5: \"edn\" is neither a word of the language nor a name so far (where i is 1)\n"
     "f.scn:6: the time to wait is a time such as 200ms or 2s, at most 86400s, not \"{i}\""},
    {"title T\nrepeat 100\nrepeat 100\nrepeat 100\nend\nend\nend\nwait 1s\n",
     "f.scn:5: with all that is repeated and included, a scenario has at most 100000 lines and "
     "200000 "
     "steps"},
    {"title T\ndevice A\ndevice B\ndevice C\nrepeat 66667\nA B C leave\nend\nwait 1s\n",
     "f.scn:7: with all that is repeated and included, a scenario has at most 100000 lines and "
     "200000 "
     "steps"},
    {"title T\nrepeat 40000\ninclude empty.scn\ninclude empty.scn\nend\nwait 1s\n",
     "f.scn:5: with all that is repeated and included, a scenario has at most 100000 lines and "
     "200000 "
     "steps"},
    {"title T\nwait 1s\nrepeat 1\nrepeat 1\nrepeat 1\nrepeat 1\nrepeat 1\nrepeat 1\nrepeat 1\n"
     "repeat 1\nrepeat 1\nend\nend\nend\nend\nend\nend\nend\nend\nend\n",
     "f.scn:11: repetitions stand in each other to a depth of 8 at most"},
    {"title T\nrepeat 2 as i\nwait {i}s\nwait {i\nend\n",
     "f.scn:4: a brace begins a counter, such as {i}; in a quoted text, \\{ stands for a brace "
     "(where "
     "i is 1)"},
    {"title T\nrepeat 2 as i\nwait {i+}s\nend\n",
     "f.scn:3: in \"{i+}\", a number of at most 4294967295 is needed after the + (where i is 1)"},
    {"title T\nrepeat 2 as i\nwait {i+1*2}s\nend\n",
     "f.scn:3: in \"{i+1*2}\", a number of at most 4294967295 is needed after the + (where i is "
     "1)"},
};

static void test_repetition_limits(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(repetition_mistakes); i++)
        assert_mistakes(repetition_mistakes[i].text, repetition_mistakes[i].wanted);
}

/* What is skipped counts like what is read. */
static void test_skipped_lines(void)
{
    GString *text = g_string_new("title T\nwait 1s\nrepeat 5000\nrepeat x\n");
    append_lines(text, 1900, "wait 1s\n");
    g_string_append(text, "end\nend\n");
    assert_mistakes(
        text->str,
        "f.scn:4: how often is a number from 1 to 200000, not \"x\"\n"
        "f.scn:1906: with all that is repeated and included, a scenario has at most 100000 "
        "lines and 200000 steps");
    g_string_free(text, TRUE);
}

static void test_includes(void)
{
    struct scenario *s =
        scenario_text_parse("include cast.scn\ntitle T\nA connects to B\nA opens s to B\n"
                            "include step.scn\nexpect B received N\n");
    g_assert_cmpstr(s->title, ==, "T");
    g_assert_cmpuint(s->num_devices, ==, 2);
    const struct scenario_step *step = &g_array_index(s->steps, struct scenario_step, 2);
    g_assert_cmpstr(step->file, ==, "step.scn");
    g_assert_cmpuint(step->line, ==, 1);
    step = &g_array_index(s->steps, struct scenario_step, 3);
    g_assert_cmpstr(step->file, ==, "f.scn");
    g_assert_cmpuint(step->line, ==, 6);
    scenario_free(s);

    scenario_free(scenario_text_parse("title T\ninclude folder/outer.scn\nA connects to B\n"));
    scenario_free(scenario_text_parse("title T\ninclude bom.scn\nA connects to B\n"));
    scenario_free(scenario_text_parse("title T\ninclude 2.scn\nA leaves\n"));
    s = scenario_text_parse("title T\nrepeat 3 as i\ninclude numbered.scn\nend\nD3 leaves\n");
    g_assert_cmpuint(s->num_devices, ==, 3);
    scenario_free(s);

    assert_mistakes("include cast.scn\nA leaves\n", "f.scn:2: the file has no title");
    assert_mistakes("title T\nwait 1s\ninclude\n",
                    "f.scn:3: the file to include is needed at the end of the line");
    assert_mistakes("title T\nwait 1s\ninclude cast.scn now\n",
                    "f.scn:3: the line goes on with \"now\", which says nothing here");
    assert_mistakes(
        "title T\nwait 1s\ninclude me.scn\n",
        "me.scn:1: files include each other in a circle: f.scn includes me.scn includes "
        "me.scn");
    assert_mistakes("title T\nwait 1s\ninclude ping.scn\n",
                    "pong.scn:2: files include each other in a circle: f.scn includes ping.scn "
                    "includes pong.scn includes ping.scn");
    assert_mistakes(
        "title T\ninclude 1.scn\nA leaves\n",
        "7.scn:1: files include each other to a depth of 8 at most: f.scn includes 1.scn "
        "includes 2.scn includes 3.scn includes 4.scn includes 5.scn includes 6.scn "
        "includes 7.scn includes 8.scn");

    GPtrArray *mistakes;
    g_assert_null(
        scenario_parse("f.scn", "title T\nwait 1s\ninclude cast.scn\n", 33, NULL, &mistakes));
    g_assert_cmpuint(mistakes->len, ==, 1);
    g_assert_cmpstr(g_ptr_array_index(mistakes, 0), ==, "f.scn:3: nothing can be included here");
    g_ptr_array_free(mistakes, TRUE);
}

/* Files as other systems' editors leave them. */
static void test_line_ends(void)
{
    struct scenario *s =
        scenario_text_parse("\xef\xbb\xbftitle \"A title\"\r\n\r\n# comment\r\ndevice A\r\n"
                            "repeat 2 as i\r\nA leaves\r\nend\r\nwait 1s");
    g_assert_cmpstr(s->title, ==, "A title");
    g_assert_cmpuint(s->steps->len, ==, 3);
    g_assert_cmpstr(g_array_index(s->steps, struct scenario_step, 0).text, ==, "A leaves");
    scenario_free(s);
    assert_mistakes("title T\n\xef\xbb\xbfwait 1s\n",
                    "f.scn:2: \"\xef\xbb\xbfwait\" is neither a word of the language nor a name so "
                    "far");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scenario-source/repetitions", test_repetitions);
    g_test_add_func("/scenario-source/repetition-limits", test_repetition_limits);
    g_test_add_func("/scenario-source/skipped-lines", test_skipped_lines);
    g_test_add_func("/scenario-source/includes", test_includes);
    g_test_add_func("/scenario-source/line-ends", test_line_ends);
    return g_test_run();
}
