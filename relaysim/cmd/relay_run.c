/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/relay_run.h"

#include "base/file_limit.h"
#include "base/log.h"
#include "cmd/options.h"
#include "record/recording.h"
#include "live/relay.h"
#include "cmd/relay_serve.h"
#include "store/store.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define OTHER_FILES 48u /* of the system's: the store, recordings, the loop, the reserve */

/* ------------------------------------------------------------------------
 * Beginning and end
 */

static bool has_http(const struct relay_run *config)
{
    bool is_there = false;
    for (size_t i = 0; !is_there && i < config->num_addresses; i++)
        is_there = config->ports[i] == NET_PORT_HTTP;
    return is_there;
}

/* As many sockets as the system lets us have: a connection takes one, over HTTP two. */
static void raise_file_limit(const struct relay_run *config)
{
    const size_t needed = live_relay_max_open(config->relay.max_connections, config->max_half_open,
                                              has_http(config)) +
                          config->relay.num_peers + config->num_addresses + OTHER_FILES;
    uintmax_t limit;
    if (!file_limit_raise(needed, &limit))
        log_error("%zu open files are needed for --max-connections and --max-half-open, and the "
                  "system allows %ju: callers beyond are told TryLater; raise the limit (ulimit "
                  "-Hn, or LimitNOFILE= of systemd), or lower the options",
                  needed, limit);
}

static void close_all(const int *sockets, size_t num)
{
    for (size_t i = 0; i < num; i++)
        close(sockets[i]);
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
        close_all(sockets, i);
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

static bool open_log(const char *path)
{
    if (path == NULL || strcmp(path, "-") == 0 || log_open(path))
        return true;
    log_error("cannot write the log %s: %s", path, g_strerror(errno));
    return false;
}

/* Serves with what has been opened.  `sockets` are taken over, whatever comes of it. */
static int run(struct relay_server *server, const struct relay_run *config, int *sockets)
{
    const struct live_relay_config live_relay_config = {.sockets = sockets,
                                                        .recording = server->recording,
                                                        .num_sockets = config->num_addresses,
                                                        .ports = config->ports,
                                                        .http = &config->http,
                                                        .peer_addresses = config->peer_addresses,
                                                        .peer_ways = config->peer_ways,
                                                        .proxy_login = config->proxy_login,
                                                        .max_half_open = config->max_half_open,
                                                        .tells_refusals = true};
    struct sstp_relay_config relay_config = config->relay;
    char *error = NULL;
    if (!open_store(config->store, server->net, &relay_config.store)) {
        close_all(sockets, config->num_addresses);
        return EXIT_USAGE;
    }
    server->relay = live_relay_new(server->net, &relay_config, &live_relay_config, &error);
    if (server->relay != NULL) {
        recording_begin(server->recording);
        return relay_serve(server);
    }
    log_error("%s", error);
    g_free(error);
    sstp_store_free(relay_config.store);
    return EXIT_REPORTED;
}

/* The last of the store; false, with a sentence, where it did not get there. */
static bool is_written(struct sstp_store *store)
{
    const char *failure = sstp_store_flush(store);
    if (failure != NULL)
        log_error("%s; the last that the relay took and delivered is not in the store", failure);
    return failure == NULL;
}

int relay_run(const struct relay_run *config)
{
    struct recording recording;
    struct relay_server server = {.recording = &recording, .counters_ms = config->counters_ms};
    int result = EXIT_USAGE;

    relay_serve_prepare(&server);
    int *sockets = claim_all(config);
    if (sockets == NULL)
        return EXIT_REPORTED;
    if (!open_log(config->log) || !recording_open(&recording, &config->files)) {
        close_all(sockets, config->num_addresses);
        goto close_log;
    }
    log_never_wait();
    raise_file_limit(config);
    const struct net_config net_config = {.capture = recording.capture,
                                          .clock = &recording.clock,
                                          .settled = relay_serve_settled,
                                          .cookie = &server};
    server.net = net_new(&net_config);
    if (server.net != NULL) {
        result = run(&server, config, sockets);
    } else {
        log_error("the event loop cannot be started");
        close_all(sockets, config->num_addresses);
        result = EXIT_REPORTED;
    }
    net_free(server.net);
    if (server.relay != NULL && !is_written(sstp_relay_store(live_relay_relay(server.relay))))
        result = EXIT_REPORTED;
    live_relay_free(server.relay);
    if (!recording_close(&recording))
        result = EXIT_REPORTED;
close_log:
    g_free(sockets);
    log_close();
    return result;
}
