/* SPDX-License-Identifier: GPL-2.0-or-later */
/* recording: the two files that a run can leave, a capture and the truth about it. */
#ifndef RELAYSIM_RECORDING_H
#define RELAYSIM_RECORDING_H

#include <glib.h>

#include "tap.h"
#include "truth.h"

/* The capture and the truth file of -w and --truth, NULL for those not asked
 * for.  FALSE with a sentence. */
struct recording {
    struct tap *tap;
    struct truth *truth;
};
gboolean recording_open(struct recording *recording, const char *capture, const char *truth);

/* FALSE, with a sentence, when something was not written. */
gboolean recording_close(struct recording *recording);

#endif
