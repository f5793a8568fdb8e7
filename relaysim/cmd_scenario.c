/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_scenario: `relaysim scenario`, its command line. */
#include "log.h"
#include "plain_text.h"
#include "recording.h"
#include "scenario_play.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FOLDER "/grvsstp/scenarios"
#define SUFFIX ".scn"
#define SCENARIOS_MAX 200u /* of one run */
#define FAILURES_MAX 20u   /* that are printed of one scenario */

/* ------------------------------------------------------------------------
 * Where scenarios are
 */

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The text of a built-in scenario; NULL when there is none. */
static GBytes *built_in(const char *name)
{
    const char *suffix = g_str_has_suffix(name, SUFFIX) ? "" : SUFFIX;
    char *path = g_strconcat(FOLDER "/", name, suffix, NULL);
    GBytes *text = g_resources_lookup_data(path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
    g_free(path);
    return text;
}

/* The text of a file, up to what is too long for a scenario; NULL with a sentence. */
static GBytes *read_file(const char *path)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    char *text = g_malloc(SCENARIO_FILE_MAX + 1);
    size_t len = 0;
    ssize_t num = -1;

    while (fd != -1 && len <= SCENARIO_FILE_MAX &&
           (num = read(fd, text + len, SCENARIO_FILE_MAX + 1 - len)) > 0)
        len += (size_t)num;
    if (fd == -1 || num < 0)
        log_error("cannot read %s: %s%s", path, g_strerror(errno),
                  fd == -1 && errno == ENOENT && strchr(path, '/') == NULL
                      ? "; nor is it one of relaysim scenario --list"
                      : "");
    if (fd != -1)
        (void)close(fd);
    if (fd != -1 && num >= 0)
        return g_bytes_new_take(text, len);
    g_free(text);
    return NULL;
}

/* A built-in scenario or a file; NULL with a sentence. */
static struct scenario *load(const char *name)
{
    /* A story under work beats the one in the program. */
    const bool is_file = g_str_has_suffix(name, SUFFIX) && access(name, R_OK) == 0;
    GBytes *text = is_file ? NULL : built_in(name);
    char *error = NULL;
    gsize len;

    if (text == NULL)
        text = read_file(name);
    if (text == NULL)
        return NULL;
    const char *data = g_bytes_get_data(text, &len);
    struct scenario *scenario = scenario_parse(name, data != NULL ? data : "", len, &error);
    if (scenario == NULL)
        log_error("%s", error);
    g_free(error);
    g_bytes_unref(text);
    return scenario;
}

/* ------------------------------------------------------------------------
 * What is asked for
 */

static int list(void)
{
    char **names = g_resources_enumerate_children(FOLDER, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
    const guint num = names != NULL ? g_strv_length(names) : 0;
    int result = EXIT_DONE;

    if (num > 0)
        qsort(names, num, sizeof *names, compare);
    for (guint i = 0; i < num; i++) {
        char *error = NULL;
        gsize len;
        GBytes *text = built_in(names[i]);
        const char *data = g_bytes_get_data(text, &len);
        struct scenario *scenario = scenario_parse(names[i], data, len, &error);
        if (scenario != NULL) {
            printf("%-36.*s %s\n", (int)(strlen(names[i]) - strlen(SUFFIX)), names[i],
                   scenario->title);
        } else {
            log_error("%s", error);
            result = EXIT_REPORTED;
        }
        g_free(error);
        scenario_free(scenario);
        g_bytes_unref(text);
    }
    g_strfreev(names);
    return result == EXIT_DONE ? options_end_output() : result;
}

static void report(const GPtrArray *failures)
{
    for (guint i = 0; i < failures->len && i < FAILURES_MAX; i++)
        log_error("%s", (const char *)g_ptr_array_index(failures, i));
    if (failures->len > FAILURES_MAX)
        log_error("and %u more", failures->len - FAILURES_MAX);
}

/* All of them, one after the other, also behind one that failed. */
static int play(const GPtrArray *scenarios, const struct recording *recording,
                const struct fault_plan *faults, uint64_t seed)
{
    int result = EXIT_DONE;
    for (guint i = 0; i < scenarios->len; i++) {
        const struct scenario *scenario = g_ptr_array_index(scenarios, i);
        GPtrArray *failures = scenario_play(scenario, recording, faults, seed);
        char *name = plain_text(scenario->name);
        printf("%-36s %s\n", name, failures == NULL ? "done" : "FAILED");
        fflush(stdout);
        g_free(name);
        if (failures == NULL)
            continue;
        report(failures);
        g_ptr_array_free(failures, TRUE);
        result = EXIT_REPORTED;
    }
    return result;
}

/* Everything is read before anything is played. */
static bool load_all(char *const *names, GPtrArray *scenarios)
{
    if (names == NULL) {
        log_error("the name of a scenario or of a file is needed; relaysim scenario --list");
        return false;
    }
    for (; *names != NULL; names++) {
        if (scenarios->len == SCENARIOS_MAX) {
            log_error("at most %u scenarios can be played at a time", SCENARIOS_MAX);
            return false;
        }
        struct scenario *scenario = load(*names);
        if (scenario == NULL)
            return false;
        g_ptr_array_add(scenarios, scenario);
    }
    return true;
}

static bool read_plan(char *const *texts, struct fault_plan *plan)
{
    for (; texts != NULL && *texts != NULL; texts++) {
        char *why = fault_plan_add(plan, *texts);
        if (why != NULL) {
            log_error("--fault: %s", why);
            g_free(why);
            return false;
        }
    }
    return true;
}

int cmd_scenario(int argc, char **argv)
{
    char *capture = NULL, *truth = NULL, **names = NULL, **fault_texts = NULL;
    bool is_list = false;
    uint64_t seed = 1;
    struct fault_plan plan = {.splits = false};
    struct recording recording;
    GPtrArray *scenarios = g_ptr_array_new_with_free_func((GDestroyNotify)scenario_free);
    struct option_row rows[] = {
        OPTION_FLAG("list", &is_list, "List the built-in scenarios"),
        OPTION_UNSIGNED("seed", &seed, "N",
                        "Of the faults and of made-up values; 1 unless told otherwise"),
        OPTION_TEXTS("fault", &fault_texts, "FAULT",
                     "One more fault, such as \"split\" or \"delay 20ms\"; may be repeated"),
        OPTION_FILE("write", &capture, OPTION_OUTPUT, "FILE", "Write a capture (pcapng)",
                    .letter = 'w'),
        OPTION_FILE("truth", &truth, OPTION_OUTPUT, "FILE", "Write what was sent, as JSON lines"),
        OPTION_END};

    int result = options_parse_arguments(
        "Plays stories about relays and devices on live loopback sockets, and checks that they\n"
        "come out as told; relaysim-scenario(5) describes their language.",
        "NAME|FILE ...", rows, argc, argv, &names);
    if (result == -1 && is_list && names != NULL) {
        log_error("--list takes no argument such as \"%s\"", names[0]);
        result = EXIT_USAGE;
    } else if (result == -1 && is_list) {
        result = list();
    } else if (result == -1 && (!read_plan(fault_texts, &plan) || !load_all(names, scenarios) ||
                                !recording_open(&recording, capture, truth))) {
        result = EXIT_USAGE;
    } else if (result == -1) {
        result = play(scenarios, &recording, &plan, seed);
        if (!recording_close(&recording))
            result = EXIT_REPORTED;
        else if (options_end_output() != EXIT_DONE)
            result = EXIT_REPORTED;
    }
    g_ptr_array_free(scenarios, TRUE);
    g_strfreev(names);
    option_rows_clear(rows);
    return result;
}
