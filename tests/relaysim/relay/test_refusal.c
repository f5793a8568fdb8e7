/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every limit that refuses something has a line of the log, with the option that sets it. */
#include "base/log_seldom.h"
#include "rows.h"
#include "world.h"

static GString *told;

static void on_tell(void *cookie, void *socket, const char *text)
{
    (void)cookie;
    g_assert_nonnull(socket);
    g_string_append_printf(told, "%s\n", text);
}

static void fan_out(struct visitor *from, unsigned num)
{
    const struct sstp_fanout_entry entry = {.identity_url =
                                                sstp_span_of_string("grooveIdentity://c")};
    struct sstp_fanout_entry entries[8];
    uint32_t id;
    for (unsigned i = 0; i < num; i++)
        entries[i] = entry;
    g_assert_cmpint(sstp_ep_fanout_open(sstp_client_ep(from->client), sstp_span_of_string("r"),
                                        entries, num, &id),
                    ==, SSTP_EP_OK);
    exchange(from->world);
    if (num == 1)
        send(from, id, "text");
}

/* A message of which only this much has come. */
static void begin_message(struct visitor *from, uint32_t id, size_t len)
{
    struct sstp_ep *ep = sstp_client_ep(from->client);
    char *text = g_strnfill(len, 'x');
    g_assert_cmpint(sstp_ep_message_begin(ep, id, &(struct sstp_ep_message){.flags = 0}), ==,
                    SSTP_EP_OK);
    (void)sstp_ep_message_data(ep, id, sstp_span_of_string(text));
    exchange(from->world);
    g_free(text);
}

static void come_twice(struct world *world)
{
    (void)visit(world, &alice);
    (void)visit(world, &bob);
}

static void come_as_one_device(struct world *world)
{
    (void)visit(world, &bob);
    (void)visit(world, &bob);
}

static void open_two(struct world *world)
{
    struct visitor *a = visit(world, &alice);
    (void)open_to(a, "grooveIdentity://c", "");
    (void)open_to(a, "grooveIdentity://d", "");
}

static void attach(struct world *world)
{
    (void)visit(world, &bob);
}

static void fan_out_to_three(struct world *world)
{
    fan_out(visit(world, &alice), 3);
}

static void send_two(struct world *world)
{
    struct visitor *a = visit(world, &alice);
    const uint32_t id = open_to(a, "grooveIdentity://c", "");
    send(a, id, "0123456789");
    send(a, id, "0123456789");
}

static void fan_out_two(struct world *world)
{
    struct visitor *a = visit(world, &alice);
    fan_out(a, 1);
    fan_out(a, 1);
}

static void send_long(struct world *world)
{
    struct visitor *a = visit(world, &alice);
    begin_message(a, open_to(a, "grooveIdentity://c", ""), 2000);
}

static void send_unfinished(struct world *world)
{
    struct visitor *a = visit(world, &alice);
    begin_message(a, open_to(a, "grooveIdentity://c", ""), 100000);
}

static void send_to_two_devices(struct world *world)
{
    struct visitor *a = visit(world, &alice);
    send(a, open_to(a, "grooveIdentity://c", ""), "1");
    send(a, open_to(a, "grooveIdentity://c", "dpp:///c"), "2");
}

static void open_over_quota(struct world *world)
{
    struct visitor *a = visit(world, &alice);
    send(a, open_to(a, "grooveIdentity://c", ""), "0123456789");
    (void)open_to(a, "grooveIdentity://c", "dpp:///c");
}

static void register_foreign(struct world *world)
{
    struct who mallory = bob;
    mallory.device = "dpp:///mallory";
    mallory.account = "mallorys";
    (void)visit(world, &bob);
    g_assert_true(visit(world, &mallory)->has_failed);
}

static void register_locked_out(struct world *world)
{
    g_assert_true(visit(world, &bob)->has_failed);
}

/* Over several Registers, and one too many. */
static void register_too_many(struct world *world)
{
    enum { NUM = SSTP_REGISTRY_IDENTITIES_MAX + 1 };
    static char urls[NUM][64];
    static const char *pointers[NUM];
    for (unsigned i = 0; i < NUM; i++) {
        g_snprintf(urls[i], sizeof urls[i], "grooveIdentity://of-a-usual-length-%u", i);
        pointers[i] = urls[i];
    }
    for (size_t num = NUM - 1; num <= NUM; num++) {
        struct visitor *visitor = visit_as(world, &bob, pointers, num);
        g_assert_true(visitor->is_ready == (num < NUM));
        g_assert_true(visitor->has_failed == (num == NUM));
        if (num < NUM)
            g_assert_cmpstr(told->str, ==, "");
    }
}

static const char *const locked_out[] = {"grooveIdentity://bob"};

static const struct row {
    const char *name;
    struct sstp_relay_config config;
    void (*act)(struct world *world);
    const char *expected;
} rows[] = {
    {"max-connections",
     {.max_connections = 1},
     come_twice,
     "dpp:///bob is refused, there are 1 connections: see --max-connections"},
    {"connections-per-device",
     {.max_connections_per_device = 1},
     come_as_one_device,
     "dpp:///bob is refused, its other connections live: see --connections-per-device"},
    {"max-sessions",
     {.limits.max_sessions = 1},
     open_two,
     "dpp:///alice is refused a session, it has too many: see --max-sessions"},
    {"max-events",
     {.limits.max_attaches = 1},
     attach,
     "dpp:///bob is refused an Attach or Register, it has too many: see --max-events"},
    {"max-fanout",
     {.limits.max_fanout_entries = 2, .supports_multi_drop = true},
     fan_out_to_three,
     "dpp:///alice is refused a fanout session to too many recipients: see --max-fanout"},
    {"max-message",
     {.limits.max_message = 1000},
     send_long,
     "a message of dpp:///alice is too long: see --max-message"},
    {"max-assembling",
     {.max_assembling = 1000},
     send_unfinished,
     "a message of dpp:///alice has no room beside the unfinished ones of others: see "
     "--max-assembling"},
    {"max-stored",
     {.max_bytes = 1000},
     send_two,
     "a message for grooveIdentity://c is refused, the store is full: see --max-stored"},
    {"quota", {.quota = 300}, send_two, "grooveIdentity://c gets no more messages: see --quota"},
    {"quota-of-fanout",
     {.quota = 300, .supports_multi_drop = true},
     fan_out_two,
     "grooveIdentity://c gets no more messages: see --quota"},
    {"quota-at-open",
     {.quota = 282},
     open_over_quota,
     "grooveIdentity://c gets no more messages: see --quota"},
    {"max-queues",
     {.max_queues = 1},
     send_to_two_devices,
     "grooveIdentity://c gets no message for another resource or device: see --max-queues"},
    {"identity-of-another",
     {.auth = SSTP_RELAY_AUTH_OPTIONAL},
     register_foreign,
     "grooveIdentity://bob is not registered for mallorys: it belongs to another account"},
    {"lock-out",
     {.locked_out = locked_out, .num_locked_out = 1},
     register_locked_out,
     "grooveIdentity://bob is not registered: see --lock-out"},
    {"identities",
     {.auth = SSTP_RELAY_AUTH_OFF},
     register_too_many,
     "identities of account are not registered: it has more than 1000, or the relay more than it "
     "has room for"},
    {"identities-of-account",
     {.auth = SSTP_RELAY_AUTH_REQUIRED},
     register_too_many,
     "identities of account are not registered: it has more than 1000, or the relay more than it "
     "has room for"},
};

static void test_row(gconstpointer data)
{
    const struct row *row = data;
    struct sstp_relay_config config = row->config;
    config.tell = on_tell;
    told = g_string_new(NULL);
    struct world *world = world_new(&config);
    row->act(world);
    char *expected = g_strconcat(row->expected, "\n", NULL);
    g_assert_cmpstr(told->str, ==, expected);
    g_free(expected);
    world_free(world);
    g_string_free(told, TRUE);
}

/* However often it happens: at once, and then with a count. */
static void test_seldom(void)
{
    struct world *world = world_new(&(struct sstp_relay_config){
        .auth = SSTP_RELAY_AUTH_OFF, .limits.max_sessions = 1, .tell = on_tell});
    struct visitor *a = visit(world, &alice);
    told = g_string_new(NULL);
    for (unsigned i = 0; i < 100; i++)
        (void)open_to(a, "grooveIdentity://c", "");
    advance(world, LOG_SELDOM_MS);
    (void)open_to(a, "grooveIdentity://c", "");
    g_assert_cmpstr(told->str, ==,
                    "dpp:///alice is refused a session, it has too many: see --max-sessions\n"
                    "dpp:///alice is refused a session, it has too many: see --max-sessions "
                    "(and 98 more since the last such line)\n");
    world_free(world);
    g_string_free(told, TRUE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_rows("/relay/refusal", rows, test_row);
    g_test_add_func("/relay/refusal/seldom", test_seldom);
    return g_test_run();
}
