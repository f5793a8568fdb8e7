/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fault: seeded misfortunes of connections, and what is said of those of captures.
 *
 * A plan says which there are.  Those of a connection, which net/net.h carries out: writes
 * are cut at random points, bytes are handed on late, the connection is reset after so
 * many bytes.  Those of the capture alone are another plan, base/wear_plan.h, which
 * record/capture.h carries out: both ends have every byte.
 *
 * A plan of zeros has none, and costs nothing: whoever asks has a NULL to look at.  The
 * same seed gives the same decisions in the same order; what they meet depends on time.
 *
 *     struct fault_plan plan = {.splits = true};
 *     struct faults *faults = faults_new(&plan, seed);
 *     size_t num = faults_cut(faults, len);
 */
#ifndef RELAYSIM_BASE_FAULT_H
#define RELAYSIM_BASE_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/wear_plan.h"

#define FAULT_DELAY_MAX_MS 1000u
#define FAULT_BYTES_MAX (1u << 20)

struct fault_plan {
    bool splits;
    unsigned delay_ms;           /* at most; 0: none */
    bool drops;                  /* net_drop_within() is used */
    unsigned proxies_die_within; /* bytes, see play/play.h; 0: they do not */
    struct wear_plan capture;
};

/* Adds what `text` says to a plan: "split", "delay 20ms", "proxy-dies within 5000 bytes", or
 * "capture " and what base/wear_plan.h knows, of which lose, duplicate and reorder may stand
 * alone; several with ", " between.  NULL, or a sentence on what is wrong with it, to be freed. */
char *fault_plan_add(struct fault_plan *plan, const char *text);

/* `more` comes on top: of what both have, it has the last word. */
void fault_plan_merge(struct fault_plan *plan, const struct fault_plan *more);

/* Whether it has nothing but faults of the capture. */
bool fault_plan_is_of_capture(const struct fault_plan *plan);

/* The same in words, to be freed. */
char *fault_plan_text(const struct fault_plan *plan);

struct faults;

/* NULL for a plan without faults of connections. */
struct faults *faults_new(const struct fault_plan *plan, uint64_t seed);
void faults_free(struct faults *faults); /* NULL is fine */

bool faults_splits(const struct faults *faults);
bool faults_delays(const struct faults *faults);

/* How many of `len` bytes, which is not 0, are written before a pause. */
size_t faults_cut(struct faults *faults, size_t len);

/* How long the pause is, or how late bytes are handed on. */
unsigned faults_pause_ms(struct faults *faults);

/* A number from 1 to `max`, for who decides something else by the same seed. */
uint64_t faults_number(struct faults *faults, uint64_t max);

#endif
