/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Single-hop fanout (GRVSSTP 3.3.4.1.2, 3.3.5.6.1, 3.3.7.1), with the examples of 4.2.6
 * and 4.3, command by command. */
#include "town.h"

#define ACK SSTP_MESSAGE_FLAG_ACK_IMMEDIATELY
#define READY(client, id) (town_session_state(client, id) == (int)SSTP_SESSION_READY)

/* The scene of 4.2.6: A, B and C at Relay1, D and E at Relay2. */
struct scene {
    struct town *town;
    struct town_relay *relay1, *relay2;
    struct town_client *a, *b, *c, *d, *e;
    uint32_t id;
};

static struct scene set_scene(uint8_t minor, const struct sstp_relay_config *relay2)
{
    struct scene s = {.town = town_new()};
    s.relay1 = town_relay(s.town, 1, &(struct sstp_relay_config){.minor_version = minor});
    s.relay2 = town_relay(s.town, 2, relay2);
    s.a = town_client(s.town, 'A', s.relay1, minor, false);
    s.b = town_client(s.town, 'B', s.relay1, minor, true);
    s.c = town_client(s.town, 'C', s.relay1, minor, true);
    return s;
}

/* The clients of Relay2, which are not there in every test. */
static void bring_d_and_e(struct scene *s, uint8_t minor)
{
    s->d = town_client(s->town, 'D', s->relay2, minor, true);
    s->e = town_client(s->town, 'E', s->relay2, minor, true);
}

static void open_to_all(struct scene *s)
{
    s->id = town_fanout(s->a, "b0 c1 d2 e2");
    g_assert_true(READY(s->a, s->id));
}

/* Figure 20. */
static void test_4_2_6(void)
{
    struct scene s = set_scene(5, &(struct sstp_relay_config){.minor_version = 5});
    bring_d_and_e(&s, 5);
    open_to_all(&s);
    assert_said(s.town, "A>1 FanoutOpen s=0x1 apphandler, 4 destinations\n"
                        "1>A OpenResponse s=0x1 OkStopSending\n"
                        "1>2 Connect 1.5 to grooveDNS://relay2\n"
                        "2>1 ConnectResponse Ok 1.5\n"
                        "1>2 FanoutOpen s=0x1 apphandler, 2 destinations\n"
                        "2>1 OpenResponse s=0x1 OkStopSending\n"
                        "2>1 OpenResponse s=0x1 StartSending\n"
                        "1>A OpenResponse s=0x1 StartSending\n");
    town_send(s.a, s.id, "one", ACK);
    g_assert_cmpstr(s.b->received->str, ==, "one;");
    g_assert_cmpstr(s.c->received->str, ==, "one;");
    g_assert_cmpstr(s.d->received->str, ==, "one;");
    g_assert_cmpstr(s.e->received->str, ==, "one;");
    g_assert_cmpuint(s.a->num_acknowledged, ==, 1);
    g_assert_cmpuint(sstp_relay_counters(s.relay1->relay)->num_forwarded, ==, 1);
    town_free(s.town);
}

/* 4.2.6, the acknowledgement: none before Relay2's has come. */
static void test_4_2_6_acknowledgement(void)
{
    struct scene s = set_scene(6, NULL);
    open_to_all(&s);
    g_string_truncate(s.town->commands, 0);
    town_send(s.a, s.id, "one", 0);
    town_advance(s.relay1, SSTP_EP_ACK_DELAY_MS);
    /* The timer ends, and there is nothing to acknowledge yet. */
    g_assert_cmpuint(s.a->num_acknowledged, ==, 0);
    g_assert_nonnull(strstr(s.town->commands->str, "1>A Noop\n"));
    g_string_truncate(s.town->commands, 0);
    town_advance(s.relay2, SSTP_EP_ACK_DELAY_MS);
    assert_said(s.town, "2>1 Noop [acks 1]\n");
    g_assert_cmpuint(s.a->num_acknowledged, ==, 0);
    town_advance(s.relay1, SSTP_EP_ACK_DELAY_MS);
    assert_said(s.town, "1>A Noop [acks 1]\n");
    g_assert_cmpuint(s.a->num_acknowledged, ==, 1);
    town_free(s.town);
}

/* Figure 21: Relay2 has no room for D any more. */
static void test_4_2_6_1(void)
{
    struct scene s = set_scene(5, &(struct sstp_relay_config){.minor_version = 5, .quota = 340});
    s.e = town_client(s.town, 'E', s.relay2, 5, true);
    open_to_all(&s);
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
        struct scene s = set_scene(minor, &(struct sstp_relay_config){.minor_version = minor});
        bring_d_and_e(&s, minor);
        open_to_all(&s);
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
    struct scene s = set_scene(6, NULL);
    open_to_all(&s);
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
    struct scene s = set_scene(6, NULL);
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

/* 4.3.3 and 4.3.4: Device1 has sessions to Relay2, Relay1 and Relay3, Device2 one to
 * Relay2, over the same connection. */
static void test_acknowledgements(bool with_device2)
{
    struct town *town = town_new();
    struct town_relay *relay1 = town_relay(town, 1, NULL), *relay2 = town_relay(town, 2, NULL);
    struct town_relay *relay3 = town_relay(town, 3, NULL);
    struct town_client *device1 = town_client(town, 'X', relay1, 6, false);
    struct town_client *device2 = town_client(town, 'Y', relay1, 6, false);
    const uint32_t session1 = town_fanout(device1, "a2"), session2 = town_fanout(device1, "b1"),
                   session3 = town_fanout(device1, "c3");
    const uint32_t other = with_device2 ? town_fanout(device2, "d2") : 0;
    g_assert_cmpuint(relay2->num_dials, ==, 1);
    g_string_truncate(town->commands, 0);

    town_send(device1, session1, "A", 0);
    if (with_device2)
        town_send(device2, other, "D", 0);
    town_send(device1, session2, "B", 0);
    town_send(device1, session3, "C", 0);
    assert_said(town, with_device2 ? "X>1 Message s=0x1\nX>1 Data s=0x1\nX>1 EndMessage s=0x1\n"
                                     "1>2 Message s=0x1\n1>2 Data s=0x1\n1>2 EndMessage s=0x1\n"
                                     "Y>1 Message s=0x1\nY>1 Data s=0x1\nY>1 EndMessage s=0x1\n"
                                     "1>2 Message s=0x2\n1>2 Data s=0x2\n1>2 EndMessage s=0x2\n"
                                     "X>1 Message s=0x2\nX>1 Data s=0x2\nX>1 EndMessage s=0x2\n"
                                     "X>1 Message s=0x3\nX>1 Data s=0x3\nX>1 EndMessage s=0x3\n"
                                     "1>3 Message s=0x1\n1>3 Data s=0x1\n1>3 EndMessage s=0x1\n"
                                   : "X>1 Message s=0x1\nX>1 Data s=0x1\nX>1 EndMessage s=0x1\n"
                                     "1>2 Message s=0x1\n1>2 Data s=0x1\n1>2 EndMessage s=0x1\n"
                                     "X>1 Message s=0x2\nX>1 Data s=0x2\nX>1 EndMessage s=0x2\n"
                                     "X>1 Message s=0x3\nX>1 Data s=0x3\nX>1 EndMessage s=0x3\n"
                                     "1>3 Message s=0x1\n1>3 Data s=0x1\n1>3 EndMessage s=0x1\n");
    town_advance(relay3, SSTP_EP_ACK_DELAY_MS);
    assert_said(town, "3>1 Noop [acks 1]\n"); /* A is still in front of C */
    town_advance(relay2, SSTP_EP_ACK_DELAY_MS);
    assert_said(town, with_device2 ? "2>1 Noop [acks 2]\n" : "2>1 Noop [acks 1]\n");
    g_assert_cmpuint(device1->num_acknowledged + device2->num_acknowledged, ==, 0);
    town_advance(relay1, SSTP_EP_ACK_DELAY_MS);
    assert_said(town,
                with_device2 ? "1>X Noop [acks 3]\n1>Y Noop [acks 1]\n" : "1>X Noop [acks 3]\n");
    g_assert_cmpuint(device1->num_acknowledged, ==, 3);
    g_assert_cmpuint(device2->num_acknowledged, ==, with_device2 ? 1 : 0);
    town_free(town);
}

static void test_4_3_3(void)
{
    test_acknowledgements(false);
}

static void test_4_3_4(void)
{
    test_acknowledgements(true);
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
        struct scene s = set_scene(
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

/* SSTP 1.6: many losses of one SessionStatus, or of many, are told in one (note <18>);
 * SSTP 1.5: one by one. */
static void test_note_18_together(void)
{
    static const struct {
        uint8_t client, relay2;
        const char *said;
    } rows[] = {
        {6, 6, "1>A SessionStatus s=0x1 LockedOut 2 destinations\n"},
        {6, 5, "1>A SessionStatus s=0x1 LockedOut 2 destinations\n"},
        {5, 6,
         "1>A SessionStatus s=0x1 LockedOut dpp:///d\n"
         "1>A SessionStatus s=0x1 LockedOut dpp:///f\n"},
        {5, 5,
         "1>A SessionStatus s=0x1 LockedOut dpp:///d\n"
         "1>A SessionStatus s=0x1 LockedOut dpp:///f\n"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct town *town = town_new();
        struct town_relay *relay1 = town_relay(town, 1, NULL);
        struct town_relay *relay2 = town_puppet(town, 2, rows[i].relay2);
        struct town_client *a = town_client(town, 'A', relay1, rows[i].client, false);
        const uint32_t id = town_fanout(a, "b1 d2 e2 f2");
        g_assert_cmpint(
            sstp_ep_set_availability(relay2->puppet, relay2->opened_id, SSTP_HANDLER_READY, 0), ==,
            SSTP_EP_OK);
        town_settle(town);
        g_assert_true(READY(a, id));
        g_string_truncate(town->commands, 0);
        const uint16_t lost[] = {0, 2};
        (void)sstp_ep_session_status(relay2->puppet, relay2->opened_id,
                                     SSTP_SESSION_STATUS_LOCKED_OUT, lost, 2);
        g_string_truncate(town->commands, 0);
        town_settle(town);
        assert_said(town, rows[i].said);
        g_assert_cmpuint(a->num_lost, ==, 2);
        town_free(town);
    }
}

/* Note <6>: relays set the I flag of a FanoutOpen with an empty DeviceURL. */
static void test_note_6_flag(void)
{
    static const struct {
        const char *to;
        uint8_t flags;
    } rows[] = {
        {"b2 c2", 0},
        {"B2 C2", SSTP_OPEN_FLAG_IDENTITY_TARGETED},
        {"b2 C2", SSTP_OPEN_FLAG_IDENTITY_TARGETED},
    };
    struct town *town = town_new();
    struct town_relay *relay1 = town_relay(town, 1, NULL), *two = town_puppet(town, 2, 6);
    struct town_client *a = town_client(town, 'A', relay1, 6, false);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        (void)town_fanout(a, rows[i].to);
        g_assert_cmpuint(two->opened_id, ==, i + 1);
        g_assert_cmphex(two->opened_flags, ==, rows[i].flags);
    }
    town_free(town);
}

/* 3.3.5.7: the aggregate availability follows the outbound session's state. */
static void test_3_3_5_7_availability(void)
{
    struct town *town = town_new();
    struct town_relay *relay1 = town_relay(town, 1, NULL), *two = town_puppet(town, 2, 6),
                      *three = town_puppet(town, 3, 6);
    struct town_client *a = town_client(town, 'A', relay1, 6, false);
    static const struct {
        unsigned relay;
        enum sstp_availability availability;
        const char *said;
    } steps[] = {
        {2, SSTP_HANDLER_READY, "2>1 OpenResponse s=0x1 StartSending\n"},
        {3, SSTP_HANDLER_READY,
         "3>1 OpenResponse s=0x1 StartSending\n1>A OpenResponse s=0x1 StartSending\n"},
        {2, SSTP_HANDLER_NOT_READY,
         "2>1 OpenResponse s=0x1 StopSending\n1>A OpenResponse s=0x1 StopSending\n"},
        {3, SSTP_HANDLER_NOT_READY, "3>1 OpenResponse s=0x1 StopSending\n"},
        {2, SSTP_HANDLER_READY, "2>1 OpenResponse s=0x1 StartSending\n"},
        /* A relay that is lost is not waited for. */
        {3, SSTP_HANDLER_FAULT,
         "3>1 Close s=0x1 QuotaWouldBeExceeded\n"
         "1>A SessionStatus s=0x1 ConnectionClosed grooveDNS://relay3\n"
         "1>A OpenResponse s=0x1 StartSending\n"},
    };
    const uint32_t id = town_fanout(a, "b1 c2 d3");
    g_assert_cmpint(town_session_state(a, id), ==, SSTP_SESSION_SUSPENDED);
    g_string_truncate(town->commands, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
        struct town_relay *relay = steps[i].relay == 2 ? two : three;
        (void)sstp_ep_set_availability(relay->puppet, relay->opened_id, steps[i].availability,
                                       SSTP_CLOSE_QUOTA_WOULD_BE_EXCEEDED);
        town_settle(town);
        assert_said(town, steps[i].said);
    }
    /* What comes while it is blocked is forwarded when it may be (4.4.1). */
    (void)sstp_ep_set_availability(two->puppet, two->opened_id, SSTP_HANDLER_NOT_READY, 0);
    town_hear(two, relay1);
    const struct sstp_ep_message message = {.data = sstp_span_of_string("late")};
    g_assert_cmpint(sstp_ep_send_message(town_ep(a), id, &message, NULL), ==, SSTP_EP_OK);
    town_settle(town);
    g_assert_cmpuint(two->numbers->len, ==, 0);
    (void)sstp_ep_set_availability(two->puppet, two->opened_id, SSTP_HANDLER_READY, 0);
    town_settle(town);
    g_assert_cmpuint(two->numbers->len, ==, 1);
    town_free(town);
}

/* The originator goes: Close with EmptySession to the other relay, however it goes. */
static void test_3_3_5_9_originator_goes(void)
{
    static const char *const names[] = {"Close", "ConnectClose", "transport"};
    for (unsigned how = 0; how < 3; how++) {
        struct scene s = set_scene(6, NULL);
        g_test_message("%s", names[how]);
        open_to_all(&s);
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
    struct town *town = town_new();
    struct town_relay *relay1 = town_relay(town, 1, NULL), *two = town_puppet(town, 2, 6);
    struct town_client *a = town_client(town, 'A', relay1, 6, false);
    const uint32_t id = town_fanout(a, "b1 c2");
    (void)sstp_ep_set_availability(two->puppet, two->opened_id, SSTP_HANDLER_READY, 0);
    town_settle(town);
    (void)sstp_ep_set_availability(two->puppet, two->opened_id, SSTP_HANDLER_NOT_READY, 0);
    town_hear(two, relay1);
    const struct sstp_ep_message message = {.data = sstp_span_of_string("late")};
    (void)sstp_ep_send_message(town_ep(a), id, &message, NULL);
    (void)sstp_ep_close_session(town_ep(a), id, SSTP_CLOSE_NO_REASON);
    town_settle(town);
    g_assert_null(strstr(town->commands->str, "1>2 Close"));
    g_string_truncate(town->commands, 0);
    (void)sstp_ep_set_availability(two->puppet, two->opened_id, SSTP_HANDLER_READY, 0);
    town_settle(town);
    assert_said(town, "2>1 OpenResponse s=0x1 StartSending\n1>2 Message s=0x1\n1>2 Data s=0x1\n"
                      "1>2 EndMessage s=0x1\n1>2 Close s=0x1 EmptySession\n");
    (void)sstp_ep_complete(two->puppet, 1);
    (void)sstp_ep_noop(two->puppet);
    town_settle(town);
    town_advance(relay1, SSTP_EP_ACK_DELAY_MS);
    g_assert_cmpuint(a->num_acknowledged, ==, 1);
    town_free(town);
}

/* The same, and the other relay is lost: nobody is left to be told of it, so that the
 * message must not be acknowledged. */
static void test_orphaned_message(void)
{
    struct town *town = town_new();
    struct town_relay *relay1 = town_relay(town, 1, NULL), *two = town_puppet(town, 2, 6);
    struct town_client *a = town_client(town, 'A', relay1, 6, false);
    const uint32_t id = town_fanout(a, "b1 c2");
    (void)sstp_ep_set_availability(two->puppet, two->opened_id, SSTP_HANDLER_READY, 0);
    town_settle(town);
    town_send(a, id, "one", 0);
    (void)sstp_ep_close_session(town_ep(a), id, SSTP_CLOSE_NO_REASON);
    town_settle(town);
    town_cut(relay1, two);
    g_assert_true(a->is_closed);
    g_assert_cmpint(a->close_reason_id, ==, SSTP_CONNECT_CLOSE_INTERNAL_ERROR);
    g_assert_cmpuint(a->num_acknowledged, ==, 0);
    g_assert_cmpuint(a->num_unacknowledged, ==, 1);
    town_free(town);
}

/* Ephemeral messages do not wait for a relay for ever (3.3.6.2). */
static void test_3_3_6_2_expiry(void)
{
    struct town *town = town_new();
    struct town_relay *relay1 = town_relay(town, 1, NULL), *two = town_puppet(town, 2, 6);
    struct town_client *a = town_client(town, 'A', relay1, 6, false);
    const uint32_t id = town_fanout(a, "c2");
    (void)sstp_ep_set_availability(two->puppet, two->opened_id, SSTP_HANDLER_READY, 0);
    town_settle(town);
    (void)sstp_ep_set_availability(two->puppet, two->opened_id, SSTP_HANDLER_NOT_READY, 0);
    town_hear(two, relay1);
    const struct sstp_ep_message message = {
        .flags = SSTP_MESSAGE_FLAG_EPHEMERAL | ACK, .ttl = 10, .data = sstp_span_of_string("x")};
    (void)sstp_ep_send_message(town_ep(a), id, &message, NULL);
    town_settle(town);
    town_advance(relay1, 9999);
    g_assert_cmpuint(sstp_relay_counters(relay1->relay)->num_discarded, ==, 0);
    town_advance(relay1, 1);
    g_assert_cmpuint(sstp_relay_counters(relay1->relay)->num_discarded, ==, 1);
    g_assert_cmpuint(a->num_acknowledged, ==, 1);
    town_free(town);
}

/* What piles up for a relay that takes nothing stops its sender (4.4), until most of it
 * has gone. */
static void test_4_4_backlog(void)
{
    struct town *town = town_new();
    struct town_relay *relay1 = town_relay(town, 1, NULL), *two = town_puppet(town, 2, 6);
    struct town_client *a = town_client(town, 'A', relay1, 6, false);
    const uint32_t id = town_fanout(a, "b1 c2");
    char *text = g_strnfill(64 << 10, 'x');
    (void)sstp_ep_set_availability(two->puppet, two->opened_id, SSTP_HANDLER_READY, 0);
    town_settle(town);
    g_assert_true(READY(a, id));
    /* Relay2 says nothing of it, but takes nothing off its socket either. */
    two->is_deaf = true;
    unsigned num_sent = 0;
    for (; READY(a, id); num_sent++) {
        g_assert_cmpuint(num_sent, <, 20);
        town_send(a, id, text, 0);
    }
    /* The output, of 256 KiB and a message, and the backlog, of 256 KiB. */
    g_assert_cmpuint(num_sent, ==, 8);
    g_assert_true(g_str_has_suffix(town->commands->str, "1>A OpenResponse s=0x1 StopSending\n"));
    two->is_deaf = false;
    town_settle(town);
    g_assert_true(READY(a, id));
    g_assert_cmpuint(two->numbers->len, ==, num_sent);
    g_free(text);
    town_free(town);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/relay-hop/4.2.6", test_4_2_6);
    g_test_add_func("/relay-hop/4.2.6-acknowledgement", test_4_2_6_acknowledgement);
    g_test_add_func("/relay-hop/4.2.6.1", test_4_2_6_1);
    g_test_add_func("/relay-hop/4.2.6.2", test_4_2_6_2);
    g_test_add_func("/relay-hop/4.3.3", test_4_3_3);
    g_test_add_func("/relay-hop/4.3.4", test_4_3_4);
    g_test_add_func("/relay-hop/3.3.7.1-message-under-way", test_3_3_7_1_message_under_way);
    g_test_add_func("/relay-hop/3.3.4.1.2-empty", test_3_3_4_1_2_empty);
    g_test_add_func("/relay-hop/3.3.5.6.1-failures", test_3_3_5_6_1_failures);
    g_test_add_func("/relay-hop/note-18-together", test_note_18_together);
    g_test_add_func("/relay-hop/note-6-flag", test_note_6_flag);
    g_test_add_func("/relay-hop/3.3.5.7-availability", test_3_3_5_7_availability);
    g_test_add_func("/relay-hop/3.3.5.9-originator-goes", test_3_3_5_9_originator_goes);
    g_test_add_func("/relay-hop/3.3.5.9-messages-first", test_3_3_5_9_messages_first);
    g_test_add_func("/relay-hop/orphaned-message", test_orphaned_message);
    g_test_add_func("/relay-hop/3.3.6.2-expiry", test_3_3_6_2_expiry);
    g_test_add_func("/relay-hop/4.4-backlog", test_4_4_backlog);
    return g_test_run();
}
