/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dump: the command line of relaysimdump, as Wireshark's extcap calls it. */
#include "cmd/dump.h"

#include "base/log.h"
#include "carrier/ways.h"
#include "cmd/options.h"

#include <stdio.h>
#include <string.h>

static const char *const vias[] = {CARRIER_VIA_WORDS, NULL};

/* What is asked for. */
struct request {
    bool lists_interfaces, lists_link_types, lists_options, captures;
    char *interface, *fifo, *filter, *file, **faults;
    bool splits;
    int64_t delay_ms, lose_one_of, duplicate_one_of, reorder_one_of, duration_s;
};

static bool has_interface(const struct request *request)
{
    if (request->interface == NULL)
        log_error("--extcap-interface is needed; relaysimdump --extcap-interfaces lists them");
    else if (strcmp(request->interface, DUMP_INTERFACE) != 0)
        log_error("there is no interface \"%s\"; relaysimdump --extcap-interfaces lists them",
                  request->interface);
    else
        return true;
    return false;
}

/* Whatever a filter says, nothing is filtered here: better to refuse than to show too much. */
static bool has_no_filter(const struct request *request)
{
    if (request->filter == NULL || request->filter[0] == '\0')
        return true;
    log_error("this interface has no capture filters: leave it empty, and use a display filter");
    return false;
}

/* One of so many; 0 for none. */
static void set_one_of(struct dump_config *config, enum wear_kind kind, int64_t num)
{
    struct wear_plan *wear = &config->faults.capture;
    wear->has[kind] = num != 0;
    wear->values[kind][WEAR_ONE_OF] = (int)num;
}

static int capture(const struct request *request, struct dump_config *config)
{
    if (request->fifo == NULL) {
        log_error("--capture needs --fifo, which Wireshark gives it; relaysim scenario NAME "
                  "-w FILE writes a file");
        return EXIT_USAGE;
    }
    if (request->file != NULL) {
        g_free(config->story);
        config->story = g_strdup(request->file);
    } else if (config->story == NULL) {
        config->story = g_strdup(DUMP_TOUR);
    }
    config->fifo = request->fifo;
    config->duration_ms = request->duration_s * 1000;
    config->faults =
        (struct fault_plan){.splits = request->splits, .delay_ms = (unsigned)request->delay_ms};
    set_one_of(config, WEAR_LOSE, request->lose_one_of);
    set_one_of(config, WEAR_DUPLICATE, request->duplicate_one_of);
    set_one_of(config, WEAR_REORDER, request->reorder_one_of);
    if (!options_read_faults(request->faults, &config->faults))
        return EXIT_USAGE;
    return dump_capture(config);
}

static int answer(const struct request *request, struct dump_config *config)
{
    if (request->lists_interfaces)
        return dump_list_interfaces();
    if (!has_interface(request) || !has_no_filter(request))
        return EXIT_USAGE;
    if (request->lists_link_types)
        return dump_list_link_types();
    if (request->lists_options)
        return dump_list_options();
    if (request->captures)
        return capture(request, config);
    /* Wireshark has a filter checked by itself. */
    if (request->filter != NULL)
        return EXIT_DONE;
    log_error("one of --extcap-dlts, --extcap-config and --capture is needed with "
              "--extcap-interface; see relaysimdump --help");
    return EXIT_USAGE;
}

int cmd_dump(int argc, char **argv)
{
    struct request request = {.captures = false};
    struct dump_config config = {.seed = 1, .rate = DUMP_RATE_DEFAULT};
    char *version = NULL, *log_level = NULL, *log_file = NULL, *debug_file = NULL;
    bool is_debug = false;
    struct option_row rows[] = {
        OPTION_FLAG("extcap-interfaces", &request.lists_interfaces, "List the interfaces"),
        OPTION_FLAG("extcap-dlts", &request.lists_link_types, "List the link types of one"),
        OPTION_FLAG("extcap-config", &request.lists_options, "List the options of one"),
        OPTION_FLAG("capture", &request.captures, "Capture from one"),
        OPTION_TEXT("extcap-interface", &request.interface, "NAME", "Which: " DUMP_INTERFACE),
        OPTION_FILE("fifo", &request.fifo, NAMED_FILE_OUTPUT, "FILE", "Where the capture goes"),
        OPTION_TEXT("extcap-capture-filter", &request.filter, "FILTER", "Refused: there are none"),
        OPTION_TEXT("extcap-version", &version, "VERSION", "Of Wireshark", .is_hidden = true),
        OPTION_TEXT("scenario", &config.story, "NAME",
                    "The story: " DUMP_TOUR ", or of relaysim scenario --list (" DUMP_TOUR ")"),
        OPTION_FILE("file", &request.file, NAMED_FILE_INPUT, "FILE", "Or of a file"),
        OPTION_CHOICE("via", &config.via, vias, CARRIER_VIAS,
                      "How connections to relays travel for which the story says nothing (tcp)"),
        OPTION_NUMBER("rate", &config.rate, 0, DUMP_RATE_MAX, "N",
                      "Plays a minute at most; 0: one right after the other (12)"),
        OPTION_NUMBER("duration", &request.duration_s, 0, DUMP_DURATION_MAX_S, "SECONDS",
                      "How long; 0: until it is stopped (0)"),
        OPTION_FLAG("skip-waits", &config.skips_waits,
                    "Play a scenario on a clock that leaps to what is due next"),
        OPTION_UNSIGNED("seed", &config.seed, "N",
                        "Of the first play; each later one has the next (1)"),
        OPTION_FLAG("split", &request.splits, "Cut writes at random"),
        OPTION_NUMBER("delay", &request.delay_ms, 0, FAULT_DELAY_MAX_MS, "MS",
                      "Hand bytes on late, by at most so much (0)"),
        OPTION_NUMBER("lose", &request.lose_one_of, 0, WEAR_ONE_OF_MAX, "N",
                      "Lose one of N segments in the capture; 0: none (0)"),
        OPTION_NUMBER("duplicate", &request.duplicate_one_of, 0, WEAR_ONE_OF_MAX, "N",
                      "Have one of N segments twice in the capture; 0: none (0)"),
        OPTION_NUMBER("reorder", &request.reorder_one_of, 0, WEAR_ONE_OF_MAX, "N",
                      "Put one of N segments after the next in the capture; 0: none (0)"),
        OPTION_TEXTS("fault", &request.faults, "FAULTS", "More of them, with \", \" between"),
        /* Wireshark's own, to every program of this kind. */
        OPTION_TEXT("log-level", &log_level, "LEVEL", "Ignored", .is_hidden = true),
        OPTION_TEXT("log-file", &log_file, "FILE", "Ignored", .is_hidden = true),
        OPTION_FLAG("debug", &is_debug, "Ignored", .is_hidden = true),
        OPTION_TEXT("debug-file", &debug_file, "FILE", "Ignored", .is_hidden = true), OPTION_END};

    int result = options_parse_program(
        "relaysimdump",
        "Live SSTP traffic as one of Wireshark's interfaces: Wireshark calls this program, and\n"
        "shows its options in the interface's dialog.  tshark -i " DUMP_INTERFACE " captures.",
        rows, argc, argv);
    if (result == -1)
        result = answer(&request, &config);
    option_rows_clear(rows);
    return result;
}
