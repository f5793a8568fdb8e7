/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shrink: --shrink: captures in, the few packets out that raise one finding. */
#ifndef ANALYZE_CMD_SHRINK_H
#define ANALYZE_CMD_SHRINK_H

#include "base/say.h"
#include "cmd/options.h"

/* Packets that are kept for trials take no more, and a search is stopped after so many trials or
 * so long; the capture is then written as it is. */
#define SHRINK_BYTES_MAX (2u << 30)
#define SHRINK_TRIALS_MAX 20000u
#define SHRINK_SECONDS_MAX 600

/* More packets than this are not explained one by one. */
#define SHRINK_EXPLAINED_MAX 200u

/* After start_wireshark(). */
enum exit_code shrink(const struct options *options);

#endif
