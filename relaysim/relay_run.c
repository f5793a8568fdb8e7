/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "relay_run.h"

#include "log.h"
#include "options.h"
#include "recording.h"
#include "relay_net.h"
#include "store.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#define OTHER_FILES 48u /* of the system's: the store, recordings, the loop, the reserve */
#define END_MS 3000     /* for the peers' ends after our ConnectCloses */

enum { SIGNALS = 3 };

struct server {
    struct net *net;
    struct relay_net *relay;
    uv_timer_t end_timer;
    uv_signal_t signals[SIGNALS];
    bool is_ending;
    bool has_failed; /* stdout could not be written */
};

/* ------------------------------------------------------------------------
 * Counters
 */

/* One line of JSON.  Everything counts from the start, but what is open or stored. */
static void print_counters(struct server *server)
{
    const struct sstp_relay *relay = relay_net_relay(server->relay);
    const struct sstp_relay_counters *counters = sstp_relay_counters(relay);
    const struct net_bytes bytes = net_bytes(server->net);
    const struct {
        const char *name;
        uint64_t value;
    } members[] = {
        {"connections", counters->num_connections},
        {"connections_open", sstp_relay_num_established(relay)},
        {"sessions", counters->num_sessions},
        {"messages_in", counters->num_received},
        {"messages_delivered", counters->num_delivered},
        {"messages_forwarded", counters->num_forwarded},
        {"messages_discarded", counters->num_discarded},
        {"messages_stored", sstp_relay_num_stored(relay)},
        {"acks_sent", counters->num_acknowledged},
        {"acks_received", counters->num_delivered + counters->num_forwarded},
        {"bytes_in", bytes.in},
        {"bytes_out", bytes.out},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(members); i++)
        printf("%s\"%s\":%" PRIu64, i == 0 ? "{" : ",", members[i].name, members[i].value);
    if (puts("}") < 0 || fflush(stdout) != 0)
        server->has_failed = true;
}

/* ------------------------------------------------------------------------
 * The loop
 */

/* Something has happened: the relay's own time, and whether all is over. */
static void on_settled(void *cookie)
{
    struct server *server = cookie;
    relay_net_settled(server->relay);
    if (server->is_ending && net_num_connections(server->net) == 0)
        net_stop(server->net);
}

static void on_end_over(uv_timer_t *timer)
{
    const struct server *server = timer->data;
    net_stop(server->net);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct server *server = handle->data;
    if (number == SIGUSR1) {
        print_counters(server);
        return;
    }
    if (server->is_ending) {
        net_stop(server->net);
        return;
    }
    server->is_ending = true;
    uv_timer_start(&server->end_timer, on_end_over, END_MS, 0);
    relay_net_close(server->relay, SSTP_CONNECT_CLOSE_NO_REASON, 0, true);
}

static void serve(struct server *server)
{
    static const int numbers[SIGNALS] = {SIGTERM, SIGINT, SIGUSR1};
    uv_loop_t *loop = net_loop(server->net);
    char *address = relay_net_address(server->relay);

    uv_timer_init(loop, &server->end_timer);
    server->end_timer.data = server;
    for (size_t i = 0; i < SIGNALS; i++) {
        uv_signal_init(loop, &server->signals[i]);
        server->signals[i].data = server;
        uv_signal_start(&server->signals[i], on_signal, numbers[i]);
    }
    printf("ready %s\n", address);
    if (fflush(stdout) != 0)
        server->has_failed = true;
    g_free(address);
    net_run(server->net);
    print_counters(server);
    relay_net_end(server->relay);
    uv_close((uv_handle_t *)&server->end_timer, NULL);
    for (size_t i = 0; i < SIGNALS; i++)
        uv_close((uv_handle_t *)&server->signals[i], NULL);
}

/* ------------------------------------------------------------------------
 * Beginning and end
 */

/* As many sockets as the system lets us have: a connection takes one. */
static void raise_file_limit(const struct relay_run *config)
{
    const size_t needed = relay_net_max_open(config->relay.max_connections, config->max_half_open) +
                          config->relay.num_peers + config->num_addresses + OTHER_FILES;
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    const rlim_t before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        limit.rlim_cur = before;
    if (limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < needed)
        log_error("%zu open files are needed for --max-connections and --max-half-open, and the "
                  "system allows %ju: callers beyond are told TryLater; raise the limit (ulimit "
                  "-Hn, or LimitNOFILE= of systemd), or lower the options",
                  needed, (uintmax_t)limit.rlim_cur);
}

/* Sockets for all addresses, NULL with a sentence.  It comes before any file is opened:
 * a relay that is started twice by mistake does nothing to the files of the first. */
static int *claim_all(const struct relay_run *config)
{
    int *sockets = g_new(int, config->num_addresses);
    for (size_t i = 0; i < config->num_addresses; i++) {
        char *error = NULL;
        sockets[i] = net_claim(config->addresses[i], &error);
        if (sockets[i] >= 0)
            continue;
        log_error("%s", error);
        g_free(error);
        while (i > 0)
            close(sockets[--i]);
        g_free(sockets);
        return NULL;
    }
    return sockets;
}

/* What an earlier version let happen, and what becomes of it. */
static void tell_shared(struct sstp_store *store, const char *path)
{
    const char *example;
    const size_t num = sstp_registry_num_shared(sstp_store_registry(store), &example);
    if (num > 0)
        log_error("in the store %s, %s belongs to more than one account, as %zu registered "
                  "identities do in all; every such account goes on getting the messages",
                  path, example, num);
}

/* The store of the options, NULL for one in memory; false with a sentence. */
static bool open_store(const char *path, struct net *net, struct sstp_store **store)
{
    char *error = NULL;
    *store = NULL;
    if (path == NULL)
        return true;
    *store = sstp_store_open(path, NULL, net_now_ms(net), g_get_real_time() / 1000, &error);
    if (*store != NULL) {
        log_info("%" PRIu64 " messages in %s", sstp_store_num_messages(*store), path);
        tell_shared(*store, path);
        return true;
    }
    log_error("%s", error);
    g_free(error);
    return false;
}

int relay_run(const struct relay_run *config)
{
    struct server server = {.is_ending = false};
    struct sstp_relay_config relay_config = config->relay;
    struct recording recording;
    char *error = NULL;
    int result = EXIT_REPORTED;
    size_t num_sockets = config->num_addresses;

    raise_file_limit(config);
    int *sockets = claim_all(config);
    if (sockets == NULL)
        return EXIT_REPORTED;
    if (!recording_open(&recording, config->capture, config->truth)) {
        result = EXIT_USAGE;
        goto close_sockets;
    }
    const struct net_config net_config = {
        .tap = recording.tap, .truth = recording.truth, .settled = on_settled, .cookie = &server};
    server.net = net_new(&net_config);
    if (server.net == NULL) {
        log_error("the event loop cannot be started");
        goto close_recording;
    }
    if (!open_store(config->store, server.net, &relay_config.store)) {
        result = EXIT_USAGE;
        goto free_net;
    }
    server.relay =
        relay_net_new(server.net, &relay_config,
                      &(struct relay_net_config){.sockets = sockets,
                                                 .num_sockets = config->num_addresses,
                                                 .peer_addresses = config->peer_addresses,
                                                 .max_half_open = config->max_half_open,
                                                 .tells_refusals = true},
                      &error);
    num_sockets = 0; /* they are the relay's */
    if (server.relay == NULL) {
        log_error("%s", error);
        g_free(error);
        sstp_store_free(relay_config.store);
    } else {
        serve(&server);
        result = server.has_failed ? EXIT_REPORTED : EXIT_DONE;
        if (server.has_failed)
            log_error("stdout could not be written");
    }
free_net:
    net_free(server.net);
    relay_net_free(server.relay);
close_recording:
    if (!recording_close(&recording))
        result = EXIT_REPORTED;
close_sockets:
    while (num_sockets > 0)
        close(sockets[--num_sockets]);
    g_free(sockets);
    return result;
}
