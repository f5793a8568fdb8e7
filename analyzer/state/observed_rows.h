/* SPDX-License-Identifier: GPL-2.0-or-later */
/* observed_rows: the messages, entries and acknowledgements of a direction as rows of numbers
 * (rows.h); for the observer alone. */
#ifndef SSTP_STATE_OBSERVED_ROWS_H
#define SSTP_STATE_OBSERVED_ROWS_H

#include "state/observed.h"

#define SSTP_OBSERVED_MESSAGE_COLUMNS 2u
#define SSTP_OBSERVED_ENTRY_COLUMNS 3u
#define SSTP_OBSERVED_ACKNOWLEDGEMENT_COLUMNS 5u

/* Each appends one; false without memory or room. */
bool sstp_observed_message_add(struct sstp_rows *rows, const struct sstp_observed_message *message);
bool sstp_observed_entry_add(struct sstp_rows *rows, const struct sstp_observed_entry *entry);
bool sstp_observed_acknowledgement_add(struct sstp_rows *rows,
                                       const struct sstp_observed_acknowledgement *acknowledgement);

/* The one of an index below rows->num. */
struct sstp_observed_message sstp_observed_message_at(const struct sstp_rows *rows, uint32_t index);
struct sstp_observed_entry sstp_observed_entry_at(const struct sstp_rows *rows, uint32_t index);
struct sstp_observed_acknowledgement sstp_observed_acknowledgement_at(const struct sstp_rows *rows,
                                                                      uint32_t index);

/* The last whose first position is not after this one; false where there is none. */
bool sstp_observed_acknowledgement_find(const struct sstp_rows *rows, uint32_t position,
                                        struct sstp_observed_acknowledgement *found);

#endif
