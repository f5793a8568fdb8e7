/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the observer finds by more than a state, by hand from GRVSSTP 3.1 to 3.3, the
 * SPECIFICATION.md and plugin/FIELDS.md; cells.h says how a cell is read. */
#include "cells.h"

#include <string.h>

#define OUTSTANDING CELLS_READY "O Message s=S; O Data s=S; O EndMessage s=S;"

static void test_circumstances(void)
{
    /* clang-format off */
    static const struct {
        const char *name, *before, *line, *findings;
    } rows[] = {
        /* GRVSSTP 3.1.5.19, SPECIFICATION.md */
        {"one of one",          OUTSTANDING,               "R Noop n=1",         ""},
        {"two of one",          OUTSTANDING,               "R Noop n=2",         ":e"},
        {"one of none",         CELLS_READY,                     "R Noop n=1",         ":e"},
        {"the wrong direction", OUTSTANDING,               "O Noop n=1",         ":e"},
        {"by a Message",        OUTSTANDING "R Open s=0x80000009; O OpenResponse s=0x80000009 Ok;",
                                                           "R Message s=0x80000009 n=2", ":e"},
        {"by a ConnectClose",   OUTSTANDING,               "R ConnectClose n=2", ":e"},
        {"after a gap",         OUTSTANDING "gap",         "R Noop n=9",         ""},

        /* GRVSSTP 3.1.7.1 */
        {"all acknowledged",    OUTSTANDING,               "R ConnectClose n=1", ""},
        {"left by its sender",  OUTSTANDING,               "O ConnectClose",     ":k"},
        {"left by its receiver", OUTSTANDING,              "R ConnectClose",     ":k"},
        {"without EndMessage",  CELLS_READY "O Message s=S; O Data s=S", "O ConnectClose", ""},
        {"after a gap",         OUTSTANDING "gap",         "O ConnectClose",     ""},

        /* 3.2.5.6, SPECIFICATION.md: a client refuses FanoutOpen. */
        {"to who has attached", STORY_CONNECTED "I Attach e=2",  "A FanoutOpen s=0x80000009", ":w"},
        {"by who has attached", STORY_CONNECTED "I Attach e=2",  "I FanoutOpen s=9",   ""},

        /* A violation ends nothing. */
        {"ConnectClose answers a violation", "I Open s=1", "A ConnectClose",     ""},
        {"a second Connect",    STORY_CONNECTED "I Connect",     "I Open s=1",         ""},
        {"the answer to an early Open", "I Connect; I Open s=1; A ConnectResponse Ok",
                                                           "A OpenResponse s=1 Ok", ""},

        /* 2.2.10.1 */
        {"a size kept",         CELLS_READY "O Message s=S size=5; O Data s=S size=2; O Data s=S size=3",
                                                           "O EndMessage s=S",   ""},
        {"a size not reached",  CELLS_READY "O Message s=S size=5; O Data s=S size=2; O Data s=S size=2",
                                                           "O EndMessage s=S",   ":z"},
        {"a size exceeded",     CELLS_READY "O Message s=S size=5; O Data s=S size=6",
                                                           "O EndMessage s=S",   ":z"},
        {"no size",             CELLS_READY "O Message s=S size=0; O Data s=S size=6",
                                                           "O EndMessage s=S",   ""},
        {"known by what may have come before it", CELLS_READY "gap; O Message s=S",
                                                  "R OpenResponse s=S Ok", ""},
        {"a size and a gap",    CELLS_READY "O Message s=S size=5; O Data s=S size=2; gap; O Data s=S size=2",
                                                           "O EndMessage s=S",   ""},
        {"the next message",    CELLS_READY "O Message s=S size=5; O Data s=S size=5; O EndMessage s=S;"
                                "O Message s=S size=2; O Data s=S size=2",
                                                           "O EndMessage s=S",   ""},
        {"sizes in order",      CELLS_READY, "O Message s=S size=5 left=5 stream=5",   ""},
        {"more left than there is", CELLS_READY, "O Message s=S size=5 left=6 stream=5", ":z"},
        {"more than is left",   CELLS_READY, "O Message s=S size=5 left=4 stream=5",   ":z"},
        {"more than the stream", CELLS_READY, "O Message s=S size=6 stream=5",         ":z"},
        {"a stream unknown",    CELLS_READY, "O Message s=S size=6 left=9",            ""},
        {"fragment 0 of 2",     CELLS_READY, "O Message s=S fragment=0/2",             ""},
        {"fragment 2 of 2",     CELLS_READY, "O Message s=S fragment=2/2",             ""},
        {"fragment 3 of 2",     CELLS_READY, "O Message s=S fragment=3/2",             ":z"},
        {"fragment 0 of 0",     CELLS_READY, "O Message s=S fragment=0/0",             ":z"},

        /* 3.1.2.1, 3.1.4.7 */
        {"asked for, at once",  CELLS_READY "O Message s=S at-once; O Data s=S; O EndMessage s=S; 4 s",
                                                           "R Noop n=1",         ""},
        {"asked for, late",     CELLS_READY "O Message s=S at-once; O Data s=S; O EndMessage s=S; 6 s",
                                                           "R Noop n=1",         ":t"},
        {"not asked for, late", OUTSTANDING "60 s",        "R Noop n=1",         ""},
        {"one of two, late",    OUTSTANDING "O Message s=S at-once; O Data s=S; O EndMessage s=S; 6 s",
                                                           "R Noop n=2",         ":t"},
        {"only the other, late", OUTSTANDING "O Message s=S at-once; O Data s=S; O EndMessage s=S; 6 s",
                                                           "R Noop n=1",         ""},
        {"only the other is late", CELLS_READY "O Message s=S; O Data s=S; O EndMessage s=S; 6 s;"
                                "O Message s=S at-once; O Data s=S; O EndMessage s=S",
                                                           "R Noop n=2",         ""},

        /* 3.1.4.1, 3.1.5.1 */
        {"who was asked for",   "I Connect target=a",      "A ConnectResponse Ok has=b has=a", ""},
        {"somebody else",       "I Connect target=a",      "A ConnectResponse Ok has=b has=aa", ":v"},
        {"in capitals",         "I Connect target=a",      "A ConnectResponse Ok has=A", ""},
        {"refused",             "I Connect target=a",      "A ConnectResponse WrongDevice", ""},
        {"after a gap",         "I Connect target=a; gap", "A ConnectResponse Ok has=b", ""},

        /* Crossing ends. */
        {"ConnectResponse and ConnectClose", "I Connect; I ConnectClose", "A ConnectResponse Ok", ""},
        {"the session was open", CELLS_READY "O ConnectClose",   "R OpenResponse s=S StopSending", ":i"},
        {"the session was open", CELLS_READY "R ConnectClose",   "O Message s=S",      ":i"},
        {"a count",             OUTSTANDING "O ConnectClose", "R Noop n=1",      ""},
        {"a count too large",   OUTSTANDING "O ConnectClose", "R Noop n=2",      ":e"},
    };
    /* clang-format on */
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        for (int is_of_initiator = 0; is_of_initiator < 2; is_of_initiator++) {
            GString *before = g_string_new(rows[i].before), *line = g_string_new(rows[i].line);
            GString *cell = g_string_new("");
            struct story story;
            /* The id of the reverse session follows its side. */
            if (!is_of_initiator) {
                (void)g_string_replace(before, "0x80000009", "9", 0);
                if (strstr(rows[i].line, "R ") != NULL)
                    (void)g_string_replace(line, "0x80000009", "9", 0);
            }
            cells_set_sides(before, is_of_initiator);
            cells_set_sides(line, is_of_initiator);
            story_begin(&story, SSTP_OBSERVER_FROM_START);
            story_tell_all(&story, before->str);
            (void)story_tell(&story, line->str);
            cells_add_findings(cell, story.seen.findings);
            cells_compare(line->str, rows[i].name, cell->str, rows[i].findings);
            story_end(&story);
            g_string_free(before, TRUE);
            g_string_free(line, TRUE);
            g_string_free(cell, TRUE);
        }
}

static void test_every_finding_is_there(void)
{
    test_circumstances();
    cells_check_findings(CELLS_OF_CIRCUMSTANCES);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/state/observer/circumstances/rows", test_circumstances);
    g_test_add_func("/state/observer/circumstances/every-finding", test_every_finding_is_there);
    return g_test_run();
}
