/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Single-hop fanout (GRVSSTP 3.3.5.2, 3.3.5.6.1), with the examples of 4.2.6 and 4.3, command by
 * command. */
#include "scene.h"

#define ACK SSTP_MESSAGE_FLAG_ACK_IMMEDIATELY
#define READY(client, id) (town_session_state(client, id) == (int)SSTP_SESSION_READY)

/* Figure 20. */
static void test_4_2_6(void)
{
    struct scene s = scene_set(5, &(struct sstp_relay_config){.minor_version = 5});
    scene_bring_d_and_e(&s, 5);
    scene_open_to_all(&s);
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
    struct scene s = scene_set(6, NULL);
    scene_open_to_all(&s);
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

/* Ephemeral messages do not wait for a relay for ever (3.3.6.2). */
static void test_3_3_6_2_expiry(void)
{
    struct puppet_scene s = puppet_scene_set("c2");
    puppet_scene_block(&s);
    const struct sstp_ep_message message = {
        .flags = SSTP_MESSAGE_FLAG_EPHEMERAL | ACK, .ttl = 10, .data = sstp_span_of_string("x")};
    (void)sstp_ep_send_message(town_ep(s.a), s.id, &message, NULL);
    town_settle(s.town);
    town_advance(s.relay1, 9999);
    g_assert_cmpuint(sstp_relay_counters(s.relay1->relay)->num_discarded, ==, 0);
    town_advance(s.relay1, 1);
    g_assert_cmpuint(sstp_relay_counters(s.relay1->relay)->num_discarded, ==, 1);
    g_assert_cmpuint(s.a->num_acknowledged, ==, 1);
    town_free(s.town);
}

/* What piles up for a relay that takes nothing stops its sender (4.4), until most of it
 * has gone. */
static void test_4_4_backlog(void)
{
    struct puppet_scene s = puppet_scene_set("b1 c2");
    char *text = g_strnfill(64 << 10, 'x');
    g_assert_true(READY(s.a, s.id));
    /* Relay2 says nothing of it, but takes nothing off its socket either. */
    s.two->is_deaf = true;
    unsigned num_sent = 0;
    for (; READY(s.a, s.id); num_sent++) {
        g_assert_cmpuint(num_sent, <, 20);
        town_send(s.a, s.id, text, 0);
    }
    /* The output, of 256 KiB and a message, and the backlog, of 256 KiB. */
    g_assert_cmpuint(num_sent, ==, 8);
    g_assert_true(g_str_has_suffix(s.town->commands->str, "1>A OpenResponse s=0x1 StopSending\n"));
    s.two->is_deaf = false;
    town_settle(s.town);
    g_assert_true(READY(s.a, s.id));
    g_assert_cmpuint(s.two->numbers->len, ==, num_sent);
    g_free(text);
    town_free(s.town);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/relay-hop-send/4.2.6", test_4_2_6);
    g_test_add_func("/relay-hop-send/4.2.6-acknowledgement", test_4_2_6_acknowledgement);
    g_test_add_func("/relay-hop-send/4.3.3", test_4_3_3);
    g_test_add_func("/relay-hop-send/4.3.4", test_4_3_4);
    g_test_add_func("/relay-hop-send/note-18-together", test_note_18_together);
    g_test_add_func("/relay-hop-send/note-6-flag", test_note_6_flag);
    g_test_add_func("/relay-hop-send/3.3.5.7-availability", test_3_3_5_7_availability);
    g_test_add_func("/relay-hop-send/3.3.6.2-expiry", test_3_3_6_2_expiry);
    g_test_add_func("/relay-hop-send/4.4-backlog", test_4_4_backlog);
    return g_test_run();
}
