/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * quick_sqlite: SQLite with memory of its own, and without locks.
 *
 * SQLite is not what is searched for faults: what it allocates passes the sanitizers by, or
 * they would take most of the time.
 */
#ifndef TESTS_FUZZ_QUICK_SQLITE_H
#define TESTS_FUZZ_QUICK_SQLITE_H

/* Before anything else of SQLite is called; once is enough. */
void quick_sqlite_begin(void);

#endif
