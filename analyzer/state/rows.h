/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rows: rows of numbers, appended, and asked for by their index, in little memory where each
 * number differs little from that of the row before.
 *
 * A row is packed as its differences (octets.h), and every sixteenth as it is: so many are read
 * at most for one that is asked for, and none or one where it comes after the one before. What was
 * read last is kept, so that two threads may not ask at once.
 *
 *     struct sstp_rows rows;
 *     sstp_rows_init(&rows, &mem, 2);
 *     if (!sstp_rows_add(&rows, (const uint64_t[]){time_ns, frame})) ...
 *     uint64_t row[2];
 *     sstp_rows_get(&rows, 0, row);
 *
 * The struct is a value, but for its memory: one of before, with the memory of now
 * (sstp_rows_undo()), has the rows of then.
 */
#ifndef SSTP_STATE_ROWS_H
#define SSTP_STATE_ROWS_H

#include "state/octets.h"

#define SSTP_ROWS_COLUMNS_MAX 5u
#define SSTP_ROWS_STEP 16u

/* The row that was read last. */
struct sstp_rows_reading {
    uint32_t index;
    uint32_t at; /* the octet after it; 0: none was read */
    uint64_t row[SSTP_ROWS_COLUMNS_MAX];
};

/* The members are private, `num` apart. */
struct sstp_rows {
    struct sstp_octets octets;
    struct sstp_array steps; /* of uint32_t: the octet of each row that is whole */
    uint32_t num;
    uint32_t num_columns;
    uint64_t last[SSTP_ROWS_COLUMNS_MAX]; /* row */
    struct sstp_rows_reading reading;
};

/* `mem` has to outlive the rows, which take nothing of it before the first. */
void sstp_rows_init(struct sstp_rows *rows, const struct sstp_mem *mem, unsigned num_columns);
void sstp_rows_clear(struct sstp_rows *rows);

/* A new row after the last, whose index was rows->num; false without memory or room. */
bool sstp_rows_add(struct sstp_rows *rows, const uint64_t *row);

/* The row of an index below rows->num. */
void sstp_rows_get(const struct sstp_rows *rows, uint32_t index, uint64_t *row);

/* The last row whose number in a column, where they never fall, is not above `value`; false
 * where that of the first is. */
bool sstp_rows_find(const struct sstp_rows *rows, unsigned column, uint64_t value, uint64_t *row);

/* Takes off what was added since `was`, a copy of the struct. */
void sstp_rows_undo(struct sstp_rows *rows, const struct sstp_rows *was);

#endif
