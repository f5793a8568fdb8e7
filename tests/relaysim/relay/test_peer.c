/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The connections to other relays: when they are opened, and again, and kept alive
 * (GRVSSTP 3.3.5.2, 3.3.5.6.1, Appendix A). */
#include "town.h"

#define READY(client, id) (town_session_state(client, id) == (int)SSTP_SESSION_READY)

/* Attempts are made when they are needed, with a pause that doubles, of which chance takes off
 * up to a half; what asks in the meantime waits for the next one. */
static void test_pauses(void)
{
    static const int64_t pauses_ms[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000};
    struct town *town = town_new();
    struct town_relay *relay1 = town_relay(town, 1, NULL), *relay2 = town_relay(town, 2, NULL);
    struct town_client *a = town_client(town, 'A', relay1, 6, false);
    relay2->is_unreachable = true;
    (void)town_fanout(a, "d2");
    g_assert_cmpuint(relay2->num_dials, ==, 1);
    for (unsigned i = 0; i < G_N_ELEMENTS(pauses_ms); i++) {
        (void)town_fanout(a, "d2");
        town_advance(relay1, pauses_ms[i] / 2 - 1);
        g_assert_cmpuint(relay2->num_dials, ==, i + 1);
        town_advance(relay1, pauses_ms[i] / 2 + 1);
        g_assert_cmpuint(relay2->num_dials, ==, i + 2);
    }
    relay2->is_unreachable = false;
    town_advance(relay1, 60000);
    uint32_t id = town_fanout(a, "d2");
    g_assert_true(READY(a, id));
    /* Lost: the next session opens it again, after the first pause. */
    town_cut(relay1, relay2);
    id = town_fanout(a, "d2");
    town_advance(relay1, 499);
    g_assert_false(READY(a, id));
    town_advance(relay1, 501);
    g_assert_true(READY(a, id));
    town_free(town);
}

/* When relays that have lost the same one at the same moment come back to it: not all of them
 * at the same moment. */
static void test_chance(void)
{
    enum { RELAYS = 20, STEP_MS = 50 };
    unsigned num_most = 0, num_all = 0;
    for (int64_t ms = 0; ms <= 1000; ms += STEP_MS) {
        unsigned num = 0;
        for (unsigned i = 0; i < RELAYS; i++) {
            struct town *town = town_new();
            struct town_relay *relay1 = town_relay(town, 1, NULL);
            struct town_relay *relay2 = town_relay(town, 2, NULL);
            struct town_client *a = town_client(town, 'A', relay1, 6, false);
            town->random = (uint8_t)(i * 12);
            relay2->is_unreachable = true;
            (void)town_fanout(a, "d2");
            (void)town_fanout(a, "d2");
            town_advance(relay1, ms);
            num += relay2->num_dials - 1;
            town_free(town);
        }
        num_most = MAX(num_most, num - num_all);
        num_all = num;
    }
    g_assert_cmpuint(num_all, ==, RELAYS);
    g_assert_cmpuint(num_most, <, RELAYS / 2);
}

/* TryLater is respected for as long as it says, and somewhat longer. */
static void test_try_later(void)
{
    struct town *town = town_new();
    struct town_relay *relay1 = town_relay(town, 1, NULL), *two = town_puppet(town, 2, 6);
    struct town_client *a = town_client(town, 'A', relay1, 6, false);
    two->connect_response = SSTP_CONNECT_RESPONSE_TRY_LATER; /* in 7 seconds */
    (void)town_fanout(a, "d2");
    g_assert_cmpint(a->session_reason_id, ==, SSTP_CLOSE_EMPTY_SESSION);
    two->connect_response = SSTP_CONNECT_RESPONSE_OK;
    (void)town_puppet(town, 2, 6);
    (void)town_fanout(a, "d2");
    town_advance(relay1, 6999);
    g_assert_cmpuint(two->num_dials, ==, 1);
    town_advance(relay1, 7000 / 4 + 1);
    g_assert_cmpuint(two->num_dials, ==, 2);
    g_assert_cmpuint(two->opened_id, ==, 1);
    town_free(town);
}

/* But not for years: an hour at most. */
static void test_try_much_later(void)
{
    struct town *town = town_new();
    struct town_relay *relay1 = town_relay(town, 1, NULL), *two = town_puppet(town, 2, 6);
    struct town_client *a = town_client(town, 'A', relay1, 6, false);
    two->connect_response = SSTP_CONNECT_RESPONSE_TRY_LATER;
    two->retry_time = UINT32_MAX;
    (void)town_fanout(a, "d2");
    two->connect_response = SSTP_CONNECT_RESPONSE_OK;
    (void)town_puppet(town, 2, 6);
    (void)town_fanout(a, "d2");
    town_advance(relay1, 3599999);
    g_assert_cmpuint(two->num_dials, ==, 1);
    town_advance(relay1, 3600000 / 4 + 1);
    g_assert_cmpuint(two->num_dials, ==, 2);
    town_free(town);
}

/* A transport that comes when its time is over is not used. */
static void test_dialed_too_late(void)
{
    struct town *town = town_new();
    struct town_relay *relay1 = town_relay(town, 1, NULL), *relay2 = town_relay(town, 2, NULL);
    struct town_client *a = town_client(town, 'A', relay1, 6, false);
    relay2->is_dead_end = true;
    (void)town_fanout(a, "d2");
    town_advance(relay1, 180000);
    g_assert_cmpuint(a->num_lost, ==, 1);
    g_assert_null(
        sstp_relay_dialed(relay1->relay, relay2->url, relay2->last_dial, NULL, relay1->now_ms));
    g_assert_null(
        sstp_relay_dialed(relay1->relay, "grooveDNS://stranger", 1, NULL, relay1->now_ms));
    town_free(town);
}

/* Nor is it taken for what came of the next attempt, whatever became of it. */
static void test_dialed_again(void)
{
    struct town *town = town_new();
    struct town_relay *relay1 = town_relay(town, 1, NULL), *relay2 = town_relay(town, 2, NULL);
    struct town_client *a = town_client(town, 'A', relay1, 6, false);
    relay2->is_dead_end = true;
    (void)town_fanout(a, "d2");
    const uint64_t first = relay2->last_dial;
    town_advance(relay1, 180000);
    g_assert_cmpuint(a->num_lost, ==, 1);
    town_advance(relay1, 1000);
    (void)town_fanout(a, "d2");
    g_assert_cmpuint(relay2->num_dials, ==, 2);
    g_assert_null(sstp_relay_dialed(relay1->relay, relay2->url, first, NULL, relay1->now_ms));
    sstp_relay_not_dialed(relay1->relay, relay2->url, first,
                          SSTP_SESSION_STATUS_HOST_NOT_REACHABLE);
    town_settle(town);
    town_advance(relay1, 179999);
    g_assert_cmpuint(a->num_lost, ==, 1);
    town_advance(relay1, 1);
    g_assert_cmpuint(a->num_lost, ==, 2);
    town_free(town);
}

/* What the other relay does on the connection that was opened to it is what it may do on its
 * own: here a fanout session that it closes, with a hop to a third. */
static void test_sessions_of_the_peer(void)
{
    struct town *town = town_new();
    struct town_relay *relay1 = town_relay(town, 1, NULL), *two = town_puppet(town, 2, 6);
    struct town_client *a = town_client(town, 'A', relay1, 6, false);
    struct town_client *b = town_client(town, 'B', relay1, 6, true);
    const struct sstp_fanout_entry entries[] = {
        {.identity_url = sstp_span_of_string("grooveIdentity://b")},
        {.identity_url = sstp_span_of_string("grooveIdentity://c"),
         .relay_url = sstp_span_of_string("grooveDNS://relay3")}};
    const struct sstp_ep_message message = {.data = sstp_span_of_string("one")};
    uint32_t id;
    (void)town_relay(town, 3, NULL);
    (void)town_fanout(a, "d2");
    g_assert_cmpint(sstp_ep_fanout_open(two->puppet, sstp_span_of_string("r"), entries, 2, &id), ==,
                    SSTP_EP_OK);
    town_settle(town);
    g_assert_cmpint(sstp_ep_send_message(two->puppet, id, &message, NULL), ==, SSTP_EP_OK);
    town_settle(town);
    g_assert_cmpstr(b->received->str, ==, "one;");
    g_string_truncate(town->commands, 0);
    (void)sstp_ep_close_session(two->puppet, id, SSTP_CLOSE_NO_REASON);
    town_settle(town);
    assert_said(town, "2>1 Close s=0x80000001 NoReason\n1>3 Close s=0x1 EmptySession\n");
    town_free(town);
}

/* Appendix A: the Session Establishment Timer, of a relay that says nothing. */
static void test_appendix_a_open(void)
{
    const struct sstp_relay_config patient = {.hung_ms = 600000};
    struct town *town = town_new();
    struct town_relay *relay1 = town_relay(town, 1, &patient), *two = town_puppet(town, 2, 6);
    struct town_client *a = town_client(town, 'A', relay1, 6, false);
    const uint32_t first = town_fanout(a, "d2");
    two->is_deaf = true;
    const uint32_t id = town_fanout(a, "b1 d2");
    g_assert_cmpint(town_session_state(a, first), ==, SSTP_SESSION_SUSPENDED);
    g_string_truncate(town->commands, 0);
    town_advance(relay1, 179999);
    assert_said(town, "");
    town_advance(relay1, 1);
    assert_said(town, "1>2 Close s=0x2 NoReason\n"
                      "1>A SessionStatus s=0x2 ConnectionClosed grooveDNS://relay2\n"
                      "1>A OpenResponse s=0x2 StartSending\n");
    g_assert_true(READY(a, id));
    g_assert_cmpint(town_session_state(a, first), ==, SSTP_SESSION_SUSPENDED);
    town_free(town);
}

/* Appendix A: the Outbound Idle Timer, of four minutes between relays. */
static void test_appendix_a_idle(void)
{
    struct town *town = town_new();
    struct town_relay *relay1 = town_relay(town, 1, NULL);
    (void)town_puppet(town, 2, 6);
    struct town_client *a = town_client(town, 'A', relay1, 6, false);
    (void)town_fanout(a, "b1 d2");
    g_string_truncate(town->commands, 0);
    /* It has been answered, with OkStopSending: that may take as long as it likes. */
    town_advance(relay1, 239999);
    assert_said(town, "");
    town_advance(relay1, 1);
    assert_said(town, "1>2 Noop\n");
    town_advance(relay1, 240000);
    assert_said(town, "1>2 Noop\n");
    town_free(town);
}

/* More sessions than the connection to the other relay may have wait for their turn. */
static void test_sessions_wait(void)
{
    struct town *town = town_new();
    struct town_relay *relay1 =
        town_relay(town, 1, &(struct sstp_relay_config){.limits.max_sessions = 2});
    struct town_client *clients[3];
    uint32_t ids[3];
    (void)town_relay(town, 2, NULL);
    for (unsigned i = 0; i < 3; i++) {
        clients[i] = town_client(town, (char)('X' + i), relay1, 6, false);
        ids[i] = town_fanout(clients[i], "b2");
    }
    g_assert_true(READY(clients[0], ids[0]) && READY(clients[1], ids[1]));
    g_assert_cmpint(town_session_state(clients[2], ids[2]), ==, SSTP_SESSION_SUSPENDED);
    (void)sstp_ep_close_session(town_ep(clients[0]), ids[0], SSTP_CLOSE_NO_REASON);
    town_settle(town);
    g_assert_true(READY(clients[2], ids[2]));
    town_free(town);
}

/* A relay that ends: its clients' sessions at other relays are closed, not lost. */
static void test_graceful_end(void)
{
    struct town *town = town_new();
    struct town_relay *relay1 = town_relay(town, 1, NULL);
    (void)town_relay(town, 2, NULL);
    struct town_client *a = town_client(town, 'A', relay1, 6, false);
    (void)town_fanout(a, "b1 c2");
    g_string_truncate(town->commands, 0);
    sstp_relay_close(relay1->relay, SSTP_CONNECT_CLOSE_NO_REASON, 0);
    town_settle(town);
    assert_said(town, "1>A ConnectClose NoReason\n1>2 Close s=0x1 EmptySession\n"
                      "1>2 ConnectClose NoReason\n");
    town_free(town);
}

/* A relay has no account (GRVSSTP 3.1.4.1): one that would receive like a client is refused,
 * for what it acknowledges are the messages of fanout sessions. */
static void test_attach_of_a_relay(void)
{
    static const char *const identities[] = {"grooveIdentity://b"};
    static const char account_url[] = "grooveAccount://b";
    uint8_t token[SSTP_SEC_TOKEN_MAX];
    struct town *town = town_new();
    struct town_relay *relay1 = town_relay(town, 1, NULL), *two = town_puppet(town, 2, 6);
    struct town_client *a = town_client(town, 'A', relay1, 6, false);
    const uint32_t id = town_fanout(a, "B1 d2");
    (void)sstp_ep_set_availability(two->puppet, two->opened_id, SSTP_HANDLER_READY, 0);
    town_settle(town);
    g_string_truncate(town->commands, 0);
    town_say(two, relay1,
             &(struct sstp_command){.id = SSTP_ATTACH,
                                    .session_id = 0x80000001,
                                    .resource_url = sstp_span_of_string("grooveSession"),
                                    .account_url = sstp_span_of_string(account_url)});
    const size_t len = sstp_sec_identities_write(account_url, identities, G_N_ELEMENTS(identities),
                                                 token, sizeof token);
    town_say(two, relay1,
             &(struct sstp_command){
                 .id = SSTP_REGISTER, .session_id = 0x80000002, .token = sstp_span(token, len)});
    town_settle(town);
    assert_said(town, "2>1 Attach s=0x80000001 grooveAccount://b\n"
                      "1>2 Close s=0x80000001 UserAuthenticationFailed\n"
                      "2>1 Register s=0x80000002\n"
                      "1>2 Close s=0x80000002 UserAuthenticationFailed\n");
    town_send(a, id, "one", 0);
    g_assert_cmpuint(two->numbers->len, ==, 1);
    (void)sstp_ep_complete(two->puppet, 1);
    (void)sstp_ep_noop(two->puppet);
    town_settle(town);
    town_advance(relay1, SSTP_EP_ACK_DELAY_MS);
    g_assert_cmpuint(a->num_acknowledged, ==, 1);
    g_assert_cmpuint(sstp_relay_num_stored(relay1->relay), ==, 1);
    town_free(town);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/relay-peer/pauses", test_pauses);
    g_test_add_func("/relay-peer/chance", test_chance);
    g_test_add_func("/relay-peer/try-later", test_try_later);
    g_test_add_func("/relay-peer/try-much-later", test_try_much_later);
    g_test_add_func("/relay-peer/dialed-too-late", test_dialed_too_late);
    g_test_add_func("/relay-peer/dialed-again", test_dialed_again);
    g_test_add_func("/relay-peer/sessions-of-the-peer", test_sessions_of_the_peer);
    g_test_add_func("/relay-peer/appendix-a-open", test_appendix_a_open);
    g_test_add_func("/relay-peer/appendix-a-idle", test_appendix_a_idle);
    g_test_add_func("/relay-peer/sessions-wait", test_sessions_wait);
    g_test_add_func("/relay-peer/graceful-end", test_graceful_end);
    g_test_add_func("/relay-peer/attach-of-a-relay", test_attach_of_a_relay);
    return g_test_run();
}
