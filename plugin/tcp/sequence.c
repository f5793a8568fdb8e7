/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tcp/sequence.h"

/* Whether bytes that are not the next ones prove by their number that they are. */
static bool is_place_wrong(struct grvsstp_sequence *sequence, uint32_t seq, uint32_t len,
                           bool is_ahead)
{
    const bool goes_on = sequence->other_len > 0 && seq == sequence->other_next;

    sequence->other_len = goes_on ? sequence->other_len + len : len;
    sequence->other_next = seq + len;
    return is_ahead ? goes_on : sequence->other_len > GRVSSTP_SEQUENCE_OLD_MAX;
}

struct grvsstp_join grvsstp_sequence_join(struct grvsstp_sequence *sequence, uint32_t seq,
                                          uint32_t len)
{
    struct grvsstp_join join = {!sequence->is_known, 0, 0};
    const int32_t ahead = sequence->is_known ? (int32_t)(seq - sequence->next) : 0;
    const bool is_far = ahead > (int32_t)GRVSSTP_SEQUENCE_LOSS_MAX;

    if (is_far || (ahead < 0 && (uint32_t)-ahead >= len && len > 0)) {
        if (!is_place_wrong(sequence, seq, len, is_far)) {
            join.skip = len;
            return join;
        }
        join.lost = UINT32_MAX;
    } else if (ahead > 0) {
        join.lost = (uint32_t)ahead;
    } else if (ahead < 0) {
        join.skip = (uint32_t)-ahead < len ? (uint32_t)-ahead : len;
    }
    if (join.skip < len || join.is_first) {
        sequence->next = seq + len;
        sequence->other_len = 0;
    }
    sequence->is_known = true;
    return join;
}
