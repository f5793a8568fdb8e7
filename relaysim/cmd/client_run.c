/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/client_run.h"

#include "cmd/client_internal.h"
#include "base/log.h"
#include "cmd/options.h"
#include "record/recording.h"
#include "cmd/terminal.h"

#include <glib.h>
#include <signal.h>
#include <stdio.h>

#define MAX_PEERS 16

/* ------------------------------------------------------------------------
 * The run
 */

static void on_timeout(uv_timer_t *timer)
{
    client_time_is_up(timer->data);
}

/* Somebody wants it to end before it is done. */
static void interrupt(struct run *run)
{
    if (!client_outbox_is_done(run->outbox) || run->config->num_expected > run->num_received)
        client_fail(run, "interrupted");
    client_end(run);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct run *run = handle->data;
    /* Otherwise it is the end of the terminal, and so of the run. */
    if (number == SIGHUP && recording_has_files(run->recording) &&
        (!run->has_terminal || terminal_is_there())) {
        recording_reopen(run->recording);
        return;
    }
    if (!run->has_signal && !run->is_ending) {
        client_receive_take_notice(run);
        interrupt(run);
    } else if (run->has_signal && number != SIGHUP) {
        /* (A terminal that closes sends several SIGHUPs.) */
        log_error("ended at once by a second signal");
        run->has_failed = true;
        net_stop(run->net);
    }
    run->has_signal = true;
    net_settle(run->net);
}

/* Listens at all addresses; false with a sentence. */
static bool listen_everywhere(struct run *run)
{
    for (const char *const *at = run->config->listens; *at != NULL; at++) {
        char *error = NULL;
        struct net_listener *listener;
        if (!net_listen(run->net, *at, MAX_PEERS, client_accepted, run, &listener, &error)) {
            log_error("%s", error);
            g_free(error);
            return false;
        }
        char *address = net_listener_address(listener);
        fprintf(stderr, "ready %s\n", address);
        g_free(address);
    }
    return true;
}

static bool start(struct run *run)
{
    char *error = NULL;
    if (run->config->listens != NULL)
        return listen_everywhere(run);
    if (client_dial(run, &error))
        return true;
    log_error("%s", error);
    g_free(error);
    return false;
}

static void set_up(struct run *run)
{
    static const int numbers[CLIENT_SIGNALS] = {SIGTERM, SIGINT, SIGHUP};
    uv_loop_t *loop = net_loop(run->net);
    uv_timer_init(loop, &run->timeout);
    uv_timer_init(loop, &run->again);
    uv_timer_init(loop, &run->pace_timer);
    run->timeout.data = run->again.data = run->pace_timer.data = run;
    if (run->config->timeout_ms > 0)
        uv_timer_start(&run->timeout, on_timeout, (uint64_t)run->config->timeout_ms, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        uv_signal_init(loop, &run->signals[i]);
        run->signals[i].data = run;
        /* Whom nohup(1) has started does not end with the terminal. */
        if (numbers[i] != SIGHUP || !terminal_is_hangup_ignored() ||
            recording_has_files(run->recording))
            uv_signal_start(&run->signals[i], on_signal, numbers[i]);
    }
}

static bool is_address(const char *text)
{
    struct sockaddr_storage address;
    const bool is_one = net_parse_address(text, &address);
    if (!is_one)
        log_error("%s is not an address and a port, such as 127.0.0.1:2492", text);
    return is_one;
}

/* Before anything is opened: whether all addresses are some. */
static bool are_addresses(const struct client_run *config)
{
    const struct client_ways *ways = &config->ways;
    for (size_t i = 0; config->relay != NULL && i < ways->num; i++) {
        /* With a proxy, the relay's is the proxy's to look at. */
        const struct client_way *way = &ways->ways[i];
        if (!is_address(way->proxy != NULL ? way->proxy : way->address))
            return false;
    }
    for (const char *const *at = config->listens; at != NULL && *at != NULL; at++)
        if (!is_address(*at))
            return false;
    return true;
}

/* The terminal may close once more while the files are. */
static void block_hangup(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

int client_run(const struct client_run *config)
{
    struct recording recording;
    struct run run = {.config = config, .recording = &recording};
    int result = EXIT_USAGE;

    if (!are_addresses(config))
        return EXIT_USAGE;
    if (!recording_open(&recording, &config->files))
        return EXIT_USAGE;
    const struct net_config net_config = {.capture = recording.capture, .clock = &recording.clock};
    run.net = net_new(&net_config);
    if (run.net == NULL) {
        log_error("the event loop cannot be started");
        goto close_recording;
    }
    run.peers = g_ptr_array_new();
    run.retry.first_pause_ms = config->retry_pause_ms;
    run.retry.first_until_ms = net_now_ms(run.net) + config->retry_ms;
    run.has_terminal = terminal_may_hang_up();
    set_up(&run);
    result = EXIT_REPORTED;
    if (client_receive_start(&run) && client_send_start(&run) && start(&run)) {
        recording_begin(&recording);
        net_run(run.net);
        result = run.has_failed ? EXIT_REPORTED : EXIT_DONE;
    }
    block_hangup();
    uv_close((uv_handle_t *)&run.timeout, NULL);
    uv_close((uv_handle_t *)&run.again, NULL);
    uv_close((uv_handle_t *)&run.pace_timer, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(run.signals); i++)
        uv_close((uv_handle_t *)&run.signals[i], NULL);
    client_receive_stop(&run);
    client_send_stop(&run);
    client_free_peers(&run);
    net_free(run.net);
    client_outbox_free(run.outbox);
    client_lines_free(run.lines);
    g_ptr_array_free(run.peers, TRUE);
    client_way_taken(&run.way); /* nobody is told of the others any more */

close_recording:
    if (!recording_close(&recording))
        result = EXIT_REPORTED;
    return result;
}
