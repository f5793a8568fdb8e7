/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log: what the programs say on stderr, or in a file.
 *
 * Each call is one line and one write.  What a peer or a file has put into it can neither end the
 * line nor drive a terminal: whatever is not printable is escaped (base/plain_text.h).  A line has
 * at most LOG_LINE_MAX bytes; what is left out of a longer one is told at its end.
 *
 * A program that serves does not wait for whoever reads stderr, or for a disk: lines that
 * cannot be written are left out, and how many is told as soon as one can.  It may be called
 * from any thread.
 */
#ifndef RELAYSIM_BASE_LOG_H
#define RELAYSIM_BASE_LOG_H

#include <stdbool.h>

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

/* From now on, nobody is waited for. */
void log_never_wait(void);

/* From now on lines are appended to a file, with date and time; those of log_error() are on
 * stderr as well.  A FIFO need not have a reader yet.  False with errno set. */
bool log_open(const char *path);

/* Opens the file anew, which may have been moved away; where that fails, it says so, and goes
 * on with the old one.  Without a file, nothing happens. */
void log_reopen(void);

bool log_has_file(void);

/* Closes the file: what follows is on stderr alone. */
void log_close(void);

#endif
