/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fault: seeded misfortunes of connections and of captures.
 *
 * A plan says which there are.  Those of a connection, which net/net.h carries out: writes
 * are cut at random points, bytes are handed on late, the connection is reset after so
 * many bytes.  Those of the capture alone, which record/capture.h carries out, for both ends have
 * every byte: segments are lost, duplicated, put after the next one.
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

#define FAULT_DELAY_MAX_MS 1000u
#define FAULT_ONE_OF_MAX 10000u
#define FAULT_BYTES_MAX (1u << 20)

struct fault_plan {
    bool splits;
    unsigned delay_ms;           /* at most; 0: none */
    bool drops;                  /* net_drop_within() is used */
    unsigned proxies_die_within; /* bytes, see play/play.h; 0: they do not */
    /* Of each so many segments with data one, at random; 0: none. */
    unsigned lose_one_of, duplicate_one_of, reorder_one_of;
};

enum fault_of_segment { FAULT_NONE, FAULT_LOSE, FAULT_DUPLICATE, FAULT_REORDER };

/* Adds what `text` says to a plan: "split", "delay 20ms", "proxy-dies within 5000 bytes", "lose 1
 * of 8", "duplicate 1 of 8", "reorder 1 of 8".  NULL, or a sentence on what is wrong with it, to be
 * freed. */
char *fault_plan_add(struct fault_plan *plan, const char *text);

/* The same in words, to be freed. */
char *fault_plan_text(const struct fault_plan *plan);

struct faults;

/* NULL for a plan without faults. */
struct faults *faults_new(const struct fault_plan *plan, uint64_t seed);
void faults_free(struct faults *faults); /* NULL is fine */

bool faults_splits(const struct faults *faults);
bool faults_delays(const struct faults *faults);

/* How many of `len` bytes, which is not 0, are written before a pause. */
size_t faults_cut(struct faults *faults, size_t len);

/* How long the pause is, or how late bytes are handed on. */
unsigned faults_pause_ms(struct faults *faults);

/* What becomes of the next segment with data in the capture. */
enum fault_of_segment faults_of_segment(struct faults *faults);

/* A number from 1 to `max`, for who decides something else by the same seed. */
uint64_t faults_number(struct faults *faults, uint64_t max);

#endif
