/* SPDX-License-Identifier: GPL-2.0-or-later */
/* log: what the programs say on stderr. */
#ifndef RELAYSIM_LOG_H
#define RELAYSIM_LOG_H

/* The exit codes of every program here. */
enum exit_code { EXIT_DONE = 0, EXIT_REPORTED = 1, EXIT_USAGE = 2 };

/* Whether log_info() prints anything. */
void log_set_verbose(int is_verbose);

/* One line of the program's course, with the time. */
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* One sentence on what went wrong. */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
