/* SPDX-License-Identifier: GPL-2.0-or-later */
/* steps: what happened on a journey, in order, between whom, and in words. */
#include "report/steps.h"

#include "small_report.h"

/* "alice>relay: ...", a line for each step. */
static char *told(const struct report *report, guint journey)
{
    struct steps steps;
    GString *text = g_string_new(NULL);
    steps_collect(&steps, report, journey);
    for (guint i = 0; i < steps.steps->len; i++) {
        const struct step *step = REPORT_AT(steps.steps, struct step, i);
        g_string_append_printf(text, "%s > %s: ", steps_party(&steps, step->sender),
                               steps_party(&steps, step->receiver));
        steps_append_what(text, report, step);
        g_string_append_c(text, '\n');
    }
    steps_clear(&steps);
    return g_string_free(text, FALSE);
}

#define ALICE "dpp:///alice"
#define RELAY "grooveDNS://relay1.example"

static void test_delivered(void)
{
    struct report *report = small_report();
    char *text = told(report, SMALL_DELIVERED);
    g_assert_cmpstr(text, ==,
                    ALICE " > " RELAY ": sent on #0, frame 3 of a.pcap\n" RELAY " > " ALICE
                          ": acknowledged after 100 ms, frame 5 of a.pcap\n" RELAY
                          " > ?: sent on #1, frame 2 of b\\x0a.pcap (likely)\n"
                          "? > " RELAY ": acknowledged after 250 ms, frame 4 of b\\x0a.pcap\n");
    g_free(text);
    report_free(report);
}

static void test_again(void)
{
    struct report *report = small_report();
    char *text = told(report, SMALL_WAITING);
    g_assert_cmpstr(text, ==,
                    ALICE " > " RELAY ": sent on #0, frame 7 of a.pcap: the connection ended "
                          "before it was acknowledged\n" ALICE " > " RELAY
                          ": sent again on #0, frame 9 of a.pcap\n" RELAY " > " ALICE
                          ": acknowledged after 1 s, frame 10 of a.pcap\n");
    g_free(text);
    report_free(report);
}

/* Each way in which a hop may end; of a sole file, no name. */
static void test_ends(void)
{
    static const struct {
        enum sstp_story_passage passage;
        const char *words;
    } rows[] = {
        {SSTP_STORY_SENT, "sent on #0, frame 7: not acknowledged"},
        {SSTP_STORY_DECLINED, "sent on #0, frame 7: the session was refused"},
        {SSTP_STORY_NOT_SEEN, "sent on #0, frame 7: nobody can say whether it was acknowledged"}};
    struct report *report = small_report();
    struct report_hop *hop = REPORT_AT(report->hops, struct report_hop, SMALL_TRY_1);
    g_free(REPORT_AT(report->files, struct report_file, 1)->name);
    g_array_set_size(report->files, 1);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        const struct step step = {.hop = SMALL_TRY_1};
        GString *text = g_string_new(NULL);
        hop->passage = rows[i].passage;
        steps_append_what(text, report, &step);
        g_assert_cmpstr(text->str, ==, rows[i].words);
        g_string_free(text, TRUE);
    }
    hop->sight_of = SMALL_TRY_2;
    GString *text = g_string_new(NULL);
    steps_append_what(text, report, &(struct step){.hop = SMALL_TRY_1});
    g_assert_true(g_str_has_prefix(text->str, "the same, seen at another place on #0"));
    g_string_free(text, TRUE);
    report_free(report);
}

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/steps/delivered", test_delivered);
    g_test_add_func("/steps/again", test_again);
    g_test_add_func("/steps/ends", test_ends);
    return g_test_run();
}
