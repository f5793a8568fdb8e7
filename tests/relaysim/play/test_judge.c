/* SPDX-License-Identifier: GPL-2.0-or-later */
/* judge: each expectation against what there is: it holds, or waiting would not help, or it did not
 * come about; and what nothing expects. */
#include "play/judge.h"

#include "core/command.h"
#include "playing.h"
#include "rows.h"

#define A 0
#define B 1

/* An expectation, and what A and B were told before it: by the letters of tell(). */
static const struct row {
    const char *name, *line, *told;
    const char *failure; /* after "LINE" ; NULL: it holds */
} rows[] = {
    {"connected", "expect A connected", "c", NULL},
    {"connected-not-yet", "expect A connected", "",
     "did not come about: A was told of nothing that is not expected before"},
    {"connected-refused", "expect A connected", "w",
     "does not hold: A was told of ConnectResponse WrongDevice"},
    {"refused", "expect A refused WrongDevice", "w", NULL},
    {"refused-otherwise", "expect A refused TryLater", "w",
     "does not hold: A was told of ConnectResponse WrongDevice"},
    {"refused-not-yet", "expect A refused WrongDevice", "",
     "did not come about: A was told of nothing that is not expected before"},
    {"disconnected", "expect A disconnected Resting", "r", NULL},
    {"disconnected-for", "expect A disconnected Resting for 5s", "r", NULL},
    {"disconnected-for-longer", "expect A disconnected Resting for 6s", "r",
     "does not hold: A was told of ConnectClose Resting for 5s"},
    {"cut", "expect A cut-off", "x", NULL},
    {"state", "expect s ready", "s", NULL},
    {"state-not-yet", "expect s blocked", "s",
     "did not come about: s is ready; A was told of nothing that is not expected before; "
     "B was told of nothing that is not expected before"},
    {"state-never", "expect s ready", "k",
     "does not hold: s is closed; A was told of Close NoReason of s; B was told of nothing that "
     "is not expected before"},
    {"closed", "expect s closed NoReason", "k", NULL},
    {"received", "expect B received M", "m", NULL},
    {"received-nothing", "expect B received nothing", "", NULL},
    {"received-something", "expect B received nothing", "m",
     "does not hold: B was told of message M"},
    {"acknowledged", "expect A acknowledged M", "a", NULL},
    {"acknowledged-by", "expect A acknowledged M by Noop 1", "a", NULL},
    {"acknowledged-by-another", "expect A acknowledged M by Noop 2", "a",
     "does not hold: A was told of the acknowledgement of M by Noop 1"},
    {"acknowledged-not-yet", "expect A acknowledged M", "",
     "did not come about: A was told of nothing that is not expected before"},
    {"unacknowledged", "expect A unacknowledged M", "u", NULL},
    {"opened", "expect A opened t", "o", NULL},
    {"stored-where-no-relay-is", "expect R stored 0", "", "did not come about: R is not there"},
};

static void tell(struct playing *p, char letter)
{
    static const struct sstp_command noop = {.id = SSTP_NOOP, .message_count = 1};
    struct sstp_ep_event event = {.session_id = 5, .tag = GUINT_TO_POINTER(1), .command = &noop};
    struct actor *actor = p->player->devices[A].actor;
    event.message = &p->scenario->messages[0].fields;
    switch (letter) {
    case 'c':
        actor->is_ready = true;
        return;
    case 'w':
        actor->has_failed = true;
        event.kind = SSTP_EP_EVENT_REFUSED;
        event.response_id = SSTP_CONNECT_RESPONSE_WRONG_DEVICE;
        break;
    case 'r':
        event.kind = SSTP_EP_EVENT_CLOSED;
        event.end = SSTP_EP_END_PEER;
        event.reason_id = SSTP_CONNECT_CLOSE_RESTING;
        event.wait_time = 5;
        break;
    case 'x':
        event.kind = SSTP_EP_EVENT_CLOSED;
        event.end = SSTP_EP_END_TRANSPORT_LOST;
        break;
    case 's':
        event.kind = SSTP_EP_EVENT_SESSION_STATE;
        event.session_state = SSTP_SESSION_READY;
        break;
    case 'k':
        event.kind = SSTP_EP_EVENT_SESSION_CLOSED;
        break;
    case 'm':
        event.kind = SSTP_EP_EVENT_MESSAGE;
        break;
    case 'a':
        event.kind = SSTP_EP_EVENT_ACKNOWLEDGED;
        break;
    case 'u':
        event.kind = SSTP_EP_EVENT_UNACKNOWLEDGED;
        break;
    case 'o':
        event.kind = SSTP_EP_EVENT_OPENED;
        event.session_id = 9;
        break;
    default:
        g_assert_not_reached();
    }
    playing_tell(p, letter == 'm' ? B : A, event);
}

/* Tells all this, and judges the last step. */
static bool judged(struct playing *p, const char *lines, const char *told)
{
    char *text = g_strconcat(PLAY, lines, "\n", NULL);
    playing_begin(p, text);
    g_free(text);
    playing_connect(p, A);
    playing_connect(p, B);
    playing_open(p, 0, 5);
    for (; *told != '\0'; told++)
        tell(p, *told);
    return judge(p->player, scenario_text_step(p->scenario, p->scenario->steps->len - 1));
}

static void test_row(gconstpointer data)
{
    const struct row *row = data;
    struct playing p;
    const bool holds = judged(&p, row->line, row->told);
    char *failures = playing_failures(&p);
    char *expected = row->failure == NULL
                         ? g_strdup("")
                         : g_strdup_printf("%s:8: \"%s\" %s (seed 7)", p.scenario->name, row->line,
                                           row->failure);
    g_assert_cmpstr(failures, ==, expected);
    g_assert_cmpint(holds, ==, row->failure == NULL);
    g_free(expected);
    g_free(failures);
    playing_end(&p);
}

/* What was told once is claimed once. */
static void test_claimed(void)
{
    struct playing p;
    g_assert_true(judged(&p, "expect s closed NoReason", "kk"));
    const struct scenario_step *step = scenario_text_step(p.scenario, p.scenario->steps->len - 1);
    g_assert_true(judge(p.player, step));
    g_assert_false(judge(p.player, step));
    playing_end(&p);
}

/* A state that the session has gone through since the last that was expected. */
static void test_states(void)
{
    struct playing p;
    g_assert_true(judged(&p, "expect s ready", "sk"));
    const struct scenario_step *step = scenario_text_step(p.scenario, p.scenario->steps->len - 1);
    struct scenario_step later = *step;
    later.number = SSTP_SESSION_CLOSED;
    g_assert_true(judge(p.player, &later));
    g_assert_false(judge(p.player, step));
    playing_end(&p);
}

static void test_name_of_opened(void)
{
    struct playing p;
    g_assert_true(judged(&p, "expect A opened t", "o"));
    const struct session_play *session = &p.player->sessions[1];
    g_assert_true(session->is_known);
    g_assert_cmpuint(session->id, ==, 9);
    g_assert_cmpuint(session->receiver_connection, ==, 1);
    playing_end(&p);
}

/* What nothing expects; acknowledgements only of interest to who expects some. */
static void test_leftovers(void)
{
    struct playing p;
    g_assert_true(judged(&p, "expect B received M", "mao"));
    g_assert_true(judge_leftovers(p.player));
    tell(&p, 'm');
    tell(&p, 'x');
    g_assert_false(judge_leftovers(p.player));
    char *failures = playing_failures(&p);
    char **lines = g_strsplit(failures, "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), ==, 2);
    g_assert_nonnull(strstr(lines[0], ": A was told of the loss of the connection, which nothing "
                                      "expects (seed 7)"));
    g_assert_nonnull(strstr(lines[1], ": B was told of message M, which nothing expects (seed 7)"));
    g_strfreev(lines);
    g_free(failures);
    playing_end(&p);
    g_assert_true(judged(&p, "expect A acknowledged M", "aa"));
    g_assert_false(judge_leftovers(p.player));
    playing_end(&p);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_rows("/judge", rows, test_row);
    g_test_add_func("/judge/claimed", test_claimed);
    g_test_add_func("/judge/states", test_states);
    g_test_add_func("/judge/name-of-opened", test_name_of_opened);
    g_test_add_func("/judge/leftovers", test_leftovers);
    return g_test_run();
}
