/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scenario_text: texts in the language of scenarios, read with a few files that they can
 * include, and what is wrong with them. */
#ifndef TESTS_RELAYSIM_LIB_SCENARIO_TEXT_H
#define TESTS_RELAYSIM_LIB_SCENARIO_TEXT_H

#include "scenario/scenario.h"

#define CAST "title T\nrelay R\ndevice A relay R\ndevice B holds\n"   /* lines 1 to 4 */
#define PLAY CAST "A connects to B\nA opens s to B\nA sends M on s\n" /* 5 to 7 */

/* A text that has no mistake. */
struct scenario *scenario_text_parse(const char *text);
const struct scenario_step *scenario_text_step(const struct scenario *scenario, guint i);
/* Adds a line to PLAY: that is good, or, where `mistake` is not NULL, wrong for this reason. */
void scenario_text_check_line(const char *line, const char *mistake);
/* All mistakes, a line each. */
char *scenario_text_mistakes(const char *text, size_t len);
/* Exactly these. */
void assert_mistakes(const char *text, const char *wanted);
/* One mistake; what a text lacks as a whole, because it is so short, is another matter. */
void assert_mistake(const char *text, size_t len, const char *wanted);
/* A line, so many times. */
void append_lines(GString *text, unsigned num, const char *line);
/* The same of a text that is freed. */
void assert_mistake_of(GString *text, const char *wanted);

#endif
