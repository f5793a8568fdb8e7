/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A relay without room: its store is full, or cannot be written, or too much is under way
 * to it (GRVSSTP 3.1.4.5, 3.3.4.1.2). */
#include <sqlite3.h>

#include "faulty_vfs.h"
#include "store/store.h"
#include "town.h"

#define WALL_MS 1700000000000
#define LEN 244u /* of a text, which costs so much, ... */
#define COST (LEN + SSTP_PAYLOAD_OVERHEAD)
/* ... beside the queue of grooveIdentity://c and "r" */
#define QUEUE_COST (SSTP_STORE_QUEUE_OVERHEAD + 2u * 18 + 1)

struct scene {
    struct town *town;
    struct town_relay *relay;
    struct town_client *a;
    char *text;
};

static struct scene set_scene(const struct sstp_relay_config *config)
{
    struct scene s = {.town = town_new(), .text = g_strnfill(LEN, 'x')};
    s.relay = town_relay(s.town, 1, config);
    s.a = town_client(s.town, 'A', s.relay, 6, false);
    return s;
}

static void clear_scene(struct scene *s)
{
    town_free(s->town);
    g_free(s->text);
}

static void send(const struct scene *s, uint32_t id)
{
    town_send(s->a, id, s->text, SSTP_MESSAGE_FLAG_ACK_IMMEDIATELY);
}

static int state(const struct scene *s, uint32_t id)
{
    return town_session_state(s->a, id);
}

/* ------------------------------------------------------------------------
 * A full store
 */

/* Everybody is held back in time, and nobody is lost; when there is room all go on. */
static void test_full(void)
{
    enum { MAX = 8000, NUM = (7 * MAX / 8 - QUEUE_COST + COST - 1) / COST };
    struct scene s = set_scene(&(struct sstp_relay_config){.max_bytes = MAX});
    const uint32_t id = town_open(s.a, 'c', false, "r"), fanout = town_fanout(s.a, "c0 d0");
    for (unsigned i = 0; i < NUM; i++) {
        g_assert_cmpint(state(&s, id), ==, SSTP_SESSION_READY);
        send(&s, id);
    }
    const uint32_t late = town_open(s.a, 'c', false, "r"), late_fanout = town_fanout(s.a, "c0 d0");
    g_assert_cmpint(state(&s, id), ==, SSTP_SESSION_BLOCKED);
    g_assert_cmpint(state(&s, fanout), ==, SSTP_SESSION_BLOCKED);
    g_assert_cmpint(state(&s, late), ==, SSTP_SESSION_SUSPENDED);
    g_assert_cmpint(state(&s, late_fanout), ==, SSTP_SESSION_SUSPENDED);
    g_assert_cmpuint(s.a->num_acknowledged, ==, NUM);

    const struct town_client *c = town_client(s.town, 'C', s.relay, 6, true);
    g_assert_cmpuint(c->received->len, ==, NUM * (LEN + 1));
    g_assert_cmpint(state(&s, id), ==, SSTP_SESSION_READY);
    g_assert_cmpint(state(&s, fanout), ==, SSTP_SESSION_READY);
    g_assert_cmpint(state(&s, late), ==, SSTP_SESSION_READY);
    g_assert_cmpint(state(&s, late_fanout), ==, SSTP_SESSION_READY);
    send(&s, fanout);
    g_assert_cmpuint(s.a->num_acknowledged, ==, NUM + 1);
    g_assert_cmpuint(s.a->num_lost, ==, 0);
    clear_scene(&s);
}

/* Who does not hear of it keeps what the store has no room for, and loses no recipient. */
static void test_overfull(void)
{
    enum { MAX = 8000, SENT = 20 };
    for (unsigned is_fanout = 0; is_fanout <= 1; is_fanout++) {
        struct scene s = set_scene(&(struct sstp_relay_config){.max_bytes = MAX});
        const uint32_t id =
            is_fanout != 0 ? town_fanout(s.a, "c0 d0") : town_open(s.a, 'c', false, "r");
        s.a->is_deaf = true;
        for (unsigned i = 0; i < SENT; i++)
            send(&s, id);
        s.a->is_deaf = false;
        town_settle(s.town);
        const uint64_t num = sstp_relay_num_stored(s.relay->relay);
        const unsigned num_shares = is_fanout != 0 ? 2 : 1;
        g_assert_cmpuint(num * COST, <=, MAX);
        g_assert_cmpuint(num * COST, >, MAX / 2);
        g_assert_cmpint(s.a->session_reason_id, ==, SSTP_CLOSE_INTERNAL_ERROR);
        g_assert_cmpuint(s.a->num_lost, ==, 0);
        g_assert_cmpuint(s.a->num_acknowledged, ==, num / num_shares);
        g_assert_cmpuint(s.a->num_unacknowledged, ==, SENT - num / num_shares);
        clear_scene(&s);
    }
}

/* Room for the messages alone is none, where there is none for their queues. */
static void test_full_of_queues(void)
{
    struct scene s =
        set_scene(&(struct sstp_relay_config){.max_bytes = 2 * (COST + QUEUE_COST) - 1});
    uint32_t id = town_fanout(s.a, "c0 d0");
    send(&s, id);
    g_assert_cmpint(s.a->session_reason_id, ==, SSTP_CLOSE_INTERNAL_ERROR);
    g_assert_cmpuint(s.a->num_lost, ==, 0);
    g_assert_cmpuint(s.a->num_unacknowledged, ==, 1);
    g_assert_cmpuint(sstp_relay_num_stored(s.relay->relay), ==, 0);
    id = town_open(s.a, 'c', false, "r");
    send(&s, id);
    g_assert_cmpuint(s.a->num_acknowledged, ==, 1);
    clear_scene(&s);
}

/* The other relay has no room for the first message to its only recipient: its Close finds
 * the message unacknowledged, whose loss has ended the hop already. */
static void test_quota_of_other_relay(void)
{
    struct scene s = set_scene(NULL);
    (void)town_relay(s.town, 2, &(struct sstp_relay_config){.quota = COST - 1});
    const uint32_t id = town_fanout(s.a, "d2");
    g_assert_cmpint(state(&s, id), ==, SSTP_SESSION_READY);
    send(&s, id);
    g_assert_cmpuint(s.a->num_lost, ==, 1);
    g_assert_cmpint(s.a->session_reason_id, ==, SSTP_CLOSE_EMPTY_SESSION);
    g_assert_false(s.a->is_closed);
    clear_scene(&s);
}

/* ------------------------------------------------------------------------
 * A store that cannot be written
 */

static bool is_held;

static void on_hold(void *cookie, void *socket, bool held)
{
    (void)cookie;
    (void)socket;
    is_held = held;
}

static struct scene set_durable_scene(void)
{
    char *error = NULL;
    faulty_vfs_reset();
    is_held = false;
    struct sstp_store *store = sstp_store_open("s", FAULTY_VFS, 0, WALL_MS, &error);
    g_assert_nonnull(store);
    return set_scene(&(struct sstp_relay_config){.store = store, .hold = on_hold});
}

static void fail_disk(void)
{
    faulty.failure = SQLITE_FULL;
    faulty.num_fails = UINT_MAX;
    faulty.fail_at = faulty.num_calls + 1;
}

static void mend_disk(const struct scene *s)
{
    faulty.fail_at = 0;
    town_advance(s->relay, 1000);
}

/* Open sessions stop, new ones are suspended, and nothing is acknowledged until it is on
 * the disk. */
static void test_failing(void)
{
    struct scene s = set_durable_scene();
    const uint32_t id = town_open(s.a, 'c', false, "r"), fanout = town_fanout(s.a, "c0 d0");
    g_assert_cmpint(state(&s, fanout), ==, SSTP_SESSION_READY);
    fail_disk();
    send(&s, id);
    const uint32_t late = town_open(s.a, 'd', false, "r"), late_fanout = town_fanout(s.a, "c0 d0");
    for (unsigned i = 0; i < 3; i++) {
        g_assert_cmpint(state(&s, id), ==, SSTP_SESSION_BLOCKED);
        g_assert_cmpint(state(&s, fanout), ==, SSTP_SESSION_BLOCKED);
        g_assert_cmpint(state(&s, late), ==, SSTP_SESSION_SUSPENDED);
        g_assert_cmpint(state(&s, late_fanout), ==, SSTP_SESSION_SUSPENDED);
        g_assert_cmpuint(s.a->num_acknowledged, ==, 0);
        town_advance(s.relay, 1000);
    }
    mend_disk(&s);
    const uint32_t all[] = {id, fanout, late, late_fanout};
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
        g_assert_cmpint(state(&s, all[i]), ==, SSTP_SESSION_READY);
        send(&s, all[i]);
    }
    g_assert_cmpuint(s.a->num_acknowledged, ==, 5);
    g_assert_cmpuint(s.a->num_lost, ==, 0);
    clear_scene(&s);
}

/* What waits for the disk is bounded: nothing more is read then. */
static void test_hold(void)
{
    enum { MIB = 1 << 20 };
    struct scene s = set_durable_scene();
    const uint32_t id = town_open(s.a, 'c', false, "r");
    char *large = g_strnfill(7 * MIB, 'x');
    fail_disk();
    town_send(s.a, id, large, SSTP_MESSAGE_FLAG_ACK_IMMEDIATELY);
    g_assert_false(is_held);
    mend_disk(&s);
    g_assert_cmpuint(s.a->num_acknowledged, ==, 1);
    g_free(large);

    large = g_strnfill(8 * MIB, 'x');
    fail_disk();
    town_send(s.a, id, large, SSTP_MESSAGE_FLAG_ACK_IMMEDIATELY);
    g_assert_true(is_held);
    mend_disk(&s);
    g_assert_false(is_held);
    g_assert_cmpuint(s.a->num_acknowledged, ==, 2);
    g_free(large);
    clear_scene(&s);
}

/* ------------------------------------------------------------------------
 * Unfinished messages
 */

static void begin(struct town_client *client, uint32_t id, size_t len)
{
    static const struct sstp_ep_message none;
    char *data = g_strnfill(len, 'x');
    g_assert_cmpint(sstp_ep_message_begin(town_ep(client), id, &none), ==, SSTP_EP_OK);
    g_assert_cmpint(sstp_ep_message_data(town_ep(client), id, sstp_span(data, len)), ==,
                    SSTP_EP_OK);
    g_free(data);
    town_settle(client->town);
}

/* Of all connections together no more than this, but whoever has little gets through. */
static void test_assembling(void)
{
    struct scene s = set_scene(&(struct sstp_relay_config){.max_assembling = 100000});
    struct town_client *e = town_client(s.town, 'E', s.relay, 6, false);
    struct town_client *f = town_client(s.town, 'F', s.relay, 6, false);
    const uint32_t from_a = town_open(s.a, 'c', false, "r"), from_f = town_open(f, 'c', false, "r");
    uint32_t from_e = town_open(e, 'c', false, "r");
    begin(s.a, from_a, 80000);
    begin(e, from_e, 80000);
    g_assert_cmpint(e->session_reason_id, ==, SSTP_CLOSE_QUOTA_WOULD_BE_EXCEEDED);
    begin(f, from_f, 60000);
    (void)sstp_ep_message_end(town_ep(f), from_f, NULL);
    (void)sstp_ep_message_end(town_ep(s.a), from_a, NULL);
    town_settle(s.town);
    g_assert_cmpuint(sstp_relay_num_stored(s.relay->relay), ==, 2);
    /* Everything has been given back, that of the closed session, too. */
    from_e = town_open(e, 'c', false, "r");
    begin(e, from_e, 99000);
    (void)sstp_ep_message_end(town_ep(e), from_e, NULL);
    town_settle(s.town);
    g_assert_cmpuint(sstp_relay_num_stored(s.relay->relay), ==, 3);
    clear_scene(&s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/relay-room/full", test_full);
    g_test_add_func("/relay-room/overfull", test_overfull);
    g_test_add_func("/relay-room/full-of-queues", test_full_of_queues);
    g_test_add_func("/relay-room/other-relay", test_quota_of_other_relay);
    g_test_add_func("/relay-room/failing", test_failing);
    g_test_add_func("/relay-room/hold", test_hold);
    g_test_add_func("/relay-room/assembling", test_assembling);
    return g_test_run();
}
