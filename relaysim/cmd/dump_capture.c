/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE /* O_CLOEXEC */
#include "cmd/dump.h"

#include "base/log.h"
#include "base/results.h"
#include "carrier/ways.h"
#include "cmd/scenario_via.h"
#include "demo/demo.h"
#include "play/play.h"
#include "record/recording.h"
#include "simulated/simulation.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define LOOK_MS 50

/* ------------------------------------------------------------------------
 * When it is over
 */

static volatile sig_atomic_t was_signalled;

static void on_signal(int number)
{
    (void)number;
    was_signalled = 1;
}

static void watch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
        (void)sigaction(numbers[i], &action, NULL);
}

struct dump {
    const struct dump_config *config;
    struct simulation *simulation; /* whose clock is taken; NULL: the system's */
    int64_t end_us;                /* of g_get_monotonic_time(); 0: none */
};

/* Whoever reads the FIFO, which is standard output by now, is gone. */
static bool has_no_reader(void)
{
    struct pollfd output = {.fd = STDOUT_FILENO};
    return poll(&output, 1, 0) > 0 && (output.revents & (POLLERR | POLLHUP)) != 0;
}

static bool is_stopped(void *cookie)
{
    const struct dump *dump = cookie;
    return was_signalled != 0 || has_no_reader() ||
           (dump->end_us != 0 && g_get_monotonic_time() >= dump->end_us);
}

/* ------------------------------------------------------------------------
 * The FIFO
 */

/* Standard output is the FIFO from here on, once it has a reader.  False when there is none any
 * more to wait for, or with a sentence. */
static bool take_fifo(const char *path, int *result)
{
    int fd;
    *result = EXIT_DONE;
    while ((fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC)) == -1 && errno == ENXIO) {
        if (was_signalled != 0)
            return false;
        (void)poll(NULL, 0, LOOK_MS);
    }
    if (fd == -1 || dup2(fd, STDOUT_FILENO) == -1) {
        log_error("cannot write %s: %s", path, g_strerror(errno));
        *result = EXIT_USAGE;
        if (fd != -1)
            (void)close(fd);
        return false;
    }
    (void)close(fd);
    return true;
}

/* ------------------------------------------------------------------------
 * Plays
 */

/* The tour has all ways of its own, and comes out only where nothing goes wrong. */
static bool is_plain(const struct dump_config *config)
{
    return config->via == 0 && fault_plan_is_of_capture(&config->faults);
}

/* NULL with sentences; or for the tour, with *is_tour. */
static struct scenario *load(const struct dump_config *config, struct play_way *way, bool *is_tour)
{
    struct scenario *scenario = NULL;
    GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);

    *is_tour = strcmp(config->story, DUMP_TOUR) == 0;
    if (*is_tour && !is_plain(config)) {
        log_error("the tour has ways of its own and knows no faults but the capture's: choose a "
                  "scenario for them");
        *is_tour = false;
    } else if (!scenario_via_find(config->via, way)) {
        *is_tour = false;
    } else if (!*is_tour && (scenario = scenario_via_load(config->story, paths)) != NULL &&
               !scenario_via_is_for(scenario, way->via)) {
        scenario_free(scenario);
        scenario = NULL;
    }
    g_ptr_array_free(paths, TRUE);
    return scenario;
}

/* One play; false with sentences when it did not come out as told, unless it was stopped. */
static bool play_once(const struct dump *dump, const struct scenario *scenario, struct play_way way,
                      const struct recording *recording, const struct cast_stop *stop,
                      uint64_t seed)
{
    if (scenario == NULL)
        return demo_play(recording, stop, NULL, DEMO_SCENES) == EXIT_DONE ||
               stop->is_stopped(stop->cookie);
    GPtrArray *failures = scenario_play(scenario, recording, &dump->config->faults, way, seed, stop,
                                        (struct cast_world){dump->simulation, true});
    const bool is_good = failures == NULL || stop->is_stopped(stop->cookie);
    for (guint i = 0; !is_good && i < failures->len; i++)
        log_error("%s", (const char *)g_ptr_array_index(failures, i));
    if (failures != NULL)
        g_ptr_array_free(failures, TRUE);
    return is_good;
}

static void await(const struct cast_stop *stop, int64_t next_us)
{
    int64_t left_us;
    while (!stop->is_stopped(stop->cookie) && (left_us = next_us - g_get_monotonic_time()) > 0)
        (void)poll(NULL, 0, (int)MIN(left_us / 1000 + 1, LOOK_MS));
}

static int play(const struct dump *dump, const struct scenario *scenario, struct play_way way,
                const struct recording *recording)
{
    const struct cast_stop stop = {is_stopped, (void *)dump};
    const int64_t period_us = dump->config->rate > 0 ? 60 * G_USEC_PER_SEC / dump->config->rate : 0;

    for (uint64_t seed = dump->config->seed; !is_stopped((void *)dump); seed++) {
        const int64_t next_us = g_get_monotonic_time() + period_us;
        if (!play_once(dump, scenario, way, recording, &stop, seed))
            return EXIT_REPORTED;
        await(&stop, next_us);
    }
    return EXIT_DONE;
}

/* Plays into the FIFO, which is standard output by now. */
static int play_into_fifo(const struct dump *dump, const struct scenario *scenario,
                          struct play_way way)
{
    const struct dump_config *config = dump->config;
    const uint64_t *simulated_ns =
        dump->simulation != NULL ? simulation_clock(dump->simulation) : NULL;
    struct recording recording;
    int result = EXIT_DONE;

    if (!recording_open(&recording, &(struct recording_files){.capture = "-",
                                                              .simulated_ns = simulated_ns,
                                                              .care = RECORDING_STREAMS,
                                                              .wear = config->faults.capture,
                                                              .seed = config->seed}))
        return EXIT_USAGE;
    if (!results_to_nobody()) {
        log_error("/dev/null cannot be opened: %s", g_strerror(errno));
        result = EXIT_REPORTED;
    }
    recording_begin(&recording);
    if (result == EXIT_DONE)
        result = play(dump, scenario, way, &recording);
    return recording_close(&recording) ? result : EXIT_REPORTED;
}

int dump_capture(const struct dump_config *config)
{
    struct dump dump = {.config = config};
    struct play_way way = {.is_proxied = false};
    bool is_tour;
    int result;

    watch_signals();
    struct scenario *scenario = load(config, &way, &is_tour);
    if (scenario == NULL && !is_tour)
        return EXIT_USAGE;
    if (take_fifo(config->fifo, &result)) {
        if (config->duration_ms > 0)
            dump.end_us = g_get_monotonic_time() + config->duration_ms * 1000;
        if (config->skips_waits && !is_tour)
            dump.simulation = simulation_new(config->seed, (uint64_t)g_get_real_time() * 1000);
        result = play_into_fifo(&dump, scenario, way);
        simulation_free(dump.simulation);
    }
    scenario_free(scenario);
    return result;
}
