/* SPDX-License-Identifier: GPL-2.0-or-later */
/* script: the scenario of a connection, from its title to its end (relaysim-scenario(5)). */
#ifndef ANALYZE_SCENARIO_SCRIPT_H
#define ANALYZE_SCENARIO_SCRIPT_H

#include <glib.h>

#include "scenario/ending.h"
#include "scenario/replace.h"
#include "scenario/taken.h"

/* What relaysim reads, and a little less for what comes at the end. */
#define SCRIPT_BYTES_MAX ((8u << 20) - 4096u)
#define SCRIPT_SECONDS_MAX (7u * 24 * 3600)

struct script {
    const struct taken *taken;
    const char *encapsulation; /* as a report has it: "TCP", ... */
    guint16 acceptor_port;     /* that it was captured on */
    struct ending ending;      /* of the only TCP connection; all 0 where it is over HTTP */
    gboolean is_over_http, is_ended_by_initiator;
    /* What was found out about it. */
    gboolean has_gap, has_broken_framing, has_missing_half;
};

/* Appends it, and to `sentences` (char *, to be freed) what it cannot say. */
void script_append(GString *text, const struct script *script, struct replace *replace,
                   GPtrArray *sentences);

#endif
