/* SPDX-License-Identifier: GPL-2.0-or-later */
/* observer_message.c: messages and their acknowledgement (GRVSSTP 3.1.5.10-13,
 * 3.1.5.19). */
#include "state/observer_message.h"

static struct sstp_observed_direction *own_direction(const struct sstp_observing *observing)
{
    return &observing->observer->directions[observing->from_initiator];
}

static void tell_outstanding(const struct sstp_observing *observing,
                             const struct sstp_observed_direction *direction)
{
    if (!observing->observer->is_counting)
        return;
    observing->seen->has_outstanding = true;
    observing->seen->outstanding = (uint32_t)sstp_ledger_outstanding(&direction->ledger);
}

/* ------------------------------------------------------------------------
 * MessageCount
 */

void sstp_observing_acknowledge(const struct sstp_observing *observing)
{
    struct sstp_observer *observer = observing->observer;
    struct sstp_observed_direction *direction = &observer->directions[!observing->from_initiator];
    const uint32_t message_count = observing->command->message_count;

    if (!observer->is_counting)
        return;
    if (message_count > 0) {
        struct sstp_array *all = &own_direction(observing)->acknowledgements;
        struct sstp_observed_acknowledgement *acknowledgement = sstp_array_add(all);
        if (acknowledgement == NULL) {
            sstp_observing_give_up(observing);
            return;
        }
        uint64_t first;
        acknowledgement->covered =
            (uint32_t)sstp_ledger_acknowledge(&direction->ledger, message_count, &first);
        acknowledgement->first = (uint32_t)first;
        acknowledgement->remaining = (uint32_t)sstp_ledger_outstanding(&direction->ledger);
        acknowledgement->frame = observing->place.frame;
        acknowledgement->time_ns = observing->place.time_ns;
        observing->seen->has_acknowledgement = true;
        observing->seen->acknowledgement = all->num - 1;
        if (acknowledgement->covered < message_count)
            sstp_observing_find(observing, SSTP_FINDING_ACK_EXCESS);
    }
    if (observing->command->id != SSTP_MESSAGE)
        tell_outstanding(observing, direction);
}

/* ------------------------------------------------------------------------
 * Messages
 */

static void tell_message(const struct sstp_observing *observing,
                         const struct sstp_observed_session *session)
{
    observing->seen->has_message = session->message != 0;
    observing->seen->message = session->message != 0 ? session->message - 1 : 0;
}

/* A Message begins a message whether or not it was allowed to. */
static void begin_message(const struct sstp_observing *observing,
                          struct sstp_observed_session *session, uint32_t index)
{
    struct sstp_observed_direction *direction = own_direction(observing);
    struct sstp_observed_message *message = sstp_array_add(&direction->messages);

    if (message == NULL) {
        session->message = 0;
        sstp_observing_give_up(observing);
        return;
    }
    message->session = index;
    if (observing->observer->is_counting)
        message->number = ++direction->num_numbered;
    session->message = direction->messages.num;
    session->num_messages++;
    tell_message(observing, session);
}

/* An EndMessage enters the ledger whether or not it was allowed to (SPECIFICATION.md). */
static void end_message(const struct sstp_observing *observing,
                        struct sstp_observed_session *session)
{
    struct sstp_observed_direction *direction = own_direction(observing);

    tell_message(observing, session);
    const uint32_t message = session->message != 0 ? session->message - 1 : UINT32_MAX;
    session->message = 0;
    if (!observing->observer->is_counting)
        return;
    struct sstp_observed_entry *entry = sstp_array_add(&direction->entries);
    if (entry == NULL) {
        sstp_observing_give_up(observing);
        return;
    }
    *entry =
        (struct sstp_observed_entry){observing->place.time_ns, observing->place.frame, message};
    observing->seen->has_entry = true;
    observing->seen->entry = (uint32_t)sstp_ledger_enter(&direction->ledger);
    tell_outstanding(observing, direction);
}

/* What the originator's own state says to a Message (GRVSSTP 3.1.4.6, 4.4.1). */
static void check_sender(const struct sstp_observing *observing,
                         struct sstp_observed_session *session)
{
    if (session->state == SSTP_SESSION_OPENING || session->state == SSTP_SESSION_SUSPENDED)
        sstp_observing_find(observing, SSTP_FINDING_UNEXPECTED_COMMAND);
    else if (session->state == SSTP_SESSION_BLOCKED)
        sstp_observing_find(observing, SSTP_FINDING_BLOCKED_SEND);
    else if (session->state == SSTP_SESSION_UNKNOWN)
        session->state = SSTP_SESSION_READY;
}

/* The MessageReceiver, which is there from the accepting OpenResponse on.  Before
 * that only what has no Message is out of order beside the Message itself. */
static void pass_receiver(const struct sstp_observing *observing,
                          struct sstp_observed_session *session)
{
    const uint8_t id = observing->command->id;
    bool is_allowed;

    if (session->state == SSTP_SESSION_OPENING)
        is_allowed = id == SSTP_MESSAGE || session->message != 0;
    else
        is_allowed = sstp_receiver_transition(session->receiver, id, &session->receiver);
    if (!is_allowed)
        sstp_observing_find(observing, SSTP_FINDING_UNEXPECTED_COMMAND);
    if (id == SSTP_END_MESSAGE && session->state != SSTP_SESSION_OPENING)
        session->receiver = SSTP_RECEIVER_WAITING;
}

void sstp_observing_message_command(const struct sstp_observing *observing,
                                    struct sstp_observed_session *session, uint32_t index)
{
    const uint8_t id = observing->command->id;
    const bool is_closed = session->state == SSTP_SESSION_CLOSED;

    if (id == SSTP_MESSAGE)
        sstp_observing_acknowledge(observing);
    if (!is_closed && id == SSTP_MESSAGE)
        check_sender(observing, session);
    if (!is_closed)
        pass_receiver(observing, session);
    if (id == SSTP_MESSAGE) {
        begin_message(observing, session, index);
        tell_outstanding(observing, own_direction(observing));
    } else if (id == SSTP_DATA) {
        tell_message(observing, session);
    } else {
        end_message(observing, session);
    }
}
