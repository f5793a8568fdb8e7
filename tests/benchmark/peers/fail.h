/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BENCHMARK_FAIL_H
#define BENCHMARK_FAIL_H

/*
 * fail: how a load program ends when it cannot go on.  It has nothing to rescue: one
 * sentence on stderr, the program's name before it.
 */

/* What a run met: exit code 1. */
__attribute__((format(printf, 1, 2), noreturn)) void fail(const char *format, ...);

/* Wrong usage: exit code 2. */
__attribute__((format(printf, 1, 2), noreturn)) void refuse(const char *format, ...);

#endif
