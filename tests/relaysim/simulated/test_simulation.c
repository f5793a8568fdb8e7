/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The clock that nobody waits for: what happens when, and that it does again. */
#include "simulated/simulation.h"

#define SECOND_NS UINT64_C(1000000000)

struct fixture {
    struct simulation *simulation;
    GString *happened; /* a letter each */
};

/* It says its letter, and when. */
struct said {
    struct simulation_event event;
    struct fixture *f;
    char letter;
    uint64_t at_ns;
};

static void say(void *cookie)
{
    struct said *said = cookie;
    g_string_append_c(said->f->happened, said->letter);
    said->at_ns = simulation_now_ns(said->f->simulation);
}

static struct said said_of(struct fixture *f, char letter)
{
    return (struct said){.f = f, .letter = letter, .event.happen = say};
}

static void plan(struct said *said, uint64_t after_ns)
{
    said->event.cookie = said;
    simulation_plan(said->f->simulation, &said->event, after_ns);
}

static void set_up(struct fixture *f, gconstpointer data)
{
    (void)data;
    f->simulation = simulation_new(1, SIMULATION_START_NS);
    f->happened = g_string_new(NULL);
}

static void tear_down(struct fixture *f, gconstpointer data)
{
    (void)data;
    simulation_free(f->simulation);
    g_string_free(f->happened, TRUE);
}

static void test_order(struct fixture *f, gconstpointer data)
{
    struct said a = said_of(f, 'a'), b = said_of(f, 'b'), c = said_of(f, 'c'), d = said_of(f, 'd');
    (void)data;
    plan(&c, 3 * SECOND_NS);
    plan(&a, SECOND_NS);
    plan(&b, SECOND_NS); /* after whoever was there first */
    plan(&d, 2 * SECOND_NS);
    simulation_cancel(f->simulation, &d.event);
    simulation_cancel(f->simulation, &d.event);
    while (simulation_has_plans(f->simulation))
        g_assert_true(simulation_step(f->simulation, 3600 * SECOND_NS));
    g_assert_cmpstr(f->happened->str, ==, "abc");
    g_assert_cmpuint(a.at_ns, ==, SIMULATION_START_NS + SECOND_NS);
    g_assert_cmpuint(b.at_ns, ==, a.at_ns);
    g_assert_cmpuint(c.at_ns, ==, SIMULATION_START_NS + 3 * SECOND_NS);
}

/* Nothing that is due within it: then it is so late. */
static void test_time_passes(struct fixture *f, gconstpointer data)
{
    struct said a = said_of(f, 'a');
    (void)data;
    plan(&a, 10);
    g_assert_false(simulation_step(f->simulation, 9));
    g_assert_cmpuint(simulation_now_ns(f->simulation), ==, SIMULATION_START_NS + 9);
    g_assert_cmpuint(*simulation_clock(f->simulation), ==, SIMULATION_START_NS + 9);
    g_assert_true(simulation_step(f->simulation, 1));
    g_assert_false(simulation_step(f->simulation, 86400 * SECOND_NS));
    g_assert_cmpuint(simulation_now_ns(f->simulation), ==,
                     SIMULATION_START_NS + 10 + 86400 * SECOND_NS);
    g_assert_cmpuint(simulation_passed_ns(f->simulation), >, 86400 * SECOND_NS);
}

/* What is planned again happens then alone, and what is busy is late. */
static void test_again_and_late(struct fixture *f, gconstpointer data)
{
    struct said a = said_of(f, 'a'), b = said_of(f, 'b');
    (void)data;
    plan(&a, 5);
    plan(&a, 50);
    plan(&b, 20);
    simulation_spend(f->simulation, 30);
    g_assert_true(simulation_step(f->simulation, 0));
    g_assert_cmpuint(b.at_ns, ==, SIMULATION_START_NS + 30);
    g_assert_true(simulation_step(f->simulation, 100));
    g_assert_cmpuint(a.at_ns, ==, SIMULATION_START_NS + 50);
    g_assert_cmpstr(f->happened->str, ==, "ba");
}

static void test_chance(struct fixture *f, gconstpointer data)
{
    struct simulation *same = simulation_new(1, 0), *other = simulation_new(2, 0);
    unsigned num_different = 0;
    (void)data;
    g_assert_cmpuint(simulation_fixed_chance(same, 7, 1 << 30), ==,
                     simulation_fixed_chance(f->simulation, 7, 1 << 30));
    g_assert_cmpuint(simulation_fixed_chance(same, 7, 1 << 30), !=,
                     simulation_fixed_chance(same, 8, 1 << 30));
    for (unsigned i = 0; i < 50; i++) {
        const uint64_t number = simulation_chance(f->simulation, 10);
        uint8_t bytes[3], same_bytes[3];
        g_assert_cmpuint(number, <, 10);
        g_assert_cmpuint(simulation_chance(same, 10), ==, number);
        num_different += simulation_chance(other, 10) != number ? 1 : 0;
        simulation_fill(f->simulation, bytes, sizeof bytes);
        simulation_fill(same, same_bytes, sizeof same_bytes);
        g_assert_true(memcmp(bytes, same_bytes, sizeof bytes) == 0);
    }
    g_assert_cmpuint(num_different, >, 25);
    simulation_free(same);
    simulation_free(other);
}

/* Those that nobody is assigned, each once before any comes again. */
static void test_ports(void)
{
    struct simulation *simulation = simulation_new(1, SIMULATION_START_NS);
    for (unsigned round = 0; round < 2; round++)
        for (unsigned port = 49152; port <= 65535; port++)
            g_assert_cmpuint(simulation_port(simulation), ==, port);
    simulation_free(simulation);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/simulation/order", struct fixture, NULL, set_up, test_order, tear_down);
    g_test_add("/simulation/time-passes", struct fixture, NULL, set_up, test_time_passes,
               tear_down);
    g_test_add("/simulation/again-and-late", struct fixture, NULL, set_up, test_again_and_late,
               tear_down);
    g_test_add("/simulation/chance", struct fixture, NULL, set_up, test_chance, tear_down);
    g_test_add_func("/simulation/ports", test_ports);
    return g_test_run();
}
