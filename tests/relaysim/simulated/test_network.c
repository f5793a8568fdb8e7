/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TCP in memory: what arrives, in which order, who waits, and how it ends. */
#include "simulated/network.h"

#define SECOND_NS UINT64_C(1000000000)

/* Writes down what it is told: c(onnected), r(efused), F(inished), R(eset), m (more room), x. */
struct party {
    struct simulated_end *end;
    GString *heard, *told;
};

struct fixture {
    struct simulation *simulation;
    struct simulated_network *network;
    uint16_t port;
    struct party caller, callee;
};

static void on_connected(void *cookie, bool is_there)
{
    const struct party *party = cookie;
    g_string_append_c(party->told, is_there ? 'c' : 'r');
}

static void on_received(void *cookie, const void *data, size_t len)
{
    const struct party *party = cookie;
    g_string_append_len(party->heard, data, (gssize)len);
}

static void on_ended(void *cookie, enum simulated_end_kind kind)
{
    const struct party *party = cookie;
    g_string_append_c(party->told, kind == SIMULATED_FINISHED ? 'F' : 'R');
}

static void on_has_room(void *cookie)
{
    const struct party *party = cookie;
    g_string_append_c(party->told, 'm');
}

static void on_closed(void *cookie)
{
    struct party *party = cookie;
    g_string_append_c(party->told, 'x');
    party->end = NULL;
}

static const struct simulated_handler handler = {.connected = on_connected,
                                                 .received = on_received,
                                                 .ended = on_ended,
                                                 .has_room = on_has_room,
                                                 .closed = on_closed};

static void on_accepted(void *cookie, struct simulated_end *end)
{
    struct fixture *f = cookie;
    f->callee.end = end;
    simulated_use(end, &handler, &f->callee);
    simulated_read(end, true);
}

/* Until nothing is under way. */
static void run(struct fixture *f)
{
    while (simulation_has_plans(f->simulation))
        (void)simulation_step(f->simulation, SECOND_NS);
}

static void call(struct fixture *f)
{
    f->caller.end = simulated_connect(f->network, f->port, 1, &handler, &f->caller);
    simulated_read(f->caller.end, true);
}

static void set_up(struct fixture *f, gconstpointer data)
{
    (void)data;
    f->simulation = simulation_new(1, SIMULATION_START_NS);
    f->network = simulated_network_new(f->simulation);
    f->port = simulated_port(f->network);
    f->caller = (struct party){.heard = g_string_new(NULL), .told = g_string_new(NULL)};
    f->callee = (struct party){.heard = g_string_new(NULL), .told = g_string_new(NULL)};
    simulated_listen(f->network, f->port, on_accepted, f);
    call(f);
    run(f);
    g_assert_cmpstr(f->caller.told->str, ==, "c");
    g_assert_nonnull(f->callee.end);
}

static void tear_down(struct fixture *f, gconstpointer data)
{
    (void)data;
    if (f->caller.end != NULL)
        simulated_close(f->caller.end, false);
    if (f->callee.end != NULL)
        simulated_close(f->callee.end, false);
    run(f);
    g_assert_true(f->caller.end == NULL && f->callee.end == NULL);
    g_string_free(f->caller.heard, TRUE);
    g_string_free(f->caller.told, TRUE);
    g_string_free(f->callee.heard, TRUE);
    g_string_free(f->callee.told, TRUE);
    simulated_network_free(f->network);
    simulation_free(f->simulation);
}

static void test_bytes(struct fixture *f, gconstpointer data)
{
    const uint64_t sent_ns = simulation_now_ns(f->simulation);
    (void)data;
    g_assert_cmpint(simulated_send(f->caller.end, "one ", 4), ==, 4);
    g_assert_cmpint(simulated_send(f->caller.end, "two", 3), ==, 3);
    g_assert_cmpstr(f->callee.heard->str, ==, ""); /* it is under way */
    run(f);
    g_assert_cmpstr(f->callee.heard->str, ==, "one two");
    g_assert_cmpuint(simulation_now_ns(f->simulation), >, sent_ns);
    g_assert_cmpuint(simulated_local_port(f->caller.end), ==, simulated_peer_port(f->callee.end));
    g_assert_cmpuint(simulated_local_port(f->callee.end), ==, f->port);
    g_assert_cmpstr(f->caller.told->str, ==, "c");
}

static void test_refused(struct fixture *f, gconstpointer data)
{
    struct party other = {.heard = f->caller.heard, .told = g_string_new(NULL)};
    (void)data;
    simulated_listen(f->network, f->port, NULL, NULL);
    other.end = simulated_connect(f->network, f->port, 1, &handler, &other);
    run(f);
    g_assert_cmpstr(other.told->str, ==, "r");
    simulated_close(other.end, false);
    run(f);
    g_assert_cmpstr(other.told->str, ==, "rx");
    g_string_free(other.told, TRUE);
}

/* Who does not read holds the sender back, and nothing is lost. */
static void test_window(struct fixture *f, gconstpointer data)
{
    const size_t len = 3 * SIMULATED_WINDOW / 2;
    char *bytes = g_malloc(len);
    (void)data;
    memset(bytes, 'a', len);
    simulated_read(f->callee.end, false);
    g_assert_cmpint(simulated_send(f->caller.end, bytes, len), ==, SIMULATED_WINDOW);
    g_assert_cmpint(simulated_send(f->caller.end, bytes, 1), ==, 0);
    run(f);
    g_assert_cmpuint(f->callee.heard->len, ==, 0);
    g_assert_true(simulated_has_unread(f->callee.end));
    g_assert_cmpstr(f->caller.told->str, ==, "c");
    simulated_read(f->callee.end, true);
    run(f);
    g_assert_cmpstr(f->caller.told->str, ==, "cm");
    g_assert_cmpint(simulated_send(f->caller.end, bytes, len - SIMULATED_WINDOW), ==,
                    (gssize)(len - SIMULATED_WINDOW));
    run(f);
    g_assert_cmpuint(f->callee.heard->len, ==, len);
    g_assert_false(simulated_has_unread(f->callee.end));
    g_free(bytes);
}

/* The end comes after the bytes; the other direction goes on. */
static void test_finish(struct fixture *f, gconstpointer data)
{
    (void)data;
    g_assert_cmpint(simulated_send(f->caller.end, "bye", 3), ==, 3);
    simulated_finish(f->caller.end);
    run(f);
    g_assert_cmpstr(f->callee.heard->str, ==, "bye");
    g_assert_cmpstr(f->callee.told->str, ==, "F");
    g_assert_cmpint(simulated_send(f->callee.end, "you too", 7), ==, 7);
    simulated_close(f->callee.end, false);
    run(f);
    g_assert_cmpstr(f->caller.heard->str, ==, "you too");
    g_assert_cmpstr(f->caller.told->str, ==, "cF");
    g_assert_cmpstr(f->callee.told->str, ==, "Fx");
}

static void test_reset(struct fixture *f, gconstpointer data)
{
    (void)data;
    simulated_close(f->caller.end, true);
    run(f);
    g_assert_cmpstr(f->callee.told->str, ==, "R");
    g_assert_cmpint(simulated_send(f->callee.end, "more", 4), ==, -1);
}

/* What comes to who has gone is answered by a reset; and so it ends with bytes unread. */
static void test_gone(struct fixture *f, gconstpointer data)
{
    const bool has_unread = data != NULL;
    simulated_read(f->caller.end, false);
    g_assert_cmpint(simulated_send(f->callee.end, "for nobody", 10), ==, 10);
    if (has_unread)
        run(f);
    simulated_close(f->caller.end, false);
    run(f);
    g_assert_cmpstr(f->caller.heard->str, ==, "");
    /* An end that it hears of before it is no other. */
    g_assert_cmpstr(f->callee.told->str, ==, has_unread ? "R" : "F");
    g_assert_cmpint(simulated_send(f->callee.end, "more", 4), ==, -1);
}

/* Who has changed its mind meanwhile. */
static void test_closed_early(struct fixture *f, gconstpointer data)
{
    struct simulated_end *first = f->callee.end;
    struct party other = {.heard = f->caller.heard, .told = g_string_new(NULL)};
    (void)data;
    other.end = simulated_connect(f->network, f->port, 1, &handler, &other);
    simulated_close(other.end, false);
    run(f);
    g_assert_cmpstr(other.told->str, ==, "x");
    g_assert_true(f->callee.end == first);
    g_string_free(other.told, TRUE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/simulated-network/bytes", struct fixture, NULL, set_up, test_bytes, tear_down);
    g_test_add("/simulated-network/refused", struct fixture, NULL, set_up, test_refused, tear_down);
    g_test_add("/simulated-network/window", struct fixture, NULL, set_up, test_window, tear_down);
    g_test_add("/simulated-network/finish", struct fixture, NULL, set_up, test_finish, tear_down);
    g_test_add("/simulated-network/reset", struct fixture, NULL, set_up, test_reset, tear_down);
    g_test_add("/simulated-network/gone", struct fixture, NULL, set_up, test_gone, tear_down);
    g_test_add("/simulated-network/gone-with-bytes", struct fixture, "", set_up, test_gone,
               tear_down);
    g_test_add("/simulated-network/closed-early", struct fixture, NULL, set_up, test_closed_early,
               tear_down);
    return g_test_run();
}
