/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections that another relay has opened, for fanout to it (GRVSSTP 3.3.5.6.1): used where
 * everybody is believed, and nowhere else. */
#include "town.h"

#define ACK SSTP_MESSAGE_FLAG_ACK_IMMEDIATELY
#define READY(client, id) (town_session_state(client, id) == (int)SSTP_SESSION_READY)

/* A and B at Relay1, D and E at Relay2; D sends to B first, unless told otherwise. */
struct scene {
    struct town *town;
    struct town_relay *relay1, *relay2;
    struct town_client *a, *b, *d, *e;
    uint32_t from_d, from_a;
};

static struct scene set_scene(enum sstp_relay_auth auth)
{
    struct scene s = {.town = town_new()};
    s.relay1 = town_relay(s.town, 1, &(struct sstp_relay_config){.auth = auth});
    s.relay2 = town_relay(s.town, 2, &(struct sstp_relay_config){.auth = auth});
    const bool attaches = auth != SSTP_RELAY_AUTH_OFF; /* who does not, can prove nothing */
    s.a = town_client(s.town, 'A', s.relay1, 6, attaches);
    s.b = town_client(s.town, 'B', s.relay1, 6, true);
    s.d = town_client(s.town, 'D', s.relay2, 6, attaches);
    s.e = town_client(s.town, 'E', s.relay2, 6, true);
    return s;
}

static struct scene set_connected_scene(enum sstp_relay_auth auth)
{
    struct scene s = set_scene(auth);
    s.from_d = town_fanout(s.d, "b1");
    g_assert_true(READY(s.d, s.from_d));
    g_assert_cmpuint(s.relay1->num_dials, ==, 1);
    g_string_truncate(s.town->commands, 0);
    return s;
}

static void check_both_ways(const struct scene *s)
{
    town_send(s->a, s->from_a, "there", ACK);
    town_send(s->d, s->from_d, "back", ACK);
    g_assert_true(g_str_has_suffix(s->e->received->str, "there;"));
    g_assert_true(g_str_has_suffix(s->b->received->str, "back;"));
    g_assert_cmpuint(s->a->num_acknowledged, ==, 1);
    g_assert_cmpuint(s->d->num_acknowledged, ==, 1);
}

/* The acceptor of the connection opens sessions on it, in the acceptor's range of ids. */
static void test_used(void)
{
    struct scene s = set_connected_scene(SSTP_RELAY_AUTH_OFF);
    s.from_a = town_fanout(s.a, "e2");
    assert_said(s.town, "A>1 FanoutOpen s=0x1 apphandler, 1 destination\n"
                        "1>A OpenResponse s=0x1 OkStopSending\n"
                        "1>2 FanoutOpen s=0x80000001 apphandler, 1 destination\n"
                        "2>1 OpenResponse s=0x80000001 OkStopSending\n"
                        "2>1 OpenResponse s=0x80000001 StartSending\n"
                        "1>A OpenResponse s=0x1 StartSending\n");
    g_assert_cmpuint(s.relay2->num_dials, ==, 0);
    check_both_ways(&s);
    town_free(s.town);
}

/* It is lost: as a dialed one is, and the next session dials, at once. */
static void test_lost(void)
{
    struct scene s = set_connected_scene(SSTP_RELAY_AUTH_OFF);
    s.from_a = town_fanout(s.a, "b1 e2");
    town_send(s.a, s.from_a, "under way", 0);
    g_string_truncate(s.town->commands, 0);
    town_cut(s.relay1, s.relay2);
    g_assert_nonnull(strstr(s.town->commands->str,
                            "1>A SessionStatus s=0x1 ConnectionClosed grooveDNS://relay2\n"));
    g_assert_cmpuint(s.a->num_lost, ==, 1);
    const uint32_t again = town_fanout(s.a, "e2");
    g_assert_true(READY(s.a, again));
    g_assert_cmpuint(s.relay2->num_dials, ==, 1);
    town_free(s.town);
}

/* ConnectClose with a ReturnTime is respected, for somewhat longer, before this relay dials
 * itself. */
static void test_resting(void)
{
    struct scene s = set_connected_scene(SSTP_RELAY_AUTH_OFF);
    sstp_relay_close(s.relay2->relay, SSTP_CONNECT_CLOSE_RESTING, 5);
    town_settle(s.town);
    (void)town_fanout(s.a, "e2");
    town_advance(s.relay1, 4999);
    g_assert_cmpuint(s.relay2->num_dials, ==, 0);
    town_advance(s.relay1, 5000 / 4 + 1);
    g_assert_cmpuint(s.relay2->num_dials, ==, 1);
    town_free(s.town);
}

/* It comes while this relay waits for a transport of its own, which is then not wanted. */
static void test_comes_while_dialing(void)
{
    struct scene s = set_scene(SSTP_RELAY_AUTH_OFF);
    s.relay2->is_dead_end = true;
    s.from_a = town_fanout(s.a, "e2");
    g_assert_cmpuint(s.relay2->num_dials, ==, 1);
    g_assert_false(READY(s.a, s.from_a));
    s.from_d = town_fanout(s.d, "b1");
    g_assert_true(READY(s.a, s.from_a));
    g_assert_null(sstp_relay_dialed(s.relay1->relay, s.relay2->url, s.relay2->last_dial, NULL,
                                    s.relay1->now_ms));
    sstp_relay_not_dialed(s.relay1->relay, s.relay2->url, s.relay2->last_dial,
                          SSTP_SESSION_STATUS_HOST_NOT_REACHABLE);
    town_advance(s.relay1, 200000);
    check_both_ways(&s);
    town_free(s.town);
}

/* Both dial at once, and each hears the other's Connect before its ConnectResponse: each
 * uses the connection of the other, and neither closes its own. */
static struct scene set_crossed_scene(void)
{
    struct scene s = set_scene(SSTP_RELAY_AUTH_OFF);
    s.from_a = town_fanout_unsettled(s.a, "e2");
    s.from_d = town_fanout_unsettled(s.d, "b1");
    town_speak(s.d);
    town_speak(s.a);
    town_hear(s.relay1, s.relay2);
    town_hear(s.relay2, s.relay1);
    town_settle(s.town);
    g_assert_cmpuint(s.relay1->num_dials, ==, 1);
    g_assert_cmpuint(s.relay2->num_dials, ==, 1);
    g_assert_nonnull(strstr(s.town->commands->str, "1>2 FanoutOpen s=0x80000001 "));
    g_assert_nonnull(strstr(s.town->commands->str, "2>1 FanoutOpen s=0x80000001 "));
    g_assert_true(READY(s.a, s.from_a) && READY(s.d, s.from_d));
    check_both_ways(&s);
    return s;
}

static void test_both_at_once(void)
{
    struct scene s = set_crossed_scene();
    town_cut(s.relay1, s.relay2);
    g_assert_cmpuint(s.a->num_lost, ==, 1);
    g_assert_cmpuint(s.d->num_lost, ==, 1);
    town_free(s.town);
}

/* The one of the two is lost that D's session is on: A's goes on, and what D opens next
 * takes the one that is left. */
static void test_one_of_two_is_lost(void)
{
    struct scene s = set_crossed_scene();
    town_cut_dialed(s.relay1, s.relay2);
    g_assert_cmpuint(s.a->num_lost, ==, 0);
    g_assert_cmpuint(s.d->num_lost, ==, 1);
    g_string_truncate(s.town->commands, 0);
    s.from_d = town_fanout(s.d, "b1");
    g_assert_nonnull(strstr(s.town->commands->str, "2>1 FanoutOpen s=0x1 "));
    g_assert_cmpuint(s.relay1->num_dials, ==, 1);
    s.a->num_acknowledged = s.d->num_acknowledged = 0;
    check_both_ways(&s);
    town_free(s.town);
}

/* On either connection the acceptor has session 0x80000001: the end of D's, on the one that
 * Relay1 does not use, is not that of A's. */
static void test_same_id_on_two(void)
{
    struct scene s = set_crossed_scene();
    (void)sstp_ep_close_session(town_ep(s.d), s.from_d, SSTP_CLOSE_NO_REASON);
    town_settle(s.town);
    g_assert_true(g_str_has_suffix(s.town->commands->str, "2>1 Close s=0x80000001 EmptySession\n"));
    g_assert_cmpuint(s.a->num_lost, ==, 0);
    town_send(s.a, s.from_a, "still", ACK);
    g_assert_true(g_str_has_suffix(s.e->received->str, "still;"));
    town_free(s.town);
}

/* Where proof is asked for, a relay has none: what comes in is not used. */
static void test_not_believed(void)
{
    static const enum sstp_relay_auth auths[] = {SSTP_RELAY_AUTH_OPTIONAL,
                                                 SSTP_RELAY_AUTH_REQUIRED};
    for (size_t i = 0; i < G_N_ELEMENTS(auths); i++) {
        struct scene s = set_connected_scene(auths[i]);
        /* The address that was configured leads nowhere, so the messages go nowhere. */
        s.relay2->is_unreachable = true;
        (void)town_fanout(s.a, "e2");
        g_assert_null(strstr(s.town->commands->str, "1>2 "));
        g_assert_nonnull(strstr(s.town->commands->str, "HostNotReachable grooveDNS://relay2\n"));
        s.relay2->is_unreachable = false;
        town_advance(s.relay1, 1000);
        g_string_truncate(s.town->commands, 0);
        s.from_a = town_fanout(s.a, "e2");
        g_assert_nonnull(strstr(s.town->commands->str, "1>2 FanoutOpen s=0x1 "));
        check_both_ways(&s);
        town_free(s.town);
    }
}

/* A relay has several URLs, of which this one knows the second. */
static void test_second_url(void)
{
    static const char *const urls[] = {"grooveDNS://elsewhere", "grooveDNS://relay2"};
    struct town *town = town_new();
    struct town_relay *relay1 = town_relay(town, 1, NULL);
    struct town_relay *relay2 =
        town_relay(town, 2, &(struct sstp_relay_config){.urls = urls, .num_urls = 2});
    struct town_client *a = town_client(town, 'A', relay1, 6, false);
    struct town_client *d = town_client(town, 'D', relay2, 6, false);
    g_assert_true(READY(d, town_fanout(d, "b1")));
    g_assert_true(READY(a, town_fanout(a, "e2")));
    g_assert_cmpuint(relay2->num_dials, ==, 0);
    town_free(town);
}

/* A relay that is not among the peers is not used, whatever is believed. */
static void test_no_peer(void)
{
    static const char *const peer_urls[] = {"grooveDNS://relay3"};
    struct town *town = town_new();
    struct town_relay *relay1 =
        town_relay(town, 1, &(struct sstp_relay_config){.peer_urls = peer_urls, .num_peers = 1});
    struct town_relay *relay2 = town_relay(town, 2, NULL);
    struct town_client *a = town_client(town, 'A', relay1, 6, false);
    struct town_client *d = town_client(town, 'D', relay2, 6, false);
    g_assert_true(READY(d, town_fanout(d, "b1")));
    g_string_truncate(town->commands, 0);
    (void)town_fanout(a, "b1 e2");
    assert_said(town, "A>1 FanoutOpen s=0x1 apphandler, 2 destinations\n"
                      "1>A OpenResponse s=0x1 OkStopSending\n"
                      "1>A SessionStatus s=0x1 DNSLookupFailed grooveDNS://relay2\n"
                      "1>A OpenResponse s=0x1 StartSending\n");
    town_free(town);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/relay-peer-accepted/used", test_used);
    g_test_add_func("/relay-peer-accepted/lost", test_lost);
    g_test_add_func("/relay-peer-accepted/resting", test_resting);
    g_test_add_func("/relay-peer-accepted/comes-while-dialing", test_comes_while_dialing);
    g_test_add_func("/relay-peer-accepted/both-at-once", test_both_at_once);
    g_test_add_func("/relay-peer-accepted/one-of-two-is-lost", test_one_of_two_is_lost);
    g_test_add_func("/relay-peer-accepted/same-id-on-two", test_same_id_on_two);
    g_test_add_func("/relay-peer-accepted/not-believed", test_not_believed);
    g_test_add_func("/relay-peer-accepted/second-url", test_second_url);
    g_test_add_func("/relay-peer-accepted/no-peer", test_no_peer);
    return g_test_run();
}
