/* SPDX-License-Identifier: GPL-2.0-or-later */
/* decode_as: `-d`, whose parser Wireshark keeps to its own programs. */
#ifndef ANALYZE_DISSECT_DECODE_AS_H
#define ANALYZE_DISSECT_DECODE_AS_H

#include <glib.h>

/* "tcp.port==8888-8890,grvsstp": a table of numbers, one value of it or a range, and the name of
 * a protocol or of its dissector.  False, with a sentence said, where it is wrong. */
gboolean decode_as(const char *text);

#endif
