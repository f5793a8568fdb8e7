/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/relay_serve.h"

#include "base/log.h"
#include "cmd/relay_counters.h"
#include "base/results.h"
#include "cmd/terminal.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>

#define END_MS 3000     /* for the store, and then for the peers' ends after our ConnectCloses */
#define RESULT_MS 1000  /* for whoever reads the ready line and the last counters */
#define STATUS_MS 10000 /* between two looks at what the service manager is told */

/* ------------------------------------------------------------------------
 * Results
 */

static void put_result(struct relay_server *server, const char *line, int patience_ms)
{
    const uint64_t num_dropped = server->results.num_dropped;
    if (outlet_put(&server->results, line, strlen(line), patience_ms))
        return;
    /* A reader who is slow misses some; one that is gone, or a disk, is told of once. */
    if (server->results.error == EAGAIN && patience_ms == 0)
        return;
    if (!server->has_failed)
        log_error("%s could not be written: %s%s", results_name(),
                  g_strerror(server->results.error),
                  num_dropped > 0 ? ", as some counters before" : "");
    server->has_failed = true;
}

static void print_counters(struct relay_server *server, int patience_ms)
{
    char *line =
        relay_counters_line(live_relay_relay(server->relay), net_bytes(server->net),
                            g_get_real_time() / 1000, net_now_ms(server->net) - server->begin_ms);
    put_result(server, line, patience_ms);
    g_free(line);
}

static void on_counters(uv_timer_t *timer)
{
    print_counters(timer->data, 0);
}

/* ------------------------------------------------------------------------
 * The service manager
 */

/* What it does, in words; when they are others than before. */
static void tell_status(struct relay_server *server)
{
    const struct sstp_relay *relay = live_relay_relay(server->relay);
    char *status = g_strdup_printf("STATUS=%s%zu connections, %" PRIu64 " messages stored",
                                   server->is_ending ? "Ending: " : "",
                                   sstp_relay_num_established(relay), sstp_relay_num_stored(relay));
    if (g_strcmp0(status, server->status) != 0)
        (void)notify_tell(&server->notify, status);
    g_free(server->status);
    server->status = status;
}

static void on_notify(uv_timer_t *timer)
{
    struct relay_server *server = timer->data;
    if (server->notify.watchdog_ms != 0)
        (void)notify_tell(&server->notify, "WATCHDOG=1");
    tell_status(server);
}

static void begin_to_notify(struct relay_server *server)
{
    if (server->notify.fd < 0)
        return;
    const uint64_t period_ms = server->notify.watchdog_ms != 0
                                   ? (uint64_t)MIN(server->notify.watchdog_ms, STATUS_MS)
                                   : STATUS_MS;
    if (!notify_tell(&server->notify, "READY=1"))
        log_error("the service manager cannot be told that the relay is ready: %s",
                  g_strerror(errno));
    tell_status(server);
    uv_timer_start(&server->notify_timer, on_notify, period_ms, period_ms);
}

/* ------------------------------------------------------------------------
 * The end
 */

/* Who is still there: who has a socket, and who polls and has none at the moment. */
static size_t num_left(const struct relay_server *server)
{
    return MAX(net_num_connections(server->net), live_relay_num_open(server->relay));
}

void relay_serve_settled(void *cookie)
{
    struct relay_server *server = cookie;
    live_relay_settled(server->relay);
    if (server->is_ending && num_left(server) == 0)
        net_stop(server->net);
}

/* The store has not got everything in time: whoever is there is told now, with what is safe;
 * or the peers have not closed their sides. */
static void on_end_over(uv_timer_t *timer)
{
    struct relay_server *server = timer->data;
    if (!live_relay_close_now(server->relay)) {
        log_info("%zu connections are closed that the other side does not close", num_left(server));
        net_stop(server->net);
    }
    net_settle(server->net);
}

static void end_in_order(struct relay_server *server, const char *why)
{
    log_info("%s: the relay ends", why);
    server->is_ending = true;
    (void)notify_tell(&server->notify, "STOPPING=1");
    tell_status(server);
    uv_timer_start(&server->end_timer, on_end_over, END_MS, END_MS);
    live_relay_close(server->relay, SSTP_CONNECT_CLOSE_NO_REASON, 0, true);
}

static void on_end_signal(struct relay_server *server, int number)
{
    if (!server->is_ending) {
        end_in_order(server, strsignal(number));
        return;
    }
    server->is_cut_short = true;
    net_stop(server->net);
}

/* ------------------------------------------------------------------------
 * SIGHUP
 */

/* The files may have been moved away, and are written anew under their names. */
static void reopen_files(struct relay_server *server)
{
    char *lines = g_strdup_printf("RELOADING=1\nMONOTONIC_USEC=%" PRId64, g_get_monotonic_time());
    (void)notify_tell(&server->notify, lines);
    g_free(lines);
    log_reopen();
    recording_reopen(server->recording);
    log_info("SIGHUP: the files are opened anew");
    (void)notify_tell(&server->notify, "READY=1");
}

static void on_hangup(struct relay_server *server)
{
    const bool has_files = log_has_file() || recording_has_files(server->recording);
    if (server->is_ending)
        return;
    if (server->has_terminal && (!has_files || !terminal_is_there()))
        end_in_order(server, "the terminal has hung up");
    else if (has_files)
        reopen_files(server);
    else
        log_info("SIGHUP: there are no files to be opened anew");
}

/* ------------------------------------------------------------------------
 * Serving
 */

static void on_signal(uv_signal_t *handle, int number)
{
    struct relay_server *server = handle->data;
    switch (number) {
    case SIGUSR1:
        print_counters(server, 0);
        break;
    case SIGHUP:
        on_hangup(server);
        break;
    default:
        on_end_signal(server, number);
        break;
    }
}

/* Those that would end it, had it no handler for them. */
static void block_signals(bool is_blocked)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(is_blocked ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

void relay_serve_prepare(struct relay_server *server)
{
    block_signals(true);
    server->has_terminal = terminal_may_hang_up();
    if (!notify_open(&server->notify))
        log_error("NOTIFY_SOCKET=%s is no socket that could be told anything: %s",
                  g_getenv("NOTIFY_SOCKET"), g_strerror(errno));
}

static void start(struct relay_server *server)
{
    static const int numbers[RELAY_SERVE_SIGNALS] = {SIGTERM, SIGINT, SIGUSR1, SIGHUP};
    uv_loop_t *loop = net_loop(server->net);
    uv_timer_t *timers[] = {&server->end_timer, &server->counters_timer, &server->notify_timer};

    for (size_t i = 0; i < G_N_ELEMENTS(timers); i++) {
        uv_timer_init(loop, timers[i]);
        timers[i]->data = server;
    }
    for (size_t i = 0; i < RELAY_SERVE_SIGNALS; i++) {
        uv_signal_init(loop, &server->signals[i]);
        server->signals[i].data = server;
        uv_signal_start(&server->signals[i], on_signal, numbers[i]);
    }
    server->begin_ms = net_now_ms(server->net);
    if (server->counters_ms != 0)
        uv_timer_start(&server->counters_timer, on_counters, (uint64_t)server->counters_ms,
                       (uint64_t)server->counters_ms);
}

static void stop(struct relay_server *server)
{
    /* A second closing of the same terminal. */
    block_signals(true);
    live_relay_end(server->relay);
    uv_close((uv_handle_t *)&server->end_timer, NULL);
    uv_close((uv_handle_t *)&server->counters_timer, NULL);
    uv_close((uv_handle_t *)&server->notify_timer, NULL);
    for (size_t i = 0; i < RELAY_SERVE_SIGNALS; i++)
        uv_close((uv_handle_t *)&server->signals[i], NULL);
    notify_close(&server->notify);
    g_free(server->status);
    server->status = NULL;
}

int relay_serve(struct relay_server *server)
{
    char *address = live_relay_address(server->relay);
    char *ready = g_strdup_printf("ready %s\n", address);
    server->results = (struct outlet){.fd = fileno(results_file())};
    start(server);
    block_signals(false);
    put_result(server, ready, RESULT_MS);
    begin_to_notify(server);
    g_free(ready);
    g_free(address);
    net_run(server->net);
    print_counters(server, RESULT_MS);
    if (server->is_cut_short)
        log_error("ended at once by a second signal, without waiting for %zu connections",
                  net_num_connections(server->net));
    stop(server);
    return server->has_failed || server->is_cut_short ? EXIT_REPORTED : EXIT_DONE;
}
