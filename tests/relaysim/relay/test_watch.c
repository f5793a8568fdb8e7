/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections that merely exist: who hangs keeps nothing from others (GRVSSTP 3.1.7.1). */
#include "town.h"
#include "world.h"

#define BOB "grooveIdentity://bob"
#define HUNG_MS 20000
#define ACK_MS SSTP_EP_ACK_DELAY_MS

static const struct who phone_of_bob = {.device = "dpp:///phone",
                                        .identity = BOB,
                                        .attaches = true,
                                        .availability = SSTP_HANDLER_READY};
static const struct who tablet_of_bob = {.device = "dpp:///tablet",
                                         .identity = BOB,
                                         .attaches = true,
                                         .availability = SSTP_HANDLER_READY};

struct scene {
    struct world *world;
    struct visitor *a, *phone, *tablet;
    uint32_t id;
};

/* Alice sends to Bob, whose phone is there. */
static struct scene set_scene(bool holds)
{
    struct scene s = {.world = world_new(&(struct sstp_relay_config){.auth = SSTP_RELAY_AUTH_OFF})};
    struct who who = phone_of_bob;
    who.holds = holds;
    s.a = visit(s.world, &alice);
    s.phone = visit(s.world, &who);
    s.id = open_to(s.a, BOB, "");
    return s;
}

static uint64_t num_stored(const struct scene *s)
{
    return sstp_relay_num_stored(s->world->relay);
}

/* The tablet comes after the phone has hung: it gets everything, in order, before long, and
 * what the phone says in the end changes nothing. */
static void test_successor(void)
{
    for (unsigned is_late = 0; is_late <= 1; is_late++) {
        struct scene s = set_scene(false);
        send(s.a, s.id, "0");
        pass(s.world, ACK_MS);
        hang(s.phone);
        send(s.a, s.id, "1");
        send(s.a, s.id, "2");
        if (is_late != 0)
            pass(s.world, 600000);
        s.tablet = visit(s.world, &tablet_of_bob);
        send(s.a, s.id, "3");
        pass(s.world, HUNG_MS + 1000);
        g_assert_cmpstr(s.tablet->received->str, ==, "1;2;3;");
        g_assert_cmpint(sstp_ep_state(sstp_relay_connection_ep(s.phone->connection)), ==,
                        SSTP_CONNECTION_CLOSED);
        send(s.a, s.id, "4");
        g_assert_cmpstr(s.tablet->received->str, ==, "1;2;3;4;");
        go_on(s.phone);
        g_assert_cmpint(s.phone->close_reason_id, ==, SSTP_CONNECT_CLOSE_RESPONSE_TIMEOUT);
        pass(s.world, ACK_MS + 1000);
        g_assert_cmpuint(num_stored(&s), ==, 0);
        g_assert_cmpuint(s.a->num_acknowledged, ==, 5);
        world_free(s.world);
    }
}

/* The phone lives: the newest has each message that is not sent yet, after what the phone
 * still acknowledges. */
static void test_newest(void)
{
    struct scene s = set_scene(false);
    send(s.a, s.id, "1");
    pass(s.world, ACK_MS);
    g_assert_cmpuint(num_stored(&s), ==, 0);
    s.tablet = visit(s.world, &tablet_of_bob);
    send(s.a, s.id, "2"); /* the phone's session was open */
    g_assert_cmpstr(s.phone->received->str, ==, "1;");
    g_assert_cmpstr(s.tablet->received->str, ==, "2;");
    pass(s.world, ACK_MS);
    world_free(s.world);

    s = set_scene(false);
    send(s.a, s.id, "1");
    s.tablet = visit(s.world, &tablet_of_bob);
    send(s.a, s.id, "2");
    pass(s.world, ACK_MS);
    g_assert_cmpstr(s.phone->received->str, ==, "1;");
    g_assert_cmpstr(s.tablet->received->str, ==, "2;");
    pass(s.world, 10 * HUNG_MS);
    g_assert_false(s.phone->is_closed);
    g_assert_cmpuint(num_stored(&s), ==, 0);
    /* And back again, when the tablet has gone. */
    cut_off(s.tablet);
    send(s.a, s.id, "3");
    g_assert_cmpstr(s.phone->received->str, ==, "1;3;");
    world_free(s.world);
}

/* It lives, and does not acknowledge: it stays, but what it has had is not its any more, and
 * a late acknowledgement takes nothing from the other. */
static void test_unwilling(void)
{
    struct scene s = set_scene(true);
    struct who who = tablet_of_bob;
    who.holds = true;
    send(s.a, s.id, "1");
    s.tablet = visit(s.world, &who);
    send(s.a, s.id, "2");
    g_assert_cmpstr(s.tablet->received->str, ==, "");
    pass(s.world, HUNG_MS + 1000);
    g_assert_cmpstr(s.tablet->received->str, ==, "1;2;");
    g_assert_false(s.phone->is_closed);
    complete(s.phone, 1);
    pass(s.world, ACK_MS);
    g_assert_cmpuint(num_stored(&s), ==, 2);
    cut_off(s.tablet);
    g_assert_cmpstr(s.phone->received->str, ==, "1;1;2;");
    complete(s.phone, 3);
    pass(s.world, ACK_MS);
    g_assert_cmpuint(num_stored(&s), ==, 0);
    world_free(s.world);
}

/* Nobody waits for the phone: it may take its time, though it did not even answer Open in
 * time, and is not asked. */
static void test_alone(void)
{
    for (unsigned is_open = 0; is_open <= 1; is_open++) {
        struct scene s = set_scene(false);
        if (is_open != 0)
            send(s.a, s.id, "0");
        pass(s.world, ACK_MS);
        hang(s.phone);
        send(s.a, s.id, "1");
        pass(s.world, 10 * HUNG_MS);
        g_assert_cmpuint(num_stored(&s), ==, 1);
        go_on(s.phone);
        pass(s.world, ACK_MS);
        g_assert_false(s.phone->is_closed);
        g_assert_cmpstr(s.phone->received->str, ==, is_open != 0 ? "0;1;" : "1;");
        g_assert_cmpuint(s.phone->num_opened, ==, is_open != 0 ? 1 : 2);
        g_assert_cmpuint(num_stored(&s), ==, 0);
        world_free(s.world);
    }
}

/* The newest has hung: who was there before gets it. */
static void test_predecessor(void)
{
    for (unsigned is_open = 0; is_open <= 1; is_open++) {
        struct scene s = set_scene(false);
        s.tablet = visit(s.world, &tablet_of_bob);
        if (is_open != 0)
            send(s.a, s.id, "0");
        pass(s.world, ACK_MS);
        hang(s.tablet);
        send(s.a, s.id, "1");
        send(s.a, s.id, "2");
        pass(s.world, 2 * HUNG_MS);
        g_assert_cmpstr(s.phone->received->str, ==, "1;2;");
        send(s.a, s.id, "3");
        g_assert_cmpstr(s.phone->received->str, ==, "1;2;3;");
        world_free(s.world);
    }
}

/* A device that comes again does not wait, whatever waits for it: not for its own last
 * connection, and not for what another left there. */
static void test_same_device(void)
{
    for (unsigned is_to_device = 0; is_to_device <= 1; is_to_device++) {
        struct scene s = set_scene(false);
        const uint32_t id = is_to_device != 0 ? open_to(s.a, BOB, phone_of_bob.device) : s.id;
        send(s.a, id, "0");
        pass(s.world, ACK_MS);
        hang(s.phone);
        send(s.a, id, "1");
        s.tablet = visit(s.world, &tablet_of_bob);
        send(s.a, id, "2");
        struct visitor *again = visit(s.world, &phone_of_bob);
        g_assert_cmpstr(again->received->str, ==, "1;2;");
        g_assert_cmpstr(s.tablet->received->str, ==, "");
        pass(s.world, ACK_MS);
        g_assert_cmpuint(num_stored(&s), ==, 0);
        go_on(s.phone);
        pass(s.world, 2 * HUNG_MS);
        g_assert_cmpuint(num_stored(&s), ==, 0);
        world_free(s.world);
    }
}

/* A transport that breaks with messages in it: they come again. */
static void test_dead_transport(void)
{
    struct scene s = set_scene(false);
    send(s.a, s.id, "0");
    pass(s.world, ACK_MS);
    hang(s.phone);
    send(s.a, s.id, "1");
    s.tablet = visit(s.world, &tablet_of_bob);
    g_assert_cmpstr(s.tablet->received->str, ==, "");
    cut_off(s.phone);
    g_assert_cmpstr(s.tablet->received->str, ==, "1;");
    world_free(s.world);
}

/* Who takes byte after byte of a long message has not hung, however long it says nothing;
 * who takes none has. */
static void test_slow(void)
{
    const struct sstp_relay_config config = {.auth = SSTP_RELAY_AUTH_OFF};
    for (unsigned is_slow = 0; is_slow <= 1; is_slow++) {
        struct scene s = {.world = world_new(&config)};
        s.a = visit(s.world, &alice);
        s.phone = visit(s.world, &phone_of_bob);
        s.id = open_to(s.a, BOB, "");
        struct sstp_relay_connection *connection = s.phone->connection;
        struct sstp_ep *ep = sstp_relay_connection_ep(connection);
        char *text = g_strnfill(100000, 'x');
        /* Bob's end is opened, and then carries nothing but what is taken here. */
        send(s.a, s.id, "1");
        pass(s.world, ACK_MS);
        s.phone->connection = NULL;
        send(s.a, s.id, text);
        s.tablet = visit(s.world, &tablet_of_bob);
        for (unsigned i = 0; i < 10 * HUNG_MS / 1000; i++) {
            if (is_slow != 0)
                sstp_ep_output_taken(ep, 10);
            pass(s.world, 1000);
        }
        g_assert_cmpint(sstp_ep_state(ep), ==,
                        is_slow != 0 ? SSTP_CONNECTION_ESTABLISHED : SSTP_CONNECTION_CLOSED);
        g_assert_cmpuint(s.tablet->received->len, ==, is_slow != 0 ? 0 : 100001);
        g_free(text);
        world_free(s.world);
    }
}

/* The bytes that it takes count for everybody who waits: a newcomer of its device looks at
 * them first, and then who waits for its messages. */
static void test_slow_for_two(void)
{
    struct scene s = {.world = world_new(&(struct sstp_relay_config){
                          .auth = SSTP_RELAY_AUTH_OFF, .max_connections_per_device = 1})};
    s.a = visit(s.world, &alice);
    s.phone = visit(s.world, &phone_of_bob);
    s.id = open_to(s.a, BOB, "");
    send(s.a, s.id, "1");
    pass(s.world, ACK_MS);
    struct sstp_ep *ep = sstp_relay_connection_ep(s.phone->connection);
    char *text = g_strnfill(100000, 'x');
    s.phone->connection = NULL; /* it has what is taken here */
    send(s.a, s.id, text);
    s.tablet = visit(s.world, &tablet_of_bob);
    pass(s.world, HUNG_MS - 1000);
    sstp_ep_output_taken(ep, 10);
    struct visitor *newcomer = visit(s.world, &phone_of_bob);
    for (unsigned i = 0; i < 20; i++)
        advance(s.world, 100);
    g_assert_cmpint(newcomer->close_reason_id, ==, SSTP_CONNECT_CLOSE_CROSSED_CONNECTIONS);
    g_assert_cmpint(sstp_ep_state(ep), ==, SSTP_CONNECTION_ESTABLISHED);
    pass(s.world, 2 * HUNG_MS);
    g_assert_cmpint(sstp_ep_state(ep), ==, SSTP_CONNECTION_CLOSED);
    g_assert_cmpuint(s.tablet->received->len, ==, 100001);
    g_free(text);
    world_free(s.world);
}

/* It hangs before it has answered FanoutOpen. */
static void test_hop_opening(void)
{
    struct town *town = town_new();
    struct town_relay *one = town_relay(town, 1, &(struct sstp_relay_config){.idle_ms = 0});
    struct town_relay *two = town_puppet(town, 2, 6);
    struct town_client *a = town_client(town, 'A', one, 6, false);
    (void)town_client(town, 'B', one, 6, true);
    sstp_ep_close_session(town_ep(a), town_fanout(a, "B1 C2"), SSTP_CLOSE_NO_REASON);
    two->is_deaf = true;
    const uint32_t id = town_fanout(a, "B1 C2");
    g_assert_cmpint(town_session_state(a, id), ==, SSTP_SESSION_SUSPENDED);
    for (unsigned i = 0; i < 2 * HUNG_MS / 500; i++)
        town_advance(one, 500);
    g_assert_cmpint(town_session_state(a, id), ==, SSTP_SESSION_READY);
    g_assert_nonnull(strstr(town->commands->str, "ConnectionClosed"));
    town_free(town);
}

/* Another relay that hangs keeps no sender waiting; one that only takes its time does. */
static void test_hop(void)
{
    for (unsigned has_hung = 0; has_hung <= 1; has_hung++) {
        struct town *town = town_new();
        struct town_relay *one = town_relay(town, 1, &(struct sstp_relay_config){.idle_ms = 0});
        struct town_relay *two = town_puppet(town, 2, 6);
        struct town_client *a = town_client(town, 'A', one, 6, false);
        struct town_client *b = town_client(town, 'B', one, 6, true);
        const uint32_t id = town_fanout(a, "B1 C2");
        sstp_ep_set_availability(two->puppet, two->opened_id, SSTP_HANDLER_READY, 0);
        town_settle(town);
        two->is_deaf = has_hung != 0;
        town_send(a, id, "1", SSTP_MESSAGE_FLAG_ACK_IMMEDIATELY);
        for (unsigned i = 0; i < 3 * HUNG_MS / 500; i++)
            town_advance(one, 500);
        g_assert_cmpstr(b->received->str, ==, "1;");
        g_assert_cmpuint(sstp_ep_num_unacknowledged(town_ep(a)), ==, has_hung != 0 ? 0 : 1);
        g_assert_true((strstr(town->commands->str, "ConnectionClosed") != NULL) == (has_hung != 0));
        town_free(town);
    }
}

/* ------------------------------------------------------------------------
 * At random
 */

#define NUM_DEVICES 3u

/* Each has every message it gets for the first time in order. */
static void check_order(const char *received)
{
    char **parts = g_strsplit(received, ";", -1);
    guint64 last = 0;
    GHashTable *seen = g_hash_table_new(NULL, NULL);
    for (char **part = parts; *part != NULL && **part != '\0'; part++) {
        const guint64 number = g_ascii_strtoull(*part, NULL, 10);
        if (!g_hash_table_add(seen, GUINT_TO_POINTER((guint)number)))
            continue;
        g_assert_cmpuint(number, >, last);
        last = number;
    }
    g_hash_table_destroy(seen);
    g_strfreev(parts);
}

struct story {
    struct world *world;
    struct visitor *a, *devices[NUM_DEVICES]; /* NULL: not there */
    GHashTable *seen;                         /* what any of them got */
    uint32_t id;
    unsigned num_sent;
};

static void leave(struct story *story, unsigned d)
{
    struct visitor *visitor = story->devices[d];
    story->devices[d] = NULL;
    if (visitor->unread != NULL)
        g_byte_array_free(g_steal_pointer(&visitor->unread), TRUE);
    cut_off(visitor);
    check_order(visitor->received->str);
    char **parts = g_strsplit(visitor->received->str, ";", -1);
    for (char **part = parts; *part != NULL && **part != '\0'; part++)
        g_hash_table_add(story->seen, g_strdup(*part));
    g_strfreev(parts);
}

static void come(struct story *story, unsigned d)
{
    static const char *const names[] = {"dpp:///one", "dpp:///two", "dpp:///three"};
    struct who who = phone_of_bob;
    who.device = names[d];
    if (story->world->num_visitors < MAX_CLIENTS)
        story->devices[d] = visit(story->world, &who);
}

static void act(struct story *story, GRand *rand)
{
    const unsigned d = (unsigned)g_rand_int_range(rand, 0, NUM_DEVICES);
    struct visitor *visitor = story->devices[d];
    char text[16];
    switch (g_rand_int_range(rand, 0, 6)) {
    case 0:
        if (visitor == NULL)
            come(story, d);
        else if (visitor->is_closed || g_rand_int_range(rand, 0, 3) == 0)
            leave(story, d);
        break;
    case 1:
        if (visitor != NULL && visitor->unread == NULL)
            hang(visitor);
        else if (visitor != NULL)
            go_on(visitor);
        break;
    case 2:
        pass(story->world, g_rand_int_range(rand, 1, 60) * 500);
        break;
    default:
        g_snprintf(text, sizeof text, "%u", ++story->num_sent);
        send(story->a, story->id, text);
        break;
    }
}

/* Devices come, hang, go on and go: in the end every message has come to somebody, each
 * device had what it had in order, and nothing is left. */
static void test_random(void)
{
    for (guint32 seed = 1; seed <= 400; seed++) {
        GRand *rand = g_rand_new_with_seed(seed);
        struct story story = {
            .world = world_new(&(struct sstp_relay_config){.auth = SSTP_RELAY_AUTH_OFF})};
        story.seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        story.a = visit(story.world, &alice);
        story.id = open_to(story.a, BOB, "");
        for (unsigned i = 0; i < 60; i++)
            act(&story, rand);
        for (unsigned d = 0; d < NUM_DEVICES; d++)
            if (story.devices[d] != NULL)
                leave(&story, d);
        struct visitor *last = &story.world->visitors[MAX_CLIENTS - 1];
        if (last->client == NULL) {
            last = visit(story.world, &tablet_of_bob);
            pass(story.world, 2 * HUNG_MS);
            g_assert_cmpuint(sstp_relay_num_stored(story.world->relay), ==, 0);
            check_order(last->received->str);
            char **parts = g_strsplit(last->received->str, ";", -1);
            for (char **part = parts; *part != NULL && **part != '\0'; part++)
                g_hash_table_add(story.seen, g_strdup(*part));
            g_strfreev(parts);
            g_assert_cmpuint(g_hash_table_size(story.seen), ==, story.num_sent);
        }
        g_assert_cmpuint(story.a->num_acknowledged, ==, story.num_sent);
        g_hash_table_destroy(story.seen);
        world_free(story.world);
        g_rand_free(rand);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/relay/hung/successor", test_successor);
    g_test_add_func("/relay/hung/newest", test_newest);
    g_test_add_func("/relay/hung/unwilling", test_unwilling);
    g_test_add_func("/relay/hung/alone", test_alone);
    g_test_add_func("/relay/hung/predecessor", test_predecessor);
    g_test_add_func("/relay/hung/same-device", test_same_device);
    g_test_add_func("/relay/hung/dead-transport", test_dead_transport);
    g_test_add_func("/relay/hung/slow", test_slow);
    g_test_add_func("/relay/hung/slow-for-two", test_slow_for_two);
    g_test_add_func("/relay/hung/hop", test_hop);
    g_test_add_func("/relay/hung/hop-opening", test_hop_opening);
    g_test_add_func("/relay/hung/random", test_random);
    return g_test_run();
}
