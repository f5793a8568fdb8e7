/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * small_report: a report that is small and has something of everything, without a capture.
 *
 * Alice sends "ref<1>" over her relay to Bob, who has it (journey 0), and "ref 2" to Bob and to
 * Carol (journey 1), which is tried twice, of which the relay has the second, and which goes no
 * further: it waits for Bob, and Carol is refused.  The second hop was captured at another point,
 * in another file, whose clock is ahead.  Names have what terminals and pages have to be saved
 * from.
 */
#ifndef TESTS_CLI_SMALL_REPORT_H
#define TESTS_CLI_SMALL_REPORT_H

#include "base/output.h"
#include "record/store.h"

#define SMALL_BEGIN_NS G_GINT64_CONSTANT(1600000000000000000) /* 2020-09-13 12:26:40 */
#define SMALL_MS G_GINT64_CONSTANT(1000000)

/* Indexes. */
enum { SMALL_DELIVERED, SMALL_WAITING };                                 /* journeys */
enum { SMALL_HOP_1, SMALL_HOP_2, SMALL_TRY_1, SMALL_TRY_2, SMALL_HOPS }; /* hops */

struct report *small_report(void);

/* Where something is printed that nobody has to read but output_text(). */
struct output *nowhere(void);

#endif
