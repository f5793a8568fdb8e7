/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plain_text: bytes of somebody else, in a line for people.
 *
 * Peers choose device URLs, reasons and much more; a newline among them would forge a line of the
 * log, an ESC drive the terminal.  So what cannot be printed is escaped: \n, \t and \r, and \xNN
 * for each byte of any other control character (C0, DEL, C1), of what is not UTF-8, of line and
 * paragraph separators, of format characters (which may turn the direction of a line) and of
 * what is not assigned.  A backslash is doubled, so that none of it can be mistaken.
 *
 * base/log.c does this to every line by itself; what is printed otherwise and is not all our own
 * needs a call.
 */
#ifndef RELAYSIM_BASE_PLAIN_TEXT_H
#define RELAYSIM_BASE_PLAIN_TEXT_H

#include <stddef.h>

/* The escaped text, to be freed, of at most `max` bytes; what is left out of a longer one is told
 * at its end, "... (1234 bytes more)", which comes on top. */
char *plain_text_cut(const void *bytes, size_t len, size_t max);

/* All of a string. */
char *plain_text(const char *string);

#endif
