/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compare.h"

#include <inttypes.h>
#include <stdio.h>

/* One observation, and all that it is held against. */
struct comparison {
    struct listener *listener;
    const struct heard *heard;
    const struct course_command *command;
    const struct sstp_observation *seen;
    uint32_t frame;
    bool is_at_end;      /* of the path, where an endpoint is */
    enum course_end end; /* then */
    const struct course_view *view;
};

/* ------------------------------------------------------------------------
 * Differences
 */

static void report(const struct listener *listener, const struct course_command *command,
                   const char *what, uint64_t seen, uint64_t expected)
{
    static const char *const points[PLAY_POINT_COUNT] = {"at the acceptor", "at the initiator",
                                                         "in the middle"};
    static const char *const kinds[] = {"hears everything",
                                        "began late",
                                        "misses bytes",
                                        "began late and trusts",
                                        "has two captures put together",
                                        "hears segments out of order"};
    struct listener_verdict *verdict = listener->verdict;

    if (verdict->has_failed)
        return;
    verdict->has_failed = true;
    printf("# seed %" PRIu64 ", step %u: the listener %s that %s\n", verdict->seed,
           play_step(verdict->play), points[listener->point], kinds[listener->kind]);
    if (command != NULL)
        printf("#   %s from the %s, session 0x%" PRIx32 ", count %" PRIu32 ", sent in step %u\n",
               sstp_command_info(command->id)->name,
               command->from_initiator ? "initiator" : "acceptor", command->session_id,
               command->message_count, command->step);
    printf("#   %s: observed %" PRIu64 " (0x%" PRIx64 "), in truth %" PRIu64 " (0x%" PRIx64 ")\n",
           what, seen, seen, expected, expected);
}

static void expect(const struct comparison *c, const char *what, uint64_t seen, uint64_t expected)
{
    if (seen != expected)
        report(c->listener, c->command, what, seen, expected);
}

void compare_misframed(struct listener *listener)
{
    report(listener, NULL, "a command where there is none", 1, 0);
}

void compare_lost(struct listener *listener)
{
    report(listener, NULL, "missing bytes", 1, 0);
}

/* The command heard in this frame; NULL for frame 0. */
static const struct course_command *command_in(const struct listener *listener, uint32_t frame)
{
    if (frame == 0 || frame > listener->heard->len)
        return NULL;
    return g_array_index(listener->heard, struct heard, frame - 1).command;
}

/* Pointers, compared as the places of their commands. */
static void expect_command(const struct comparison *c, const char *what,
                           const struct course_command *seen, const struct course_command *expected)
{
    if (seen != expected)
        report(c->listener, c->command, what, seen != NULL ? seen->start + 1 : 0,
               expected != NULL ? expected->start + 1 : 0);
}

/* ------------------------------------------------------------------------
 * Sessions and exchanges
 */

static bool is_opening(const struct course_command *command)
{
    return command->id == SSTP_OPEN || command->id == SSTP_FANOUT_OPEN ||
           command->id == SSTP_ATTACH || command->id == SSTP_REGISTER;
}

static void compare_session(const struct comparison *c)
{
    const struct course_session *truth = c->command->session;

    if (truth == NULL) {
        expect(c, "has a session", c->seen->has_session, false);
        return;
    }
    /* Nothing begins on a connection that the other side has closed, and so what
     * follows on such a session has none. */
    if (!c->seen->has_session) {
        if (c->heard->is_certain && !c->heard->is_late)
            report(c->listener, c->command, "has a session", false, true);
        return;
    }
    const struct sstp_observed_session *session =
        sstp_observer_session(&c->listener->observer, c->seen->session);
    expect(c, "session id", session->id, truth->id);
    /* A late one may speak of a session that began as late, with an id used before. */
    if (truth->is_event || !c->heard->is_certain || c->heard->is_late)
        return;
    expect_command(c, "opened in", command_in(c->listener, session->open_frame), truth->open);
    expect(c, "resource URL", session->resource_url != NULL ? 1 : 0, 1);
    if (session->resource_url != NULL)
        expect(c, "resource URL", g_strcmp0(session->resource_url, truth->resource_url) == 0, true);
}

static void compare_exchange(const struct comparison *c)
{
    const bool is_request = c->command->id == SSTP_CONNECT || is_opening(c->command);
    const bool is_ignored =
        (c->seen->findings & SSTP_OBSERVED(SSTP_FINDING_UNKNOWN_SESSION_IGNORED)) != 0;

    if (c->seen->has_exchange) {
        const struct sstp_observed_exchange *exchange =
            sstp_observer_exchange(&c->listener->observer, c->seen->exchange);
        expect(c, "is a response", c->seen->is_response, !is_request);
        expect_command(c, "the request", command_in(c->listener, exchange->request_frame),
                       is_request ? c->command : c->command->request);
    } else if (c->heard->is_certain && !c->heard->is_late && !is_ignored) {
        expect(c, "belongs to an exchange", false, is_request || c->command->request != NULL);
    }
}

/* ------------------------------------------------------------------------
 * Messages and counts
 */

static void compare_message(const struct comparison *c)
{
    expect(c, "belongs to a message", c->seen->has_message, c->command->number != 0);
    if (c->seen->has_message)
        expect(c, "message number",
               sstp_observer_message(&c->listener->observer, c->command->from_initiator,
                                     c->seen->message)
                   .number,
               c->command->number);
}

/* The ledgers of both directions, as far as the course has passed here. */
static void compare_ledger(const struct comparison *c)
{
    const struct sstp_observer *observer = &c->listener->observer;
    const bool from_initiator = c->command->from_initiator;
    const bool is_own = c->command->id == SSTP_MESSAGE || c->command->id == SSTP_END_MESSAGE;
    const bool is_other = c->command->id == SSTP_NOOP || c->command->id == SSTP_CONNECT_CLOSE;

    expect(c, "enters the ledger", c->seen->has_entry, c->command->id == SSTP_END_MESSAGE);
    expect(c, "acknowledges", c->seen->has_acknowledgement, c->command->message_count > 0);
    expect(c, "has an outstanding count", c->seen->has_outstanding, is_own || is_other);
    if (c->seen->has_outstanding)
        expect(c, "outstanding", c->seen->outstanding,
               c->listener->outstanding[is_own ? from_initiator : !from_initiator]);
    if (c->seen->has_entry)
        expect(c, "frame of the entry",
               sstp_observer_entry(observer, from_initiator, c->seen->entry).frame, c->frame);
    if (!c->seen->has_acknowledgement)
        return;
    const struct sstp_observed_acknowledgement acknowledgement =
        sstp_observer_acknowledgement(observer, from_initiator, c->seen->acknowledgement);
    expect(c, "frame of the acknowledgement", acknowledgement.frame, c->frame);
    expect(c, "covered", acknowledgement.covered, c->command->views[COURSE_SENDER].covered);
    expect(c, "remaining", acknowledgement.remaining, c->listener->outstanding[!from_initiator]);
    if (acknowledgement.covered == 0)
        return;
    const struct sstp_observed_entry first =
        sstp_observer_entry(observer, !from_initiator, acknowledgement.first);
    expect_command(c, "the oldest that it acknowledges", command_in(c->listener, first.frame),
                   course_entered(c->listener->course, !from_initiator,
                                  c->command->views[COURSE_SENDER].first));
}

/* ------------------------------------------------------------------------
 * States, where an endpoint has them
 */

/* An endpoint that takes an Open in is about to answer; of one that it has no room
 * for, or that has no destination, it never has any state. */
static bool is_without_state(const struct comparison *c)
{
    return c->end == COURSE_RECEIVER
               ? c->command->session->is_empty || is_opening(c->command)
               : c->command->session->is_empty &&
                     c->command->session->open->from_initiator != c->command->from_initiator;
}

static void compare_session_states(const struct comparison *c)
{
    const struct course_session *session = c->command->session;

    if (is_without_state(c)) {
        if (is_opening(c->command))
            expect(c, "session state", c->seen->session_state, SSTP_SESSION_OPENING);
        return;
    }
    expect(c, "session state", c->seen->session_state, c->view->session);
    expect(c, "MessageReceiver state", c->seen->receiver_state, c->view->receiver);
    /* Who names a destination by its URLs does not see that another has the same. */
    if (session->has_twins &&
        session->open->from_initiator != (c->listener->point == PLAY_AT_INITIATOR))
        return;
    expect(c, "has active destinations", c->seen->has_active, c->view->has_active);
    if (c->view->has_active)
        expect(c, "active destinations", c->seen->active, c->view->active);
}

static void compare_view(const struct comparison *c)
{
    /* How long an application takes is in no view. */
    uint32_t ignored = SSTP_OBSERVED(SSTP_FINDING_TIMER);

    expect(c, "connection state", c->seen->connection_state, c->view->connection);
    if (c->view->has_session)
        compare_session_states(c);
    if (c->view->has_outstanding)
        expect(c, "outstanding", c->seen->outstanding, c->view->outstanding);
    if (c->seen->has_acknowledgement) {
        const struct sstp_observed_acknowledgement acknowledgement = sstp_observer_acknowledgement(
            &c->listener->observer, c->command->from_initiator, c->seen->acknowledgement);
        expect(c, "covered", acknowledgement.covered, c->view->covered);
        expect(c, "remaining", acknowledgement.remaining, c->view->remaining);
    }
    if (c->command->session != NULL && c->command->session->has_twins && c->end == COURSE_SENDER)
        ignored |= SSTP_OBSERVED(SSTP_FINDING_BAD_INDEX_REPEATED);
    expect(c, "findings", c->seen->findings & ~ignored, c->view->findings & ~ignored);
}

/* What is said without all that came before has to be true, as far as its speaker
 * can be asked: the side that opened the session. */
static void compare_given_states(const struct comparison *c)
{
    if (c->seen->connection_state != SSTP_CONNECTION_UNKNOWN)
        expect(c, "connection state", c->seen->connection_state, c->view->connection);
    if (!c->view->has_session || c->view->session == SSTP_SESSION_CLOSED ||
        c->command->session->open->from_initiator != (c->listener->point == PLAY_AT_INITIATOR))
        return;
    if (c->seen->session_state != SSTP_SESSION_UNKNOWN)
        expect(c, "session state", c->seen->session_state, c->view->session);
    if (c->seen->receiver_state != SSTP_RECEIVER_UNKNOWN)
        expect(c, "MessageReceiver state", c->seen->receiver_state, c->view->receiver);
}

/* ------------------------------------------------------------------------
 * All of it
 */

static void compare_certain(const struct comparison *c)
{
    compare_message(c);
    compare_ledger(c);
    if (c->heard->is_late) {
        /* Whoever has closed has no state left.  The Open may have been late, too, and
         * what had its id before an attach session. */
        expect(c, "connection state", c->seen->connection_state, SSTP_CONNECTION_CLOSED);
        if (c->seen->has_session && !c->command->session->is_event &&
            sstp_observer_session(&c->listener->observer, c->seen->session)->open_frame != 0)
            expect(c, "session state", c->seen->session_state, SSTP_SESSION_CLOSED);
    } else if (c->is_at_end && c->view->is_known) {
        compare_view(c);
    }
}

static void compare_uncertain(const struct comparison *c)
{
    c->listener->verdict->num_damaged++;
    if (c->listener->is_trusting) {
        /* After a ConnectClose nobody can say whose a session is that was not seen. */
        if (!c->heard->is_late)
            compare_ledger(c);
    } else {
        expect(c, "enters a ledger that is not known", c->seen->has_entry, false);
        expect(c, "acknowledges what is not known", c->seen->has_acknowledgement, false);
        expect(c, "has an outstanding count", c->seen->has_outstanding, false);
        if (c->seen->has_message)
            expect(c, "number of a message",
                   sstp_observer_message(&c->listener->observer, c->command->from_initiator,
                                         c->seen->message)
                       .number,
                   0);
    }
    if (c->is_at_end && !c->heard->is_late && c->view->is_known)
        compare_given_states(c);
}

void compare_command(struct listener *listener)
{
    const guint index = listener->heard->len - 1;
    const struct heard *heard = &g_array_index(listener->heard, struct heard, index);
    struct comparison c = {.listener = listener,
                           .heard = heard,
                           .command = heard->command,
                           .seen = &heard->seen,
                           .frame = index + 1,
                           .is_at_end = listener->point != PLAY_IN_THE_MIDDLE};

    c.end = heard->command->from_initiator == (listener->point == PLAY_AT_INITIATOR)
                ? COURSE_SENDER
                : COURSE_RECEIVER;
    c.view = &heard->command->views[c.end];
    listener->verdict->num_compared++;
    listener->verdict->num_commands[heard->command->id]++;
    listener->verdict->num_late_counts += heard->is_late && heard->command->message_count > 0;
    listener->verdict->findings |= heard->seen.findings;
    expect(&c, "findings above a note", heard->seen.findings & ~COMPARE_NOTES, 0);
    compare_session(&c);
    compare_exchange(&c);
    if (heard->is_certain)
        compare_certain(&c);
    else
        compare_uncertain(&c);
}

/* ------------------------------------------------------------------------
 * Afterwards
 */

static uint32_t frame_of(GHashTable *frames, const struct course_command *command)
{
    return command == NULL ? 0 : GPOINTER_TO_UINT(g_hash_table_lookup(frames, command));
}

static void compare_link(const struct comparison *c, GHashTable *frames)
{
    struct sstp_observed_acknowledgement link;
    const bool is_linked = sstp_observer_acknowledged_by(
        &c->listener->observer, c->command->from_initiator, c->seen->entry, &link);
    const uint32_t truth = frame_of(frames, c->command->acknowledged_by);

    /* What was missed since may have been the acknowledgement. */
    if (!is_linked && !c->listener->is_certain && !c->listener->is_trusting)
        return;
    expect(c, "acknowledged in", is_linked ? link.frame : 0, truth);
    c->listener->verdict->num_linked += is_linked;
}

static void compare_response(const struct comparison *c, GHashTable *frames)
{
    const uint32_t seen =
        sstp_observer_exchange(&c->listener->observer, c->seen->exchange)->response_frame;
    const uint32_t truth = frame_of(frames, c->command->response);

    if (seen != 0 || truth == 0) {
        expect(c, "response in", seen, truth);
        return;
    }
    /* One that crossed a Close or ConnectClose answers nothing any more. */
    const struct heard *response = &g_array_index(c->listener->heard, struct heard, truth - 1);
    if (!response->is_late && c->listener->is_certain &&
        (response->seen.findings & SSTP_OBSERVED(SSTP_FINDING_UNKNOWN_SESSION_IGNORED)) == 0)
        expect(c, "response in", 0, truth);
}

/* The endpoint agrees with the course on what it has no acknowledgement of. */
static void compare_undelivered(const struct listener *listener, GHashTable *frames)
{
    const bool from_initiator = listener->point == PLAY_AT_INITIATOR;
    const GPtrArray *entered = listener->course->entered[from_initiator];
    size_t num_undelivered = 0;

    for (guint i = 0; i < entered->len; i++) {
        const struct course_command *command = g_ptr_array_index(entered, i);
        const uint32_t frame = frame_of(frames, command->acknowledged_by);
        const bool is_in_time =
            frame != 0 && !g_array_index(listener->heard, struct heard, frame - 1).is_late;
        num_undelivered += !is_in_time;
        if (!is_in_time && command->is_told_acknowledged)
            report(listener, command, "told as acknowledged", 1, 0);
        if (is_in_time && !command->is_told_acknowledged && !command->is_told_lost)
            report(listener, command, "told as acknowledged", 0, 1);
    }
    if (num_undelivered != play_num_unacknowledged(listener->verdict->play, from_initiator))
        report(listener, NULL, "messages without acknowledgement", num_undelivered,
               play_num_unacknowledged(listener->verdict->play, from_initiator));
}

void compare_end(struct listener *listener)
{
    GHashTable *frames = g_hash_table_new(NULL, NULL);

    for (guint i = listener->first_heard; i < listener->heard->len; i++)
        g_hash_table_insert(frames, (void *)g_array_index(listener->heard, struct heard, i).command,
                            GUINT_TO_POINTER(i + 1));
    for (guint i = listener->first_heard; i < listener->heard->len; i++) {
        const struct heard *heard = &g_array_index(listener->heard, struct heard, i);
        const struct comparison c = {.listener = listener,
                                     .heard = heard,
                                     .command = heard->command,
                                     .seen = &heard->seen,
                                     .frame = i + 1};
        if (heard->seen.has_entry)
            compare_link(&c, frames);
        if (heard->seen.has_exchange && !heard->seen.is_response)
            compare_response(&c, frames);
    }
    if (listener->kind == LISTENER_WHOLE && listener->point != PLAY_IN_THE_MIDDLE &&
        listener->is_certain)
        compare_undelivered(listener, frames);
    g_hash_table_unref(frames);
}
