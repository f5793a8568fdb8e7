/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client_output.h"

#include <errno.h>
#include <glib-unix.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

struct client_output {
    uv_async_t async;
    client_output_written *written;
    void *cookie;
    GThread *thread;
    int fd;
    int wake_pipe[2]; /* a byte for each line, and the end when the thread shall end */

    GMutex mutex;  /* of what follows */
    GQueue lines;  /* GBytes that are not out */
    gsize waiting; /* their bytes */
    size_t num_written;
    int error;
};

/* ------------------------------------------------------------------------
 * The thread
 */

/* What to write next, from `at` in the oldest line on; NULL when there is nothing. */
static GBytes *next_line(struct client_output *output)
{
    g_mutex_lock(&output->mutex);
    GBytes *line = g_queue_peek_head(&output->lines);
    g_mutex_unlock(&output->mutex);
    return line;
}

/* Waits until there is something to do: for a line, or until `line` can be written.  False when
 * it is time to end; otherwise *events is what poll() has said of the file. */
static bool wait_for_work(const struct client_output *output, bool has_line, short *events)
{
    struct pollfd fds[] = {{.fd = output->fd, .events = has_line ? POLLOUT : 0},
                           {.fd = output->wake_pipe[0], .events = POLLIN}};
    char bytes[256];
    while (poll(fds, G_N_ELEMENTS(fds), -1) < 0)
        if (errno != EINTR && errno != EAGAIN)
            return false;
    *events = fds[0].revents;
    return fds[1].revents == 0 || read(output->wake_pipe[0], bytes, sizeof bytes) > 0;
}

static void report(struct client_output *output, GBytes *line, int error)
{
    g_mutex_lock(&output->mutex);
    if (line != NULL) {
        (void)g_queue_pop_head(&output->lines);
        output->waiting -= g_bytes_get_size(line);
        output->num_written++;
        g_bytes_unref(line);
    }
    output->error = error;
    g_mutex_unlock(&output->mutex);
    uv_async_send(&output->async);
}

/* Writes some of a line, no more than a pipe that has room takes without waiting.  Returns
 * errno, or 0. */
static int write_some(const struct client_output *output, GBytes *line, gsize *at)
{
    gsize len;
    const char *data = g_bytes_get_data(line, &len);
    const ssize_t num = write(output->fd, data + *at, MIN(len - *at, PIPE_BUF));
    if (num > 0)
        *at += (gsize)num;
    return num >= 0 || errno == EINTR || errno == EAGAIN ? 0 : errno;
}

static void *run(void *cookie)
{
    struct client_output *output = cookie;
    gsize at = 0;
    short events;
    for (;;) {
        GBytes *line = next_line(output);
        if (!wait_for_work(output, line != NULL, &events))
            return NULL;
        int error = 0;
        if (line != NULL && events != 0)
            error = write_some(output, line, &at);
        else if ((events & (POLLERR | POLLHUP | POLLNVAL)) != 0)
            error = EPIPE;
        if (error != 0) {
            report(output, NULL, error);
            return NULL;
        }
        if (line != NULL && at == g_bytes_get_size(line)) {
            at = 0;
            report(output, line, 0);
        }
    }
}

/* ------------------------------------------------------------------------
 * The loop
 */

static void on_async(uv_async_t *async)
{
    struct client_output *output = async->data;
    g_mutex_lock(&output->mutex);
    const size_t num = output->num_written;
    const int error = output->error;
    output->num_written = 0;
    g_mutex_unlock(&output->mutex);
    output->written(output->cookie, num, error);
}

struct client_output *client_output_start(uv_loop_t *loop, int fd, client_output_written *written,
                                          void *cookie)
{
    struct client_output *output = g_new0(struct client_output, 1);
    output->written = written;
    output->cookie = cookie;
    output->fd = fd;
    g_mutex_init(&output->mutex);
    g_queue_init(&output->lines);
    if (!g_unix_open_pipe(output->wake_pipe, FD_CLOEXEC, NULL)) {
        g_free(output);
        return NULL;
    }
    /* Whom nobody reads has enough to wake it up. */
    (void)g_unix_set_fd_nonblocking(output->wake_pipe[1], TRUE, NULL);
    uv_async_init(loop, &output->async, on_async);
    output->async.data = output;
    output->thread = g_thread_try_new("output", run, output, NULL);
    if (output->thread == NULL) {
        client_output_stop(output);
        return NULL;
    }
    return output;
}

void client_output_add(struct client_output *output, GBytes *line)
{
    g_mutex_lock(&output->mutex);
    g_queue_push_tail(&output->lines, line);
    output->waiting += g_bytes_get_size(line);
    g_mutex_unlock(&output->mutex);
    while (write(output->wake_pipe[1], "", 1) < 0 && errno == EINTR)
        continue;
}

static gsize num_waiting(struct client_output *output)
{
    g_mutex_lock(&output->mutex);
    const gsize num = output->waiting;
    g_mutex_unlock(&output->mutex);
    return num;
}

bool client_output_is_full(struct client_output *output)
{
    return num_waiting(output) >= CLIENT_OUTPUT_MAX;
}

bool client_output_has_room(struct client_output *output)
{
    return num_waiting(output) <= CLIENT_OUTPUT_MAX / 2;
}

static void free_line(void *line)
{
    g_bytes_unref(line);
}

static void on_closed(uv_handle_t *handle)
{
    struct client_output *output = handle->data;
    g_queue_clear_full(&output->lines, free_line);
    g_mutex_clear(&output->mutex);
    g_free(output);
}

void client_output_stop(struct client_output *output)
{
    if (output == NULL)
        return;
    close(output->wake_pipe[1]); /* which the thread sees as its end */
    if (output->thread != NULL)
        g_thread_join(output->thread);
    close(output->wake_pipe[0]);
    uv_close((uv_handle_t *)&output->async, on_closed);
}
