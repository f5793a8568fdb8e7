/* SPDX-License-Identifier: GPL-2.0-or-later */
/* taken: the commands of one connection as they went over the wire, kept to be told again. */
#ifndef ANALYZE_SCENARIO_TAKEN_H
#define ANALYZE_SCENARIO_TAKEN_H

#include <glib.h>

#include "core/wire.h"

/* More than this is counted, and not kept: as many as a scenario has lines for, and that many
 * bytes. */
#define TAKEN_COMMANDS_MAX 45000u
#define TAKEN_BYTES_MAX (256u << 20)

struct taken_command {
    gboolean from_initiator;
    guint16 length; /* CommandLength */
    gint64 t_ns;
    gsize offset, len; /* of its bytes: fewer than CommandLength where some were not captured */
};

struct taken {
    GArray *commands; /* struct taken_command */
    GByteArray *bytes;
    guint64 num_left_out;
};

void taken_init(struct taken *taken);
void taken_clear(struct taken *taken);

/* `bytes` are copied. */
void taken_add(struct taken *taken, gboolean from_initiator, gint64 t_ns, guint16 length,
               struct sstp_span bytes);

const struct taken_command *taken_at(const struct taken *taken, guint index);
/* Good until more is added. */
struct sstp_span taken_bytes(const struct taken *taken, guint index);

#endif
