/* SPDX-License-Identifier: GPL-2.0-or-later */
/* relaysim: a Groove relay, a client, and a tour of SSTP on live sockets. */
#include "log.h"
#include "options.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int (*run)(int argc, char **argv); /* NULL: not in this version */
    const char *summary;
} subcommands[] = {
    {"relay", cmd_relay, "run a relay server"},
    {"client", cmd_client, "send or receive messages"},
    {"demo", cmd_demo, "the tour: every command, on live loopback sockets"},
    {"scenario", NULL, NULL},
    {"bench", NULL, NULL},
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
    signal(SIGPIPE, SIG_IGN);
    if (argc < 2) {
        log_error("a subcommand is needed; see relaysim --help");
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_help();
        return EXIT_DONE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("relaysim " RELAYSIM_VERSION);
        return EXIT_DONE;
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
