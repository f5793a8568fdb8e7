/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The queues of a relay on their way to clients that have no room, that close, or that
 * come again (GRVSSTP 3.1.5.9, 3.1.5.19, 3.1.7.1). */
#include "counting_mem.h"
#include "town.h"

#define ACK_MS SSTP_EP_ACK_DELAY_MS

struct scene {
    struct town *town;
    struct town_relay *relay;
    struct town_client *a, *b;
};

/* Alice sends, Bob receives. */
static struct scene set_scene(const struct sstp_relay_config *config)
{
    struct scene s = {.town = town_new()};
    s.relay = town_relay(s.town, 1, config);
    s.a = town_client(s.town, 'A', s.relay, 6, false);
    s.b = town_client(s.town, 'B', s.relay, 6, true);
    return s;
}

static uint64_t num_stored(const struct scene *s)
{
    return sstp_relay_num_stored(s->relay->relay);
}

static void send(const struct scene *s, uint32_t id, const char *text)
{
    town_send(s->a, id, text, SSTP_MESSAGE_FLAG_ACK_IMMEDIATELY);
}

static void close_opened(struct town_client *client, uint8_t reason_id)
{
    g_assert_cmpint(sstp_ep_close_session(town_ep(client), client->opened_id, reason_id), ==,
                    SSTP_EP_OK);
    town_settle(client->town);
}

/* ------------------------------------------------------------------------
 * No room for a session
 */

/* The output to Bob is full of the first queue when the second wants a session. */
static void test_output_full(void)
{
    struct scene s = set_scene(&(struct sstp_relay_config){.limits.max_queued = 100});
    const uint32_t first = town_open(s.a, 'b', false, "first");
    const uint32_t second = town_open(s.a, 'b', false, "second");
    send(&s, first, "one");
    town_advance(s.relay, ACK_MS);
    s.b->is_deaf = true;
    send(&s, first,
         "a text that is long enough to fill the output, with what stands before it, "
         "beyond a hundred bytes");
    send(&s, second, "two");
    g_assert_cmpuint(num_stored(&s), ==, 2);
    s.b->is_deaf = false;
    town_settle(s.town);
    g_assert_true(g_str_has_suffix(s.b->received->str, ";two;"));
    town_advance(s.relay, ACK_MS);
    g_assert_cmpuint(num_stored(&s), ==, 0);
    town_free(s.town);
}

/* Bob has as many sessions as there may be: the second queue waits for the end of one,
 * whoever ends it. */
static void test_sessions_full(void)
{
    for (unsigned is_idle = 0; is_idle <= 1; is_idle++) {
        struct scene s =
            set_scene(&(struct sstp_relay_config){.limits.max_sessions = 2, .idle_ms = 20000});
        const uint32_t first = town_open(s.a, 'b', false, "first");
        const uint32_t second = town_open(s.a, 'b', false, "second");
        const uint32_t own = town_open(s.b, 'a', false, "bob's own");
        send(&s, first, "one");
        send(&s, second, "two");
        g_assert_cmpstr(s.b->received->str, ==, "one;");
        if (is_idle != 0) {
            town_advance(s.relay, ACK_MS);
            g_assert_cmpstr(s.b->received->str, ==, "one;");
            town_advance(s.relay, 20000);
        } else {
            (void)sstp_ep_close_session(town_ep(s.b), own, SSTP_CLOSE_NO_REASON);
            town_settle(s.town);
        }
        g_assert_cmpstr(s.b->received->str, ==, "one;two;");
        town_free(s.town);
    }
}

/* What waits for a session may expire, or its client go; others are not in its way. */
static void test_waiting_ends(void)
{
    struct scene s =
        set_scene(&(struct sstp_relay_config){.limits.max_sessions = 2, .offline_ttl_ms = 1000});
    const uint32_t first = town_open(s.a, 'b', false, "first");
    uint32_t second = town_open(s.a, 'b', false, "second");
    const uint32_t own = town_open(s.b, 'a', false, "bob's own");
    send(&s, first, "one");
    town_send(s.a, second, "two", SSTP_MESSAGE_FLAG_DO_NOT_DELIVER_IF_OFFLINE);
    g_assert_cmpuint(num_stored(&s), ==, 1);
    (void)sstp_ep_close_session(town_ep(s.a), second, SSTP_CLOSE_NO_REASON);
    const uint32_t third = town_open(s.a, 'b', false, "third");
    town_advance(s.relay, 1000);
    g_assert_cmpuint(num_stored(&s), ==, 0);
    send(&s, third, "three");
    (void)sstp_ep_close_session(town_ep(s.b), own, SSTP_CLOSE_NO_REASON);
    town_settle(s.town);
    g_assert_cmpstr(s.b->received->str, ==, "one;three;");

    (void)sstp_ep_close_session(town_ep(s.a), third, SSTP_CLOSE_NO_REASON);
    second = town_open(s.a, 'b', false, "second");
    send(&s, second, "two");
    g_assert_cmpuint(num_stored(&s), ==, 1);
    town_cut_client(s.b);
    s.b = town_client(s.town, 'B', s.relay, 6, true);
    g_assert_cmpstr(s.b->received->str, ==, "two;");
    town_free(s.town);
}

/* There is no memory for the session, and nothing else moves on the connection: a second
 * later it is tried again.  Elsewhere the want of memory ends
 * Alice's session or a connection. */
static void test_no_memory(void)
{
    unsigned num_waited = 0;
    for (unsigned at = 1; at <= 12; at++) {
        struct counting_mem counting;
        counting_mem_init(&counting);
        struct scene s = set_scene(&(struct sstp_relay_config){.mem = &counting.mem});
        const uint32_t id = town_open(s.a, 'b', false, "r");
        counting.fails_at = counting.num_requests + at;
        town_send(s.a, id, "x", 0);
        if (num_stored(&s) > 0 && !s.b->is_closed && s.b->received->len == 0) {
            num_waited++;
            town_advance(s.relay, 999);
            g_assert_cmpstr(s.b->received->str, ==, "");
            town_advance(s.relay, 1);
            g_assert_cmpstr(s.b->received->str, ==, "x;");
        }
        town_free(s.town);
    }
    g_assert_cmpuint(num_waited, >, 0);
}

/* ------------------------------------------------------------------------
 * The client closes
 */

/* 3.1.5.19: the count after the Close is worth as much as before it. */
static void test_close_before_acknowledgement(void)
{
    struct scene s = set_scene(NULL);
    const uint32_t id = town_open(s.a, 'b', false, "r");
    s.b->is_held = true;
    send(&s, id, "one");
    close_opened(s.b, SSTP_CLOSE_IDLE);
    g_assert_cmpuint(num_stored(&s), ==, 1);
    g_assert_cmpuint(s.b->num_opened, ==, 1);
    /* The queue does not wait for it. */
    send(&s, id, "two");
    g_assert_cmpstr(s.b->received->str, ==, "one;two;");
    town_complete(s.b);
    town_advance(s.relay, ACK_MS);
    g_assert_cmpuint(num_stored(&s), ==, 0);
    g_assert_cmpuint(sstp_relay_counters(s.relay->relay)->num_delivered, ==, 2);
    /* Nothing comes again, neither in time nor on another connection. */
    town_advance(s.relay, 10 * ACK_MS);
    town_cut_client(s.b);
    s.b = town_client(s.town, 'B', s.relay, 6, true);
    g_assert_cmpstr(s.b->received->str, ==, "");
    town_free(s.town);
}

/* Twice the acknowledgement delay, and not before, it is unsent again. */
static void test_no_acknowledgement(void)
{
    struct scene s = set_scene(&(struct sstp_relay_config){.ack_delay_ms = 1000});
    const uint32_t id = town_open(s.a, 'b', false, "r");
    send(&s, id, "zero"); /* so that Bob has taken something */
    town_advance(s.relay, ACK_MS);
    s.b->is_held = true;
    send(&s, id, "one");
    close_opened(s.b, SSTP_CLOSE_NO_REASON);
    g_assert_cmpint(sstp_relay_next_deadline(s.relay->relay), ==, ACK_MS + 2000);
    town_advance(s.relay, 1999);
    send(&s, id, "two");
    g_assert_cmpstr(s.b->received->str, ==, "zero;one;two;");
    town_advance(s.relay, 1);
    g_assert_cmpstr(s.b->received->str, ==, "zero;one;two;one;");
    /* The first acknowledgement of "one" is for a delivery that is forgotten. */
    town_complete(s.b);
    town_advance(s.relay, ACK_MS);
    g_assert_cmpuint(num_stored(&s), ==, 0);
    g_assert_cmpuint(sstp_relay_counters(s.relay->relay)->num_delivered, ==, 3);
    town_free(s.town);
}

/* Who takes nothing, however politely, is not asked for ever. */
static void test_never_takes(void)
{
    struct scene s = set_scene(NULL);
    const uint32_t id = town_open(s.a, 'b', false, "r");
    s.b->is_held = true;
    send(&s, id, "one");
    close_opened(s.b, SSTP_CLOSE_NO_REASON);
    town_advance(s.relay, 2 * ACK_MS);
    send(&s, id, "two");
    town_advance(s.relay, 10 * ACK_MS);
    g_assert_cmpstr(s.b->received->str, ==, "one;");
    g_assert_cmpuint(num_stored(&s), ==, 2);
    town_cut_client(s.b);
    s.b = town_client(s.town, 'B', s.relay, 6, true);
    g_assert_cmpstr(s.b->received->str, ==, "one;two;");
    town_free(s.town);
}

/* A handler that failed has not taken what it had not acknowledged, whatever the counts
 * after that say; if it has taken anything, it is asked again at once. */
static void test_failed_handler(void)
{
    static const uint8_t reasons[] = {SSTP_CLOSE_QUOTA_WOULD_BE_EXCEEDED,
                                      SSTP_CLOSE_INTERNAL_ERROR};
    for (size_t i = 0; i < G_N_ELEMENTS(reasons); i++) {
        struct scene s = set_scene(NULL);
        const uint32_t id = town_open(s.a, 'b', false, "r");
        send(&s, id, "one");
        (void)sstp_ep_noop(town_ep(s.b));
        town_settle(s.town);
        s.b->is_held = true;
        send(&s, id, "two");
        close_opened(s.b, reasons[i]);
        g_assert_cmpstr(s.b->received->str, ==, "one;two;two;");
        g_assert_cmpuint(s.b->num_opened, ==, 2);
        town_cut_client(s.b);
        s.b = town_client(s.town, 'B', s.relay, 6, true);
        g_assert_cmpstr(s.b->received->str, ==, "two;");
        town_free(s.town);
    }
}

/* The connection ends while acknowledgements are awaited: all of it comes again, in the
 * old order, on the one that is left. */
static void test_closed_then_lost(void)
{
    struct scene s = set_scene(NULL);
    const uint32_t id = town_open(s.a, 'b', false, "r");
    struct town_client *newer = town_client(s.town, 'B', s.relay, 6, true);
    static const char *const texts[] = {"one", "two", "three", "four", "five"};
    newer->is_held = true;
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        send(&s, id, texts[i]);
        if (i < G_N_ELEMENTS(texts) - 1)
            close_opened(newer, SSTP_CLOSE_NO_REASON);
    }
    g_assert_cmpuint(newer->num_opened, ==, 5);
    g_assert_cmpuint(num_stored(&s), ==, 5);
    town_cut_client(newer);
    g_assert_cmpstr(s.b->received->str, ==, "one;two;three;four;five;");
    town_free(s.town);
}

/* Two clients of one identity, neither of whom will have it: each is asked once. */
static void test_two_unwilling(void)
{
    struct scene s = set_scene(NULL);
    struct town_client *other = town_client(s.town, 'B', s.relay, 6, true);
    const uint32_t id = town_open(s.a, 'b', false, "r");
    s.b->is_unwilling = other->is_unwilling = true;
    send(&s, id, "one");
    g_assert_cmpuint(num_stored(&s), ==, 1);
    /* The older one has changed its mind: that helps once somebody registers. */
    s.b->is_unwilling = false;
    send(&s, id, "two");
    g_assert_cmpstr(s.b->received->str, ==, "");
    struct town_client *third = town_client(s.town, 'B', s.relay, 6, true);
    g_assert_cmpstr(third->received->str, ==, "one;two;");
    town_free(s.town);
}

/* A willing client that closes is asked again, at once. */
static void test_willing(void)
{
    struct scene s = set_scene(NULL);
    const uint32_t id = town_open(s.a, 'b', false, "r");
    send(&s, id, "one");
    town_advance(s.relay, ACK_MS);
    close_opened(s.b, SSTP_CLOSE_NO_REASON);
    send(&s, id, "two");
    g_assert_cmpstr(s.b->received->str, ==, "one;two;");
    g_assert_cmpuint(s.b->num_opened, ==, 2);
    town_free(s.town);
}

/* ------------------------------------------------------------------------
 * The client comes again
 */

/* Bob's first connection is dead, and nobody has noticed. */
static void test_newest_connection(void)
{
    struct scene s = set_scene(NULL);
    const uint32_t id = town_open(s.a, 'b', false, "r"), own = town_open(s.a, 'b', true, "r");
    send(&s, id, "zero");
    town_advance(s.relay, ACK_MS);
    s.b->is_deaf = true;
    send(&s, id, "one");
    send(&s, own, "for the device");
    struct town_client *again = town_client(s.town, 'B', s.relay, 6, true);
    g_assert_true(strstr(again->received->str, "one;") != NULL);
    g_assert_true(strstr(again->received->str, "for the device;") != NULL);
    send(&s, id, "two");
    g_assert_true(g_str_has_suffix(again->received->str, "two;"));
    town_advance(s.relay, ACK_MS);
    g_assert_cmpuint(num_stored(&s), ==, 0);
    /* Should it live after all, its sessions were closed, and what it acknowledges is
     * nobody's any more. */
    s.b->is_deaf = false;
    town_settle(s.town);
    g_assert_cmpint(s.b->session_reason_id, ==, SSTP_CLOSE_NO_REASON);
    town_advance(s.relay, ACK_MS);
    g_assert_cmpuint(sstp_relay_counters(s.relay->relay)->num_delivered, ==, 4);
    town_free(s.town);
}

/* 3.1.7.1: with the transport goes what was registered over it. */
static void test_offline(void)
{
    struct scene s = set_scene(NULL);
    const uint32_t id = town_open(s.a, 'b', false, "r");
    town_cut_client(s.b);
    g_string_truncate(s.town->commands, 0);
    send(&s, id, "one");
    assert_said(s.town, "A>1 Message s=0x1\nA>1 Data s=0x1\nA>1 EndMessage s=0x1\n"
                        "1>A Noop [acks 1]\n");
    g_assert_cmpuint(num_stored(&s), ==, 1);
    town_free(s.town);
}

/* No more than so many of one queue are under way. */
static void test_window(void)
{
    enum { WINDOW = 256 }; /* of relay/deliver.c */
    struct scene s = set_scene(NULL);
    const uint32_t id = town_open(s.a, 'b', false, "r");
    s.b->is_held = true;
    for (unsigned i = 0; i < WINDOW + 10; i++)
        send(&s, id, "x");
    g_assert_cmpuint(s.b->received->len, ==, 2 * WINDOW);
    /* A new session makes it no wider. */
    close_opened(s.b, SSTP_CLOSE_NO_REASON);
    g_assert_cmpuint(s.b->received->len, ==, 2 * WINDOW);
    town_complete(s.b);
    town_advance(s.relay, ACK_MS);
    g_assert_cmpuint(s.b->received->len, ==, 2 * (WINDOW + 10));
    town_free(s.town);
}

/* 3.3.2.1, with another time than the product's. */
static void test_offline_ttl(void)
{
    struct scene s = set_scene(&(struct sstp_relay_config){.offline_ttl_ms = 7000});
    const uint32_t id = town_open(s.a, 'c', false, "r");
    town_send(s.a, id, "x", SSTP_MESSAGE_FLAG_DO_NOT_DELIVER_IF_OFFLINE);
    town_advance(s.relay, 6999);
    g_assert_cmpuint(num_stored(&s), ==, 1);
    town_advance(s.relay, 1);
    g_assert_cmpuint(num_stored(&s), ==, 0);
    town_free(s.town);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/relay-queue/output-full", test_output_full);
    g_test_add_func("/relay-queue/sessions-full", test_sessions_full);
    g_test_add_func("/relay-queue/waiting-ends", test_waiting_ends);
    g_test_add_func("/relay-queue/no-memory", test_no_memory);
    g_test_add_func("/relay-queue/3.1.5.19-close-first", test_close_before_acknowledgement);
    g_test_add_func("/relay-queue/no-acknowledgement", test_no_acknowledgement);
    g_test_add_func("/relay-queue/never-takes", test_never_takes);
    g_test_add_func("/relay-queue/failed-handler", test_failed_handler);
    g_test_add_func("/relay-queue/closed-then-lost", test_closed_then_lost);
    g_test_add_func("/relay-queue/two-unwilling", test_two_unwilling);
    g_test_add_func("/relay-queue/willing", test_willing);
    g_test_add_func("/relay-queue/newest-connection", test_newest_connection);
    g_test_add_func("/relay-queue/3.1.7.1-offline", test_offline);
    g_test_add_func("/relay-queue/window", test_window);
    g_test_add_func("/relay-queue/3.3.2.1-offline-ttl", test_offline_ttl);
    return g_test_run();
}
