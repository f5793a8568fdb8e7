/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state/observed_rows.h"

/* The columns of an acknowledgement. */
enum { TIME, FRAME, FIRST, COVERED, REMAINING };

bool sstp_observed_message_add(struct sstp_rows *rows, const struct sstp_observed_message *message)
{
    const uint64_t row[SSTP_OBSERVED_MESSAGE_COLUMNS] = {
        message->session, (uint64_t)message->number << 1 | message->wants_acknowledgement};
    return sstp_rows_add(rows, row);
}

struct sstp_observed_message sstp_observed_message_at(const struct sstp_rows *rows, uint32_t index)
{
    uint64_t row[SSTP_OBSERVED_MESSAGE_COLUMNS];

    sstp_rows_get(rows, index, row);
    return (struct sstp_observed_message){(uint32_t)row[0], (uint32_t)(row[1] >> 1),
                                          (row[1] & 1) != 0};
}

bool sstp_observed_entry_add(struct sstp_rows *rows, const struct sstp_observed_entry *entry)
{
    const uint64_t row[SSTP_OBSERVED_ENTRY_COLUMNS] = {(uint64_t)entry->time_ns, entry->frame,
                                                       entry->message};
    return sstp_rows_add(rows, row);
}

struct sstp_observed_entry sstp_observed_entry_at(const struct sstp_rows *rows, uint32_t index)
{
    uint64_t row[SSTP_OBSERVED_ENTRY_COLUMNS];

    sstp_rows_get(rows, index, row);
    return (struct sstp_observed_entry){(int64_t)row[0], (uint32_t)row[1], (uint32_t)row[2]};
}

bool sstp_observed_acknowledgement_add(struct sstp_rows *rows,
                                       const struct sstp_observed_acknowledgement *acknowledgement)
{
    const uint64_t row[SSTP_OBSERVED_ACKNOWLEDGEMENT_COLUMNS] = {
        [TIME] = (uint64_t)acknowledgement->time_ns,
        [FRAME] = acknowledgement->frame,
        [FIRST] = acknowledgement->first,
        [COVERED] = acknowledgement->covered,
        [REMAINING] = acknowledgement->remaining};
    return sstp_rows_add(rows, row);
}

static struct sstp_observed_acknowledgement acknowledgement_of(const uint64_t *row)
{
    return (struct sstp_observed_acknowledgement){.time_ns = (int64_t)row[TIME],
                                                  .frame = (uint32_t)row[FRAME],
                                                  .first = (uint32_t)row[FIRST],
                                                  .covered = (uint32_t)row[COVERED],
                                                  .remaining = (uint32_t)row[REMAINING]};
}

struct sstp_observed_acknowledgement sstp_observed_acknowledgement_at(const struct sstp_rows *rows,
                                                                      uint32_t index)
{
    uint64_t row[SSTP_OBSERVED_ACKNOWLEDGEMENT_COLUMNS];

    sstp_rows_get(rows, index, row);
    return acknowledgement_of(row);
}

bool sstp_observed_acknowledgement_find(const struct sstp_rows *rows, uint32_t position,
                                        struct sstp_observed_acknowledgement *found)
{
    uint64_t row[SSTP_OBSERVED_ACKNOWLEDGEMENT_COLUMNS];

    if (!sstp_rows_find(rows, FIRST, position, row))
        return false;
    *found = acknowledgement_of(row);
    return true;
}
