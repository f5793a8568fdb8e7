/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cells.h"

#include <string.h>

/* In the order of enum sstp_finding. */
static const char finding_letters[SSTP_OBSERVED_FINDINGS + 1] = "xwrduiBRebfztvk";

/* Over all tables of a program. */
static uint32_t all_findings;

void cells_add_findings(GString *cell, uint32_t findings)
{
    all_findings |= findings;
    if (findings != 0)
        g_string_append_c(cell, ':');
    for (unsigned i = 0; i < SSTP_OBSERVED_FINDINGS; i++)
        if ((findings & 1u << i) != 0)
            g_string_append_c(cell, finding_letters[i]);
}

void cells_compare(const char *line, const char *where, const char *got, const char *expected)
{
    if (strcmp(got, expected) == 0)
        return;
    g_test_message("%s, %s: %s, not %s", line, where, got, expected);
    g_test_fail();
}

void cells_set_sides(GString *text, bool is_of_initiator)
{
    (void)g_string_replace(text, "O ", is_of_initiator ? "I " : "A ", 0);
    (void)g_string_replace(text, "R ", is_of_initiator ? "A " : "I ", 0);
    (void)g_string_replace(text, "=S", is_of_initiator ? "=1" : "=0x80000001", 0);
}

static void say_session(const struct story *story, GString *cell)
{
    static const char states[SSTP_SESSION_STATE_COUNT + 1] = "?osrbd";
    static const char receivers[SSTP_RECEIVER_STATE_COUNT + 1] = "-wrb";

    g_string_assign(cell, "");
    if (!story->seen.has_session) {
        g_string_append_c(cell, '.');
    } else {
        g_string_append_c(cell, states[story->seen.session_state]);
        g_string_append_c(cell, receivers[story->seen.receiver_state]);
    }
    cells_add_findings(cell, story->seen.findings);
}

void cells_check_session(enum sstp_observer_begin begin, const char *before, const char *name,
                         const char *line, const char *expected)
{
    for (int is_of_initiator = 0; is_of_initiator < 2; is_of_initiator++) {
        GString *setup = g_string_new(before), *told = g_string_new(line), *cell = g_string_new("");
        struct story story;
        cells_set_sides(setup, is_of_initiator);
        cells_set_sides(told, is_of_initiator);
        story_begin(&story, begin);
        story_tell_all(&story, setup->str);
        (void)story_tell(&story, told->str);
        say_session(&story, cell);
        cells_compare(told->str, name, cell->str, expected);
        story_end(&story);
        g_string_free(setup, TRUE);
        g_string_free(told, TRUE);
        g_string_free(cell, TRUE);
    }
}

void cells_check_findings(const char *letters)
{
    g_assert_cmpuint(strlen(finding_letters), ==, SSTP_OBSERVED_FINDINGS);
    for (unsigned i = 0; i < SSTP_OBSERVED_FINDINGS; i++) {
        const char letter = finding_letters[i];
        if (strchr(CELLS_OF_STATES CELLS_OF_CIRCUMSTANCES, letter) == NULL ||
            (strchr(letters, letter) != NULL && (all_findings & 1u << i) == 0)) {
            g_test_message("no row has %c", letter);
            g_test_fail();
        }
    }
}
