/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cells: of tables that say what the observer makes of a line after others (story.h).
 *
 * A cell is the state after it, and after a colon what is found:
 *
 *     x unexpected_command   w wrong_role       r session_id_range
 *     d duplicate_session    u unknown_session  i the same, ignored (a note)
 *     B bad_index            R the same, repeated (a note)
 *     e ack_excess           b blocked_send     f response_unfit
 *     z size_mismatch        t timer            v device_not_asked_for
 *     k unacknowledged
 *
 * Of sessions everything is told twice, with the initiator and with the acceptor as the
 * originator: O is that, R the receiver, S its id.  First letter: ? unknown, o opening, s
 * suspended, r ready, b blocked, d closed; second, of the MessageReceiver: - unknown, w waiting, r
 * ready, b buffering.  "." is no session.
 */
#ifndef TESTS_LIB_CELLS_H
#define TESTS_LIB_CELLS_H

#include "story.h"

/* Which of them the tables of states have, tests/state/test_observer_table.c, and which those of
 * circumstances, tests/state/test_observer_circumstances.c. */
#define CELLS_OF_STATES "xwrduiBRbf"
#define CELLS_OF_CIRCUMSTANCES "eztvk"

#define CELLS_OPENED "I Connect; A ConnectResponse Ok; O Open s=S;"
#define CELLS_READY CELLS_OPENED "R OpenResponse s=S Ok;"

/* Appends what was found. */
void cells_add_findings(GString *cell, uint32_t findings);

/* Fails the test where it is not what was expected. */
void cells_compare(const char *line, const char *where, const char *got, const char *expected);

/* O, R and S become those of one side. */
void cells_set_sides(GString *text, bool is_of_initiator);

/* What is before, then the line, for both sides. */
void cells_check_session(enum sstp_observer_begin begin, const char *before, const char *name,
                         const char *line, const char *expected);

/* All tables have been gone through: fails the test where one of these findings was in none of
 * their cells, or where a finding has no letter. */
void cells_check_findings(const char *letters);

#endif
