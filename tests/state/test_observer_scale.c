/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Very many messages and sessions.  That the work of a command does not grow with
 * them is shown by what it asks of memory, and by what it leaves alone. */
#include <glib.h>

#include "counting_mem.h"
#include "state/observer.h"

#define NUM_MESSAGES 1000000u
#define NUM_SESSIONS 100000u

/* Of one command.  An Open makes a session, an exchange, a leaf and a branch, each
 * with a block and a directory at most, and keeps a ResourceURL. */
#define MAX_REQUESTS 9u

struct scale {
    struct sstp_observer observer;
    struct counting_mem memory;
    struct sstp_observation seen;
    uint32_t frame;
    size_t max_requests; /* of one command */
    uint32_t findings;   /* of all of them */
};

static void begin(struct scale *scale)
{
    *scale = (struct scale){.frame = 0};
    counting_mem_init(&scale->memory);
    sstp_observer_init(&scale->observer, &scale->memory.mem, SSTP_OBSERVER_FROM_START);
}

static void end(struct scale *scale)
{
    g_assert_cmpuint(scale->findings, ==, 0);
    sstp_observer_clear(&scale->observer);
    g_assert_cmpuint(scale->memory.num_blocks, ==, 0);
}

static void pass(struct scale *scale, bool from_initiator, const struct sstp_command *command)
{
    const size_t before = scale->memory.num_requests;
    scale->frame++;
    sstp_observer_command(&scale->observer, from_initiator, command,
                          (struct sstp_observed_place){scale->frame, scale->frame}, &scale->seen);
    scale->max_requests = MAX(scale->max_requests, scale->memory.num_requests - before);
    scale->findings |= scale->seen.findings;
}

static void pass_id(struct scale *scale, bool from_initiator, uint8_t id, uint32_t session_id)
{
    const struct sstp_command command = {.id = id, .session_id = session_id};
    pass(scale, from_initiator, &command);
}

static void connect(struct scale *scale)
{
    pass_id(scale, true, SSTP_CONNECT, 0);
    pass_id(scale, false, SSTP_CONNECT_RESPONSE, 0);
}

static void acknowledge(struct scale *scale, uint32_t message_count)
{
    const struct sstp_command command = {.id = SSTP_NOOP, .message_count = message_count};
    pass(scale, false, &command);
}

static void send(struct scale *scale, uint32_t session_id)
{
    pass_id(scale, true, SSTP_MESSAGE, session_id);
    pass_id(scale, true, SSTP_DATA, session_id);
    pass_id(scale, true, SSTP_END_MESSAGE, session_id);
}

/* The position of every message is told by arithmetic: four commands come before
 * the first message, three make one. */
static uint32_t frame_of(uint32_t position)
{
    return 4 + 3 * (position + 1);
}

static void test_messages(void)
{
    struct scale scale;
    struct sstp_observed_acknowledgement by;

    begin(&scale);
    connect(&scale);
    pass_id(&scale, true, SSTP_OPEN, 1);
    pass_id(&scale, false, SSTP_OPEN_RESPONSE, 1);
    for (uint32_t n = 0; n < NUM_MESSAGES; n++) {
        send(&scale, 1);
        g_assert_cmpuint(scale.seen.outstanding, ==, n + 1);
        g_assert_cmpuint(scale.seen.entry, ==, n);
        g_assert_cmpuint(sstp_observer_message(&scale.observer, true, scale.seen.message).number,
                         ==, n + 1);
    }
    for (uint32_t n = 0; n < NUM_MESSAGES; n += 1001)
        g_assert_false(sstp_observer_acknowledged_by(&scale.observer, true, n, &by));

    /* One count: one record, whatever it covers. */
    const size_t num_requests = scale.memory.num_requests, num_bytes = scale.memory.num_bytes;
    acknowledge(&scale, NUM_MESSAGES);
    g_assert_cmpuint(scale.memory.num_requests - num_requests, <=, 4);
    g_assert_cmpuint(scale.memory.num_bytes - num_bytes, <=, 256);
    g_assert_cmpuint(scale.seen.outstanding, ==, 0);
    const struct sstp_observed_acknowledgement all =
        sstp_observer_acknowledgement(&scale.observer, false, scale.seen.acknowledgement);
    g_assert_cmpuint(all.first, ==, 0);
    g_assert_cmpuint(all.covered, ==, NUM_MESSAGES);
    g_assert_cmpuint(all.remaining, ==, 0);
    for (uint32_t n = 0; n < NUM_MESSAGES; n++) {
        g_assert_true(sstp_observer_acknowledged_by(&scale.observer, true, n, &by));
        g_assert_cmpuint(by.frame, ==, all.frame);
        g_assert_cmpuint(sstp_observer_entry(&scale.observer, true, n).frame, ==, frame_of(n));
    }

    g_assert_cmpuint(scale.max_requests, <=, MAX_REQUESTS);
    end(&scale);
}

/* A count for each: as many records, found by halving. */
static void test_counts(void)
{
    struct scale scale;
    struct sstp_observed_acknowledgement by;

    begin(&scale);
    connect(&scale);
    pass_id(&scale, true, SSTP_OPEN, 1);
    pass_id(&scale, false, SSTP_OPEN_RESPONSE, 1);
    for (uint32_t n = 0; n < NUM_SESSIONS; n++)
        send(&scale, 1);
    const uint32_t first_frame = scale.frame + 1;
    for (uint32_t n = 0; n < NUM_SESSIONS; n++) {
        acknowledge(&scale, 1);
        g_assert_cmpuint(scale.seen.outstanding, ==, NUM_SESSIONS - 1 - n);
    }
    for (uint32_t n = 0; n < NUM_SESSIONS; n++) {
        g_assert_true(sstp_observer_acknowledged_by(&scale.observer, true, n, &by));
        g_assert_cmpuint(by.frame, ==, first_frame + n);
    }
    g_assert_cmpuint(scale.max_requests, <=, MAX_REQUESTS);
    end(&scale);
}

/* Sessions that are open at once, of both sides, and messages on all of them. */
static uint32_t id_of(uint32_t n)
{
    return n * 2654435761u; /* all over the ids of both sides */
}

static bool is_of_initiator(uint32_t n)
{
    return id_of(n) < 0x80000000u;
}

static void each_session(struct scale *scale, uint8_t id, bool is_by_originator)
{
    for (uint32_t n = 0; n < NUM_SESSIONS; n++) {
        pass_id(scale, is_of_initiator(n) == is_by_originator, id, id_of(n));
        g_assert_true(scale->seen.has_session);
        g_assert_cmpuint(scale->seen.session, ==, n);
        g_assert_cmpuint(sstp_observer_session(&scale->observer, n)->id, ==, id_of(n));
    }
}

static void test_sessions(void)
{
    struct scale scale;
    uint32_t num_of_initiator = 0;

    begin(&scale);
    connect(&scale);
    each_session(&scale, SSTP_OPEN, true);
    each_session(&scale, SSTP_OPEN_RESPONSE, false);
    each_session(&scale, SSTP_MESSAGE, true);
    each_session(&scale, SSTP_DATA, true);
    each_session(&scale, SSTP_END_MESSAGE, true);
    g_assert_cmpuint(scale.seen.session_state, ==, SSTP_SESSION_READY);
    for (uint32_t n = 0; n < NUM_SESSIONS; n++)
        num_of_initiator += is_of_initiator(n);
    g_assert_cmpuint(num_of_initiator, >, NUM_SESSIONS / 3);
    g_assert_cmpuint(num_of_initiator, <, 2 * NUM_SESSIONS / 3);
    acknowledge(&scale, num_of_initiator);
    g_assert_cmpuint(scale.seen.outstanding, ==, 0);
    const struct sstp_command other = {.id = SSTP_NOOP,
                                       .message_count = NUM_SESSIONS - num_of_initiator};
    pass(&scale, true, &other);
    g_assert_cmpuint(scale.seen.outstanding, ==, 0);

    /* From here on everything is there: no command asks for anything. */
    const size_t num_requests = scale.memory.num_requests;
    each_session(&scale, SSTP_CLOSE, false);
    g_assert_cmpuint(scale.seen.session_state, ==, SSTP_SESSION_CLOSED);
    g_assert_cmpuint(scale.memory.num_requests, ==, num_requests);
    pass_id(&scale, true, SSTP_CONNECT_CLOSE, 0);

    g_assert_cmpuint(scale.max_requests, <=, MAX_REQUESTS);
    end(&scale);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/state/observer/scale/messages", test_messages);
    g_test_add_func("/state/observer/scale/counts", test_counts);
    g_test_add_func("/state/observer/scale/sessions", test_sessions);
    return g_test_run();
}
