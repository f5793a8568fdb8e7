/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state/attempt.h"

void sstp_attempt_begin(struct sstp_attempt *attempt, const struct sstp_observing *observing)
{
    const struct sstp_observer *observer = observing->observer;

    attempt->observer = *observer;
    attempt->has_session =
        sstp_command_info(observing->command->id) != NULL &&
        sstp_id_tree_find(&observer->ids, observing->command->session_id, &attempt->index);
    if (attempt->has_session)
        attempt->session = *(const struct sstp_observed_session *)sstp_array_at(&observer->sessions,
                                                                                attempt->index);
}

bool sstp_attempt_is_premature(const struct sstp_observing *observing)
{
    if (observing->seen->may_be_of_next)
        return true;
    for (int i = 0; i < SSTP_OBSERVED_FINDINGS; i++) {
        const enum sstp_finding finding = (enum sstp_finding)(SSTP_FINDING_STATE_FIRST + i);
        if ((observing->seen->findings & SSTP_OBSERVED(finding)) != 0 &&
            sstp_observed_rests_on_silence(finding))
            return true;
    }
    return false;
}

/* A direction as it was, with its arrays in the memory that they have now. */
static void undo_direction(struct sstp_observed_direction *direction,
                           const struct sstp_observed_direction *was)
{
    const struct sstp_observed_direction now = *direction;

    *direction = *was;
    direction->messages = now.messages;
    direction->entries = now.entries;
    direction->acknowledgements = now.acknowledgements;
    sstp_rows_undo(&direction->messages, &was->messages);
    sstp_rows_undo(&direction->entries, &was->entries);
    sstp_rows_undo(&direction->acknowledgements, &was->acknowledgements);
}

/* A session that the command began stays where it is, and nobody finds it. */
static void hide_session(const struct sstp_attempt *attempt, struct sstp_observer *observer,
                         uint32_t id)
{
    const uint32_t last = observer->sessions.num - 1;
    struct sstp_observed_session *session = sstp_array_at(&observer->sessions, last);

    session->state = SSTP_SESSION_CLOSED;
    session->epoch = attempt->observer.epoch - 1;
    if (attempt->has_session)
        (void)sstp_id_tree_put(&observer->ids, id, attempt->index); /* it is in: no memory taken */
}

void sstp_attempt_undo(const struct sstp_attempt *attempt, const struct sstp_observing *observing)
{
    struct sstp_observer *observer = observing->observer;
    const struct sstp_observer now = *observer;
    const struct sstp_observation *seen = observing->seen;

    if (seen->has_exchange && seen->is_response) {
        struct sstp_observed_exchange *exchange =
            sstp_array_at(&observer->exchanges, seen->exchange);
        exchange->response_frame = 0;
    }
    *observer = attempt->observer;
    observer->sessions = now.sessions;
    observer->ids = now.ids;
    observer->exchanges = now.exchanges;
    observer->exchanges.num = attempt->observer.exchanges.num;
    for (int i = 0; i < 2; i++) {
        observer->directions[i] = now.directions[i];
        undo_direction(&observer->directions[i], &attempt->observer.directions[i]);
    }
    if (observer->sessions.num > attempt->observer.sessions.num)
        hide_session(attempt, observer, observing->command->session_id);
    if (attempt->has_session) {
        struct sstp_observed_session *session = sstp_array_at(&observer->sessions, attempt->index);
        struct sstp_fanout *fanout = session->fanout; /* of which what is gone is gone */
        *session = attempt->session;
        session->fanout = fanout;
    }
}
