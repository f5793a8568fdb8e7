/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How hops end, and who is told (GRVSSTP 3.3.4.1.2, 3.3.5.6.1, 3.3.5.9, 3.3.7.1, 4.2.6). */
#include "scene.h"

#define ACK SSTP_MESSAGE_FLAG_ACK_IMMEDIATELY
#define READY(client, id) (town_session_state(client, id) == (int)SSTP_SESSION_READY)

/* Figure 21: Relay2 has no room for D any more. */
static void test_4_2_6_1(void)
{
    struct scene s = scene_set(5, &(struct sstp_relay_config){.minor_version = 5, .quota = 340});
    s.e = town_client(s.town, 'E', s.relay2, 5, true);
    scene_open_to_all(&s);
    char *large = g_strnfill(60, 'x');
    town_send(s.a, s.id, large, ACK);
    g_string_truncate(s.town->commands, 0);
    town_send(s.a, s.id, large, ACK);
    g_assert_cmpuint(s.a->num_acknowledged, ==, 2);
    g_assert_nonnull(strstr(s.town->commands->str,
                            "2>1 SessionStatus s=0x1 QuotaWouldBeExceeded dpp:///d\n"
                            "2>1 Noop [acks 1]\n"));
    g_assert_nonnull(
        strstr(s.town->commands->str, "1>A SessionStatus s=0x1 QuotaWouldBeExceeded dpp:///d\n"));
    /* The loss is told before the message is acknowledged without it. */
    g_assert_true(strstr(s.town->commands->str, "1>A SessionStatus") <
                  strstr(s.town->commands->str, "1>A Noop"));
    g_assert_cmpuint(s.a->num_lost, ==, 1);
    town_send(s.a, s.id, "still", ACK);
    g_assert_true(g_str_has_suffix(s.e->received->str, "still;"));
    g_assert_cmpuint(s.a->num_acknowledged, ==, 3);
    g_free(large);
    town_free(s.town);
}

/* Figure 22: Relay2 is lost. */
static void test_4_2_6_2(void)
{
    for (uint8_t minor = 5; minor <= 6; minor++) {
        struct scene s = scene_set(minor, &(struct sstp_relay_config){.minor_version = minor});
        scene_bring_d_and_e(&s, minor);
        scene_open_to_all(&s);
        g_string_truncate(s.town->commands, 0);
        town_cut(s.relay1, s.relay2);
        assert_said(s.town, "1>A SessionStatus s=0x1 ConnectionClosed grooveDNS://relay2\n");
        g_assert_cmpuint(s.a->num_lost, ==, 2);
        town_send(s.a, s.id, "rest", ACK);
        g_assert_cmpstr(s.b->received->str, ==, "rest;");
        g_assert_cmpstr(s.d->received->str, ==, "");
        g_assert_cmpuint(s.a->num_acknowledged, ==, 1);
        town_free(s.town);
    }
}

/* A message that was on its way to the relay that is lost. */
static void test_3_3_7_1_message_under_way(void)
{
    struct scene s = scene_set(6, NULL);
    scene_open_to_all(&s);
    town_send(s.a, s.id, "one", 0);
    g_string_truncate(s.town->commands, 0);
    town_cut(s.relay1, s.relay2);
    assert_said(s.town, "1>A SessionStatus s=0x1 ConnectionClosed grooveDNS://relay2\n");
    town_advance(s.relay1, SSTP_EP_ACK_DELAY_MS);
    g_assert_nonnull(strstr(s.town->commands->str, "1>A Noop [acks 1]\n"));
    g_assert_cmpuint(s.a->num_acknowledged, ==, 1);
    g_assert_cmpuint(s.a->num_lost, ==, 2);
    town_free(s.town);
}

/* Nobody is left: EmptySession, and what was under way is not taken. */
static void test_3_3_4_1_2_empty(void)
{
    struct scene s = scene_set(6, NULL);
    const uint32_t id = town_fanout(s.a, "d2 e2");
    town_send(s.a, id, "one", 0);
    g_string_truncate(s.town->commands, 0);
    town_cut(s.relay1, s.relay2);
    assert_said(s.town, "1>A SessionStatus s=0x1 ConnectionClosed grooveDNS://relay2\n"
                        "1>A Close s=0x1 EmptySession\n"
                        "A>1 Close s=0x1 EmptySession\n");
    g_assert_cmpuint(s.a->num_unacknowledged, ==, 1);
    town_advance(s.relay1, SSTP_EP_ACK_DELAY_MS);
    g_assert_cmpuint(s.a->num_acknowledged, ==, 0);
    g_assert_cmpuint(sstp_ep_num_unacknowledged(town_ep(s.a)), ==, 0);
    town_free(s.town);
}

/* Each reason why another relay cannot be had, with its StatusId. */
static void test_3_3_5_6_1_failures(void)
{
    static const struct {
        const char *name, *to, *said;
        bool is_unreachable, is_dead_end, has_no_multi_drop, is_full;
    } rows[] = {
        {"unknown", "b1 d9", "DNSLookupFailed grooveDNS://relay9", false, false, false, false},
        {"unreachable", "b1 d2", "HostNotReachable grooveDNS://relay2", true, false, false, false},
        {"no answer", "b1 d2", "HostNotReachable grooveDNS://relay2", false, true, false, false},
        {"session refused", "b1 d2", "ConnectionClosed grooveDNS://relay2", false, false, true,
         false},
        {"connection refused", "b1 d2", "ConnectionClosed grooveDNS://relay2", false, false, false,
         true},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct scene s = scene_set(
            6, &(struct sstp_relay_config){.supports_multi_drop = rows[i].has_no_multi_drop,
                                           .max_connections = 1});
        char *status = g_strdup_printf("1>A SessionStatus s=0x1 %s\n1>A OpenResponse s=0x1 "
                                       "StartSending\n",
                                       rows[i].said);
        g_test_message("%s", rows[i].name);
        if (rows[i].is_full)
            (void)town_client(s.town, 'D', s.relay2, 6, false);
        s.relay2->is_unreachable = rows[i].is_unreachable;
        s.relay2->is_dead_end = rows[i].is_dead_end;
        s.id = town_fanout(s.a, rows[i].to);
        if (rows[i].is_dead_end) {
            g_assert_false(READY(s.a, s.id));
            town_advance(s.relay1, 179999);
            g_assert_false(READY(s.a, s.id));
            town_advance(s.relay1, 1);
        }
        if (!g_str_has_suffix(s.town->commands->str, status))
            g_test_message("%s", s.town->commands->str);
        g_assert_nonnull(strstr(s.town->commands->str, status));
        g_assert_true(READY(s.a, s.id));
        g_assert_cmpuint(s.a->num_lost, ==, 1);
        town_send(s.a, s.id, "rest", ACK);
        g_assert_cmpstr(s.b->received->str, ==, "rest;");
        g_assert_cmpuint(s.a->num_acknowledged, ==, 1);
        g_free(status);
        town_free(s.town);
    }
}

/* The originator goes: Close with EmptySession to the other relay, however it goes. */
static void test_3_3_5_9_originator_goes(void)
{
    static const char *const names[] = {"Close", "ConnectClose", "transport"};
    for (unsigned how = 0; how < 3; how++) {
        struct scene s = scene_set(6, NULL);
        g_test_message("%s", names[how]);
        scene_open_to_all(&s);
        g_string_truncate(s.town->commands, 0);
        if (how == 0)
            (void)sstp_ep_close_session(town_ep(s.a), s.id, SSTP_CLOSE_NO_REASON);
        else if (how == 1)
            sstp_ep_close_connection(town_ep(s.a), SSTP_CONNECT_CLOSE_NO_REASON, 0);
        else
            town_cut_client(s.a);
        town_settle(s.town);
        g_assert_true(g_str_has_suffix(s.town->commands->str, "1>2 Close s=0x1 EmptySession\n"));
        town_free(s.town);
    }
}

/* A session that is closed with messages in it: they go first, and are acknowledged. */
static void test_3_3_5_9_messages_first(void)
{
    struct puppet_scene s = puppet_scene_set("b1 c2");
    puppet_scene_block(&s);
    const struct sstp_ep_message message = {.data = sstp_span_of_string("late")};
    (void)sstp_ep_send_message(town_ep(s.a), s.id, &message, NULL);
    (void)sstp_ep_close_session(town_ep(s.a), s.id, SSTP_CLOSE_NO_REASON);
    town_settle(s.town);
    g_assert_null(strstr(s.town->commands->str, "1>2 Close"));
    g_string_truncate(s.town->commands, 0);
    (void)sstp_ep_set_availability(s.two->puppet, s.two->opened_id, SSTP_HANDLER_READY, 0);
    town_settle(s.town);
    assert_said(s.town, "2>1 OpenResponse s=0x1 StartSending\n1>2 Message s=0x1\n1>2 Data s=0x1\n"
                        "1>2 EndMessage s=0x1\n1>2 Close s=0x1 EmptySession\n");
    (void)sstp_ep_complete(s.two->puppet, 1);
    (void)sstp_ep_noop(s.two->puppet);
    town_settle(s.town);
    town_advance(s.relay1, SSTP_EP_ACK_DELAY_MS);
    g_assert_cmpuint(s.a->num_acknowledged, ==, 1);
    town_free(s.town);
}

/* The same, and the other relay is lost: nobody is left to be told of it, so that the
 * message must not be acknowledged. */
static void test_orphaned_message(void)
{
    struct puppet_scene s = puppet_scene_set("b1 c2");
    town_send(s.a, s.id, "one", 0);
    (void)sstp_ep_close_session(town_ep(s.a), s.id, SSTP_CLOSE_NO_REASON);
    town_settle(s.town);
    town_cut(s.relay1, s.two);
    g_assert_true(s.a->is_closed);
    g_assert_cmpint(s.a->close_reason_id, ==, SSTP_CONNECT_CLOSE_INTERNAL_ERROR);
    g_assert_cmpuint(s.a->num_acknowledged, ==, 0);
    g_assert_cmpuint(s.a->num_unacknowledged, ==, 1);
    town_free(s.town);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/relay-hop-end/4.2.6.1", test_4_2_6_1);
    g_test_add_func("/relay-hop-end/4.2.6.2", test_4_2_6_2);
    g_test_add_func("/relay-hop-end/3.3.7.1-message-under-way", test_3_3_7_1_message_under_way);
    g_test_add_func("/relay-hop-end/3.3.4.1.2-empty", test_3_3_4_1_2_empty);
    g_test_add_func("/relay-hop-end/3.3.5.6.1-failures", test_3_3_5_6_1_failures);
    g_test_add_func("/relay-hop-end/3.3.5.9-originator-goes", test_3_3_5_9_originator_goes);
    g_test_add_func("/relay-hop-end/3.3.5.9-messages-first", test_3_3_5_9_messages_first);
    g_test_add_func("/relay-hop-end/orphaned-message", test_orphaned_message);
    return g_test_run();
}
