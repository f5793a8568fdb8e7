/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * filler: contents that mean nothing, for commands that a scenario says word by word: the same for
 * the same length and key, and others for every other key.
 */
#ifndef RELAYSIM_SCENARIO_FILLER_H
#define RELAYSIM_SCENARIO_FILLER_H

#include <glib.h>

/* The key as eight hexadecimal digits comes first, so that no two keys have the same. */
#define FILLER_LEN_MIN 8u

/* Appends `len` bytes, FILLER_LEN_MIN at least, all of them letters and digits. */
void filler_append(GByteArray *bytes, gsize len, guint32 key);

#endif
