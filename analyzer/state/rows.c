/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state/rows.h"

#include <assert.h>
#include <string.h>

_Static_assert(SSTP_ROWS_COLUMNS_MAX * 10 <= SSTP_OCTETS_MAX, "a row is added at once");

void sstp_rows_init(struct sstp_rows *rows, const struct sstp_mem *mem, unsigned num_columns)
{
    assert(num_columns <= SSTP_ROWS_COLUMNS_MAX);
    memset(rows, 0, sizeof *rows);
    sstp_octets_init(&rows->octets, mem);
    sstp_array_init(&rows->steps, mem, sizeof(uint32_t));
    rows->num_columns = num_columns;
}

void sstp_rows_clear(struct sstp_rows *rows)
{
    sstp_octets_clear(&rows->octets);
    sstp_array_clear(&rows->steps);
    rows->num = 0;
    rows->reading.at = 0;
}

bool sstp_rows_add(struct sstp_rows *rows, const uint64_t *row)
{
    const bool is_whole = rows->num % SSTP_ROWS_STEP == 0;
    uint8_t octets[SSTP_OCTETS_MAX], *end = octets;

    if (rows->num == UINT32_MAX)
        return false;
    for (unsigned i = 0; i < rows->num_columns; i++)
        end = sstp_put_difference(end, row[i], is_whole ? 0 : rows->last[i]);
    uint32_t *step = is_whole ? sstp_array_add_unset(&rows->steps) : NULL;
    if (is_whole && step == NULL)
        return false;
    if (step != NULL)
        *step = rows->octets.num;
    if (!sstp_octets_add(&rows->octets, octets, (size_t)(end - octets))) {
        rows->steps.num -= is_whole;
        return false;
    }
    memcpy(rows->last, row, rows->num_columns * sizeof *row);
    rows->num++;
    return true;
}

static void take_row(const struct sstp_rows *rows, uint32_t *at, uint64_t *row)
{
    for (unsigned i = 0; i < rows->num_columns; i++)
        row[i] = sstp_take_difference(&rows->octets, at, row[i]);
}

/* The row with which a step begins, and where the one after it is. */
static uint32_t take_first(const struct sstp_rows *rows, uint32_t step, uint64_t *row)
{
    uint32_t at = *(const uint32_t *)sstp_array_at(&rows->steps, step);

    memset(row, 0, rows->num_columns * sizeof *row);
    take_row(rows, &at, row);
    return at;
}

void sstp_rows_get(const struct sstp_rows *rows, uint32_t index, uint64_t *row)
{
    assert(index < rows->num);
    if (index == rows->num - 1) { /* as most that are asked for while they come */
        memcpy(row, rows->last, rows->num_columns * sizeof *row);
        return;
    }
    /* What is kept of reading is nothing that the caller could see change. */
    struct sstp_rows_reading *reading = (struct sstp_rows_reading *)&rows->reading;
    if (reading->at == 0 || index < reading->index ||
        index / SSTP_ROWS_STEP != reading->index / SSTP_ROWS_STEP) {
        reading->at = take_first(rows, index / SSTP_ROWS_STEP, reading->row);
        reading->index = index - index % SSTP_ROWS_STEP;
    }
    for (; reading->index < index; reading->index++)
        take_row(rows, &reading->at, reading->row);
    memcpy(row, reading->row, rows->num_columns * sizeof *row);
}

bool sstp_rows_find(const struct sstp_rows *rows, unsigned column, uint64_t value, uint64_t *row)
{
    uint32_t low = 0, high = (rows->num + SSTP_ROWS_STEP - 1) / SSTP_ROWS_STEP;
    uint64_t next[SSTP_ROWS_COLUMNS_MAX];

    while (low < high) { /* the first step that begins above the value */
        const uint32_t middle = low + (high - low) / 2;
        (void)take_first(rows, middle, next);
        if (next[column] <= value)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return false;
    uint32_t at = take_first(rows, low - 1, next);
    memcpy(row, next, rows->num_columns * sizeof *row);
    for (uint32_t i = (low - 1) * SSTP_ROWS_STEP + 1; i < rows->num && i % SSTP_ROWS_STEP != 0;
         i++) {
        take_row(rows, &at, next);
        if (next[column] > value)
            break;
        memcpy(row, next, rows->num_columns * sizeof *row);
    }
    return true;
}

void sstp_rows_undo(struct sstp_rows *rows, const struct sstp_rows *was)
{
    const struct sstp_rows now = *rows;

    *rows = *was;
    rows->octets.cells = now.octets.cells;
    rows->steps = now.steps;
    rows->steps.num = was->steps.num;
}
