/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fact: what of an endpoint's events is kept, what they are about, and their words. */
#include "play/fact.h"

#include "core/command.h"
#include "playing.h"
#include "rows.h"

#define A 0
#define B 1

/* What A was told, once it has a connection and the session s with the id 5. */
static const struct row {
    const char *name;
    struct sstp_ep_event event;
    struct sstp_command command;
    enum fact_kind kind; /* FACT_KINDS: none */
    const char *words;
} rows[] = {
    {"refused",
     {.kind = SSTP_EP_EVENT_REFUSED, .response_id = SSTP_CONNECT_RESPONSE_WRONG_DEVICE},
     {0},
     FACT_REFUSED,
     "ConnectResponse WrongDevice"},
    {"refused-by-whatever",
     {.kind = SSTP_EP_EVENT_REFUSED, .response_id = 0x77},
     {0},
     FACT_REFUSED,
     "ConnectResponse of no known id"},
    {"disconnected",
     {.kind = SSTP_EP_EVENT_CLOSED,
      .end = SSTP_EP_END_PEER,
      .reason_id = SSTP_CONNECT_CLOSE_RESTING,
      .wait_time = 5},
     {0},
     FACT_DISCONNECTED,
     "ConnectClose Resting for 5s"},
    {"cut",
     {.kind = SSTP_EP_EVENT_CLOSED, .end = SSTP_EP_END_TRANSPORT_LOST},
     {0},
     FACT_CUT,
     "the loss of the connection"},
    {"left-itself",
     {.kind = SSTP_EP_EVENT_CLOSED, .end = SSTP_EP_END_LOCAL},
     {0},
     FACT_KINDS,
     NULL},
    {"refused-it-itself",
     {.kind = SSTP_EP_EVENT_CLOSED, .end = SSTP_EP_END_REFUSED, .is_local = true},
     {0},
     FACT_KINDS,
     NULL},
    {"session-closed",
     {.kind = SSTP_EP_EVENT_SESSION_CLOSED, .session_id = 5},
     {0},
     FACT_CLOSED,
     "Close NoReason of s"},
    {"session-refused",
     {.kind = SSTP_EP_EVENT_SESSION_CLOSED,
      .session_id = 5,
      .is_open_refused = true,
      .response_id = SSTP_OPEN_RESPONSE_NO_RESOURCE},
     {0},
     FACT_OPEN_REFUSED,
     "OpenResponse NoResource of s"},
    {"other-session",
     {.kind = SSTP_EP_EVENT_SESSION_CLOSED, .session_id = 6},
     {0},
     FACT_CLOSED,
     "Close NoReason of session 0x6"},
    {"lost",
     {.kind = SSTP_EP_EVENT_SESSION_STATUS, .session_id = 5, .entry_index = 2},
     {.status_id = SSTP_SESSION_STATUS_LOCKED_OUT},
     FACT_LOST,
     "SessionStatus LockedOut of s, for index 2"},
    {"acknowledged",
     {.kind = SSTP_EP_EVENT_ACKNOWLEDGED, .tag = GUINT_TO_POINTER(1)},
     {.id = SSTP_NOOP, .message_count = 3},
     FACT_ACKNOWLEDGED,
     "the acknowledgement of M by Noop 3"},
    {"unacknowledged",
     {.kind = SSTP_EP_EVENT_UNACKNOWLEDGED, .tag = GUINT_TO_POINTER(1)},
     {0},
     FACT_UNACKNOWLEDGED,
     "that M will not be acknowledged"},
    {"opened",
     {.kind = SSTP_EP_EVENT_OPENED, .session_id = 9},
     {0},
     FACT_OPENED,
     "the opening of session 0x9"},
    {"attached", {.kind = SSTP_EP_EVENT_ATTACH_RESPONSE}, {0}, FACT_KINDS, NULL},
};

static void begin(struct playing *p)
{
    playing_begin(p, PLAY);
    playing_connect(p, A);
    playing_connect(p, B);
    playing_open(p, 0, 5);
}

static void test_row(gconstpointer data)
{
    const struct row *row = data;
    struct playing p;
    struct sstp_ep_event event = row->event;
    begin(&p);
    event.command = &row->command;
    playing_tell(&p, A, event);
    g_assert_cmpuint(p.player->devices[A].facts->len, ==, row->kind != FACT_KINDS);
    if (row->kind != FACT_KINDS) {
        const struct fact *fact = facts_next(p.player, A, row->kind);
        char *words = fact_describe(p.player, A, fact);
        g_assert_cmpstr(words, ==, row->words);
        g_free(words);
    }
    playing_end(&p);
}

/* Of several for one command, in which place; and how often one has been told. */
static void test_places(void)
{
    struct playing p;
    const struct sstp_command noop = {.id = SSTP_NOOP, .message_count = 2};
    begin(&p);
    for (unsigned i = 0; i < 4; i++) {
        playing_tell(&p, A,
                     (struct sstp_ep_event){.kind = SSTP_EP_EVENT_ACKNOWLEDGED,
                                            .command = &noop,
                                            .tag = GUINT_TO_POINTER(1)});
        struct fact *fact = facts_next(p.player, A, FACT_ACKNOWLEDGED);
        g_assert_cmpuint(fact->place, ==, i % 2);
        fact->is_claimed = true;
        g_assert_null(facts_next(p.player, A, FACT_ACKNOWLEDGED));
    }
    playing_end(&p);
}

/* Destinations that one SessionStatus names are one fact, those of another another. */
static void test_statuses(void)
{
    struct playing p;
    const struct sstp_command commands[] = {{.status_id = SSTP_SESSION_STATUS_LOCKED_OUT,
                                             .device_url = sstp_span_of_string("dpp:///x")},
                                            {.status_id = SSTP_SESSION_STATUS_LOCKED_OUT,
                                             .device_url = sstp_span_of_string("dpp:///y")}};
    begin(&p);
    for (unsigned i = 0; i < 3; i++)
        playing_tell(&p, A,
                     (struct sstp_ep_event){.kind = SSTP_EP_EVENT_SESSION_STATUS,
                                            .command = &commands[i / 2],
                                            .session_id = 5,
                                            .entry_index = i});
    g_assert_cmpuint(p.player->devices[A].facts->len, ==, 2);
    char *words = facts_describe(p.player, A);
    g_assert_cmpstr(words, ==,
                    "SessionStatus LockedOut of s, for index 0, 1, "
                    "SessionStatus LockedOut of s, for index 2");
    g_free(words);
    playing_end(&p);
}

/* By its content; one that nobody sent, and one whose fields are others. */
static void test_messages(void)
{
    struct playing p;
    begin(&p);
    struct sstp_ep_message message = p.scenario->messages[0].fields;
    struct sstp_ep_event event = {
        .kind = SSTP_EP_EVENT_MESSAGE, .session_id = 5, .number = 1, .message = &message};
    playing_tell(&p, B, event);
    g_assert_cmpuint(facts_next(p.player, B, FACT_RECEIVED)->message, ==, 0);
    char *failures = playing_failures(&p);
    g_assert_cmpstr(failures, ==, "");
    g_free(failures);
    message.ttl++;
    playing_tell(&p, B, event);
    failures = playing_failures(&p);
    g_assert_nonnull(strstr(failures, ": B received M with other fields than were sent (seed 7)"));
    g_free(failures);
    message.data = sstp_span_of_string("nobody's");
    playing_tell(&p, B, event);
    char *words = facts_describe(p.player, B);
    g_assert_cmpstr(words, ==, "message M, message M, message that nobody sent");
    g_free(words);
    playing_end(&p);
}

/* Of the connection that it was told on, and only while somebody plays. */
static void test_connections(void)
{
    struct playing p;
    begin(&p);
    const struct sstp_ep_event closed = {.kind = SSTP_EP_EVENT_SESSION_CLOSED, .session_id = 5};
    playing_tell(&p, A, closed);
    struct fact *fact = facts_next(p.player, A, FACT_CLOSED);
    g_assert_true(fact_is_of_session(p.player, A, fact, 0));
    g_assert_false(fact_is_of_session(p.player, B, fact, 0) && fact->connection != 1);
    fact->is_claimed = true;
    playing_connect(&p, A);
    playing_tell(&p, A, closed);
    fact = facts_next(p.player, A, FACT_CLOSED);
    g_assert_cmpuint(fact->connection, ==, 2);
    g_assert_false(fact_is_of_session(p.player, A, fact, 0));
    facts_failed(p.player, p.player->devices[A].actor, "it is told");
    g_assert_cmpstr(facts_next(p.player, A, FACT_FAILED)->text, ==, "it is told");
    p.player->is_over = true;
    const guint num = p.player->devices[A].facts->len;
    playing_tell(&p, A, closed);
    facts_failed(p.player, p.player->devices[A].actor, "nobody listens");
    g_assert_cmpuint(p.player->devices[A].facts->len, ==, num);
    playing_end(&p);
}

/* The loss of a connection is no news to who leaves. */
static void test_leaving(void)
{
    struct playing p;
    begin(&p);
    p.player->devices[A].is_leaving = true;
    playing_tell(
        &p, A,
        (struct sstp_ep_event){.kind = SSTP_EP_EVENT_CLOSED, .end = SSTP_EP_END_TRANSPORT_LOST});
    g_assert_null(facts_next(p.player, A, FACT_CUT));
    playing_end(&p);
}

static void test_many(void)
{
    struct playing p;
    begin(&p);
    char *words = facts_describe(p.player, A);
    g_assert_cmpstr(words, ==, "nothing that is not expected before");
    g_free(words);
    for (unsigned i = 0; i < 10; i++)
        playing_tell(&p, A,
                     (struct sstp_ep_event){.kind = SSTP_EP_EVENT_SESSION_CLOSED, .session_id = 5});
    words = facts_describe(p.player, A);
    g_assert_true(g_str_has_prefix(words, "Close NoReason of s, Close NoReason of s"));
    g_assert_true(g_str_has_suffix(words, " and 2 more"));
    g_free(words);
    playing_end(&p);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_rows("/fact/told", rows, test_row);
    g_test_add_func("/fact/places", test_places);
    g_test_add_func("/fact/statuses", test_statuses);
    g_test_add_func("/fact/messages", test_messages);
    g_test_add_func("/fact/connections", test_connections);
    g_test_add_func("/fact/leaving", test_leaving);
    g_test_add_func("/fact/many", test_many);
    return g_test_run();
}
