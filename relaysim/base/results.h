/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * results: where a program's results go, which is the ready line, counters, messages that came
 * and verdicts: to standard output, or to stderr where a recording has taken that.
 */
#ifndef RELAYSIM_BASE_RESULTS_H
#define RELAYSIM_BASE_RESULTS_H

#include <stdbool.h>
#include <stdio.h>

FILE *results_file(void);

/* From now on. */
void results_to_stderr(void);

/* From now on nobody wants them; false, with errno set, when the system does not let them go. */
bool results_to_nobody(void);

/* What was printed so far is out; false when it could not be written. */
bool results_flush(void);

/* "stdout" or "stderr", for sentences. */
const char *results_name(void);

#endif
