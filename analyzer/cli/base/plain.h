/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plain: text of somebody else for a terminal or a line.
 *
 * Printable characters stay; everything that could end a line, move a cursor, turn the
 * direction of a line around or be nothing at all is written as \xNN, byte by byte.
 */
#ifndef ANALYZE_BASE_PLAIN_H
#define ANALYZE_BASE_PLAIN_H

#include <glib.h>

void plain_append(GString *line, const char *text, gsize len);

/* How many columns of a terminal plain text takes. */
gsize plain_width(const char *text);

/* Whether a character of Unicode is printed as one, and harms no line. */
gboolean plain_is_harmless(gunichar c);

#endif
