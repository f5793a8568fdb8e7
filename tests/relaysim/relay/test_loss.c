/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Single-hop fanout, when recipients, messages or other relays are lost on the way
 * (GRVSSTP 3.3.4.1.2, 3.3.5.8, 3.3.5.9, 3.3.6). */
#include "scene.h"

#define ACK SSTP_MESSAGE_FLAG_ACK_IMMEDIATELY
#define TIMED (SSTP_MESSAGE_FLAG_EPHEMERAL | ACK)
#define READY(client, id) (town_session_state(client, id) == (int)SSTP_SESSION_READY)

/* A at Relay1, with a fanout session whose recipients at Relay2 the test speaks for. */
static struct puppet_scene set_scene(const char *names)
{
    struct puppet_scene s = puppet_scene_set(names);
    g_assert_true(READY(s.a, s.id));
    g_string_truncate(s.town->commands, 0);
    return s;
}

/* Relay2 asks for a pause, which Relay1 hears before A does. */
static void block(const struct puppet_scene *s)
{
    (void)sstp_ep_set_availability(s->two->puppet, s->two->opened_id, SSTP_HANDLER_NOT_READY, 0);
    town_hear(s->two, s->relay1);
}

static void send_timed(const struct puppet_scene *s, uint32_t ttl)
{
    const struct sstp_ep_message message = {
        .flags = TIMED, .ttl = ttl, .data = sstp_span_of_string("timed")};
    g_assert_cmpint(sstp_ep_send_message(town_ep(s->a), s->id, &message, NULL), ==, SSTP_EP_OK);
}

/* A SessionStatus without the Close that a puppet would put after it: Groove Server 2010
 * takes a minute for that (note <16>). */
static void say_status(const struct puppet_scene *s, uint8_t status_id, char name)
{
    char device_url[] = "dpp:///?", identity_url[] = "grooveIdentity://?";
    device_url[sizeof device_url - 2] = identity_url[sizeof identity_url - 2] = name;
    town_say(s->two, s->relay1,
             &(struct sstp_command){.id = SSTP_SESSION_STATUS,
                                    .form = SSTP_VERSION_1_6,
                                    .session_id = s->two->opened_id,
                                    .status_id = status_id,
                                    .device_url = sstp_span_of_string(device_url),
                                    .identity_url = sstp_span_of_string(identity_url)});
}

/* Messages expire, and the first of them to be acknowledged tells A of the loss of its
 * last recipient, which ends the session and all that waits in it. */
static void test_3_3_6_2_expiry_of_a_lost_session(void)
{
    struct puppet_scene s = set_scene("c2");
    block(&s);
    for (unsigned i = 0; i < 3; i++)
        send_timed(&s, 10);
    town_settle(s.town);
    say_status(&s, SSTP_SESSION_STATUS_LOCKED_OUT, 'c');
    s.relay1->now_ms += 10000;
    town_settle(s.town);
    g_assert_cmpuint(s.a->num_lost, ==, 1);
    g_assert_cmpint(town_session_state(s.a, s.id), ==, -1);
    g_assert_nonnull(strstr(s.town->commands->str, "1>2 Close s=0x1 EmptySession\n"));
    /* Nobody took them, and nobody says so. */
    g_assert_cmpuint(s.a->num_acknowledged, ==, 0);
    g_assert_cmpuint(s.a->num_unacknowledged, ==, 3);
    g_assert_cmpuint(sstp_relay_counters(s.relay1->relay)->num_discarded, ==, 3);
    town_free(s.town);
}

/* The other relay closes a session while a message on it is not acknowledged. */
static void test_3_3_5_9_close_with_a_message_under_way(void)
{
    struct puppet_scene s = set_scene("b1 c2");
    town_send(s.a, s.id, "one", 0);
    g_string_truncate(s.town->commands, 0);
    (void)sstp_ep_close_session(s.two->puppet, s.two->opened_id, SSTP_CLOSE_INTERNAL_ERROR);
    town_settle(s.town);
    assert_said(s.town, "2>1 Close s=0x1 InternalError\n"
                        "1>A SessionStatus s=0x1 ConnectionClosed grooveDNS://relay2\n");
    town_advance(s.relay1, SSTP_EP_ACK_DELAY_MS);
    g_assert_cmpuint(s.a->num_acknowledged, ==, 1);
    town_free(s.town);
}

/* A session that A has closed stays for its messages, and ends with the last of them. */
static void test_3_3_6_2_expiry_of_the_last(void)
{
    struct puppet_scene s = set_scene("c2");
    block(&s);
    send_timed(&s, 10);
    send_timed(&s, 20);
    (void)sstp_ep_close_session(town_ep(s.a), s.id, SSTP_CLOSE_NO_REASON);
    town_settle(s.town);
    town_advance(s.relay1, 10000);
    g_assert_null(strstr(s.town->commands->str, "1>2 Close"));
    g_string_truncate(s.town->commands, 0);
    town_advance(s.relay1, 9999);
    assert_said(s.town, "");
    town_advance(s.relay1, 1);
    assert_said(s.town, "1>2 Close s=0x1 EmptySession\n1>A Noop [acks 1]\n");
    g_assert_cmpuint(s.a->num_acknowledged, ==, 2);
    town_free(s.town);
}

/* The D flag: five minutes, on the way to another relay as well. */
static void test_3_3_5_12_offline_ttl(void)
{
    struct puppet_scene s = set_scene("c2");
    block(&s);
    const struct sstp_ep_message message = {.flags =
                                                SSTP_MESSAGE_FLAG_DO_NOT_DELIVER_IF_OFFLINE | ACK,
                                            .data = sstp_span_of_string("now")};
    (void)sstp_ep_send_message(town_ep(s.a), s.id, &message, NULL);
    town_settle(s.town);
    town_advance(s.relay1, 299999);
    g_assert_cmpuint(s.a->num_acknowledged, ==, 0);
    town_advance(s.relay1, 1);
    g_assert_cmpuint(s.a->num_acknowledged, ==, 1);
    g_assert_cmpuint(sstp_relay_counters(s.relay1->relay)->num_discarded, ==, 1);
    (void)sstp_ep_set_availability(s.two->puppet, s.two->opened_id, SSTP_HANDLER_READY, 0);
    town_settle(s.town);
    g_assert_cmpuint(s.two->numbers->len, ==, 0);
    town_free(s.town);
}

/* A message that still waits when A has closed its session, and the other relay is lost:
 * nobody is left to be told of it, so that it must not be acknowledged. */
static void test_3_3_7_1_orphaned_message(void)
{
    struct puppet_scene s = set_scene("b1 c2");
    block(&s);
    const struct sstp_ep_message message = {.flags = ACK, .data = sstp_span_of_string("late")};
    (void)sstp_ep_send_message(town_ep(s.a), s.id, &message, NULL);
    (void)sstp_ep_close_session(town_ep(s.a), s.id, SSTP_CLOSE_NO_REASON);
    town_settle(s.town);
    g_assert_false(s.a->is_closed);
    town_cut(s.relay1, s.two);
    g_assert_true(s.a->is_closed);
    g_assert_cmpint(s.a->close_reason_id, ==, SSTP_CONNECT_CLOSE_INTERNAL_ERROR);
    g_assert_cmpuint(s.a->num_acknowledged, ==, 0);
    g_assert_cmpuint(s.a->num_unacknowledged, ==, 1);
    town_free(s.town);
}

/* 3.2.5.8: the last recipient at a relay is lost, others are not: Relay1 closes the session
 * that it has opened, and sends nothing on it even before that. */
static void test_3_2_5_8_empty_hop(void)
{
    struct puppet_scene s = set_scene("b1 c2 d2");
    say_status(&s, SSTP_SESSION_STATUS_LOCKED_OUT, 'c');
    town_settle(s.town);
    g_assert_null(strstr(s.town->commands->str, "1>2 Close"));
    town_send(s.a, s.id, "for d", ACK);
    g_assert_cmpuint(s.two->numbers->len, ==, 1);
    (void)sstp_ep_complete(s.two->puppet, 1);
    (void)sstp_ep_noop(s.two->puppet);
    town_settle(s.town);
    /* With it comes a message, which Relay1 has to see before it has said anything. */
    const struct sstp_ep_message message = {.flags = ACK, .data = sstp_span_of_string("for b")};
    (void)sstp_ep_send_message(town_ep(s.a), s.id, &message, NULL);
    g_string_truncate(s.town->commands, 0);
    say_status(&s, SSTP_SESSION_STATUS_LOCKED_OUT, 'd');
    town_settle(s.town);
    g_assert_null(strstr(s.town->commands->str, "1>2 Message"));
    g_assert_nonnull(strstr(s.town->commands->str, "1>A SessionStatus s=0x1 LockedOut dpp:///d\n"));
    g_assert_nonnull(strstr(s.town->commands->str, "1>2 Close s=0x1 EmptySession\n"));
    g_assert_cmpuint(s.a->num_acknowledged, ==, 2);
    g_assert_true(READY(s.a, s.id));
    town_free(s.town);
}

/* What has expired is no backlog any more. */
static void test_4_4_backlog_expires(void)
{
    struct puppet_scene s = set_scene("c2");
    char *text = g_strnfill(64 << 10, 'x');
    const struct sstp_ep_message message = {
        .flags = TIMED, .ttl = 10, .data = sstp_span_of_string(text)};
    /* Relay2 takes nothing off its socket: what the output has no room for waits. */
    s.two->is_deaf = true;
    while (READY(s.a, s.id)) {
        (void)sstp_ep_send_message(town_ep(s.a), s.id, &message, NULL);
        town_settle(s.town);
    }
    g_string_truncate(s.town->commands, 0);
    town_advance(s.relay1, 9999);
    g_assert_false(READY(s.a, s.id));
    town_advance(s.relay1, 1);
    g_assert_true(READY(s.a, s.id));
    g_assert_cmpuint(sstp_relay_counters(s.relay1->relay)->num_discarded, ==, 4);
    g_free(text);
    town_free(s.town);
}

/* 3.3.5.8: whatever another relay says of a recipient, it is lost, and A is told: of one, or
 * of all of that relay, and nothing goes there for those any more. */
static void test_3_3_5_8_each_status(void)
{
    static const struct {
        uint8_t status_id;
        const char *said;
        unsigned num_lost;
    } rows[] = {
        {SSTP_SESSION_STATUS_QUOTA_WOULD_BE_EXCEEDED, "QuotaWouldBeExceeded dpp:///c", 1},
        {SSTP_SESSION_STATUS_LOCKED_OUT, "LockedOut dpp:///c", 1},
        /* Those that GRVSSTP 2.2.8.1 does not have are not passed on. */
        {0, "LockedOut dpp:///c", 1},
        {6, "LockedOut dpp:///c", 1},
        {255, "LockedOut dpp:///c", 1},
        /* Those of a whole relay. */
        {SSTP_SESSION_STATUS_DNS_LOOKUP_FAILED, "DNSLookupFailed grooveDNS://relay2", 2},
        {SSTP_SESSION_STATUS_HOST_NOT_REACHABLE, "HostNotReachable grooveDNS://relay2", 2},
        {SSTP_SESSION_STATUS_CONNECTION_CLOSED, "ConnectionClosed grooveDNS://relay2", 2},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct puppet_scene s = set_scene("b1 c2 d2");
        char *status = g_strdup_printf("1>A SessionStatus s=0x1 %s\n", rows[i].said);
        g_test_message("%u", rows[i].status_id);
        say_status(&s, rows[i].status_id, 'c');
        town_settle(s.town);
        g_assert_nonnull(strstr(s.town->commands->str, status));
        g_assert_cmpuint(s.a->num_lost, ==, rows[i].num_lost);
        town_send(s.a, s.id, "rest", ACK);
        g_assert_cmpuint(s.two->numbers->len, ==, rows[i].num_lost == 1 ? 1 : 0);
        g_assert_cmpint(strstr(s.town->commands->str, "1>2 Close s=0x1 EmptySession\n") != NULL, ==,
                        rows[i].num_lost == 2);
        g_free(status);
        town_free(s.town);
    }
}

/* ------------------------------------------------------------------------
 * A session that is divided
 */

#define MANY 632u

/* As a FanoutOpen of SSTP 1.5 the recipients just fit; an entry is a byte longer in 1.6, and
 * Relay1 needs two sessions to Relay2 for them.  The last recipient is Relay1's. */
static struct puppet_scene set_divided_scene(void)
{
    struct puppet_scene s = {.town = town_new()};
    struct sstp_fanout_entry entries[MANY + 1];
    char(*urls)[96] = g_malloc0((MANY + 1) * sizeof *urls);
    for (unsigned i = 0; i <= MANY; i++) {
        g_snprintf(urls[i], sizeof *urls, "grooveIdentity://%06u%059u", i, 0);
        entries[i] = (struct sstp_fanout_entry){
            .identity_url = sstp_span_of_string(urls[i]),
            .relay_url = sstp_span_of_string(i < MANY ? "grooveDNS://relay2" : "")};
    }
    s.relay1 = town_relay(s.town, 1, NULL);
    s.two = town_puppet(s.town, 2, 6);
    s.a = town_client(s.town, 'A', s.relay1, 5, false);
    g_assert_cmpint(
        sstp_ep_fanout_open(town_ep(s.a), sstp_span_of_string("r"), entries, MANY + 1, &s.id), ==,
        SSTP_EP_OK);
    g_free(urls);
    town_settle(s.town);
    assert_said(s.town, "A>1 FanoutOpen s=0x1 r, 633 destinations\n"
                        "1>A OpenResponse s=0x1 OkStopSending\n"
                        "1>2 Connect 1.6 to grooveDNS://relay2\n"
                        "2>1 ConnectResponse Ok 1.6\n"
                        "1>2 FanoutOpen s=0x1 r, 316 destinations\n"
                        "1>2 FanoutOpen s=0x2 r, 316 destinations\n"
                        "2>1 OpenResponse s=0x1 OkStopSending\n"
                        "2>1 OpenResponse s=0x2 OkStopSending\n");
    /* It waits for both. */
    (void)sstp_ep_set_availability(s.two->puppet, 2, SSTP_HANDLER_READY, 0);
    town_settle(s.town);
    assert_said(s.town, "2>1 OpenResponse s=0x2 StartSending\n");
    (void)sstp_ep_set_availability(s.two->puppet, 1, SSTP_HANDLER_READY, 0);
    town_settle(s.town);
    assert_said(s.town, "2>1 OpenResponse s=0x1 StartSending\n"
                        "1>A OpenResponse s=0x1 StartSending\n");
    return s;
}

static void test_3_3_5_6_1_divided(void)
{
    struct puppet_scene s = set_divided_scene();
    town_send(s.a, s.id, "one", ACK);
    g_assert_cmpuint(s.two->numbers->len, ==, 2);
    /* Nothing is safe before Relay2 has acknowledged both. */
    for (unsigned i = 0; i < 2; i++) {
        g_assert_cmpuint(s.a->num_acknowledged, ==, 0);
        (void)sstp_ep_complete(s.two->puppet, g_array_index(s.two->numbers, uint64_t, i));
        (void)sstp_ep_noop(s.two->puppet);
        town_settle(s.town);
        town_advance(s.relay1, SSTP_EP_ACK_DELAY_MS);
    }
    g_assert_cmpuint(s.a->num_acknowledged, ==, 1);
    town_free(s.town);
}

/* A loss is told by the RelayURL, which is that of both halves: so both are lost. */
static void test_3_3_5_9_one_of_two(void)
{
    for (unsigned lost = 1; lost <= 2; lost++) {
        struct puppet_scene s = set_divided_scene();
        (void)sstp_ep_close_session(s.two->puppet, lost, SSTP_CLOSE_INTERNAL_ERROR);
        town_settle(s.town);
        char *said =
            g_strdup_printf("2>1 Close s=0x%x InternalError\n"
                            "1>2 Close s=0x%x EmptySession\n"
                            "1>A SessionStatus s=0x1 ConnectionClosed grooveDNS://relay2\n",
                            lost, 3 - lost);
        assert_said(s.town, said);
        g_assert_cmpuint(s.a->num_lost, ==, MANY);
        town_send(s.a, s.id, "rest", ACK);
        g_assert_cmpuint(s.two->numbers->len, ==, 0);
        g_assert_cmpuint(s.a->num_acknowledged, ==, 1);
        g_free(said);
        town_free(s.town);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/relay-hop-loss/3.3.6.2-expiry-of-a-lost-session",
                    test_3_3_6_2_expiry_of_a_lost_session);
    g_test_add_func("/relay-hop-loss/3.3.5.9-close-with-a-message-under-way",
                    test_3_3_5_9_close_with_a_message_under_way);
    g_test_add_func("/relay-hop-loss/3.3.6.2-expiry-of-the-last", test_3_3_6_2_expiry_of_the_last);
    g_test_add_func("/relay-hop-loss/3.3.5.12-offline-ttl", test_3_3_5_12_offline_ttl);
    g_test_add_func("/relay-hop-loss/3.3.7.1-orphaned-message", test_3_3_7_1_orphaned_message);
    g_test_add_func("/relay-hop-loss/3.2.5.8-empty-hop", test_3_2_5_8_empty_hop);
    g_test_add_func("/relay-hop-loss/4.4-backlog-expires", test_4_4_backlog_expires);
    g_test_add_func("/relay-hop-loss/3.3.5.8-each-status", test_3_3_5_8_each_status);
    g_test_add_func("/relay-hop-loss/3.3.5.6.1-divided", test_3_3_5_6_1_divided);
    g_test_add_func("/relay-hop-loss/3.3.5.9-one-of-two", test_3_3_5_9_one_of_two);
    return g_test_run();
}
