/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * attempt: a command that the observer takes on trial, and how it is as if it had not come;
 * for the observer alone.
 *
 * Kept is what a command can change: the observer itself, and the session that it names.
 * What it added is taken off again.
 */
#ifndef SSTP_STATE_ATTEMPT_H
#define SSTP_STATE_ATTEMPT_H

#include "state/observing.h"

struct sstp_attempt {
    struct sstp_observer observer; /* as it was; its arrays have moved since, perhaps */
    bool has_session;
    uint32_t index;
    struct sstp_observed_session session;
};

/* Before the command. */
void sstp_attempt_begin(struct sstp_attempt *attempt, const struct sstp_observing *observing);

/* After it: whether it broke a rule that the other side may keep for it yet, or names a
 * session that is not there, where the other side may open the one yet that it is of. */
bool sstp_attempt_is_premature(const struct sstp_observing *observing);

/* As it was before. */
void sstp_attempt_undo(const struct sstp_attempt *attempt, const struct sstp_observing *observing);

#endif
