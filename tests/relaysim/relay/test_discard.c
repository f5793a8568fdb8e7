/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a relay tells of messages that it does not keep: why, where they came from, and
 * for whom they were. */
#include "store/store.h"
#include "town.h"

#define EPHEMERAL SSTP_MESSAGE_FLAG_EPHEMERAL
#define OFFLINE SSTP_MESSAGE_FLAG_DO_NOT_DELIVER_IF_OFFLINE
#define OFFLINE_MS 300000 /* GRVSSTP 3.3.2.1 */

static GString *told;

#define assert_told(expected)                                                                      \
    do {                                                                                           \
        g_assert_cmpstr(told->str, ==, expected);                                                  \
        g_string_truncate(told, 0);                                                                \
    } while (0)

static void on_discarded(void *cookie, const struct sstp_relay_discard *discard)
{
    static const char *const reasons[SSTP_RELAY_DISCARD_COUNT] = {
        [SSTP_RELAY_DISCARD_TTL] = "ttl",         [SSTP_RELAY_DISCARD_OFFLINE] = "offline",
        [SSTP_RELAY_DISCARD_EXPIRED] = "expired", [SSTP_RELAY_DISCARD_QUOTA] = "quota",
        [SSTP_RELAY_DISCARD_FULL] = "full",       [SSTP_RELAY_DISCARD_RELAY] = "relay",
        [SSTP_RELAY_DISCARD_SESSION] = "session", [SSTP_RELAY_DISCARD_CONNECTION] = "connection",
    };
    const struct sstp_payload_origin *origin = discard->origin;
    (void)cookie;
    g_string_append(told, reasons[discard->reason]);
    if (origin != NULL)
        g_string_append_printf(told, " %u/0x%x #%u %u bytes", (unsigned)origin->label,
                               origin->session_id, (unsigned)origin->number, (unsigned)origin->len);
    if (discard->relay_url != NULL)
        g_string_append_printf(told, " at %s\n", discard->relay_url);
    else
        g_string_append_printf(told, " for %s %s %s\n", discard->identity_url,
                               discard->device_url[0] != '\0' ? discard->device_url : "-",
                               discard->resource_url);
}

static uint64_t on_label(void *cookie, void *socket)
{
    g_assert_nonnull(cookie);
    g_assert_nonnull(socket);
    return 5;
}

static struct town_relay *make_relay(struct town *town, struct sstp_relay_config config)
{
    config.discarded = on_discarded;
    config.label = on_label;
    return town_relay(town, 1, &config);
}

static void send_flagged(struct town_client *from, uint32_t id, uint8_t flags, uint32_t ttl,
                         const char *text)
{
    const struct sstp_ep_message message = {
        .flags = flags, .ttl = ttl, .data = sstp_span_of_string(text)};
    g_assert_cmpint(sstp_ep_send_message(town_ep(from), id, &message, NULL), ==, SSTP_EP_OK);
    town_settle(from->town);
}

/* The timer that ends first says why; a TTL of 0 is none. */
static void test_expiry(void)
{
    static const struct {
        uint8_t flags;
        uint32_t ttl;
        int64_t ms;
        const char *why;
    } rows[] = {
        {EPHEMERAL, 10, 10000, "ttl"},
        {OFFLINE, 0, OFFLINE_MS, "offline"},
        {OFFLINE | EPHEMERAL, 10, 10000, "ttl"},
        {OFFLINE | EPHEMERAL, 400, OFFLINE_MS, "offline"},
        {OFFLINE | EPHEMERAL, 0, OFFLINE_MS, "offline"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct town *town = town_new();
        struct town_relay *relay = make_relay(town, (struct sstp_relay_config){0});
        struct town_client *a = town_client(town, 'A', relay, 6, false);
        const uint32_t id = town_fanout(a, "b1");
        town_send(a, id, "stays", 0);
        send_flagged(a, id, rows[i].flags, rows[i].ttl, "goes");
        town_advance(relay, rows[i].ms - 1);
        assert_told("");
        town_advance(relay, 1);
        char *expected = g_strdup_printf(
            "%s 5/0x1 #2 4 bytes for grooveIdentity://b dpp:///b apphandler\n", rows[i].why);
        assert_told(expected);
        g_free(expected);
        town_free(town);
    }
}

static void test_no_room(void)
{
    struct town *town = town_new();
    struct town_relay *relay = make_relay(town, (struct sstp_relay_config){.quota = 400});
    struct town_client *a = town_client(town, 'A', relay, 6, false);
    const uint32_t id = town_fanout(a, "b1 c1");
    char *text = g_strnfill(100, 'x');
    town_send(a, id, text, 0);
    assert_told("");
    town_send(a, id, text, 0);
    assert_told("quota 5/0x1 #2 100 bytes for grooveIdentity://b dpp:///b apphandler\n"
                "quota 5/0x1 #2 100 bytes for grooveIdentity://c dpp:///c apphandler\n");
    town_free(town);

    town = town_new();
    relay = make_relay(town, (struct sstp_relay_config){.max_bytes = 1000});
    a = town_client(town, 'A', relay, 6, false);
    g_free(text);
    text = g_strnfill(1000, 'x');
    town_send(a, town_fanout(a, "b1 c1"), text, 0);
    assert_told("full 5/0x1 #1 1000 bytes for grooveIdentity://b dpp:///b apphandler\n"
                "full 5/0x1 #1 1000 bytes for grooveIdentity://c dpp:///c apphandler\n");
    g_free(text);
    town_free(town);
}

/* Relay1, that has a message for C at Relay2, which does not take it. */
static struct town *make_backlog(uint8_t flags, struct town_client **sender, uint32_t *session_id)
{
    struct town *town = town_new();
    struct town_relay *relay1 = make_relay(town, (struct sstp_relay_config){0});
    struct town_relay *two = town_puppet(town, 2, 6);
    struct town_client *a = town_client(town, 'A', relay1, 6, false);
    const uint32_t id = town_fanout(a, "b1 c2");
    (void)sstp_ep_set_availability(two->puppet, two->opened_id, SSTP_HANDLER_READY, 0);
    town_settle(town);
    (void)sstp_ep_set_availability(two->puppet, two->opened_id, SSTP_HANDLER_NOT_READY, 0);
    town_hear(two, relay1);
    send_flagged(a, id, flags, 10, "x");
    assert_told("");
    *sender = a;
    *session_id = id;
    return town;
}

#define SHARE " 5/0x1 #1 1 bytes at grooveDNS://relay2\n"

static void test_shares(void)
{
    struct town_client *a;
    uint32_t id;
    struct town *town = make_backlog(EPHEMERAL, &a, &id);
    town_advance(&town->relays[0], 10000);
    assert_told("ttl 5/0x1 #1 1 bytes for grooveIdentity://b dpp:///b apphandler\n"
                "ttl" SHARE);
    town_free(town);

    town = make_backlog(0, &a, &id);
    town_cut(&town->relays[0], &town->relays[1]);
    assert_told("relay" SHARE);
    town_free(town);

    /* The other relay has none of its recipients left. */
    town = make_backlog(0, &a, &id);
    const uint16_t index = 0;
    (void)sstp_ep_session_status(town->relays[1].puppet, town->relays[1].opened_id,
                                 SSTP_SESSION_STATUS_LOCKED_OUT, &index, 1);
    town_settle(town);
    assert_told("relay" SHARE);
    town_free(town);

    town = make_backlog(0, &a, &id);
    town_cut_client(a);
    assert_told("connection" SHARE);
    town_free(town);

    /* Who closed its session wants the messages in it delivered; if that cannot be, that is told.
     */
    town = make_backlog(0, &a, &id);
    (void)sstp_ep_close_session(town_ep(a), id, SSTP_CLOSE_NO_REASON);
    town_settle(town);
    assert_told("");
    town_cut(&town->relays[0], &town->relays[1]);
    assert_told("relay" SHARE);
    town_free(town);
}

/* Without anybody who asks, nothing is kept and nothing told. */
static void test_nobody_asks(void)
{
    struct town *town = town_new();
    struct town_relay *relay = town_relay(town, 1, &(struct sstp_relay_config){.quota = 100});
    struct town_client *a = town_client(town, 'A', relay, 6, false);
    char *text = g_strnfill(200, 'x');
    town_send(a, town_fanout(a, "b1"), text, 0);
    g_assert_cmpuint(a->num_unacknowledged, ==, 1);
    assert_told("");
    g_free(text);
    town_free(town);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    told = g_string_new(NULL);
    g_test_add_func("/relay-discard/expiry", test_expiry);
    g_test_add_func("/relay-discard/no-room", test_no_room);
    g_test_add_func("/relay-discard/shares", test_shares);
    g_test_add_func("/relay-discard/nobody-asks", test_nobody_asks);
    const int result = g_test_run();
    g_string_free(told, TRUE);
    return result;
}
