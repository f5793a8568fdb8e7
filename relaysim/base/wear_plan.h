/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wear_plan: what is done to a capture on its way into the file, so that it is worn as real ones
 * are: "--fault capture ...", of all programs that write captures.
 *
 * A plan is what was asked for; the kinds are a table, see wear_plan_rows, and relaysim(1).  What
 * they do is in record/, a file each.  The same plan and seed make the same of the same segments.
 *
 *     struct wear_plan plan = {.has = {false}};
 *     char *why = wear_plan_add(&plan, "lose 1 of 8");
 */
#ifndef RELAYSIM_BASE_WEAR_PLAN_H
#define RELAYSIM_BASE_WEAR_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#define WEAR_ONE_OF_MAX 10000

/* In the order in which they are told. */
enum wear_kind {
    WEAR_SEGMENTS,
    WEAR_OFFLOAD,
    WEAR_RESEND,
    WEAR_DELAY,
    WEAR_JITTER,
    WEAR_LOSE,
    WEAR_DUPLICATE,
    WEAR_REORDER,
    WEAR_START,
    WEAR_SNAP,
    WEAR_VLAN,
    WEAR_IPV6,
    WEAR_NAT,
    WEAR_LINK,
    WEAR_POINTS,
    WEAR_RING,
    WEAR_KINDS
};

/* The values of a kind, by their places. */
#define WEAR_VALUES_MAX 3u
enum { WEAR_SEGMENTS_LEN, WEAR_SEGMENTS_LEN_MAX }; /* the second 0: each has the first */
enum { WEAR_ONE_OF, WEAR_DUPLICATE_VLAN, WEAR_REORDER_BY = 1 }; /* the second 0: none told */
enum { WEAR_TIME_MS };
enum { WEAR_START_AFTER };
enum { WEAR_SNAP_LEN };
enum { WEAR_VLAN_ID };
enum { WEAR_LINK_TYPE };
enum { WEAR_POINTS_AHEAD_MS, WEAR_POINTS_APART_MS, WEAR_POINTS_DRIFT_PPM };
enum { WEAR_RING_BYTES, WEAR_RING_KEEP }; /* the second 0: all files */

/* Values of WEAR_LINK_TYPE, in the order of their words; without WEAR_LINK it is Ethernet. */
enum wear_link {
    WEAR_LINK_ETHERNET,
    WEAR_LINK_COOKED,  /* of Linux, version 1 */
    WEAR_LINK_COOKED2, /* version 2 */
    WEAR_LINK_LOOPBACK,
    WEAR_LINK_RAW
};

struct wear_plan {
    bool has[WEAR_KINDS];
    int values[WEAR_KINDS][WEAR_VALUES_MAX];
};

/* How a kind is said: `words` after its name, in which # is a number, with the unit after it; @ a
 * word of wear_link_words; and what is in brackets may be missing, with the value 0. */
struct wear_plan_row {
    const char *name, *words;
    int min, max;    /* of the first number */
    int min2, max2;  /* of those in brackets */
    bool is_of_file; /* it holds for the files, not for a story */
};
extern const struct wear_plan_row wear_plan_rows[WEAR_KINDS];
extern const char *const wear_link_words[]; /* ends with NULL */

/* Adds what `text` says: "lose 1 of 8".  NULL, or a sentence on what is wrong, to be freed. */
char *wear_plan_add(struct wear_plan *plan, const char *text);

/* What kinds do not go together.  NULL, or a sentence, to be freed. */
char *wear_plan_check(const struct wear_plan *plan);

bool wear_plan_is_empty(const struct wear_plan *plan);

/* Whether it has a kind that holds for files. */
bool wear_plan_is_of_file(const struct wear_plan *plan);

/* `more` comes on top: of a kind that both have, it has the last word. */
void wear_plan_merge(struct wear_plan *plan, const struct wear_plan *more);

/* One kind in words, as it is said, to be freed. */
char *wear_plan_text(const struct wear_plan *plan, enum wear_kind kind);

#endif
