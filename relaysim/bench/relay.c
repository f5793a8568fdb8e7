/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench/relay.h"

#include "base/log.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define READY "ready "
#define LINE_MAX_LEN 200
#define HALF_OPEN_MIN 64u

/* In the child: whatever becomes of the bench, its relay does not outlive it. */
static void die_with_parent(gpointer data)
{
    (void)data;
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
}

/* Its first line, without the end; FALSE when there is none. */
static gboolean read_line(int fd, char *line, size_t size)
{
    size_t len = 0;
    while (len + 1 < size) {
        const ssize_t num = read(fd, line + len, 1);
        if (num < 0 && errno == EINTR)
            continue;
        if (num <= 0)
            return FALSE;
        if (line[len] == '\n') {
            line[len] = '\0';
            return TRUE;
        }
        len++;
    }
    return FALSE;
}

/* Waits for its end, and for all that it prints until then.  Returns its exit code, or -1 when
 * it has none. */
static int await_end(struct bench_relay *relay, struct rusage *usage)
{
    char rest[4096];
    int status = 0;
    pid_t pid;
    while (read(relay->out, rest, sizeof rest) > 0)
        ; /* its counters */
    do
        pid = wait4(relay->pid, &status, 0, usage);
    while (pid < 0 && errno == EINTR);
    close(relay->out);
    g_free(relay->address);
    relay->address = NULL;
    return pid >= 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int bench_relay_start(struct bench_relay *relay, const char *url, const char *store,
                      const char *auth, const char *listen, unsigned num_connections)
{
    char connections[16], half_open[16], line[LINE_MAX_LEN];
    char *program = g_file_read_link("/proc/self/exe", NULL);
    g_snprintf(connections, sizeof connections, "%u", num_connections);
    /* All of them may come at once. */
    g_snprintf(half_open, sizeof half_open, "%u", MAX(num_connections, HALF_OPEN_MIN));
    const char *arguments[] = {program != NULL ? program : "relaysim",
                               "relay",
                               "--url",
                               url,
                               "--listen",
                               "127.0.0.1:0",
                               "--poll-min",
                               "0",
                               "--poll-max",
                               "0",
                               "--store",
                               store,
                               "--auth",
                               auth,
                               "--max-connections",
                               connections,
                               "--max-half-open",
                               half_open,
                               listen,
                               listen != NULL ? "127.0.0.1:0" : NULL,
                               NULL};
    GError *error = NULL;

    *relay = (struct bench_relay){.out = -1};
    const gboolean is_started = g_spawn_async_with_pipes(
        NULL, (char **)(uintptr_t)arguments, NULL, G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_SEARCH_PATH,
        die_with_parent, NULL, &relay->pid, NULL, &relay->out, NULL, &error);
    g_free(program);
    if (!is_started) {
        log_error("the relay cannot be started: %s", error->message);
        g_error_free(error);
        return EXIT_REPORTED;
    }
    if (read_line(relay->out, line, sizeof line) && g_str_has_prefix(line, READY)) {
        relay->address = g_strdup(strrchr(line, ' ') + 1); /* that of `listen` is the last */
        return EXIT_DONE;
    }
    struct rusage usage;
    (void)kill(relay->pid, SIGTERM);
    const int code = await_end(relay, &usage);
    /* It has said why on stderr, which is ours, too. */
    if (code == EXIT_USAGE || code == EXIT_REPORTED)
        return code;
    log_error("the relay has ended before it was ready");
    return EXIT_REPORTED;
}

double bench_cpu_seconds(const struct rusage *usage)
{
    return (double)usage->ru_utime.tv_sec + (double)usage->ru_utime.tv_usec / 1e6 +
           (double)usage->ru_stime.tv_sec + (double)usage->ru_stime.tv_usec / 1e6;
}

double bench_relay_end(struct bench_relay *relay)
{
    struct rusage usage;
    (void)kill(relay->pid, SIGTERM);
    if (await_end(relay, &usage) != EXIT_DONE) {
        log_error("the relay has not ended well");
        return -1;
    }
    return bench_cpu_seconds(&usage);
}
