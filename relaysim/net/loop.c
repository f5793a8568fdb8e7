/* SPDX-License-Identifier: GPL-2.0-or-later */
/* loop: the event loop, and all that is open in it. */
#include "net/internal.h"

#include "base/random.h"
#include "simulated/network.h"

#include <time.h>

#define MS_NS UINT64_C(1000000)

/* What a simulated disk takes for a piece of work. */
#define WORK_NS 1500000u
#define WORK_SPREAD_NS 3000000u

struct net *net_new(const struct net_config *config)
{
    struct net *net = g_new0(struct net, 1);
    net->config = *config;
    if (config->simulation != NULL && !config->has_sockets) {
        net->tcp = &net_tcp_simulated;
        net->simulated = simulated_network_new(config->simulation);
    } else if (uv_loop_init(&net->loop) == 0) {
        net->tcp = &net_tcp_system;
        uv_timer_init(&net->loop, &net->wait_timer);
    } else {
        g_free(net);
        return NULL;
    }
    net->connections = g_hash_table_new(NULL, NULL);
    net->listeners = g_hash_table_new(NULL, NULL);
    g_queue_init(&net->dirty);
    g_queue_init(&net->ending);
    return net;
}

/* Until everything is closed that the loop has, timers of the clock among it. */
static void leap_end(struct net *net)
{
    while (uv_run(&net->loop, UV_RUN_NOWAIT) != 0 || simulation_has_plans(net->config.simulation))
        if (!simulation_step(net->config.simulation, UINT64_MAX / 2))
            (void)uv_run(&net->loop, UV_RUN_ONCE);
}

/* Whatever is still to be told. */
static void end_system(struct net *net)
{
    net_reserve_end(net);
    uv_close((uv_handle_t *)&net->wait_timer, NULL);
    if (net->config.simulation != NULL)
        leap_end(net);
    /* Who is told of the end of a connection may have called net_stop(). */
    while (uv_run(&net->loop, UV_RUN_DEFAULT) != 0)
        continue;
    uv_loop_close(&net->loop);
}

static void end_simulated(struct net *net)
{
    while (simulation_has_plans(net->config.simulation))
        (void)simulation_step(net->config.simulation, UINT64_MAX / 2);
    simulated_network_free(net->simulated);
}

/* By number, so that what is told of their ends comes in the same order each time. */
static int compare_numbers(const void *a, const void *b)
{
    const struct net_connection *one = a, *two = b;
    return one->number < two->number ? -1 : one->number > two->number;
}

void net_free(struct net *net)
{
    if (net == NULL)
        return;
    net->config.settled = NULL;
    net->is_ending = true;
    GList *list = g_hash_table_get_keys(net->listeners);
    for (GList *l = list; l != NULL; l = l->next)
        net_listener_close(l->data);
    g_list_free(list);
    list = g_list_sort(g_hash_table_get_keys(net->connections), compare_numbers);
    for (GList *c = list; c != NULL; c = c->next)
        net_close_connection(c->data);
    g_list_free(list);
    if (net->simulated != NULL)
        end_simulated(net);
    else
        end_system(net);
    g_hash_table_destroy(net->connections);
    g_hash_table_destroy(net->listeners);
    g_free(net);
}

bool net_is_ending(const struct net *net)
{
    return net->is_ending;
}

struct simulation *net_simulation(const struct net *net)
{
    return net->config.simulation;
}

uv_loop_t *net_loop(struct net *net)
{
    g_assert(net->simulated == NULL);
    return &net->loop;
}

int64_t net_now_ms(struct net *net)
{
    return net->config.simulation != NULL
               ? (int64_t)(simulation_passed_ns(net->config.simulation) / MS_NS)
               : (int64_t)uv_now(&net->loop);
}

int64_t net_wall_ms(struct net *net)
{
    return net->config.simulation != NULL
               ? (int64_t)(simulation_now_ns(net->config.simulation) / MS_NS)
               : g_get_real_time() / 1000;
}

size_t net_num_connections(const struct net *net)
{
    return g_hash_table_size(net->connections);
}

/* Every callback of libuv ends with it. */
void net_settle(struct net *net)
{
    struct net_connection *connection;
    net->num_settled++;
    do {
        while ((connection = g_queue_pop_head(&net->dirty)) != NULL) {
            connection->is_dirty = false;
            net_flush(connection);
        }
        if (net->config.settled != NULL)
            net->config.settled(net->config.cookie);
    } while (!g_queue_is_empty(&net->dirty));
}

void net_run(struct net *net)
{
    net_settle(net);
    uv_run(&net->loop, UV_RUN_DEFAULT);
}

void net_stop(struct net *net)
{
    uv_stop(&net->loop);
}

static void on_wait_over(uv_timer_t *timer)
{
    (void)timer;
}

static void run_system(struct net *net, int64_t timeout_ms)
{
    uv_update_time(&net->loop);
    /* A timer of no time would be over before the sockets are looked at. */
    if (timeout_ms > 0)
        uv_timer_start(&net->wait_timer, on_wait_over, (uint64_t)timeout_ms, 0);
    uv_run(&net->loop, timeout_ms > 0 ? UV_RUN_ONCE : UV_RUN_NOWAIT);
    uv_timer_stop(&net->wait_timer);
}

static void run_simulated(struct net *net, int64_t timeout_ms)
{
    struct simulation *simulation = net->config.simulation;
    const uint64_t within_ns = timeout_ms > 0 ? (uint64_t)timeout_ms * MS_NS : 0;
    const uint64_t begun_ns = simulation_passed_ns(simulation) % MS_NS;
    (void)simulation_step(simulation, within_ns > begun_ns ? within_ns - begun_ns : 0);
}

/* ------------------------------------------------------------------------
 * Sockets on a simulated clock
 */

/* So long nothing has happened on a socket when the clock goes on; and so often that long, where
 * bytes are under way that nobody takes. */
#define QUIET_MS 5
#define QUIET_TIMES_MAX 40u

static bool is_under_way(const struct net *net)
{
    GHashTableIter iter;
    gpointer connection;
    bool is_one = false;

    g_hash_table_iter_init(&iter, net->connections);
    while (!is_one && g_hash_table_iter_next(&iter, &connection, NULL))
        is_one = net_system_is_under_way(connection);
    return is_one;
}

/* What happens on sockets takes no time of the clock but what sending and receiving spend; when all
 * is quiet the clock leaps to what is due next, or to the end of the time. */
static void run_leaping(struct net *net, int64_t timeout_ms)
{
    const uint64_t num_before = net->num_settled;
    for (unsigned i = 0; i < QUIET_TIMES_MAX; i++) {
        run_system(net, net->num_done != net->num_quiet ? QUIET_MS : 0);
        if (net->num_settled != num_before)
            return;
        if (net->num_done == net->num_quiet || !is_under_way(net))
            break;
    }
    net->num_quiet = net->num_done;
    run_simulated(net, timeout_ms);
}

void net_run_once(struct net *net, int64_t timeout_ms)
{
    if (net->simulated == NULL)
        uv_update_time(&net->loop);
    net_settle(net);
    if (net->simulated != NULL)
        run_simulated(net, timeout_ms);
    else if (net->config.simulation != NULL)
        run_leaping(net, timeout_ms);
    else
        run_system(net, timeout_ms);
}

/* ------------------------------------------------------------------------
 * Clocks and chance
 */

static int64_t clock_ms(clockid_t clock)
{
    struct timespec time = {.tv_sec = 0};
    (void)clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* The loop's is the monotonic one, which stands still while the machine sleeps. */
struct net_clocks net_clocks(struct net *net)
{
    const int64_t now_ms = net_now_ms(net);
    if (net->config.simulation != NULL)
        return (struct net_clocks){now_ms, now_ms, net_wall_ms(net)};
    return (struct net_clocks){clock_ms(CLOCK_MONOTONIC), clock_ms(CLOCK_BOOTTIME),
                               clock_ms(CLOCK_REALTIME)};
}

void net_random(void *cookie, void *bytes, size_t len)
{
    const struct net *net = cookie;
    if (net->config.simulation != NULL)
        simulation_fill(net->config.simulation, bytes, len);
    else
        random_system(NULL, bytes, len);
}

/* ------------------------------------------------------------------------
 * Work
 */

static void on_system_work(uv_work_t *request)
{
    const struct net_work *work = request->data;
    work->work(work->cookie);
}

static void on_system_worked(uv_work_t *request, int status)
{
    const struct net_work *work = request->data;
    struct net *net = work->net;
    (void)status; /* nobody cancels it */
    work->done(work->cookie);
    net_settle(net);
}

static void do_simulated(void *cookie)
{
    const struct net_work *work = cookie;
    struct net *net = work->net;
    work->work(work->cookie);
    work->done(work->cookie);
    net_settle(net);
}

void net_begin_work(struct net *net, struct net_work *work)
{
    struct simulation *simulation = net->config.simulation;
    work->net = net;
    if (simulation != NULL) {
        work->simulated = (struct simulation_event){.happen = do_simulated, .cookie = work};
        simulation_plan(simulation, &work->simulated,
                        WORK_NS + simulation_chance(simulation, WORK_SPREAD_NS));
        return;
    }
    work->system.data = work;
    /* It only fails without a function to call. */
    (void)uv_queue_work(&net->loop, &work->system, on_system_work, on_system_worked);
}
