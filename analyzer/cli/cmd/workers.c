/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/workers.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOOK_EVERY_MS 500

/* A process. */
struct worker {
    pid_t pid;
    guint task;
    int alive; /* the reading end of a pipe that is open as long as it lives */
};

struct workers {
    const struct workers_calls *calls;
    struct progress *progress;
    guint num_tasks, num_jobs, num_begun;
    GArray *running;                /* struct worker */
    struct progress_shared *shared; /* of all processes */
    gsize shared_size;
    enum exit_code result;
};

/* ------------------------------------------------------------------------
 * In the new process
 */

static void G_GNUC_NORETURN work(const struct workers *workers, guint task, pid_t parent)
{
    /* The terminal interrupts all of them; who waits says what is to be done. */
    (void)signal(SIGINT, SIG_IGN);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(EXIT_REPORTED);
    progress_share(workers->progress, workers->shared, task);
    _exit((int)workers->calls->work(workers->calls->cookie, task));
}

/* ------------------------------------------------------------------------
 * In the one that waits
 */

static gboolean begin(struct workers *workers)
{
    struct worker worker = {.task = workers->num_begun};
    const pid_t parent = getpid();
    int ends[2];

    if (pipe(ends) != 0) {
        say("no process can be begun: %s", g_strerror(errno));
        return FALSE;
    }
    worker.pid = fork();
    if (worker.pid == 0) {
        (void)close(ends[0]);
        work(workers, worker.task, parent);
    }
    (void)close(ends[1]);
    worker.alive = ends[0];
    if (worker.pid < 0) {
        say("no process can be begun: %s", g_strerror(errno));
        (void)close(ends[0]);
        return FALSE;
    }
    workers->num_begun++;
    g_array_append_val(workers->running, worker);
    return TRUE;
}

static void say_death(const struct workers *workers, guint task, int status)
{
    if (WIFSIGNALED(status))
        say("the process with share %u of %u was ended by signal %d (%s); nothing is reported",
            task, workers->num_tasks, WTERMSIG(status), strsignal(WTERMSIG(status)));
    else
        say("the process with share %u of %u has failed (%d); nothing is reported", task,
            workers->num_tasks, WEXITSTATUS(status));
}

/* Its last word; false where it has failed. */
static gboolean end(struct workers *workers, guint index)
{
    const struct worker worker = g_array_index(workers->running, struct worker, index);
    int status = 0;

    while (waitpid(worker.pid, &status, 0) < 0 && errno == EINTR) {
    }
    (void)close(worker.alive);
    g_array_remove_index(workers->running, index);
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_DONE)
        return TRUE;
    if (WIFEXITED(status) &&
        (WEXITSTATUS(status) == EXIT_USAGE || WEXITSTATUS(status) == EXIT_REPORTED)) {
        workers->result = (enum exit_code)WEXITSTATUS(status);
        return FALSE;
    }
    say_death(workers, worker.task, status);
    workers->result = EXIT_REPORTED;
    return FALSE;
}

/* Waits until one has ended, and no longer than that progress is to be shown; false where one has
 * failed. */
static gboolean wait_a_while(struct workers *workers)
{
    struct pollfd *ends = g_new0(struct pollfd, workers->running->len);
    gboolean is_good = TRUE;

    for (guint i = 0; i < workers->running->len; i++)
        ends[i] = (struct pollfd){.fd = g_array_index(workers->running, struct worker, i).alive,
                                  .events = POLLIN};
    const int num = poll(ends, workers->running->len, LOOK_EVERY_MS);
    for (guint i = workers->running->len; num > 0 && is_good && i-- > 0;)
        if (ends[i].revents != 0)
            is_good = end(workers, i);
    g_free(ends);
    if (!progress_go_on())
        workers->shared->is_stopped = TRUE;
    progress_show_shared(workers->progress, workers->shared, workers->num_tasks);
    return is_good;
}

static void kill_all(struct workers *workers)
{
    for (guint i = 0; i < workers->running->len; i++) {
        const struct worker *worker = &g_array_index(workers->running, struct worker, i);
        (void)kill(worker->pid, SIGKILL);
        while (waitpid(worker->pid, NULL, 0) < 0 && errno == EINTR) {
        }
        (void)close(worker->alive);
    }
    g_array_set_size(workers->running, 0);
}

static void run(struct workers *workers)
{
    gboolean is_good = TRUE;

    while (is_good) {
        while (is_good && progress_go_on() && workers->num_begun < workers->num_tasks &&
               workers->running->len < workers->num_jobs) {
            is_good = begin(workers);
            if (!is_good)
                workers->result = EXIT_REPORTED;
        }
        if (!is_good || workers->running->len == 0)
            break;
        is_good = wait_a_while(workers);
    }
    kill_all(workers);
}

enum exit_code workers_run(guint num_tasks, guint num_jobs, struct progress *progress,
                           const struct workers_calls *calls, guint *num_begun)
{
    struct workers workers = {
        .calls = calls,
        .progress = progress,
        .num_tasks = num_tasks,
        .num_jobs = num_jobs,
        .running = g_array_new(FALSE, FALSE, sizeof(struct worker)),
        .shared_size = progress_shared_size(num_tasks),
    };

    workers.shared =
        mmap(NULL, workers.shared_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (workers.shared == MAP_FAILED) {
        say("no process can be begun: %s", g_strerror(errno));
        workers.result = EXIT_REPORTED;
    } else {
        run(&workers);
        (void)munmap(workers.shared, workers.shared_size);
    }
    progress_end(progress);
    g_array_free(workers.running, TRUE);
    *num_begun = workers.num_begun;
    return workers.result;
}
