/* SPDX-License-Identifier: GPL-2.0-or-later */
/* FanoutOpen and SessionStatus (GRVSSTP 2.2.6, 2.2.8, 3.1.5.8, 3.3.4.1.2, 3.3.5.6). */
#include "core/encode.h"
#include "pair.h"

#define B "grooveDNS://b"
#define ELSEWHERE "grooveDNS://elsewhere"

static struct sstp_fanout_entry entry(const char *identity, const char *device, const char *relay)
{
    return (struct sstp_fanout_entry){.identity_url = span_text(identity),
                                      .device_url = span_text(device),
                                      .relay_url = span_text(relay)};
}

static struct pair *relay_pair(uint8_t minor, bool multi_drop, bool single_hop)
{
    struct pair *pair = pair_new(&(struct pair_config){.b_role = SSTP_EP_RELAY,
                                                       .a_minor = minor,
                                                       .b_minor = 6,
                                                       .multi_drop = multi_drop,
                                                       .single_hop = single_hop});
    pair_connect(pair);
    return pair;
}

static void fanout(struct pair *pair, const char *resource, const struct sstp_fanout_entry *entries,
                   size_t num)
{
    uint32_t id;
    g_assert_cmpint(sstp_ep_fanout_open(pair->a.ep, span_text(resource), entries, num, &id), ==,
                    SSTP_EP_OK);
    g_string_truncate(pair->commands, 0);
    pair_exchange(pair);
}

/* 3.3.5.6: without a ResourceURL it is a violation, whoever the recipients are. */
static void test_no_resource(void)
{
    const struct sstp_fanout_entry some = entry("grooveIdentity://i", "", "");
    struct pair *pair = relay_pair(6, true, true);
    fanout(pair, "", &some, 1);
    assert_commands(pair, "B ConnectClose ProtocolError\n");
    pair_free(pair);
}

/* 3.3.5.6, in both versions. */
static void test_open(void)
{
    const struct {
        const char *name, *resource;
        struct sstp_fanout_entry entry;
        bool multi_drop, single_hop;
        const char *response;
    } rows[] = {
        {"local", "r", entry("grooveIdentity://i", "", ""), true, false, "OkStopSending"},
        {"local by its URL", "r", entry("grooveIdentity://i", "dpp:///d", B), true, false,
         "OkStopSending"},
        {"local, no multi-drop", "r", entry("grooveIdentity://i", "", ""), false, true,
         "NoFanoutEntries"},
        {"local by its URL, no multi-drop", "r", entry("grooveIdentity://i", "", B), false, true,
         "NoFanoutEntries"},
        {"remote", "r", entry("grooveIdentity://i", "", ELSEWHERE), false, true, "OkStopSending"},
        {"remote, no single-hop", "r", entry("grooveIdentity://i", "", ELSEWHERE), true, false,
         "FanoutNotSupported"},
        {"presence", "grooveWanDPP", entry("grooveIdentity://i", "", ""), true, true, "NoResource"},
        {"presence, otherwise", "grooveWANDPP", entry("grooveIdentity://i", "", ""), true, true,
         "NoResource"},
        {"no identity", "r", entry("", "dpp:///d", ""), true, true, "Unknown"},
        {"bad identity", "r", entry("mailto:i", "", ""), true, true, "Unknown"},
        {"bad device", "r", entry("grooveIdentity://i", "http://d", ""), true, true, "Unknown"},
        {"bad relay", "r", entry("grooveIdentity://i", "", "dns:r"), true, true, "Unknown"},
    };
    for (uint8_t minor = 5; minor <= 6; minor++)
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
            struct pair *pair = relay_pair(minor, rows[i].multi_drop, rows[i].single_hop);
            char *expected = g_strdup_printf("B OpenResponse s=0x1 %s\n", rows[i].response);
            g_test_message("%s", rows[i].name);
            fanout(pair, rows[i].resource, &rows[i].entry, 1);
            assert_commands(pair, expected);
            g_free(expected);
            pair_free(pair);
        }
}

/* No destinations: Ok, and the Close that tells of its end (SPECIFICATION.md). */
static void test_no_entries(void)
{
    struct pair *pair = relay_pair(6, true, true);
    fanout(pair, "r", NULL, 0);
    assert_commands(pair, "B OpenResponse s=0x1 Ok\nB Close s=0x1 EmptySession\n");
    assert_events(pair, "A session-state 0x1 ready\nA session-closed 0x1 EmptySession\n");
    pair_free(pair);
}

/* Errata: it is an error when the session exists already. */
static void test_duplicate(void)
{
    struct pair *pair = relay_pair(6, true, true);
    const struct sstp_fanout_entry one = entry("grooveIdentity://i", "", "");
    fanout(pair, "r", &one, 1);
    g_string_truncate(pair->commands, 0);
    side_inject(&pair->b, &(struct sstp_command){.id = SSTP_FANOUT_OPEN,
                                                 .form = SSTP_VERSION_1_6,
                                                 .session_id = 1,
                                                 .resource_url = span_text("r")});
    assert_commands(pair, "B ConnectClose TooManyUnknownSessionCmds\n");
    pair_free(pair);
}

/* 3.3.5.6.1, 3.1.5.8: the form of the other version. */
static void test_wrong_form(void)
{
    static const char entries[] = "grooveIdentity://i\0\0\0";
    for (uint8_t minor = 5; minor <= 6; minor++) {
        struct pair *pair = relay_pair(minor, true, true);
        /* 1.5's entry in a 1.6 connection, and 1.6's in a 1.5 one. */
        const size_t len = minor == 6 ? sizeof entries - 1 : sizeof entries;
        side_inject(&pair->b,
                    &(struct sstp_command){.id = SSTP_FANOUT_OPEN,
                                           .form = minor == 6 ? SSTP_VERSION_1_5 : SSTP_VERSION_1_6,
                                           .session_id = 1,
                                           .resource_url = span_text("r"),
                                           .fanout_entries = {1, sstp_span(entries, len)}});
        assert_commands(pair, "B ConnectClose ProtocolError\n");
        side_inject(&pair->a,
                    &(struct sstp_command){.id = SSTP_SESSION_STATUS,
                                           .form = minor == 6 ? SSTP_VERSION_1_5 : SSTP_VERSION_1_6,
                                           .session_id = 1,
                                           .status_id = 4});
        assert_commands(pair, "A ConnectClose ProtocolError\n");
        pair_free(pair);
    }
}

/* Five destinations, on a relay that takes all of them. */
static struct pair *five(uint8_t minor)
{
    const struct sstp_fanout_entry entries[] = {
        entry("grooveIdentity://i", "dpp:///1", ""), entry("grooveIdentity://i", "dpp:///2", ""),
        entry("grooveIdentity://j", "", ELSEWHERE), entry("grooveIdentity://k", "", ""),
        entry("grooveIdentity://k", "dpp:///3", ELSEWHERE)};
    struct pair *pair = relay_pair(minor, true, true);
    fanout(pair, "r", entries, G_N_ELEMENTS(entries));
    g_string_truncate(pair->commands, 0);
    g_string_truncate(pair->events, 0);
    return pair;
}

/* 2.2.8.1: a command for each in 1.5; one for all in 1.6, but by name for one. */
static void test_status_sent(void)
{
    static const uint16_t some[] = {0, 2, 4}, one[] = {1};
    struct pair *pair = five(5);
    g_assert_cmpint(sstp_ep_session_status(pair->b.ep, 1, 4, some, 3), ==, SSTP_EP_OK);
    pair_exchange(pair);
    assert_commands(pair, "B SessionStatus s=0x1 QuotaWouldBeExceeded\n"
                          "B SessionStatus s=0x1 QuotaWouldBeExceeded\n"
                          "B SessionStatus s=0x1 QuotaWouldBeExceeded\n");
    assert_events(pair, "A session-status 0x1 entry 0, 4 left\n"
                        "A session-status 0x1 entry 2, 3 left\n"
                        "A session-status 0x1 entry 4, 2 left\n");
    pair_free(pair);

    pair = five(6);
    g_assert_cmpint(sstp_ep_session_status(pair->b.ep, 1, 5, some, 3), ==, SSTP_EP_OK);
    pair_exchange(pair);
    assert_commands(pair, "B SessionStatus s=0x1 LockedOut\n");
    g_assert_cmpint(sstp_ep_session_status(pair->b.ep, 1, 5, one, 1), ==, SSTP_EP_OK);
    g_assert_cmpint(sstp_ep_session_status(pair->b.ep, 1, 5, one, 1), ==, SSTP_EP_WRONG_STATE);
    pair_exchange(pair);
    assert_commands(pair, "B SessionStatus s=0x1 LockedOut\n");
    assert_events(pair, "A session-status 0x1 entry 0, 4 left\n"
                        "A session-status 0x1 entry 2, 3 left\n"
                        "A session-status 0x1 entry 4, 2 left\n"
                        "A session-status 0x1 entry 1, 1 left\n");
    pair_free(pair);
}

/* 3.3.4.1.2, 3.2.5.8: the last one gone closes from both sides. */
static void test_status_empty(void)
{
    static const uint16_t all[] = {0, 1, 2, 3, 4};
    struct pair *pair = five(6);
    g_assert_cmpint(sstp_ep_session_status(pair->b.ep, 1, 5, all, 5), ==, SSTP_EP_OK);
    pair_exchange(pair);
    assert_commands(pair, "B SessionStatus s=0x1 LockedOut\nB Close s=0x1 EmptySession\n"
                          "A Close s=0x1 EmptySession\n");
    g_assert_true(g_str_has_prefix(pair->events->str, "B session-closed 0x1 EmptySession\n"));
    g_assert_cmpint(sstp_ep_state(pair->a.ep), ==, SSTP_CONNECTION_ESTABLISHED);
    g_assert_cmpint(sstp_ep_state(pair->b.ep), ==, SSTP_CONNECTION_ESTABLISHED);
    pair_free(pair);
}

/* The ways to name who is lost (SPECIFICATION.md). */
static void test_status_received(void)
{
    static const struct {
        const char *device, *identity, *events;
        uint8_t status_id;
    } rows[] = {
        {"dpp:///2", "grooveIdentity://i", "A session-status 0x1 entry 1, 4 left\n",
         SSTP_SESSION_STATUS_LOCKED_OUT},
        {ELSEWHERE, "",
         "A session-status 0x1 entry 2, 4 left\nA session-status 0x1 entry 4, 3 left\n",
         SSTP_SESSION_STATUS_HOST_NOT_REACHABLE},
        {ELSEWHERE, "", "", SSTP_SESSION_STATUS_LOCKED_OUT}, /* as no relay is */
        {"", "grooveIdentity://k", "A session-status 0x1 entry 3, 4 left\n",
         SSTP_SESSION_STATUS_LOCKED_OUT},
        {"", "grooveIdentity://i",
         "A session-status 0x1 entry 0, 4 left\nA session-status 0x1 entry 1, 3 left\n",
         SSTP_SESSION_STATUS_LOCKED_OUT},
        {"dpp:///9", "grooveIdentity://i", "", SSTP_SESSION_STATUS_LOCKED_OUT},
        {"dpp:///1", "grooveIdentity://nobody", "", SSTP_SESSION_STATUS_LOCKED_OUT},
    };
    for (uint8_t minor = 5; minor <= 6; minor++)
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
            struct pair *pair = five(minor);
            const struct sstp_command status = {.id = SSTP_SESSION_STATUS,
                                                .form = minor == 6 ? SSTP_VERSION_1_6
                                                                   : SSTP_VERSION_1_5,
                                                .session_id = 1,
                                                .status_id = rows[i].status_id,
                                                .device_url = span_text(rows[i].device),
                                                .identity_url = span_text(rows[i].identity)};
            side_inject(&pair->a, &status);
            assert_events(pair, rows[i].events);
            side_inject(&pair->a, &status); /* the same again is no news */
            assert_events(pair, "");
            pair_free(pair);
        }
}

/* An index below the number of entries, and at it. */
static void test_status_index(void)
{
    static const uint8_t last[] = {4, 0}, beyond[] = {5, 0};
    struct sstp_command status = {.id = SSTP_SESSION_STATUS,
                                  .form = SSTP_VERSION_1_6,
                                  .session_id = 1,
                                  .status_id = 5,
                                  .fanout_indexes = {1, {last, 2}}};
    struct pair *pair = five(6);
    side_inject(&pair->a, &status);
    assert_events(pair, "A session-status 0x1 entry 4, 4 left\n");
    status.fanout_indexes.bytes.data = beyond;
    side_inject(&pair->a, &status);
    assert_commands(pair, "A ConnectClose ProtocolError\n");
    pair_free(pair);
}

/* 3.1.5.8: a session that no FanoutOpen began. */
static void test_status_plain(void)
{
    struct pair *pair = relay_pair(5, true, true);
    const uint32_t id = pair_open(pair, &pair->a);
    side_inject(&pair->a, &(struct sstp_command){.id = SSTP_SESSION_STATUS,
                                                 .form = SSTP_VERSION_1_5,
                                                 .session_id = id,
                                                 .status_id = 5});
    assert_commands(pair, "A ConnectClose ProtocolError\n");
    pair_free(pair);
}

/* More indexes than a command holds: several commands. */
static void test_many(void)
{
    enum { NUM = 1500 };
    struct pair *pair = pair_new(&(struct pair_config){
        .b_role = SSTP_EP_RELAY, .multi_drop = true, .limits.max_fanout_entries = NUM});
    struct sstp_fanout_entry *entries = g_new0(struct sstp_fanout_entry, NUM + 1);
    uint16_t indexes[NUM];
    pair_connect(pair);
    for (unsigned i = 0; i <= NUM; i++)
        entries[i] = entry("grooveIdentity://i", "", "");
    for (unsigned i = 0; i < NUM; i++)
        indexes[i] = (uint16_t)i;
    fanout(pair, "r", entries, NUM + 1);
    assert_commands(pair, "B OpenResponse s=0x1 Unknown\n"); /* one too many */
    uint32_t id;
    (void)sstp_ep_fanout_open(pair->a.ep, span_text("r"), entries, NUM, &id);
    pair_exchange(pair);
    g_string_truncate(pair->commands, 0);
    g_assert_cmpint(sstp_ep_session_status(pair->b.ep, id, 5, indexes, NUM - 1), ==, SSTP_EP_OK);
    pair_exchange(pair);
    assert_commands(pair, "B SessionStatus s=0x2 LockedOut\nB SessionStatus s=0x2 LockedOut\n");
    g_assert_true(g_str_has_suffix(pair->events->str, "A session-status 0x2 entry 1498, 1 left\n"));
    g_free(entries);
    pair_free(pair);
}

/* 3.3.4.1.2: a relay that cannot be reached is named by its URL, in both versions, and
 * takes its destinations with it. */
static void test_relay_status(void)
{
    for (uint8_t minor = 5; minor <= 6; minor++) {
        struct pair *pair = relay_pair(minor, true, true);
        const struct sstp_fanout_entry entries[] = {
            entry("grooveIdentity://i", "", ELSEWHERE), entry("grooveIdentity://j", "", B),
            entry("grooveIdentity://k", "dpp:///k", ELSEWHERE)};
        fanout(pair, "r", entries, 3);
        g_string_truncate(pair->commands, 0);
        g_string_truncate(pair->events, 0);
        g_assert_cmpint(sstp_ep_relay_status(pair->b.ep, 1, SSTP_SESSION_STATUS_HOST_NOT_REACHABLE,
                                             span_text(ELSEWHERE)),
                        ==, SSTP_EP_OK);
        pair_exchange(pair);
        assert_commands(pair, "B SessionStatus s=0x1 HostNotReachable\n");
        assert_events(pair, "A session-status 0x1 entry 0, 2 left\n"
                            "A session-status 0x1 entry 2, 1 left\n");
        /* The last one: the session goes, too. */
        g_assert_cmpint(sstp_ep_relay_status(pair->b.ep, 1, SSTP_SESSION_STATUS_CONNECTION_CLOSED,
                                             span_text(B)),
                        ==, SSTP_EP_OK);
        g_string_truncate(pair->commands, 0);
        assert_events(pair, "B session-closed 0x1 EmptySession\n");
        g_assert_cmpint(sstp_ep_relay_status(pair->b.ep, 1, SSTP_SESSION_STATUS_CONNECTION_CLOSED,
                                             span_text(B)),
                        ==, SSTP_EP_NO_SESSION);
        pair_free(pair);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fanout/3.3.5.6-no-resource", test_no_resource);
    g_test_add_func("/fanout/3.3.5.6-open", test_open);
    g_test_add_func("/fanout/3.3.5.6-no-entries", test_no_entries);
    g_test_add_func("/fanout/3.3.5.6-duplicate", test_duplicate);
    g_test_add_func("/fanout/3.3.5.6.1-wrong-form", test_wrong_form);
    g_test_add_func("/fanout/2.2.8.1-sent", test_status_sent);
    g_test_add_func("/fanout/3.3.4.1.2-empty", test_status_empty);
    g_test_add_func("/fanout/3.1.5.8-received", test_status_received);
    g_test_add_func("/fanout/3.1.5.8-index", test_status_index);
    g_test_add_func("/fanout/3.1.5.8-plain", test_status_plain);
    g_test_add_func("/fanout/many", test_many);
    g_test_add_func("/endpoint/3.3.4.1.2-relay-status", test_relay_status);
    return g_test_run();
}
