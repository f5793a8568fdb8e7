/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "load_options.h"

#include "fail.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static uint32_t number(const char *name, const char *text, uint32_t least, uint32_t most)
{
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || text[0] == '-' || value < least ||
        value > most)
        refuse("--%s needs a number from %u to %u, not '%s'", name, least, most, text);
    return (uint32_t)value;
}

void load_read_options(struct load *load, int argc, char **argv)
{
    static const struct option options[] = {
        {"port", required_argument, NULL, 'p'},  {"messages", required_argument, NULL, 'n'},
        {"size", required_argument, NULL, 's'},  {"fanout", required_argument, NULL, 'f'},
        {"rate", required_argument, NULL, 'r'},  {"window", required_argument, NULL, 'w'},
        {"batch", required_argument, NULL, 'b'}, {"offline", no_argument, NULL, 'o'},
        {"help", no_argument, NULL, 'h'},        {NULL, 0, NULL, 0},
    };
    int option, index;
    while ((option = getopt_long(argc, argv, "", options, &index)) != -1) {
        switch (option) {
        case 'p':
            load->port = (uint16_t)number("port", optarg, 1, UINT16_MAX);
            break;
        case 'n':
            load->num_messages = number("messages", optarg, 1, LOAD_DELIVERIES_MAX);
            break;
        case 's':
            load->size = number("size", optarg, LOAD_SIZE_MIN, LOAD_SIZE_MAX);
            break;
        case 'f':
            load->fanout = number("fanout", optarg, 1, LOAD_FANOUT_MAX);
            break;
        case 'r':
            load->rate = number("rate", optarg, 1, 1000000);
            break;
        case 'w':
            load->window = number("window", optarg, 1, 1000000);
            break;
        case 'b':
            load->batch = number("batch", optarg, 1, 1000000);
            break;
        case 'o':
            load->is_offline = true;
            break;
        case 'h':
            puts("usage: --port P [--messages N] [--size BYTES] [--fanout F] [--offline] "
                 "[--rate R] [--window W] [--batch B]");
            exit(0);
        default:
            exit(2); /* getopt_long has said why */
        }
    }
    if (optind < argc)
        refuse("'%s' is not an option", argv[optind]);
    if (load->port == 0)
        refuse("--port is missing: the server's port on 127.0.0.1");
    if ((uint64_t)load->num_messages * load->fanout > LOAD_DELIVERIES_MAX)
        refuse("--messages times --fanout is more than %d deliveries", LOAD_DELIVERIES_MAX);
    if (load->is_offline && (load->fanout != 1 || load->rate != 0))
        refuse("--offline has one receiver and no --rate");
}
