/* SPDX-License-Identifier: GPL-2.0-or-later */
/* observer.c: the connection (GRVSSTP 3.1.5.1-4), and what is asked afterwards. */
#include "state/observer.h"

#include "state/attempt.h"
#include "state/observed_rows.h"
#include "state/observer_message.h"
#include "state/observer_session.h"

#include <string.h>
#include <strings.h>

_Static_assert(SSTP_OBSERVED_FINDINGS <= 16, "the findings of a command are a few bits");

/* ------------------------------------------------------------------------
 * From its beginning to its end
 */

static void init_direction(struct sstp_observed_direction *direction, const struct sstp_mem *mem)
{
    memset(direction, 0, sizeof *direction);
    sstp_rows_init(&direction->messages, mem, SSTP_OBSERVED_MESSAGE_COLUMNS);
    sstp_rows_init(&direction->entries, mem, SSTP_OBSERVED_ENTRY_COLUMNS);
    sstp_rows_init(&direction->acknowledgements, mem, SSTP_OBSERVED_ACKNOWLEDGEMENT_COLUMNS);
}

void sstp_observer_init(struct sstp_observer *observer, const struct sstp_mem *mem,
                        enum sstp_observer_begin begin)
{
    memset(observer, 0, sizeof *observer);
    observer->mem = mem;
    if (begin == SSTP_OBSERVER_FROM_START) {
        observer->state = SSTP_CONNECTION_TRANSPORT_CONNECTED;
        observer->is_complete = observer->are_roles_known = observer->hears_both = true;
    }
    observer->is_counting = begin != SSTP_OBSERVER_LATE;
    sstp_array_init(&observer->sessions, mem, sizeof(struct sstp_observed_session));
    sstp_array_init(&observer->exchanges, mem, sizeof(struct sstp_observed_exchange));
    sstp_id_tree_init(&observer->ids, mem);
    for (int i = 0; i < 2; i++)
        init_direction(&observer->directions[i], mem);
}

static void forget_names(struct sstp_observer *observer)
{
    char **names[] = {&observer->target, &observer->source};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (*names[i] != NULL)
            observer->mem->resize(observer->mem->cookie, *names[i], 0);
        *names[i] = NULL;
    }
    observer->awaits_target = false;
}

void sstp_observer_share_returns(struct sstp_observer *observer, struct sstp_returns *returns)
{
    observer->returns = returns;
}

void sstp_observer_clear(struct sstp_observer *observer)
{
    const struct sstp_mem *mem = observer->mem;

    for (uint32_t i = 0; i < observer->sessions.num; i++) {
        struct sstp_observed_session *session = sstp_array_at(&observer->sessions, i);
        if (session->resource_url != NULL)
            mem->resize(mem->cookie, (void *)session->resource_url, 0);
        if (session->fanout != NULL) {
            sstp_fanout_clear(session->fanout);
            mem->resize(mem->cookie, session->fanout, 0);
        }
    }
    forget_names(observer);
    sstp_array_clear(&observer->sessions);
    sstp_array_clear(&observer->exchanges);
    sstp_id_tree_clear(&observer->ids);
    for (int i = 0; i < 2; i++) {
        sstp_rows_clear(&observer->directions[i].messages);
        sstp_rows_clear(&observer->directions[i].entries);
        sstp_rows_clear(&observer->directions[i].acknowledgements);
    }
}

void sstp_observer_gap(struct sstp_observer *observer)
{
    observer->awaits_target = false;
    sstp_observing_lose(observer);
}

void sstp_observer_transport_end(struct sstp_observer *observer)
{
    observer->has_ended = true;
}

/* A Connect is the beginning of everything, however late it comes. */
static void begin(struct sstp_observer *observer, bool from_initiator)
{
    observer->is_complete = observer->is_counting = true;
    observer->are_roles_known |= from_initiator; /* or the guess was wrong */
    observer->has_attached = false;
    observer->epoch++;
    sstp_id_tree_clear(&observer->ids);
    for (int i = 0; i < 2; i++) {
        struct sstp_observed_direction *direction = &observer->directions[i];
        sstp_ledger_forget(&direction->ledger);
        direction->num_numbered = 0;
        direction->has_closed = false;
    }
}

/* ------------------------------------------------------------------------
 * The connection
 */

/* GRVSSTP 3.1.5.1-18: whether this side may send the command at all. */
static bool has_right_role(const struct sstp_observing *observing)
{
    const struct sstp_observer *observer = observing->observer;
    const struct sstp_command_info *info = sstp_command_info(observing->command->id);

    /* 3.2.5.6: a client refuses FanoutOpen, and an Attach shows who is one. */
    if (observing->command->id == SSTP_FANOUT_OPEN && !observing->from_initiator &&
        observer->has_attached)
        return false;
    return !observer->are_roles_known || info->sender == SSTP_SENDER_ANY ||
           (info->sender == SSTP_SENDER_INITIATOR) == observing->from_initiator;
}

/* Whether the command can have crossed the ConnectClose of the other side.  A
 * handshake that was complete its sender knew of. */
static bool may_have_crossed(const struct sstp_observing *observing)
{
    const struct sstp_observer *observer = observing->observer;

    if (observer->directions[observing->from_initiator].has_closed)
        return false;
    if (observer->connect == 0)
        return true;
    const struct sstp_observed_exchange *exchange =
        sstp_array_at(&observer->exchanges, observer->connect - 1);
    return observing->command->id != SSTP_CONNECT &&
           (observing->command->id != SSTP_CONNECT_RESPONSE || exchange->response_frame == 0);
}

/* Whether the connection allows the command; its state follows.  Sets is_late. */
static bool pass_connection(struct sstp_observing *observing)
{
    struct sstp_observer *observer = observing->observer;
    const struct sstp_command *command = observing->command;

    if (command->id == SSTP_CONNECT && !observer->is_complete)
        sstp_observing_forget(observer); /* what was known of the time before ends here */
    if (observer->state == SSTP_CONNECTION_CLOSED) {
        observing->is_late = may_have_crossed(observing);
        return observing->is_late;
    }
    if (sstp_connection_transition(observer->state, command->id, command->response_id,
                                   &observer->state))
        return true;
    /* It ends the connection whatever came before, and answers a violation. */
    if (command->id == SSTP_CONNECT_CLOSE) {
        observer->state = SSTP_CONNECTION_CLOSED;
        return observer->has_early_command;
    }
    observer->has_early_command = true;
    return false;
}

static void on_connect_close(const struct sstp_observing *observing)
{
    struct sstp_observer *observer = observing->observer;

    observer->directions[observing->from_initiator].has_closed = true;
    observer->has_ended = true;
    if (observer->is_counting && (sstp_ledger_outstanding(&observer->directions[0].ledger) > 0 ||
                                  sstp_ledger_outstanding(&observer->directions[1].ledger) > 0))
        sstp_observing_find(observing, SSTP_FINDING_UNACKNOWLEDGED);
}

/* Whether the ConnectResponse has the device that the Connect asked for (GRVSSTP 3.1.4.1,
 * 3.1.5.1); also where nobody knows which that was. */
static bool has_target(const struct sstp_observer *observer, const struct sstp_command *command)
{
    struct sstp_reader r = sstp_reader(command->device_urls.bytes);

    if (!observer->awaits_target || observer->target == NULL ||
        command->response_id != SSTP_CONNECT_RESPONSE_OK || command->device_urls.count == 0)
        return true;
    for (unsigned i = 0; i < command->device_urls.count && !r.failed; i++) {
        const struct sstp_span url = sstp_read_string(&r);
        if (!r.failed && url.len == strlen(observer->target) &&
            strncasecmp((const char *)url.data, observer->target, url.len) == 0)
            return true;
    }
    return r.failed != SSTP_READER_OK;
}

/* The command asks the initiator, or the acceptor, not to connect for a while. */
static void ask_to_stay_away(const struct sstp_observing *observing, bool is_initiator_asked)
{
    const struct sstp_observer *observer = observing->observer;

    if (observer->returns == NULL || observer->source == NULL || observer->target == NULL)
        return;
    const struct sstp_span source = sstp_span_of_string(observer->source);
    const struct sstp_span target = sstp_span_of_string(observer->target);
    sstp_returns_ask(observer->returns, is_initiator_asked ? source : target,
                     is_initiator_asked ? target : source, observing->place.time_ns,
                     observing->command->wait_time);
}

static void on_connect_response(const struct sstp_observing *observing)
{
    struct sstp_observer *observer = observing->observer;

    sstp_observing_answer(observing, observer->connect);
    if (!has_target(observer, observing->command))
        sstp_observing_find(observing, SSTP_FINDING_DEVICE_NOT_ASKED_FOR);
    observer->awaits_target = false;
    if (observing->command->response_id == SSTP_CONNECT_RESPONSE_TRY_LATER ||
        observing->command->response_id == SSTP_CONNECT_RESPONSE_WILL_UPGRADE)
        ask_to_stay_away(observing, true);
}

/* Who connects, and to whom; a device that was asked to stay away may come too soon. */
static void keep_names(const struct sstp_observing *observing)
{
    struct sstp_observer *observer = observing->observer;
    struct sstp_reader r = sstp_reader(observing->command->device_urls.bytes);
    const struct sstp_span target = observing->command->target_device_url;
    const struct sstp_span source =
        observing->command->device_urls.count > 0 ? sstp_read_string(&r) : sstp_span(NULL, 0);

    forget_names(observer);
    observer->target = sstp_observing_copy(observer, target);
    observer->source = sstp_observing_copy(observer, source);
    observer->awaits_target = true;
    if (observer->returns != NULL &&
        sstp_returns_is_early(observer->returns, source, target, observing->place.time_ns))
        sstp_observing_find(observing, SSTP_FINDING_TIMER);
}

static void connection_command(const struct sstp_observing *observing)
{
    struct sstp_observer *observer = observing->observer;

    switch (observing->command->id) {
    case SSTP_CONNECT:
        if (observing->is_late)
            break; /* nothing begins on a connection that the other side has closed */
        begin(observer, observing->from_initiator);
        observer->connect = sstp_observing_ask(observing);
        keep_names(observing);
        break;
    case SSTP_CONNECT_RESPONSE:
        on_connect_response(observing);
        break;
    case SSTP_NOOP:
        sstp_observing_acknowledge(observing);
        break;
    case SSTP_CONNECT_CLOSE:
        sstp_observing_acknowledge(observing);
        if (observing->command->reason_id == SSTP_CONNECT_CLOSE_RESTING)
            ask_to_stay_away(observing, !observing->from_initiator);
        on_connect_close(observing);
        break;
    }
}

/* A command that the connection's state does not allow.  A session that it opens
 * is there all the same, or all that follows on it would be called wrong too. */
static void violate(const struct sstp_observing *observing)
{
    const bool has_closed = observing->observer->directions[observing->from_initiator].has_closed;
    uint32_t index;

    sstp_observing_find(observing, SSTP_FINDING_UNEXPECTED_COMMAND);
    if (observing->command->id == SSTP_CONNECT_CLOSE) {
        if (!has_closed)
            on_connect_close(observing);
    } else if ((observing->command->id == SSTP_OPEN ||
                observing->command->id == SSTP_FANOUT_OPEN) &&
               !has_closed && sstp_observing_session(observing, &index) == NULL) {
        sstp_observing_session_command(observing);
    }
}

/* A direction that is heard late may have said anything before. */
static void hear(struct sstp_observer *observer, bool from_initiator)
{
    struct sstp_observed_direction *direction = &observer->directions[from_initiator];

    if (direction->is_heard)
        return;
    direction->is_heard = true;
    /* A ConnectClose stays one, whatever was said before. */
    if (!observer->is_complete && observer->state != SSTP_CONNECTION_CLOSED &&
        observer->directions[!from_initiator].is_heard)
        sstp_observing_forget(observer);
}

/* Notes where the command stands, if it changes what the other side may do. */
static void note_change(const struct sstp_observing *observing)
{
    struct sstp_observer *observer = observing->observer;
    const uint64_t position = observing->knowledge->position;

    switch (observing->command->id) {
    case SSTP_NOOP:
    case SSTP_MESSAGE:
    case SSTP_DATA:
    case SSTP_END_MESSAGE:
        return;
    case SSTP_CONNECT:
    case SSTP_CONNECT_RESPONSE:
    case SSTP_CONNECT_CLOSE:
    case SSTP_ATTACH:
        observer->changed[observing->from_initiator] = position;
        return;
    }
    if (observing->seen->has_session) {
        struct sstp_observed_session *session =
            sstp_array_at(&observer->sessions, observing->seen->session);
        session->changed[observing->from_initiator] = position;
    }
}

static void observe(struct sstp_observing *observing)
{
    struct sstp_observer *observer = observing->observer;
    const struct sstp_command_info *info = sstp_command_info(observing->command->id);

    memset(observing->seen, 0, sizeof *observing->seen);
    hear(observer, observing->from_initiator);
    if (info == NULL) {
        observing->seen->connection_state = observer->state;
        return;
    }
    if (!has_right_role(observing))
        sstp_observing_find(observing, SSTP_FINDING_WRONG_ROLE);
    else if (!pass_connection(observing))
        violate(observing);
    else if (info->scope == SSTP_SCOPE_CONNECTION)
        connection_command(observing);
    else
        sstp_observing_session_command(observing);
    observing->seen->connection_state = observer->state;
    if (observing->knowledge != NULL)
        note_change(observing);
}

void sstp_observer_command(struct sstp_observer *observer, bool from_initiator,
                           const struct sstp_command *command, struct sstp_observed_place place,
                           struct sstp_observation *seen)
{
    (void)sstp_observer_take(observer, from_initiator, command, place, NULL, false, seen);
}

bool sstp_observer_take(struct sstp_observer *observer, bool from_initiator,
                        const struct sstp_command *command, struct sstp_observed_place place,
                        const struct sstp_observed_knowledge *knowledge, bool may_refuse,
                        struct sstp_observation *seen)
{
    struct sstp_observing observing = {.observer = observer,
                                       .command = command,
                                       .place = place,
                                       .from_initiator = from_initiator,
                                       .knowledge = knowledge,
                                       .seen = seen};
    struct sstp_attempt attempt;

    if (!may_refuse) {
        observe(&observing);
        return true;
    }
    sstp_attempt_begin(&attempt, &observing);
    observe(&observing);
    if (!sstp_attempt_is_premature(&observing))
        return true;
    sstp_attempt_undo(&attempt, &observing);
    return false;
}

/* ------------------------------------------------------------------------
 * What the indexes stand for
 */

const struct sstp_observed_session *sstp_observer_session(const struct sstp_observer *observer,
                                                          uint32_t index)
{
    return sstp_array_at(&observer->sessions, index);
}

const struct sstp_observed_exchange *sstp_observer_exchange(const struct sstp_observer *observer,
                                                            uint32_t index)
{
    return sstp_array_at(&observer->exchanges, index);
}

struct sstp_observed_message sstp_observer_message(const struct sstp_observer *observer,
                                                   bool from_initiator, uint32_t index)
{
    return sstp_observed_message_at(&observer->directions[from_initiator].messages, index);
}

struct sstp_observed_entry sstp_observer_entry(const struct sstp_observer *observer,
                                               bool from_initiator, uint32_t position)
{
    return sstp_observed_entry_at(&observer->directions[from_initiator].entries, position);
}

struct sstp_observed_acknowledgement
sstp_observer_acknowledgement(const struct sstp_observer *observer, bool from_initiator,
                              uint32_t index)
{
    return sstp_observed_acknowledgement_at(&observer->directions[from_initiator].acknowledgements,
                                            index);
}

bool sstp_observer_is_outstanding(const struct sstp_observer *observer, bool from_initiator,
                                  uint32_t position)
{
    const struct sstp_ledger *ledger = &observer->directions[from_initiator].ledger;
    return position >= ledger->acknowledged && position < ledger->entered;
}

bool sstp_observer_acknowledged_by(const struct sstp_observer *observer, bool from_initiator,
                                   uint32_t position, struct sstp_observed_acknowledgement *by)
{
    return sstp_observed_acknowledgement_find(
               &observer->directions[!from_initiator].acknowledgements, position, by) &&
           position - by->first < by->covered;
}
