/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log: what the programs say on stderr.
 *
 * Each call is one line and one write.  What a peer or a file has put into it can neither end the
 * line nor drive a terminal: whatever is not printable is escaped (plain_text.h).  A line has at
 * most LOG_LINE_MAX bytes; what is left out of a longer one is told at its end.
 */
#ifndef RELAYSIM_LOG_H
#define RELAYSIM_LOG_H

/* So that a line goes into a pipe in one piece (PIPE_BUF). */
#define LOG_LINE_MAX 4096

/* The exit codes of every program here. */
enum exit_code { EXIT_DONE = 0, EXIT_REPORTED = 1, EXIT_USAGE = 2 };

/* Whether log_info() prints anything. */
void log_set_verbose(int is_verbose);

/* One line of the program's course, with the time. */
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* One sentence on what went wrong. */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
