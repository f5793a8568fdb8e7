/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * option_value: what numbers look like on a command line.
 *
 * All are decimal, whatever they begin with: 010 is ten.  There is no sign, no space, no
 * exponent and nothing after the value.  A value that does not fit into its type is none.
 */
#ifndef RELAYSIM_CMD_OPTION_VALUE_H
#define RELAYSIM_CMD_OPTION_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A whole number; one minus sign may stand before it, so that what is out of range can be told
 * from what is no number. */
bool option_value_number(const char *text, int64_t *number);

/* A whole number without a sign, up to UINT64_MAX. */
bool option_value_unsigned(const char *text, uint64_t *number);

/*
 * Bytes: a number alone, or with a unit right after it.  k, M, G and T (also kB, MB, GB and TB)
 * are powers of 1000; KiB, MiB, GiB and TiB (also Ki, Mi, Gi and Ti) are powers of 1024; B is one
 * byte.  The case of the first letter does not matter.  With a unit there may be a fraction, as in
 * 1.5k, as long as it makes whole bytes.
 */
bool option_value_size(const char *text, int64_t *bytes);

/*
 * A length of time in milliseconds: seconds, or with a unit (ms, s, m, h) right after the number;
 * fractions as in 0.5.  What is finer than a millisecond is cut off, but never to 0: less than one
 * is no value.
 */
bool option_value_time(const char *text, int64_t *ms);

/* Writes a number of bytes as an option takes it, "16MiB", where it is a whole number of a unit. */
void option_value_write_size(char *text, size_t size, int64_t bytes);

#endif
