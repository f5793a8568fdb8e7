/* SPDX-License-Identifier: GPL-2.0-or-later */
/* observer_session.c: sessions from Open to Close (GRVSSTP 3.1.4.3-5, 3.1.5.5-9,
 * 3.3.5.6). */
#include "state/observer_session.h"

#include "state/observer_event.h"
#include "state/observer_message.h"

static void close_session(const struct sstp_observing *observing,
                          struct sstp_observed_session *session, int closed_by)
{
    sstp_observing_drop_fanout(observing->observer, session);
    session->state = SSTP_SESSION_CLOSED;
    session->receiver = SSTP_RECEIVER_UNKNOWN;
    session->closed_by = (int8_t)closed_by;
    session->has_closed[closed_by] = true;
}

/* ------------------------------------------------------------------------
 * Sessions that are not there
 */

static enum sstp_session_kind kind_implied_by(uint8_t command_id)
{
    return command_id == SSTP_SESSION_STATUS ? SSTP_SESSION_OF_FANOUT : SSTP_SESSION_OF_MESSAGES;
}

/* The session that a command speaks of which came late to the observer. */
static struct sstp_observed_session *imply_session(const struct sstp_observing *observing,
                                                   uint32_t *index)
{
    const uint8_t id = observing->command->id;
    int originator = observing->from_initiator;

    if (observing->observer->is_complete || observing->is_late)
        return NULL;
    if (id == SSTP_CLOSE)
        originator = -1;
    else if (!sstp_command_is_of_message(id))
        originator = !originator;
    *index = observing->observer->sessions.num;
    struct sstp_observed_session *session =
        sstp_observing_add_session(observing, kind_implied_by(id), originator);
    if (session != NULL)
        session->is_vague = true;
    return session;
}

/* Whether the command is what an Open is answered with. */
static bool is_answer(const struct sstp_command *command)
{
    enum sstp_session_state next;
    return command->id == SSTP_OPEN_RESPONSE &&
           sstp_session_transition(SSTP_SESSION_OPENING, command->response_id, &next);
}

/* Whether what the receiver of a session says of it, which is over, cannot have crossed its end:
 * he has closed it himself, or answers an Open that has its answer. */
static bool may_be_of_next(const struct sstp_observing *observing,
                           const struct sstp_observed_session *session)
{
    return session->originator == (int)!observing->from_initiator && !session->is_vague &&
           (session->has_closed[observing->from_initiator] ||
            (is_answer(observing->command) && session->is_answered));
}

/* A command of a session that was closed.  What the other side closed its sender
 * need not have known, and a message counts even so (SPECIFICATION.md). */
static void on_closed_session(const struct sstp_observing *observing,
                              struct sstp_observed_session *session, uint32_t index)
{
    const uint8_t id = observing->command->id;
    const bool is_own_doing = session->closed_by == (int)observing->from_initiator;
    const bool is_wrong =
        id != SSTP_CLOSE &&
        (is_own_doing || (session->was_refused && sstp_command_is_of_message(id)));

    sstp_observing_find(observing, is_wrong ? SSTP_FINDING_UNKNOWN_SESSION
                                            : SSTP_FINDING_UNKNOWN_SESSION_IGNORED);
    observing->seen->may_be_of_next = may_be_of_next(observing, session);
    session->has_closed[observing->from_initiator] |= id == SSTP_CLOSE;
    session->is_answered |= is_answer(observing->command);
    if (sstp_command_is_of_message(id) && session->originator < 0)
        session->originator = (int8_t)observing->from_initiator;
    if (sstp_command_is_of_message(id) && session->originator == (int)observing->from_initiator)
        sstp_observing_message_command(observing, session, index);
    sstp_observing_tell_session(observing, session, index);
}

/* ------------------------------------------------------------------------
 * Open to Close
 */

static void keep_fanout(const struct sstp_observing *observing,
                        struct sstp_observed_session *session)
{
    const struct sstp_mem *mem = observing->observer->mem;
    struct sstp_fanout *fanout = mem->resize(mem->cookie, NULL, sizeof *fanout);

    if (fanout == NULL)
        return;
    if (!sstp_fanout_init(fanout, mem, observing->command)) {
        mem->resize(mem->cookie, fanout, 0);
        return;
    }
    session->fanout = fanout;
    observing->seen->has_active = true;
    observing->seen->active = fanout->num_active;
}

static bool has_remote_entries(const struct sstp_command *fanout_open)
{
    struct sstp_reader r = sstp_reader(fanout_open->fanout_entries.bytes);

    for (unsigned i = 0; i < fanout_open->fanout_entries.count && !r.failed; i++)
        if (sstp_fanout_entry_read(&r, fanout_open->form).relay_url.len > 0)
            return true;
    return false;
}

static void on_open(const struct sstp_observing *observing)
{
    const bool is_fanout = observing->command->id == SSTP_FANOUT_OPEN;

    if (observing->is_late || !sstp_observing_may_open(observing))
        return;
    struct sstp_observed_session *session = sstp_observing_add_session(
        observing, is_fanout ? SSTP_SESSION_OF_FANOUT : SSTP_SESSION_OF_MESSAGES,
        observing->from_initiator);
    if (session == NULL)
        return;
    session->state = SSTP_SESSION_OPENING;
    session->open_frame = observing->place.frame;
    session->exchange = sstp_observing_ask(observing);
    sstp_observing_keep_resource_url(observing, session);
    session->is_presence = sstp_resource_is_presence(observing->command->resource_url);
    session->has_entries = observing->command->fanout_entries.count > 0;
    session->has_remote_entries = is_fanout && has_remote_entries(observing->command);
    session->is_unread = observing->command->is_cut;
    if (is_fanout && !session->is_unread)
        keep_fanout(observing, session);
    sstp_observing_tell_session(observing, session, observing->observer->sessions.num - 1);
}

/* Whether a receiver may give this first answer to what the session was opened with: to an
 * Open (GRVSSTP 3.1.5.5; a presence server refuses with NoResource, 2.2.7.1), or to a
 * FanoutOpen (3.3.5.6, SPECIFICATION.md). */
static bool is_fit(const struct sstp_observed_session *session, uint8_t response_id)
{
    const bool is_fanout = session->kind == SSTP_SESSION_OF_FANOUT;

    switch (response_id) {
    case SSTP_OPEN_RESPONSE_OK:
        return !is_fanout || !session->has_entries;
    case SSTP_OPEN_RESPONSE_OK_STOP_SENDING:
        return !is_fanout || (session->has_entries && !session->is_presence);
    case SSTP_OPEN_RESPONSE_NO_RESOURCE:
        return session->is_presence;
    case SSTP_OPEN_RESPONSE_NO_FANOUT_ENTRIES:
        return is_fanout;
    case SSTP_OPEN_RESPONSE_FANOUT_NOT_SUPPORTED:
        return is_fanout && session->has_remote_entries;
    default:
        return true;
    }
}

static void on_open_response(const struct sstp_observing *observing,
                             struct sstp_observed_session *session)
{
    const enum sstp_session_state before = session->state;
    enum sstp_session_state next;

    sstp_observing_answer(observing, session->exchange);
    session->is_answered |= is_answer(observing->command);
    if (sstp_open_response_name(observing->command->response_id) == NULL)
        return; /* the value itself is wrong, and says nothing */
    if (!sstp_session_transition(before, observing->command->response_id, &next)) {
        /* Where there is only time, what made a vague one known may have been said after it. */
        if (!session->is_vague || observing->knowledge != NULL)
            sstp_observing_find(observing, SSTP_FINDING_UNEXPECTED_COMMAND);
        return;
    }
    if (before == SSTP_SESSION_OPENING && !session->is_vague && !session->is_unread &&
        !is_fit(session, observing->command->response_id))
        sstp_observing_find(observing, SSTP_FINDING_RESPONSE_UNFIT);
    session->state = next;
    if (next == SSTP_SESSION_CLOSED) {
        close_session(observing, session, observing->from_initiator);
        session->was_refused = true;
    } else if (observing->command->response_id == SSTP_OPEN_RESPONSE_OK ||
               observing->command->response_id == SSTP_OPEN_RESPONSE_OK_STOP_SENDING) {
        session->receiver = SSTP_RECEIVER_WAITING;
    }
}

static void on_session_status(const struct sstp_observing *observing,
                              struct sstp_observed_session *session)
{
    struct sstp_fanout_status status;

    if (session->kind != SSTP_SESSION_OF_FANOUT) {
        if (!session->is_vague)
            sstp_observing_find(observing, SSTP_FINDING_UNEXPECTED_COMMAND);
        return;
    }
    sstp_observing_answer(observing, session->exchange); /* note <19>: without OpenResponse */
    if (session->fanout == NULL)
        return;
    if (!sstp_fanout_apply(session->fanout, observing->command, &status)) {
        sstp_observing_drop_fanout(observing->observer, session);
        return;
    }
    if (status.has_bad_index)
        sstp_observing_find(observing, SSTP_FINDING_BAD_INDEX);
    if (status.has_repeated_index)
        sstp_observing_find(observing, SSTP_FINDING_BAD_INDEX_REPEATED);
    observing->seen->has_active = true;
    observing->seen->active = session->fanout->num_active;
}

/* Whether this side of the session may send the command. */
static bool has_right_side(const struct sstp_observing *observing,
                           const struct sstp_observed_session *session)
{
    const uint8_t id = observing->command->id;

    if (session->originator < 0 || id == SSTP_CLOSE)
        return true;
    return (session->originator == (int)observing->from_initiator) ==
           sstp_command_is_of_message(id);
}

static void on_session(const struct sstp_observing *observing,
                       struct sstp_observed_session *session, uint32_t index)
{
    switch (observing->command->id) {
    case SSTP_OPEN_RESPONSE:
        on_open_response(observing, session);
        break;
    case SSTP_SESSION_STATUS:
        on_session_status(observing, session);
        break;
    case SSTP_CLOSE:
        if (session->kind == SSTP_SESSION_OF_FANOUT &&
            session->originator != (int)observing->from_initiator)
            sstp_observing_answer(observing, session->exchange);
        close_session(observing, session, observing->from_initiator);
        break;
    case SSTP_MESSAGE:
    case SSTP_DATA:
    case SSTP_END_MESSAGE:
        sstp_observing_message_command(observing, session, index);
        break;
    }
}

static bool is_event(const struct sstp_observed_session *session)
{
    return session->kind == SSTP_SESSION_OF_ATTACH || session->kind == SSTP_SESSION_OF_REGISTER;
}

/* A command of a session that has to be there. */
static void on_session_of_id(const struct sstp_observing *observing)
{
    uint32_t index;
    struct sstp_observed_session *session = sstp_observing_session(observing, &index);

    if (session == NULL)
        session = imply_session(observing, &index);
    if (session == NULL) {
        if (observing->command->id == SSTP_MESSAGE)
            sstp_observing_acknowledge(observing); /* the count concerns the connection */
        sstp_observing_unknown_session(observing);
        return;
    }
    if (observing->is_late && session->state != SSTP_SESSION_CLOSED)
        close_session(observing, session, !observing->from_initiator);
    if (session->state == SSTP_SESSION_CLOSED) {
        on_closed_session(observing, session, index);
        return;
    }
    /* Its id may have been given to another session while nobody saw it. */
    if (is_event(session) && session->is_vague && observing->command->id != SSTP_CLOSE)
        session->kind = kind_implied_by(observing->command->id);
    const bool is_of_another_kind = is_event(session) && observing->command->id != SSTP_CLOSE;
    if (is_of_another_kind || !has_right_side(observing, session)) {
        sstp_observing_find(observing, is_of_another_kind ? SSTP_FINDING_UNEXPECTED_COMMAND
                                                          : SSTP_FINDING_WRONG_ROLE);
        if (observing->command->id == SSTP_MESSAGE)
            sstp_observing_acknowledge(observing); /* as above */
    } else {
        on_session(observing, session, index);
    }
    sstp_observing_tell_session(observing, session, index);
}

void sstp_observing_session_command(const struct sstp_observing *observing)
{
    if (sstp_command_info(observing->command->id)->scope == SSTP_SCOPE_EVENT)
        sstp_observing_event_command(observing);
    else if (observing->command->id == SSTP_OPEN || observing->command->id == SSTP_FANOUT_OPEN)
        on_open(observing);
    else
        on_session_of_id(observing);
}
