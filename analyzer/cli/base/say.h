/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * say: what the program says on stderr, and what it exits with.
 *
 * Each call is one line.  What a file or the user has put into it can neither end the line nor
 * drive a terminal.
 */
#ifndef ANALYZE_BASE_SAY_H
#define ANALYZE_BASE_SAY_H

enum exit_code {
    EXIT_DONE = 0,
    EXIT_REPORTED = 1, /* it ran, and met a failure or a finding that it reports */
    EXIT_USAGE = 2     /* wrong usage, or unreadable input */
};

/* One sentence on what went wrong, after the program's name. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
