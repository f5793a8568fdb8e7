/* SPDX-License-Identifier: GPL-2.0-or-later */
/* play.c: the path, the clock, and what the endpoints have to say for the course. */
#include "play_internal.h"

#include "state/observer.h"

#include <string.h>

size_t play_between(struct play *play, size_t low, size_t high)
{
    return low + rng_below(&play->rng, high - low + 1);
}

bool play_chance(struct play *play, unsigned times, unsigned in)
{
    return rng_below(&play->rng, in) < times;
}

const struct course *play_course(const struct play *play)
{
    return play->course;
}

enum play_end play_how_it_ended(const struct play *play)
{
    return play->end;
}

unsigned play_step(const struct play *play)
{
    return play->step;
}

size_t play_num_unacknowledged(const struct play *play, bool of_initiator)
{
    return sstp_ep_num_unacknowledged(play->actors[of_initiator].ep);
}

/* ------------------------------------------------------------------------
 * What an endpoint looks like
 */

/* MessageReceiver as the sender of a session has it, or as its receiver does. */
static enum sstp_receiver_state receiver_of(const struct sstp_ep_session *session)
{
    if (!session->is_ours)
        return session->receiver;
    if (session->state == SSTP_SESSION_OPENING)
        return SSTP_RECEIVER_UNKNOWN;
    if (!session->is_sending)
        return SSTP_RECEIVER_WAITING;
    return session->has_sent_data ? SSTP_RECEIVER_BUFFERING : SSTP_RECEIVER_READY;
}

static void look_at_session(const struct actor *actor, const struct pending *pending,
                            bool is_opened_anew)
{
    const struct course_command *command = pending->command;
    struct course_view *view = pending->view;
    const struct sstp_ep_session *session =
        is_opened_anew ? NULL : sstp_ep_find_session(actor->ep, command->session_id);

    view->has_session = true;
    view->session = session != NULL ? session->state : SSTP_SESSION_CLOSED;
    view->receiver = session != NULL ? receiver_of(session) : SSTP_RECEIVER_UNKNOWN;
    view->has_active = session != NULL && session->is_fanout &&
                       (command->id == SSTP_FANOUT_OPEN || command->id == SSTP_SESSION_STATUS);
    view->active = view->has_active ? session->fanout.num_active : 0;
}

/* What a command left after shows when the next one is sent, of its session or
 * of any; at the latest when the endpoint is done, for which `next` is NULL. */
static void settle(struct actor *actor, const struct sstp_command *next)
{
    GArray *all = actor->pending;

    if (all->len > 0) {
        struct pending *last = &g_array_index(all, struct pending, all->len - 1);
        last->view->connection = sstp_ep_state(actor->ep);
        /* 'aborting' is entered by a refusal (plugin/FIELDS.md); the endpoint uses
         * it as well for what is to follow an Ok for crossed connections. */
        if (last->command->id == SSTP_CONNECT_RESPONSE && !actor->is_initiator &&
            last->command->response_id == SSTP_CONNECT_RESPONSE_OK)
            last->view->connection = SSTP_CONNECTION_ESTABLISHED;
    }
    for (guint i = 0; i < all->len; i++) {
        struct pending *pending = &g_array_index(all, struct pending, i);
        if (!pending->needs_session ||
            (next != NULL && (sstp_command_info(next->id)->scope == SSTP_SCOPE_CONNECTION ||
                              next->session_id != pending->command->session_id)))
            continue;
        look_at_session(actor, pending,
                        next != NULL && (next->id == SSTP_OPEN || next->id == SSTP_FANOUT_OPEN));
        pending->needs_session = false;
    }
    if (next == NULL)
        g_array_set_size(all, 0);
}

static struct course_view *add_pending(struct actor *actor, struct course_command *command,
                                       enum course_end end)
{
    struct course_view *view = &command->views[end];
    const struct pending pending = {.command = command,
                                    .view = view,
                                    .needs_session =
                                        command->session != NULL && !command->session->is_event};
    view->is_known = true;
    g_array_append_val(actor->pending, pending);
    return view;
}

/* ------------------------------------------------------------------------
 * A command is sent
 */

/* Messages that the count which is being handled has yet to take out: callbacks
 * come in between, and on the wire the count is there at once. */
static size_t num_leaving(const struct actor *actor)
{
    const struct course_command *receiving = actor->receiving;
    if (receiving == NULL)
        return 0;
    return receiving->message_count -
           (sstp_ep_ledger_oldest(&actor->ep->outbound) - receiving->views[COURSE_RECEIVER].first);
}

static bool is_repeated_index(const struct sstp_ep_session *session,
                              const struct course_command *command)
{
    for (unsigned i = 0; i < command->num_indexes; i++)
        if (!sstp_fanout_is_active(&session->fanout, command->indexes[i]))
            return true;
    return false;
}

/* What the sender's lists say.  Those of its Message and EndMessage are changed
 * right after the callback, the others' before it. */
static void look_at_lists(struct actor *actor, struct course_command *command,
                          struct course_view *view)
{
    const struct sstp_ep_ledger *inbound = &actor->ep->inbound, *outbound = &actor->ep->outbound;

    view->has_outstanding = true;
    view->covered = command->message_count;
    switch (command->id) {
    case SSTP_MESSAGE:
        view->outstanding = sstp_ep_ledger_num(outbound) - num_leaving(actor);
        view->remaining = sstp_ep_ledger_num(inbound) - command->message_count;
        view->first = sstp_ep_ledger_oldest(inbound);
        break;
    case SSTP_END_MESSAGE:
        view->outstanding = sstp_ep_ledger_num(outbound) + 1 - num_leaving(actor);
        g_assert_cmpuint(command->entered, ==,
                         sstp_ep_ledger_oldest(outbound) + sstp_ep_ledger_num(outbound));
        break;
    case SSTP_NOOP:
    case SSTP_CONNECT_CLOSE:
        view->outstanding = view->remaining = sstp_ep_ledger_num(inbound);
        view->first = sstp_ep_ledger_oldest(inbound) - command->message_count;
        break;
    default:
        view->has_outstanding = false;
        break;
    }
    if (view->covered > 0)
        course_acknowledge(actor->play->course, command, view->first, view->covered);
    if (command->id == SSTP_CONNECT_CLOSE &&
        sstp_ep_ledger_num(inbound) + sstp_ep_ledger_num(outbound) > 0)
        view->findings = SSTP_OBSERVED(SSTP_FINDING_UNACKNOWLEDGED);
    const struct sstp_ep_session *session = sstp_ep_find_session(actor->ep, command->session_id);
    if (command->id == SSTP_SESSION_STATUS && session != NULL &&
        is_repeated_index(session, command))
        view->findings = SSTP_OBSERVED(SSTP_FINDING_BAD_INDEX_REPEATED);
}

void play_on_sent(void *cookie, const struct sstp_command *command)
{
    struct actor *actor = cookie;
    struct play *play = actor->play;

    settle(actor, command);
    struct course_command *sent =
        course_add(play->course, actor->is_initiator, command, play->step);
    look_at_lists(actor, sent, add_pending(actor, sent, COURSE_SENDER));
}

/* ------------------------------------------------------------------------
 * A command is received
 */

/* The notes that a command earns where it meets this endpoint. */
static uint32_t expected_notes(const struct actor *actor, const struct course_command *command)
{
    const struct sstp_ep_session *session = sstp_ep_find_session(actor->ep, command->session_id);
    const bool is_there =
        session != NULL || sstp_ep_find_attach(actor->ep, command->session_id) != NULL;

    if (command->session == NULL || command->session->open == command)
        return 0;
    if (!is_there)
        return SSTP_OBSERVED(SSTP_FINDING_UNKNOWN_SESSION_IGNORED);
    if (command->id == SSTP_MESSAGE && session != NULL && session->state == SSTP_SESSION_BLOCKED)
        return SSTP_OBSERVED(SSTP_FINDING_BLOCKED_SEND);
    if (command->id == SSTP_SESSION_STATUS && session != NULL &&
        is_repeated_index(session, command))
        return SSTP_OBSERVED(SSTP_FINDING_BAD_INDEX_REPEATED);
    return 0;
}

/* Hands the last bytes of a command to the endpoint and writes down what it did. */
static void receive_command(struct actor *actor, struct course_command *command,
                            const uint8_t *data, size_t len)
{
    struct sstp_ep *ep = actor->ep;
    struct course_view *view = add_pending(actor, command, COURSE_RECEIVER);
    const size_t num_inbound = sstp_ep_ledger_num(&ep->inbound),
                 num_outbound = sstp_ep_ledger_num(&ep->outbound);

    view->findings = expected_notes(actor, command);
    view->first = sstp_ep_ledger_oldest(&ep->outbound);
    actor->receiving = command;
    sstp_ep_receive(ep, data, len);
    actor->receiving = NULL;

    view->covered = sstp_ep_ledger_oldest(&ep->outbound) - view->first;
    view->remaining = num_outbound - view->covered;
    view->has_outstanding = true;
    if (command->id == SSTP_MESSAGE)
        view->outstanding = num_inbound;
    else if (command->id == SSTP_END_MESSAGE)
        view->outstanding = num_inbound + 1;
    else if (command->id == SSTP_NOOP || command->id == SSTP_CONNECT_CLOSE)
        view->outstanding = view->remaining;
    else
        view->has_outstanding = false;
    if (command->id == SSTP_CONNECT_CLOSE && view->remaining + num_inbound > 0)
        view->findings = SSTP_OBSERVED(SSTP_FINDING_UNACKNOWLEDGED);
}

static void hear(struct play *play, enum play_point point, bool from_initiator, const void *data,
                 size_t len)
{
    play->hears.bytes(play->hears.cookie, point, from_initiator, data, len,
                      play->now_ms * 1000000 + ++play->num_heard * 1000);
}

/* Each command is a step of its own, so that what the endpoint answers to it is
 * heard before the next one, as the endpoint means it. */
static void receive_piece(struct actor *actor, const uint8_t *data, size_t len, bool is_end)
{
    struct play *play = actor->play;
    const bool from_initiator = !actor->is_initiator;
    struct course_command *command = NULL;

    play->step++;
    if (is_end) {
        command = g_ptr_array_index(play->course->commands[from_initiator], actor->num_received++);
        if (command->session != NULL)
            command->session->num_in_flight--;
    }
    if (command != NULL && sstp_ep_state(actor->ep) != SSTP_CONNECTION_CLOSED)
        receive_command(actor, command, data, len);
    else
        sstp_ep_receive(actor->ep, data, len);
    settle(actor, NULL);
    hear(play, actor->is_initiator ? PLAY_AT_INITIATOR : PLAY_AT_ACCEPTOR, from_initiator, data,
         len);
    play_end_step(actor);
}

void play_end_step(struct actor *actor)
{
    struct play *play = actor->play;

    settle(actor, NULL);
    GByteArray *near = play->near[actor->is_initiator];
    const guint before = near->len;
    struct sstp_span output;
    while ((output = sstp_ep_output(actor->ep)).len > 0) {
        g_byte_array_append(near, output.data, (guint)output.len);
        sstp_ep_output_taken(actor->ep, output.len);
    }
    if (near->len > before)
        hear(play, actor->is_initiator ? PLAY_AT_INITIATOR : PLAY_AT_ACCEPTOR, actor->is_initiator,
             near->data + before, near->len - before);
}

/* ------------------------------------------------------------------------
 * The path
 */

/* The front of a queue, in a block that ends where it does; NULL for an empty one. */
static uint8_t *take_front(struct play *play, GByteArray *queue, size_t *len)
{
    if (queue->len == 0)
        return NULL;
    *len = play_chance(play, 1, 3) ? queue->len : play_between(play, 1, MIN(queue->len, 400));
    uint8_t *bytes = g_memdup2(queue->data, *len);
    g_byte_array_remove_range(queue, 0, (guint)*len);
    return bytes;
}

static void carry_to_middle(struct play *play, bool from_initiator)
{
    size_t len;
    uint8_t *bytes = take_front(play, play->near[from_initiator], &len);
    if (bytes == NULL)
        return;
    play->step++;
    hear(play, PLAY_IN_THE_MIDDLE, from_initiator, bytes, len);
    g_byte_array_append(play->far[from_initiator], bytes, (guint)len);
    g_free(bytes);
}

static void carry_to_end(struct play *play, bool from_initiator)
{
    struct actor *to = &play->actors[!from_initiator];
    size_t len, pos = 0;
    uint8_t *bytes = take_front(play, play->far[from_initiator], &len);
    struct sstp_piece piece;

    if (bytes == NULL)
        return;
    const struct sstp_chunk chunk = sstp_chunk(bytes, len);
    while (sstp_stream_next(&to->framing, chunk, &pos, &piece) == SSTP_STREAM_PIECE) {
        g_assert_cmpint(piece.kind, !=, SSTP_PIECE_BROKEN);
        receive_piece(to, bytes + piece.offset, piece.len,
                      piece.kind == SSTP_PIECE_WHOLE || piece.kind == SSTP_PIECE_END);
    }
    g_free(bytes);
}

static bool is_quiet(const struct play *play)
{
    return play->near[0]->len + play->near[1]->len + play->far[0]->len + play->far[1]->len == 0;
}

static bool are_closed(const struct play *play)
{
    return sstp_ep_state(play->actors[0].ep) == SSTP_CONNECTION_CLOSED &&
           sstp_ep_state(play->actors[1].ep) == SSTP_CONNECTION_CLOSED;
}

static void advance(struct play *play, int64_t ms)
{
    play->now_ms += ms;
    for (int i = 0; i < 2; i++) {
        play->step++;
        sstp_ep_tick(play->actors[i].ep, play->now_ms);
        play_end_step(&play->actors[i]);
    }
}

/* ------------------------------------------------------------------------
 * From the beginning to the end
 */

struct play *play_new(uint64_t seed, const struct play_hears *hears)
{
    static const size_t longest[] = {300, 600, 600, 1000, 1000, 3000, 3000, 3000, 6000, 30000};
    struct play *play = g_new0(struct play, 1);

    play->rng = rng(seed);
    play->hears = *hears;
    play->course = course_new();
    for (int i = 0; i < 2; i++) {
        play->near[i] = g_byte_array_new();
        play->far[i] = g_byte_array_new();
    }
    const size_t most = longest[rng_below(&play->rng, G_N_ELEMENTS(longest))];
    play->num_steps = (unsigned)play_between(play, most / 5, most);
    for (int i = 1; i >= 0; i--)
        play_actor_init(play, i);
    return play;
}

void play_free(struct play *play)
{
    for (int i = 0; i < 2; i++) {
        play_actor_clear(&play->actors[i]);
        g_byte_array_unref(play->near[i]);
        g_byte_array_unref(play->far[i]);
    }
    course_free(play->course);
    g_free(play);
}

/* One direction may stand still for a while, or one side say nothing. */
static void change_weights(struct play *play)
{
    for (int i = 0; i < 4; i++)
        play->weights[i] = (unsigned)play_between(play, 0, 6);
    play->weights[4] = (unsigned)play_between(play, 1, 10);
}

static void any_step(struct play *play)
{
    const GByteArray *queues[4] = {play->near[0], play->far[0], play->near[1], play->far[1]};
    unsigned sum = play->weights[4], which = 0;

    for (int i = 0; i < 4; i++)
        sum += queues[i]->len > 0 ? play->weights[i] : 0;
    size_t drawn = rng_below(&play->rng, sum);
    while (which < 4 && drawn >= (queues[which]->len > 0 ? play->weights[which] : 0)) {
        drawn -= queues[which]->len > 0 ? play->weights[which] : 0;
        which++;
    }
    if (which < 4 && which % 2 == 0)
        carry_to_middle(play, which / 2);
    else if (which < 4)
        carry_to_end(play, which / 2);
    else if (play_chance(play, 1, 8))
        advance(play, (int64_t)play_between(play, 1, play_chance(play, 1, 10) ? 6000 : 300));
    else
        play_actor_act(&play->actors[play_between(play, 0, 1)]);
}

/* Until nothing is under way; what is held back stays so. */
static void carry_all(struct play *play)
{
    while (!is_quiet(play)) {
        const unsigned which = (unsigned)play_between(play, 0, 3);
        if (which % 2 == 0)
            carry_to_middle(play, which / 2);
        else
            carry_to_end(play, which / 2);
    }
}

/* Everything is delivered and acknowledged. */
static void settle_down(struct play *play)
{
    bool has_more;
    unsigned rounds = 0;
    do {
        carry_all(play);
        has_more = play_actor_complete_all(&play->actors[0]);
        has_more = play_actor_complete_all(&play->actors[1]) || has_more;
        advance(play, SSTP_EP_ACK_DELAY_MS);
        g_assert_cmpuint(++rounds, <, 1000);
    } while (has_more || !is_quiet(play));
}

static void lose_transport(struct play *play)
{
    for (int i = 0; i < 2; i++) {
        play->step++;
        sstp_ep_transport_lost(play->actors[i].ep);
        play_end_step(&play->actors[i]);
    }
    play->end = PLAY_END_LOST;
}

/* What is still under way when one side, or both, has closed. */
static void close_and_linger(struct play *play)
{
    const bool is_first = play_chance(play, 1, 2);
    play->step++;
    play_actor_close_connection(&play->actors[is_first]);
    if (play_chance(play, 1, 3))
        play_actor_close_connection(&play->actors[!is_first]);
    for (size_t left = play_between(play, 0, 60); left > 0 && !are_closed(play); left--)
        any_step(play);
    carry_all(play);
    play->end = PLAY_END_CLOSED;
}

void play_run(struct play *play)
{
    change_weights(play);
    for (unsigned i = 0; i < play->num_steps && !(are_closed(play) && is_quiet(play)); i++) {
        if (play_chance(play, 1, 60))
            change_weights(play);
        any_step(play);
    }
    switch (play_between(play, 0, 7)) {
    case 0:
        lose_transport(play);
        break;
    case 1:
        play->end = PLAY_END_OPEN;
        break;
    case 2:
    case 3:
        settle_down(play);
        close_and_linger(play);
        break;
    default:
        close_and_linger(play);
        break;
    }
}
