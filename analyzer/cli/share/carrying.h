/* SPDX-License-Identifier: GPL-2.0-or-later */
/* carrying: what the files of carry.h share: carry.c has the file, carry_tables.c the tables. */
#ifndef ANALYZE_SHARE_CARRYING_H
#define ANALYZE_SHARE_CARRYING_H

#include <stdio.h>

#include "core/command.h"
#include "record/store.h"

#define CARRY_BUFFER 65536u
#define CARRY_FINDINGS_MAX 32u
#define CARRY_MAGIC UINT64_C(0x6772767373747031)
/* The order of what comes after the last frame. */
#define CARRY_AFTER_FRAMES (UINT64_C(0xffffffff) << 32)

struct carry {
    FILE *file;
    guint64 order;
    gboolean is_ending, is_over, is_looked_up;
    GArray *stream_numbers; /* guint32, by connection: the frame with which it began */

    /* What the item that was read last points to. */
    GString *text, *other;
    struct sstp_command command;
    const char *findings[CARRY_FINDINGS_MAX + 1];
};

void carry_put(struct carry *carry, const void *bytes, gsize len);
void carry_put_bytes(struct carry *carry, const void *bytes, guint32 len);
gboolean carry_get(struct carry *carry, void *bytes, gsize len);
gboolean carry_get_bytes(struct carry *carry, GString *bytes);

void carry_put_tables(struct carry *carry, const struct report *report);
gboolean carry_get_tables(struct carry *carry, struct report *report, gboolean has_counts);

#endif
