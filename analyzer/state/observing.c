/* SPDX-License-Identifier: GPL-2.0-or-later */
/* observing.c: what all files of the observer do alike. */
#include "state/observing.h"

#include <string.h>

void sstp_observing_forget(struct sstp_observer *observer)
{
    observer->state = SSTP_CONNECTION_UNKNOWN;
    observer->connect = 0;
    observer->epoch++;
}

void sstp_observing_lose(struct sstp_observer *observer)
{
    sstp_observing_forget(observer);
    observer->is_complete = observer->is_counting = false;
    for (int i = 0; i < 2; i++) {
        /* Whatever is outstanding, nobody will be able to say who acknowledged it. */
        sstp_ledger_forget(&observer->directions[i].ledger);
        observer->directions[i].has_closed = false;
    }
}

bool sstp_observed_rests_on_silence(enum sstp_finding finding)
{
    return finding == SSTP_FINDING_UNEXPECTED_COMMAND || finding == SSTP_FINDING_UNKNOWN_SESSION ||
           finding == SSTP_FINDING_DUPLICATE_SESSION || finding == SSTP_FINDING_ACK_EXCESS;
}

/* Whether the finding is about what the other side's commands allow. */
static bool rests_on_others(const struct sstp_observing *observing, enum sstp_finding finding)
{
    if (finding == SSTP_FINDING_WRONG_ROLE) /* 3.2.5.6: once an Attach was sent */
        return observing->command->id == SSTP_FANOUT_OPEN;
    return finding != SSTP_FINDING_ACK_EXCESS && sstp_observed_rests_on_silence(finding);
}

/* Whether its sender had received all that decides about the command. */
static bool is_known_to_sender(const struct sstp_observing *observing)
{
    const struct sstp_observer *observer = observing->observer;
    const bool other = !observing->from_initiator;
    uint32_t index;

    if (observing->knowledge == NULL)
        return true;
    if (observer->changed[other] > observing->knowledge->known)
        return false;
    if (sstp_command_info(observing->command->id)->scope == SSTP_SCOPE_CONNECTION ||
        !sstp_id_tree_find(&observer->ids, observing->command->session_id, &index))
        return true;
    const struct sstp_observed_session *session = sstp_array_at(&observer->sessions, index);
    return session->changed[other] <= observing->knowledge->known;
}

void sstp_observing_find(const struct sstp_observing *observing, enum sstp_finding finding)
{
    const struct sstp_observer *observer = observing->observer;

    if (sstp_observed_rests_on_silence(finding) && !observer->hears_both &&
        !observer->directions[!observing->from_initiator].is_heard)
        return; /* it may be that its half of the connection is not captured at all */
    if (rests_on_others(observing, finding) && !is_known_to_sender(observing))
        return; /* it was right by all that its sender knew */
    observing->seen->findings |= SSTP_OBSERVED(finding);
}

void sstp_observing_give_up(const struct sstp_observing *observing)
{
    sstp_observing_lose(observing->observer);
}

uint32_t sstp_observing_ask(const struct sstp_observing *observing)
{
    struct sstp_array *exchanges = &observing->observer->exchanges;
    struct sstp_observed_exchange *exchange = sstp_array_add(exchanges);
    if (exchange == NULL)
        return 0;
    exchange->request_frame = observing->place.frame;
    exchange->request_time_ns = observing->place.time_ns;
    observing->seen->has_exchange = true;
    observing->seen->exchange = exchanges->num - 1;
    return exchanges->num;
}

void sstp_observing_answer(const struct sstp_observing *observing, uint32_t exchange)
{
    if (exchange == 0)
        return;
    struct sstp_observed_exchange *asked =
        sstp_array_at(&observing->observer->exchanges, exchange - 1);
    if (asked->response_frame != 0)
        return;
    asked->response_frame = observing->place.frame;
    observing->seen->has_exchange = observing->seen->is_response = true;
    observing->seen->exchange = exchange - 1;
}

/* ------------------------------------------------------------------------
 * The table of sessions
 */

void sstp_observing_drop_fanout(const struct sstp_observer *observer,
                                struct sstp_observed_session *session)
{
    if (session->fanout == NULL)
        return;
    sstp_fanout_clear(session->fanout);
    observer->mem->resize(observer->mem->cookie, session->fanout, 0);
    session->fanout = NULL;
}

/* Commands were missed since the session was last heard of. */
static void make_vague(const struct sstp_observer *observer, struct sstp_observed_session *session)
{
    session->state = SSTP_SESSION_UNKNOWN;
    session->receiver = SSTP_RECEIVER_UNKNOWN;
    session->message = session->exchange = session->registration = 0;
    session->is_vague = true;
    session->epoch = observer->epoch;
    sstp_observing_drop_fanout(observer, session);
}

struct sstp_observed_session *sstp_observing_session(const struct sstp_observing *observing,
                                                     uint32_t *index)
{
    const struct sstp_observer *observer = observing->observer;

    if (!sstp_id_tree_find(&observer->ids, observing->command->session_id, index))
        return NULL;
    struct sstp_observed_session *session = sstp_array_at(&observer->sessions, *index);
    if (session->epoch == observer->epoch)
        return session;
    if (session->state == SSTP_SESSION_CLOSED)
        return NULL; /* what has its id now was opened while nobody saw it */
    make_vague(observer, session);
    return session;
}

void sstp_observing_tell_session(const struct sstp_observing *observing,
                                 const struct sstp_observed_session *session, uint32_t index)
{
    observing->seen->has_session = true;
    observing->seen->session = index;
    if (session->kind == SSTP_SESSION_OF_MESSAGES || session->kind == SSTP_SESSION_OF_FANOUT) {
        observing->seen->session_state = session->state;
        observing->seen->receiver_state = session->receiver;
    }
}

bool sstp_observing_may_open(const struct sstp_observing *observing)
{
    const struct sstp_observer *observer = observing->observer;
    const uint32_t id = observing->command->session_id;
    uint32_t index;

    if (observer->are_roles_known && (id < SSTP_ACCEPTOR_SESSION_ID) != observing->from_initiator)
        sstp_observing_find(observing, SSTP_FINDING_SESSION_ID_RANGE);
    if (!sstp_id_tree_find(&observer->ids, id, &index))
        return true;
    const struct sstp_observed_session *session = sstp_array_at(&observer->sessions, index);
    /* What made a vague one known may have crossed a Close that nobody saw. */
    if (session->epoch != observer->epoch || session->is_vague ||
        session->state == SSTP_SESSION_CLOSED)
        return true;
    sstp_observing_find(observing, SSTP_FINDING_DUPLICATE_SESSION);
    sstp_observing_tell_session(observing, session, index);
    return false;
}

struct sstp_observed_session *sstp_observing_add_session(const struct sstp_observing *observing,
                                                         enum sstp_session_kind kind,
                                                         int originator)
{
    struct sstp_observer *observer = observing->observer;
    const uint32_t index = observer->sessions.num;
    struct sstp_observed_session *session = sstp_array_add(&observer->sessions);

    if (session == NULL ||
        !sstp_id_tree_put(&observer->ids, observing->command->session_id, index)) {
        sstp_observing_give_up(observing);
        return NULL;
    }
    session->id = observing->command->session_id;
    session->kind = kind;
    session->originator = (int8_t)originator;
    session->closed_by = -1;
    session->epoch = observer->epoch;
    return session;
}

char *sstp_observing_copy(const struct sstp_observer *observer, struct sstp_span text)
{
    if (text.data == NULL)
        return NULL; /* the command was cut short before it */
    char *copy = observer->mem->resize(observer->mem->cookie, NULL, text.len + 1);

    if (copy == NULL)
        return NULL;
    if (text.len > 0)
        memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    return copy;
}

void sstp_observing_keep_resource_url(const struct sstp_observing *observing,
                                      struct sstp_observed_session *session)
{
    session->resource_url =
        sstp_observing_copy(observing->observer, observing->command->resource_url);
}

void sstp_observing_unknown_session(const struct sstp_observing *observing)
{
    const struct sstp_observer *observer = observing->observer;
    const bool is_close = observing->command->id == SSTP_CLOSE;

    if (!observer->is_complete)
        return;
    /* 3.1.5.9: nobody minds a Close too many. */
    sstp_observing_find(observing, is_close || observing->is_late
                                       ? SSTP_FINDING_UNKNOWN_SESSION_IGNORED
                                       : SSTP_FINDING_UNKNOWN_SESSION);
    /* But who refuses a session by it has had an Open. */
    observing->seen->may_be_of_next =
        is_close && !observing->is_late && observer->are_roles_known &&
        (observing->command->session_id < SSTP_ACCEPTOR_SESSION_ID) != observing->from_initiator;
}
