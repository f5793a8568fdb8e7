/* SPDX-License-Identifier: GPL-2.0-or-later */
/* observer_event.c: attach and register sessions (GRVSSTP 3.2.4.1, 3.2.5.15,
 * 3.2.5.18, 3.3.5.14-17).  Their ids are judged with those of the sessions. */
#include "state/observer_event.h"

/* A session that a command opens; NULL where that is not possible. */
static struct sstp_observed_session *open_event(const struct sstp_observing *observing,
                                                enum sstp_session_kind kind)
{
    if (!sstp_observing_may_open(observing))
        return NULL;
    struct sstp_observed_session *session =
        sstp_observing_add_session(observing, kind, observing->from_initiator);
    if (session != NULL)
        sstp_observing_tell_session(observing, session, observing->observer->sessions.num - 1);
    return session;
}

static void on_attach(const struct sstp_observing *observing)
{
    observing->observer->has_attached = true;
    struct sstp_observed_session *session = open_event(observing, SSTP_SESSION_OF_ATTACH);
    if (session == NULL)
        return;
    session->awaits_attach_response = true;
    session->exchange = sstp_observing_ask(observing);
    sstp_observing_keep_resource_url(observing, session);
}

static void ask_for_registration(const struct sstp_observing *observing,
                                 struct sstp_observed_session *session)
{
    session->registration = sstp_observing_ask(observing);
    session->is_vague |= session->registration == 0; /* the answer is no surprise */
}

/* On an attach session, for the device and its account; or on a new session, for
 * an identity (GRVSSTP 3.2.4.1.3). */
static void on_register(const struct sstp_observing *observing)
{
    uint32_t index;
    struct sstp_observed_session *session = sstp_observing_session(observing, &index);

    if (session == NULL || session->kind != SSTP_SESSION_OF_ATTACH ||
        (session->state == SSTP_SESSION_CLOSED &&
         session->closed_by == (int)observing->from_initiator)) {
        session = open_event(observing, SSTP_SESSION_OF_REGISTER);
        if (session != NULL) {
            /* Its id may be that of an Attach which nobody saw. */
            session->is_vague = !observing->observer->is_complete;
            ask_for_registration(observing, session);
        }
        return;
    }
    sstp_observing_tell_session(observing, session, index);
    if (session->state == SSTP_SESSION_CLOSED) {
        sstp_observing_find(observing, SSTP_FINDING_UNKNOWN_SESSION_IGNORED);
        return;
    }
    if (!session->has_attach_response && !session->is_vague)
        sstp_observing_find(observing, SSTP_FINDING_UNEXPECTED_COMMAND);
    session->awaits_attach_response = true;
    ask_for_registration(observing, session);
}

/* Whether the session is one on which the command makes sense. */
static bool is_expected(const struct sstp_observing *observing,
                        const struct sstp_observed_session *session)
{
    const bool is_attach = session->kind == SSTP_SESSION_OF_ATTACH;

    if (session->is_vague)
        return true;
    if (!is_attach && session->kind != SSTP_SESSION_OF_REGISTER)
        return false;
    switch (observing->command->id) {
    case SSTP_ATTACH_RESPONSE:
        return is_attach && session->awaits_attach_response;
    case SSTP_ATTACH_AUTHENTICATE:
        return is_attach && session->has_attach_response;
    default: /* RegisterResponse */
        return session->registration != 0;
    }
}

static void go_on(const struct sstp_observing *observing, struct sstp_observed_session *session)
{
    switch (observing->command->id) {
    case SSTP_ATTACH_RESPONSE:
        sstp_observing_answer(observing, session->exchange);
        session->has_attach_response = true;
        session->awaits_attach_response = false;
        break;
    case SSTP_ATTACH_AUTHENTICATE:
        session->awaits_attach_response = true;
        break;
    case SSTP_REGISTER_RESPONSE:
        sstp_observing_answer(observing, session->registration);
        session->registration = 0;
        break;
    }
}

/* The session that a command speaks of which came late to the observer: one for messages it is
 * not, whatever else is said of it. */
static struct sstp_observed_session *imply_event(const struct sstp_observing *observing,
                                                 uint32_t *index)
{
    const uint8_t id = observing->command->id;
    const bool is_answer = id != SSTP_ATTACH_AUTHENTICATE;

    if (observing->observer->is_complete || observing->is_late)
        return NULL;
    *index = observing->observer->sessions.num;
    struct sstp_observed_session *session = sstp_observing_add_session(
        observing, id == SSTP_REGISTER_RESPONSE ? SSTP_SESSION_OF_REGISTER : SSTP_SESSION_OF_ATTACH,
        observing->from_initiator != is_answer);
    if (session != NULL)
        session->is_vague = true;
    return session;
}

/* AttachResponse, AttachAuthenticate and RegisterResponse need their session. */
static void on_event_of_id(const struct sstp_observing *observing)
{
    uint32_t index;
    struct sstp_observed_session *session = sstp_observing_session(observing, &index);

    if (session == NULL)
        session = imply_event(observing, &index);
    if (session == NULL) {
        sstp_observing_unknown_session(observing);
        return;
    }
    sstp_observing_tell_session(observing, session, index);
    if (session->state == SSTP_SESSION_CLOSED) {
        const bool is_answer = observing->command->id != SSTP_ATTACH_AUTHENTICATE;
        sstp_observing_find(observing, session->closed_by == (int)observing->from_initiator
                                           ? SSTP_FINDING_UNKNOWN_SESSION
                                           : SSTP_FINDING_UNKNOWN_SESSION_IGNORED);
        observing->seen->may_be_of_next = is_answer && !is_expected(observing, session);
    } else if (!is_expected(observing, session))
        sstp_observing_find(observing, SSTP_FINDING_UNEXPECTED_COMMAND);
    else
        go_on(observing, session);
}

void sstp_observing_event_command(const struct sstp_observing *observing)
{
    const uint8_t id = observing->command->id;

    if (id != SSTP_ATTACH && id != SSTP_REGISTER)
        on_event_of_id(observing);
    else if (observing->is_late)
        return; /* nothing begins on a connection that the other side has closed */
    else if (id == SSTP_ATTACH)
        on_attach(observing);
    else
        on_register(observing);
}
