/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Single-hop fanout, when recipients, messages or other relays are lost on the way
 * (GRVSSTP 3.3.4.1.2, 3.3.5.8, 3.3.5.9, 3.3.6). */
#include "town.h"

#define ACK SSTP_MESSAGE_FLAG_ACK_IMMEDIATELY
#define TIMED (SSTP_MESSAGE_FLAG_EPHEMERAL | ACK)
#define READY(client, id) (town_session_state(client, id) == (int)SSTP_SESSION_READY)

/* A at Relay1, with a fanout session whose recipients at Relay2 the test speaks for. */
struct scene {
    struct town *town;
    struct town_relay *relay1, *two;
    struct town_client *a;
    uint32_t id;
};

static struct scene set_scene(const char *names)
{
    struct scene s = {.town = town_new()};
    s.relay1 = town_relay(s.town, 1, NULL);
    s.two = town_puppet(s.town, 2, 6);
    s.a = town_client(s.town, 'A', s.relay1, 6, false);
    s.id = town_fanout(s.a, names);
    (void)sstp_ep_set_availability(s.two->puppet, s.two->opened_id, SSTP_HANDLER_READY, 0);
    town_settle(s.town);
    g_assert_true(READY(s.a, s.id));
    g_string_truncate(s.town->commands, 0);
    return s;
}

/* Relay2 asks for a pause, which Relay1 hears before A does. */
static void block(const struct scene *s)
{
    (void)sstp_ep_set_availability(s->two->puppet, s->two->opened_id, SSTP_HANDLER_NOT_READY, 0);
    town_hear(s->two, s->relay1);
}

static void send_timed(const struct scene *s, uint32_t ttl)
{
    const struct sstp_ep_message message = {
        .flags = TIMED, .ttl = ttl, .data = sstp_span_of_string("timed")};
    g_assert_cmpint(sstp_ep_send_message(town_ep(s->a), s->id, &message, NULL), ==, SSTP_EP_OK);
}

/* A SessionStatus without the Close that a puppet would put behind it: Groove Server 2010
 * takes a minute for that (note <16>). */
static void say_status(const struct scene *s, uint8_t status_id, char name)
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
    struct scene s = set_scene("c2");
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
    struct scene s = set_scene("b1 c2");
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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/relay-hop-loss/3.3.6.2-expiry-of-a-lost-session",
                    test_3_3_6_2_expiry_of_a_lost_session);
    g_test_add_func("/relay-hop-loss/3.3.5.9-close-with-a-message-under-way",
                    test_3_3_5_9_close_with_a_message_under_way);
    return g_test_run();
}
