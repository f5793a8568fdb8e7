/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scenario: `relaysim scenario`, its command line. */
#include "base/log.h"
#include "base/plain_text.h"
#include "carrier/ways.h"
#include "record/recording.h"
#include "base/results.h"
#include "cmd/options.h"
#include "cmd/scenario_via.h"
#include "cmd/simulated.h"
#include "scenario/load.h"
#include "play/play.h"

#include <stdio.h>
#include <string.h>

#define SCENARIOS_MAX 200u /* of one run */
#define FAILURES_MAX 20u   /* that are printed of one scenario */

/* ------------------------------------------------------------------------
 * What is asked for
 */

/* Those of a group; false when one of them cannot be read. */
static bool list_group(const char *group)
{
    char **names = scenario_built_in_names(group);
    GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
    bool is_good = true;

    for (char **name = names; *name != NULL; name++) {
        struct scenario *scenario = scenario_via_load(*name, paths);
        if (scenario != NULL)
            fprintf(results_file(), "%-36s %s\n", *name, scenario->title);
        is_good = is_good && scenario != NULL;
        scenario_free(scenario);
    }
    g_ptr_array_free(paths, TRUE);
    g_strfreev(names);
    return is_good;
}

/* The groups with an empty line between. */
static int list(void)
{
    static const char *const groups[] = {"", SCENARIO_EVERYDAY_GROUP, SCENARIO_FINDINGS_GROUP};
    bool is_good = true;
    for (size_t i = 0; i < G_N_ELEMENTS(groups); i++) {
        fprintf(results_file(), "%s", i > 0 ? "\n" : "");
        is_good = list_group(groups[i]) && is_good;
    }
    return is_good ? options_end_output() : EXIT_REPORTED;
}

static void report(const GPtrArray *failures)
{
    for (guint i = 0; i < failures->len && i < FAILURES_MAX; i++)
        log_error("%s", (const char *)g_ptr_array_index(failures, i));
    if (failures->len > FAILURES_MAX)
        log_error("and %u more", failures->len - FAILURES_MAX);
}

/* All of them, one after the other, also after one that failed. */
static int play(const GPtrArray *scenarios, const struct recording *recording,
                const struct fault_plan *faults, struct play_way way, uint64_t seed,
                struct cast_world world)
{
    int result = EXIT_DONE;
    for (guint i = 0; i < scenarios->len; i++) {
        const struct scenario *scenario = g_ptr_array_index(scenarios, i);
        GPtrArray *failures = scenario_play(scenario, recording, faults, way, seed, NULL, world);
        char *name = plain_text(scenario->name);
        fprintf(results_file(), "%-36s %s\n", name, failures == NULL ? "done" : "FAILED");
        (void)results_flush();
        g_free(name);
        if (failures == NULL)
            continue;
        report(failures);
        g_ptr_array_free(failures, TRUE);
        result = EXIT_REPORTED;
    }
    return result;
}

/* Everything is read before anything is played, and what is wrong with any of it is told. */
static bool load_all(char *const *names, GPtrArray *scenarios, GPtrArray *paths)
{
    bool is_good = true;
    if (names == NULL) {
        log_error("the name of a scenario or of a file is needed; relaysim scenario --list");
        return false;
    }
    for (; *names != NULL; names++) {
        if (scenarios->len == SCENARIOS_MAX) {
            log_error("at most %u scenarios can be played at a time", SCENARIOS_MAX);
            return false;
        }
        struct scenario *scenario = scenario_via_load(*names, paths);
        if (scenario != NULL)
            g_ptr_array_add(scenarios, scenario);
        is_good = is_good && scenario != NULL;
    }
    return is_good;
}

/* Whether all of them can be played so. */
static bool are_all_over(const GPtrArray *scenarios, enum scenario_carrier carrier)
{
    bool is_good = true;
    for (guint i = 0; i < scenarios->len; i++)
        is_good = scenario_via_is_for(g_ptr_array_index(scenarios, i), carrier) && is_good;
    return is_good;
}

static const char *const vias[] = {CARRIER_VIA_WORDS, NULL};

int cmd_scenario(int argc, char **argv)
{
    char *capture = NULL, *truth = NULL, **names = NULL, **fault_texts = NULL;
    bool is_list = false, has_answers = false;
    unsigned via = 0;
    struct play_way way = {.is_proxied = false};
    uint64_t seed = 1;
    struct simulated_options simulated = {.is_wanted = false};
    struct fault_plan plan = {.splits = false};
    struct recording recording;
    GPtrArray *scenarios = g_ptr_array_new_with_free_func((GDestroyNotify)scenario_free);
    GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
    struct option_row rows[] = {
        OPTION_FLAG("list", &is_list, "List the built-in scenarios"),
        OPTION_UNSIGNED("seed", &seed, "N",
                        "Of the faults and of made-up values; 1 unless told otherwise"),
        OPTION_TEXTS("fault", &fault_texts, "FAULT",
                     "One more fault, such as \"split\" or \"capture ipv6\"; may be repeated"),
        OPTION_CHOICE("via", &via, vias, CARRIER_VIAS,
                      "How connections to relays travel for which the story says nothing (tcp)"),
        OPTION_FLAG("through-proxy", &way.is_proxied,
                    "And through a proxy, as connect and socks do anyhow"),
        OPTION_FILE("write", &capture, NAMED_FILE_OUTPUT, "FILE", "Write a capture (pcapng)",
                    .letter = 'w'),
        OPTION_FLAG("answers", &has_answers, OPTIONS_ANSWERS_HELP),
        OPTION_FILE("truth", &truth, NAMED_FILE_OUTPUT, "FILE",
                    "Write what was sent, as JSON lines"),
        SIMULATED_ROWS(&simulated),
        OPTION_FLAG("skip-waits", &simulated.has_sockets,
                    "Play live, on a simulated clock that leaps to what is due next when nothing "
                    "is under way"),
        OPTION_END};

    int result = options_parse_arguments(
        "Plays stories about relays and devices on live loopback sockets, or simulated ones, and\n"
        "checks that they come out as told; relaysim-scenario(5) describes their language.",
        "NAME|FILE|- ...", rows, argc, argv, &names);
    if (result == -1 && is_list && names != NULL) {
        log_error("--list takes no argument such as \"%s\"", names[0]);
        result = EXIT_USAGE;
    } else if (result == -1 && is_list) {
        result = list();
    } else if (result == -1 &&
               (!simulated_check(&simulated) || !options_read_faults(fault_texts, &plan) ||
                !scenario_via_find(via, &way) || !load_all(names, scenarios, paths) ||
                !are_all_over(scenarios, way.via) ||
                !options_check_files(rows, "the scenario", NAMED_FILE_INPUT, (char **)paths->pdata,
                                     paths->len) ||
                !recording_open(&recording, &(struct recording_files){
                                                .capture = capture,
                                                .truth = truth,
                                                .simulated_ns = simulated_begin(&simulated, seed),
                                                .has_answers = has_answers,
                                                .wear = plan.capture,
                                                .seed = seed,
                                                .care = RECORDING_WAITS}))) {
        result = EXIT_USAGE;
    } else if (result == -1) {
        recording_begin(&recording);
        result = play(scenarios, &recording, &plan, way, seed,
                      (struct cast_world){simulated.simulation, simulated.has_sockets});
        if (!recording_close(&recording))
            result = EXIT_REPORTED;
        else if (options_end_output() != EXIT_DONE)
            result = EXIT_REPORTED;
    }
    g_ptr_array_free(scenarios, TRUE);
    g_ptr_array_free(paths, TRUE);
    g_strfreev(names);
    simulated_end(&simulated);
    option_rows_clear(rows);
    return result;
}
