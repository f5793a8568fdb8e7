/* SPDX-License-Identifier: GPL-2.0-or-later */
/* line: one line of a scenario, split into its words, for what reads these. */
#ifndef TESTS_RELAYSIM_LIB_LINE_H
#define TESTS_RELAYSIM_LIB_LINE_H

#include "scenario/parser.h"

struct line {
    struct scenario scenario;
    struct parser parser;
};

/* The struct must not move while it is in use. */
void line_begin(struct line *line);
void line_end(struct line *line);

/* Splits a new line; what was said of the last is forgotten. */
bool line_split(struct line *line, const char *text);

/* What was said of it: a sentence, or "" for nothing.  Good until the next line. */
const char *line_mistake(const struct line *line);

#endif
