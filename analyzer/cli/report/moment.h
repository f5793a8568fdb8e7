/* SPDX-License-Identifier: GPL-2.0-or-later */
/* moment: times and numbers as people read them. */
#ifndef ANALYZE_REPORT_MOMENT_H
#define ANALYZE_REPORT_MOMENT_H

#include <glib.h>

/* "2020-09-13 12:26:40.000123" in UTC. */
void moment_append(GString *text, gint64 t_ns);

/* "12.3 ms", "4 min 10 s", "2 d 3 h": three digits or two units; a minus where it is negative. */
void moment_append_span(GString *text, gint64 span_ns);

/* How clocks differ, to the microsecond below: "2 ms", "80.123 ms", "6 min 59.997146 s". */
void moment_append_offset(GString *text, gint64 offset_ns);

/* "1,234,567" */
void moment_append_count(GString *text, guint64 count);

/* "1 message", "2 messages" */
void moment_append_things(GString *text, guint64 count, const char *thing);

/* "1 file, 12 packets, from 2020-09-13 12:26:40.000123 UTC, 3 s long": what was read; no
 * times where there is no packet. */
void moment_append_reading(GString *text, guint64 num_files, guint64 num_packets, gint64 first_ns,
                           gint64 last_ns);

#endif
