/* SPDX-License-Identifier: GPL-2.0-or-later */
/* proxy: `relaysim proxy`, for demos and tests. */
#include "base/log.h"
#include "base/random.h"
#include "base/results.h"
#include "cmd/login.h"
#include "cmd/options.h"
#include "proxy/server.h"
#include "record/recording.h"

#include <inttypes.h>
#include <signal.h>

#define ADDRESS_DEFAULT "127.0.0.1:8080"
#define CLIENTS_DEFAULT 256
#define CLIENTS_MAX 10000
#define REQUEST_DEFAULT_MS 30000
#define IDLE_DEFAULT_MS 600000

enum { NUM_SIGNALS = 2 };

struct proxy_options {
    char *listen, *auth, *capture, **faults;
    struct wear_plan wear;
    uint64_t seed;
    int64_t max_clients, request_ms, idle_ms;
    bool is_verbose;
};

struct proxy_run {
    struct net *net;
    struct proxy_server *server;
    uv_signal_t signals[NUM_SIGNALS];
};

static void on_signal(uv_signal_t *handle, int number)
{
    const struct proxy_run *run = handle->data;
    (void)number;
    net_stop(run->net);
}

static void catch_signals(struct proxy_run *run)
{
    static const int numbers[NUM_SIGNALS] = {SIGTERM, SIGINT};
    for (size_t i = 0; i < NUM_SIGNALS; i++) {
        uv_signal_init(net_loop(run->net), &run->signals[i]);
        run->signals[i].data = run;
        uv_signal_start(&run->signals[i], on_signal, numbers[i]);
    }
}

/* Prints "ready ADDRESS", and goes on until a signal comes. */
static int serve(struct proxy_run *run)
{
    char *address = proxy_server_address(run->server);
    catch_signals(run);
    fprintf(results_file(), "ready %s\n", address);
    g_free(address);
    const int result = options_end_output();
    if (result == EXIT_DONE)
        net_run(run->net);
    for (size_t i = 0; i < NUM_SIGNALS; i++)
        uv_close((uv_handle_t *)&run->signals[i], NULL);
    return result;
}

static int run_with(const struct proxy_options *o, const struct proxy_login *login)
{
    struct proxy_run run = {.net = NULL};
    struct recording recording;
    char *error = NULL;
    int result = EXIT_REPORTED;
    if (!recording_open(&recording, &(struct recording_files){
                                        .capture = o->capture, .wear = o->wear, .seed = o->seed}))
        return EXIT_USAGE;
    run.net =
        net_new(&(struct net_config){.capture = recording.capture, .clock = &recording.clock});
    if (run.net != NULL)
        run.server =
            proxy_server_new(run.net,
                             &(struct proxy_server_config){
                                 .address = o->listen != NULL ? o->listen : ADDRESS_DEFAULT,
                                 .max_clients = (size_t)o->max_clients,
                                 .visit = {.login = login,
                                           .random = {random_system, NULL},
                                           .request_ms = o->request_ms,
                                           .idle_ms = o->idle_ms}},
                             &error);
    if (run.server != NULL) {
        recording_begin(&recording);
        result = serve(&run);
    } else {
        log_error("%s", error != NULL ? error : "the event loop cannot be started");
    }
    proxy_server_free(run.server);
    net_free(run.net);
    g_free(error);
    return recording_close(&recording) ? result : EXIT_REPORTED;
}

static char *check_listen(const char *address)
{
    struct sockaddr_storage storage;
    return net_parse_address(address, &storage)
               ? NULL
               : g_strdup_printf("--listen %s is not an address and a port, such as 127.0.0.1:8080",
                                 address);
}

/* Who may come: false with a sentence; *login is NULL for everybody. */
static bool read_login(const struct proxy_options *o, char **arguments, struct proxy_login **login)
{
    const guint num = arguments != NULL ? g_strv_length(arguments) : 0;
    unsigned scheme = 0;
    char *error = NULL;
    *login = NULL;
    if (num != (o->auth != NULL ? 1 : 0)) {
        log_error("--auth has two words, such as --auth basic alice:PASSWORD, and there are no "
                  "other arguments");
        return false;
    }
    if (o->auth == NULL)
        return true;
    while (scheme < PROXY_SCHEME_COUNT && strcmp(o->auth, proxy_scheme_options[scheme]) != 0)
        scheme++;
    if (scheme == PROXY_SCHEME_COUNT) {
        log_error("--auth is basic or ntlm");
        return false;
    }
    *login = login_read_who("auth", (enum proxy_scheme)scheme, arguments[0], &error);
    if (*login == NULL)
        log_error("%s", error);
    g_free(error);
    return *login != NULL;
}

int cmd_proxy(int argc, char **argv)
{
    struct proxy_options o = {.seed = 1,
                              .max_clients = CLIENTS_DEFAULT,
                              .request_ms = REQUEST_DEFAULT_MS,
                              .idle_ms = IDLE_DEFAULT_MS};
    struct option_row rows[] = {
        OPTION_TEXT("listen", &o.listen, "ADDR:PORT",
                    "Where clients come (" ADDRESS_DEFAULT "); port 0 takes a free one",
                    .check = check_listen),
        OPTION_TEXT("auth", &o.auth, "basic|ntlm " LOGIN_WHO,
                    "Let in whoever knows these alone; the password may be in " LOGIN_VARIABLE,
                    .hides_arguments = true),
        OPTION_NUMBER("max-clients", &o.max_clients, 1, CLIENTS_MAX, "N",
                      "Beyond so many at a time, callers are closed (256)"),
        OPTION_TIME("request-timeout", &o.request_ms, 1, OPTION_TIME_MAX,
                    "For a request to be there, and for a server (30)"),
        OPTION_TIME("idle-timeout", &o.idle_ms, 1, OPTION_TIME_MAX,
                    "Close whoever is silent for so long (600)"),
        OPTION_FILE("write", &o.capture, NAMED_FILE_OUTPUT, "FILE",
                    "Write a capture (pcapng) of both sides", .letter = 'w'),
        OPTION_TEXTS("fault", &o.faults, "FAULT", OPTIONS_WEAR_HELP),
        OPTION_UNSIGNED("seed", &o.seed, "N", OPTIONS_WEAR_SEED_HELP),
        OPTION_FLAG("verbose", &o.is_verbose, "Log on stderr", .letter = 'v'),
        OPTION_END};
    char **arguments = NULL;
    struct proxy_login *login = NULL;
    int result = options_parse_arguments(
        "A small proxy for demos and tests: HTTP (CONNECT, and forwarding to http://) and SOCKS5, "
        "on one\nport.  Prints \"ready ADDRESS\" once it listens; SIGTERM and SIGINT end it.",
        NULL, rows, argc, argv, &arguments);
    if (result == -1) {
        char *const logins[] = {(char *)login_file(arguments != NULL ? arguments[0] : NULL)};
        log_set_verbose(o.is_verbose);
        result = options_check_files(rows, "--auth", NAMED_FILE_INPUT, logins, logins[0] != NULL) &&
                         read_login(&o, arguments, &login) && options_read_wear(o.faults, &o.wear)
                     ? run_with(&o, login)
                     : EXIT_USAGE;
    }
    proxy_login_free(login);
    g_strfreev(arguments);
    option_rows_clear(rows);
    return result;
}
