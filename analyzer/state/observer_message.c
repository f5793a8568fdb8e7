/* SPDX-License-Identifier: GPL-2.0-or-later */
/* observer_message.c: messages and their acknowledgement (GRVSSTP 3.1.5.10-13,
 * 3.1.5.19). */
#include "state/observer_message.h"

#include "state/observed_rows.h"

/* Header and SessionId of a Data command. */
#define DATA_HEADER_LEN 7u

/* How long an acknowledgement that was asked for at once may take: the timer's default
 * (GRVSSTP 3.1.2.1), and a second for the way. */
#define ACKNOWLEDGEMENT_NS INT64_C(6000000000)

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

/* Whether one of the messages acknowledged had asked for it at once, and long before. */
static bool is_overdue(const struct sstp_observed_direction *direction,
                       const struct sstp_observed_acknowledgement *acknowledgement)
{
    for (uint32_t i = 0; direction->has_wanted && i < acknowledgement->covered; i++) {
        const struct sstp_observed_entry entry =
            sstp_observed_entry_at(&direction->entries, acknowledgement->first + i);
        if (acknowledgement->time_ns - entry.time_ns <= ACKNOWLEDGEMENT_NS)
            break; /* the others are younger */
        if (entry.message != UINT32_MAX &&
            sstp_observed_message_at(&direction->messages, entry.message).wants_acknowledgement)
            return true;
    }
    return false;
}

/* Takes what a count that is not 0 acknowledges off the other direction's ledger. */
static bool take_off(const struct sstp_observing *observing,
                     struct sstp_observed_direction *direction, struct sstp_rows *all)
{
    const uint32_t message_count = observing->command->message_count;
    uint64_t first;
    const uint32_t covered =
        (uint32_t)sstp_ledger_acknowledge(&direction->ledger, message_count, &first);
    const struct sstp_observed_acknowledgement acknowledgement = {
        .time_ns = observing->place.time_ns,
        .frame = observing->place.frame,
        .first = (uint32_t)first,
        .covered = covered,
        .remaining = (uint32_t)sstp_ledger_outstanding(&direction->ledger)};

    if (!sstp_observed_acknowledgement_add(all, &acknowledgement))
        return false;
    observing->seen->has_acknowledgement = true;
    observing->seen->acknowledgement = all->num - 1;
    if (covered < message_count)
        sstp_observing_find(observing, SSTP_FINDING_ACK_EXCESS);
    if (is_overdue(direction, &acknowledgement))
        sstp_observing_find(observing, SSTP_FINDING_TIMER);
    return true;
}

void sstp_observing_acknowledge(const struct sstp_observing *observing)
{
    struct sstp_observer *observer = observing->observer;
    struct sstp_observed_direction *direction = &observer->directions[!observing->from_initiator];

    if (!observer->is_counting)
        return;
    if (observing->command->message_count > 0 &&
        !take_off(observing, direction, &own_direction(observing)->acknowledgements)) {
        sstp_observing_give_up(observing);
        return;
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

/* What a Message tells of itself may contradict itself (GRVSSTP 2.2.10.1); 0 is no size,
 * and whether fragments count from 0 or 1 nobody says. */
static bool has_possible_sizes(const struct sstp_command *message)
{
    const bool has_sizes = (message->flags & SSTP_MESSAGE_FLAG_STREAM_SIZE) != 0;
    const bool is_fragment = (message->flags & SSTP_MESSAGE_FLAG_FRAGMENT) != 0;

    if (is_fragment &&
        (message->num_fragments == 0 || message->this_fragment > message->num_fragments))
        return false;
    if (!has_sizes)
        return true;
    return !(message->byte_stream_size > 0 && message->session_size > message->byte_stream_size) &&
           !(message->byte_stream_size > 0 && message->message_size > message->byte_stream_size) &&
           !(message->session_size > 0 && message->message_size > message->session_size);
}

/* A Message begins a message whether or not it was allowed to. */
static void begin_message(const struct sstp_observing *observing,
                          struct sstp_observed_session *session, uint32_t index)
{
    struct sstp_observed_direction *direction = own_direction(observing);
    const bool is_counting = observing->observer->is_counting;
    const struct sstp_observed_message message = {
        .session = index,
        .number = is_counting ? (direction->num_numbered + 1) & INT32_MAX : 0,
        .wants_acknowledgement =
            (observing->command->flags & SSTP_MESSAGE_FLAG_ACK_IMMEDIATELY) != 0};

    if (!sstp_observed_message_add(&direction->messages, &message)) {
        session->message = 0;
        sstp_observing_give_up(observing);
        return;
    }
    direction->num_numbered += is_counting;
    direction->has_wanted |= message.wants_acknowledgement;
    session->message_size = observing->command->message_size;
    session->octets = 0;
    session->message = direction->messages.num;
    session->num_messages++;
    tell_message(observing, session);
}

/* An EndMessage enters the ledger whether or not it was allowed to (SPECIFICATION.md). */
static void end_message(const struct sstp_observing *observing,
                        struct sstp_observed_session *session)
{
    struct sstp_observed_direction *direction = own_direction(observing);
    const struct sstp_observed_entry entry = {observing->place.time_ns, observing->place.frame,
                                              session->message != 0 ? session->message - 1
                                                                    : UINT32_MAX};

    tell_message(observing, session);
    if (session->message != 0 && session->message_size != 0 &&
        session->octets != session->message_size)
        sstp_observing_find(observing, SSTP_FINDING_SIZE_MISMATCH);
    session->message = 0;
    if (!observing->observer->is_counting)
        return;
    if (!sstp_observed_entry_add(&direction->entries, &entry)) {
        sstp_observing_give_up(observing);
        return;
    }
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
        if (!has_possible_sizes(observing->command))
            sstp_observing_find(observing, SSTP_FINDING_SIZE_MISMATCH);
        tell_outstanding(observing, own_direction(observing));
    } else if (id == SSTP_DATA) {
        session->octets += observing->command->length - (uint64_t)DATA_HEADER_LEN;
        tell_message(observing, session);
    } else {
        end_message(observing, session);
    }
}
