/* SPDX-License-Identifier: GPL-2.0-or-later */
/* markup: text of somebody else in HTML and SVG: it stays text. */
#ifndef ANALYZE_REPORT_MARKUP_H
#define ANALYZE_REPORT_MARKUP_H

#include <glib.h>

/* Escapes what means something to HTML, in content and in quoted attributes alike, and spells out
 * what harms a line (base/plain.h). */
void markup_append(GString *html, const char *text);

#endif
