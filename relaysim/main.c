/* SPDX-License-Identifier: GPL-2.0-or-later */
/* main: a Groove relay, a client, and stories of SSTP on live sockets. */
#include "base/log.h"
#include "cmd/options.h"
#include "cmd/start.h"

#include <stdio.h>
#include <string.h>

/* How the allocator is to go about it (jemalloc(3)).  A backlog is many small messages,
 * and getting its memory page by page took twice as long as all that is done with them:
 * so in huge pages, and what has been freed is kept for a while. */
__attribute__((visibility("default"))) extern const char *malloc_conf;
const char *malloc_conf = "thp:always,metadata_thp:auto,dirty_decay_ms:30000,lg_tcache_max:17";

static const struct {
    const char *name;
    int (*run)(int argc, char **argv); /* NULL: not in this version */
    const char *summary;
} subcommands[] = {
    {"relay", cmd_relay, "run a relay server"},
    {"client", cmd_client, "send or receive messages"},
    {"demo", cmd_demo, "the tour: every command, on live loopback sockets"},
    {"scenario", cmd_scenario, "play stories from files, live"},
    {"proxy", cmd_proxy, "run a small proxy, of HTTP and SOCKS5, for demos and tests"},
    {"store", cmd_store, "list, export, back up or purge what a relay has kept"},
    {"bench", cmd_bench, "measure a relay: deliveries a second, and their latency"},
};

static void print_help(void)
{
    puts("relaysim: a relay server, a client and a tour of Groove's SSTP (MS-GRVSSTP)\n"
         "\n"
         "Usage: relaysim SUBCOMMAND [OPTION...]\n");
    for (size_t i = 0; i < G_N_ELEMENTS(subcommands); i++)
        if (subcommands[i].run != NULL)
            printf("  relaysim %-8s %s\n", subcommands[i].name, subcommands[i].summary);
    puts("\n"
         "relaysim SUBCOMMAND --help lists the options of each; relaysim(1) says more.");
}

int main(int argc, char **argv)
{
    if (!start())
        return EXIT_REPORTED;
    if (argc < 2) {
        log_error("a subcommand is needed; see relaysim --help");
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_help();
        return options_end_output();
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("relaysim " RELAYSIM_VERSION);
        return options_end_output();
    }
    for (size_t i = 0; i < G_N_ELEMENTS(subcommands); i++) {
        if (strcmp(argv[1], subcommands[i].name) != 0)
            continue;
        if (subcommands[i].run != NULL)
            return subcommands[i].run(argc - 1, argv + 1);
        log_error("relaysim %s is not in this version", argv[1]);
        return EXIT_USAGE;
    }
    log_error("there is no subcommand \"%s\"; see relaysim --help", argv[1]);
    return EXIT_USAGE;
}
