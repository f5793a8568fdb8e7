/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * output: where the report goes.  Nobody looks at the result of each write: the first failure
 * is kept, nothing is written after it, and output_close() says it.
 */
#ifndef ANALYZE_BASE_OUTPUT_H
#define ANALYZE_BASE_OUTPUT_H

#include <glib.h>

/* All of it to a file descriptor, in as many writes as that takes; FALSE with errno set. */
gboolean output_write(int fd, const void *bytes, gsize len);

struct output;

/* Opens a file, or standard output for NULL and "-".  NULL, with a sentence said, in which
 * `option` is what the user has named it with.  `what` is written: "the report". */
struct output *output_open(const char *name, const char *option, const char *what);

/* The text to write next: append to it, and call output_flush() now and then. */
GString *output_text(struct output *output);

/* Writes what was appended, where that is much. */
void output_flush(struct output *output);

/* Whether a write has failed, so that more work is of no use. */
gboolean output_has_failed(const struct output *output);

/* Writes the rest and closes.  False, with a sentence said, where anything could not be
 * written.  A reader of standard output who has left is a failure of his own: nothing is said. */
gboolean output_close(struct output *output);

#endif
