/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Statements, and names. */
#include "scenario_text.h"

static void test_lines(void)
{
    static const struct {
        const char *line, *mistake;
    } rows[] = {
        {"", NULL},
        {"# nothing", NULL},
        {"A opens wait to B", "\"wait\" is a word of the language and cannot be a name"},
        {"A opens s to B", "\"s\" is a session already"},
        {"A opens A to B", "\"A\" is a device already"},
        {"A opens t- to B", NULL},
        {"A opens 9 to B", "a name "},
        {"A opens", "a name for a session is needed at the end of the line"},
        {"relay Q", "\"relay\" has to stand before the first step"},
        {"device Q relay S", "\"device\" has to stand before the first step"},
        {"fault split", "\"fault\" has to stand before the first step"},
        {"\"wait\" 1s", "\"wait\" is neither a word of the language nor a name so far"},
        {"waits 1s", "\"waits\" is neither a word of the language nor a name so far"},
        {"wait 1s 1s", "the line goes on with \"1s\", which says nothing here"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        scenario_text_check_line(rows[i].line, rows[i].mistake);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scenario-parse/lines", test_lines);
    return g_test_run();
}
