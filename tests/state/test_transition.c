/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of states, written out once more by hand. */
#include <glib.h>

#include "command.h"
#include "state/transition.h"

#define NUM(array) (sizeof(array) / sizeof(array)[0])

/* ------------------------------------------------------------------------
 * The connection
 */

/* One letter a state, in the order of the enum; a violation is 'x'.
 * u unknown, t transport connected, c connecting, e established, a aborting,
 * d closed. */
static const char connection_letters[SSTP_CONNECTION_STATE_COUNT + 1] = "utcead";

static const struct {
    uint8_t command_id, response_id;
    const char *expected; /* after unknown, transport, connecting, established, aborting, closed */
} connection_rows[] = {
    {SSTP_CONNECT, 0, "ccxxxx"},
    {SSTP_CONNECT_RESPONSE, SSTP_CONNECT_RESPONSE_OK, "exexxx"},
    {SSTP_CONNECT_RESPONSE, SSTP_CONNECT_RESPONSE_WRONG_DEVICE, "axaxxx"},
    {SSTP_CONNECT_RESPONSE, SSTP_CONNECT_RESPONSE_TRY_LATER, "axaxxx"},
    {SSTP_CONNECT_RESPONSE, SSTP_CONNECT_RESPONSE_WILL_UPGRADE, "axaxxx"},
    {SSTP_CONNECT_RESPONSE, SSTP_CONNECT_RESPONSE_WONT_UPGRADE, "axaxxx"},
    {SSTP_CONNECT_RESPONSE, SSTP_CONNECT_RESPONSE_NEW_VERSION_REQUIRED, "axaxxx"},
    {SSTP_CONNECT_RESPONSE, SSTP_CONNECT_RESPONSE_AUTHENTICATION_FAILED, "axaxxx"},
    {SSTP_CONNECT_RESPONSE, SSTP_CONNECT_RESPONSE_CONNECT_REJECTED, "axaxxx"},
    {SSTP_CONNECT_RESPONSE, 0x77, "axaxxx"},
    {SSTP_CONNECT_AUTHENTICATE, 0, "exxexx"},
    {SSTP_CONNECT_CLOSE, 0, "dxdddx"},
    {SSTP_OPEN, 0, "exxexx"},
    {SSTP_FANOUT_OPEN, 0, "exxexx"},
    {SSTP_OPEN_RESPONSE, 0, "exxexx"},
    {SSTP_SESSION_STATUS, 0, "exxexx"},
    {SSTP_CLOSE, 0, "exxexx"},
    {SSTP_MESSAGE, 0, "exxexx"},
    {SSTP_DATA, 0, "exxexx"},
    {SSTP_END_MESSAGE, 0, "exxexx"},
    {SSTP_NOOP, 0, "exxexx"},
    {SSTP_ATTACH, 0, "exxexx"},
    {SSTP_ATTACH_RESPONSE, 0, "exxexx"},
    {SSTP_ATTACH_AUTHENTICATE, 0, "exxexx"},
    {SSTP_REGISTER, 0, "exxexx"},
    {SSTP_REGISTER_RESPONSE, 0, "exxexx"},
    {0x00, 0, "xxxxxx"},
    {0x13, 0, "xxxxxx"},
    {0xff, 0, "xxxxxx"},
};

static void test_connection(void)
{
    for (size_t i = 0; i < NUM(connection_rows); i++)
        for (int s = 0; s < SSTP_CONNECTION_STATE_COUNT; s++) {
            const enum sstp_connection_state before = (enum sstp_connection_state)s;
            enum sstp_connection_state next;
            const bool is_allowed = sstp_connection_transition(
                before, connection_rows[i].command_id, connection_rows[i].response_id, &next);
            const char expected = connection_rows[i].expected[s];
            g_assert_cmpint(is_allowed, ==, expected != 'x');
            g_assert_cmpint(connection_letters[next], ==,
                            is_allowed ? expected : connection_letters[before]);
        }
}

/* ------------------------------------------------------------------------
 * A session (GRVSSTP 3.1.5.7)
 */

/* u unknown, o opening, s suspended, r ready, b blocked, d closed. */
static const char session_letters[SSTP_SESSION_STATE_COUNT + 1] = "uosrbd";

static const struct {
    uint8_t response_id;
    const char *expected; /* after unknown, opening, suspended, ready, blocked, closed */
} session_rows[] = {
    {0x00, "rrxxxx"}, /* Ok */
    {0x04, "ddxxxx"}, /* NoResource */
    {0x05, "ddxxxx"}, /* Unknown */
    {0x08, "ddxxxx"}, /* NoFanoutEntries */
    {0x09, "rxrrrx"}, /* StartSending */
    {0x0a, "bxxbbx"}, /* StopSending */
    {0x0b, "ssxxxx"}, /* OkStopSending */
    {0x0c, "ddxxxx"}, /* FanoutNotSupported */
};

static const char *session_row(uint8_t response_id)
{
    for (size_t i = 0; i < NUM(session_rows); i++)
        if (session_rows[i].response_id == response_id)
            return session_rows[i].expected;
    return "xxxxxx"; /* the specification lists no such value */
}

static void test_session(void)
{
    for (unsigned id = 0; id <= UINT8_MAX; id++)
        for (int s = 0; s < SSTP_SESSION_STATE_COUNT; s++) {
            const enum sstp_session_state before = (enum sstp_session_state)s;
            enum sstp_session_state next;
            const bool is_allowed = sstp_session_transition(before, (uint8_t)id, &next);
            const char expected = session_row((uint8_t)id)[s];
            g_assert_cmpint(is_allowed, ==, expected != 'x');
            g_assert_cmpint(session_letters[next], ==,
                            is_allowed ? expected : session_letters[before]);
        }
}

/* ------------------------------------------------------------------------
 * The MessageReceiver (GRVSSTP 3.1.5.10-12)
 */

static void test_receiver(void)
{
    static const char letters[SSTP_RECEIVER_STATE_COUNT + 1] = "uwrb";
    static const struct {
        uint8_t command_id;
        const char *expected; /* after unknown, waiting, ready, buffering */
    } rows[] = {
        {SSTP_MESSAGE, "rrxx"}, {SSTP_DATA, "bxbb"},  {SSTP_END_MESSAGE, "wxxw"},
        {SSTP_NOOP, "xxxx"},    {SSTP_CLOSE, "xxxx"}, {SSTP_REGISTER_RESPONSE, "xxxx"},
    };
    for (size_t i = 0; i < NUM(rows); i++)
        for (int s = 0; s < SSTP_RECEIVER_STATE_COUNT; s++) {
            const enum sstp_receiver_state before = (enum sstp_receiver_state)s;
            enum sstp_receiver_state next;
            const bool is_allowed = sstp_receiver_transition(before, rows[i].command_id, &next);
            g_assert_cmpint(is_allowed, ==, rows[i].expected[s] != 'x');
            g_assert_cmpint(letters[next], ==, is_allowed ? rows[i].expected[s] : letters[before]);
        }
}

/* ------------------------------------------------------------------------
 * Availability (GRVSSTP 3.1.4.5)
 */

static void test_availability(void)
{
    static const struct {
        enum sstp_session_state state;
        enum sstp_availability_action not_ready, ready, fault;
    } rows[] = {
        {SSTP_SESSION_OPENING, SSTP_AVAILABILITY_NOTHING, SSTP_AVAILABILITY_NOTHING,
         SSTP_AVAILABILITY_NOTHING},
        {SSTP_SESSION_SUSPENDED, SSTP_AVAILABILITY_NOTHING, SSTP_AVAILABILITY_START,
         SSTP_AVAILABILITY_CLOSE},
        {SSTP_SESSION_READY, SSTP_AVAILABILITY_STOP, SSTP_AVAILABILITY_NOTHING,
         SSTP_AVAILABILITY_CLOSE},
        {SSTP_SESSION_BLOCKED, SSTP_AVAILABILITY_NOTHING, SSTP_AVAILABILITY_START,
         SSTP_AVAILABILITY_CLOSE},
        {SSTP_SESSION_CLOSED, SSTP_AVAILABILITY_NOTHING, SSTP_AVAILABILITY_NOTHING,
         SSTP_AVAILABILITY_NOTHING},
    };
    for (size_t i = 0; i < NUM(rows); i++) {
        g_assert_cmpint(sstp_availability_action(rows[i].state, SSTP_HANDLER_NOT_READY), ==,
                        rows[i].not_ready);
        g_assert_cmpint(sstp_availability_action(rows[i].state, SSTP_HANDLER_READY), ==,
                        rows[i].ready);
        g_assert_cmpint(sstp_availability_action(rows[i].state, SSTP_HANDLER_FAULT), ==,
                        rows[i].fault);
    }
}

static void test_names(void)
{
    g_assert_null(sstp_connection_state_name(SSTP_CONNECTION_UNKNOWN));
    g_assert_null(sstp_session_state_name(SSTP_SESSION_UNKNOWN));
    g_assert_null(sstp_receiver_state_name(SSTP_RECEIVER_UNKNOWN));
    g_assert_cmpstr(sstp_connection_state_name(SSTP_CONNECTION_ESTABLISHED), ==, "established");
    g_assert_cmpstr(sstp_connection_state_name(SSTP_CONNECTION_CLOSED), ==, "closed");
    g_assert_cmpstr(sstp_session_state_name(SSTP_SESSION_SUSPENDED), ==, "suspended");
    g_assert_cmpstr(sstp_session_state_name(SSTP_SESSION_CLOSED), ==, "closed");
    g_assert_cmpstr(sstp_receiver_state_name(SSTP_RECEIVER_BUFFERING), ==, "buffering");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/state/transition/connection", test_connection);
    g_test_add_func("/state/transition/3.1.5.7-session", test_session);
    g_test_add_func("/state/transition/3.1.5.10-receiver", test_receiver);
    g_test_add_func("/state/transition/3.1.4.5-availability", test_availability);
    g_test_add_func("/state/transition/names", test_names);
    return g_test_run();
}
