/* SPDX-License-Identifier: GPL-2.0-or-later */
/* demo: `relaysim demo`, once its options are read. */
#ifndef RELAYSIM_DEMO_DEMO_H
#define RELAYSIM_DEMO_DEMO_H

#include "play/cast.h"
#include "record/recording.h"

#define DEMO_SCENES 14

/* Plays the first `num_scenes`, a line of the results each; returns the exit code.  `stop` ends it at once, in
 * the middle: EXIT_REPORTED then; or NULL.  A simulation: as cast_init() says. */
int demo_play(const struct recording *recording, const struct cast_stop *stop,
              struct simulation *simulation, size_t num_scenes);

#endif
