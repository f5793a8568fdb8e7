/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/client_output.h"

#include <errno.h>
#include <glib-unix.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#define BATCH_SIZE (64u << 10)

/* For a write that has begun. */
#define REST_TRIES 100
#define REST_US 10000

struct client_output {
    uv_async_t async;
    client_output_written *written;
    void *cookie;
    GThread *thread;
    int fd;
    int wake_pipe[2]; /* a byte when there are lines, and the end when the thread shall end */

    GMutex step; /* while something goes out and is counted */

    GMutex mutex;  /* of what follows */
    GQueue lines;  /* GBytes that the thread has not taken */
    gsize waiting; /* bytes that are not out */
    size_t num_written;
    int error;
};

/* ------------------------------------------------------------------------
 * The thread
 */

/* What is being written: several lines, for a call to the system costs more than a line. */
struct batch {
    GByteArray *bytes;
    gsize at;     /* of them are out */
    GArray *ends; /* gsize: where each line ends */
    guint num_out;
};

/* When all of it is out, the next lines. */
static void fill(struct client_output *output, struct batch *batch)
{
    if (batch->at < batch->bytes->len)
        return;
    g_byte_array_set_size(batch->bytes, 0);
    g_array_set_size(batch->ends, 0);
    batch->at = batch->num_out = 0;
    g_mutex_lock(&output->mutex);
    while (batch->bytes->len < BATCH_SIZE && output->lines.length > 0) {
        GBytes *line = g_queue_pop_head(&output->lines);
        g_byte_array_append(batch->bytes, g_bytes_get_data(line, NULL),
                            (guint)g_bytes_get_size(line));
        const gsize end = batch->bytes->len;
        g_array_append_val(batch->ends, end);
        g_bytes_unref(line);
    }
    g_mutex_unlock(&output->mutex);
}

/* Waits until there is something to do: for lines, or until those at hand can be written.  False
 * when it is time to end; otherwise *events is what poll() has said of the file. */
static bool wait_for_work(const struct client_output *output, bool has_lines, short *events)
{
    struct pollfd fds[] = {{.fd = output->fd, .events = has_lines ? POLLOUT : 0},
                           {.fd = output->wake_pipe[0], .events = POLLIN}};
    char bytes[256];
    while (poll(fds, G_N_ELEMENTS(fds), -1) < 0)
        if (errno != EINTR && errno != EAGAIN)
            return false;
    *events = fds[0].revents;
    return fds[1].revents == 0 || read(output->wake_pipe[0], bytes, sizeof bytes) > 0;
}

/* Tells the loop of `num` bytes more that are out, or why there will be none. */
static void report(struct client_output *output, struct batch *batch, gsize num, int error)
{
    size_t num_lines = 0;
    batch->at += num;
    while (batch->num_out < batch->ends->len &&
           g_array_index(batch->ends, gsize, batch->num_out) <= batch->at) {
        batch->num_out++;
        num_lines++;
    }
    g_mutex_lock(&output->mutex);
    output->waiting -= num;
    output->num_written += num_lines;
    output->error = error;
    g_mutex_unlock(&output->mutex);
    if (num_lines > 0 || error != 0)
        uv_async_send(&output->async);
}

/* Writes some, no more than a pipe that has room takes without waiting.  Returns errno, or 0. */
static int write_some(struct client_output *output, struct batch *batch)
{
    g_mutex_lock(&output->step);
    const ssize_t num = write(output->fd, batch->bytes->data + batch->at,
                              MIN(batch->bytes->len - batch->at, PIPE_BUF));
    const int error = num >= 0 || errno == EINTR || errno == EAGAIN ? 0 : errno;
    if (num > 0)
        report(output, batch, (gsize)num, 0);
    g_mutex_unlock(&output->step);
    return error;
}

static void write_all(struct client_output *output, struct batch *batch)
{
    short events;
    for (;;) {
        fill(output, batch);
        const bool has_lines = batch->bytes->len > 0;
        int error = 0;
        if (!wait_for_work(output, has_lines, &events))
            return;
        if (has_lines && events != 0)
            error = write_some(output, batch);
        else if ((events & (POLLERR | POLLHUP | POLLNVAL)) != 0)
            error = EPIPE;
        if (error != 0) {
            report(output, batch, 0, error);
            return;
        }
    }
}

static void *run(void *cookie)
{
    struct batch batch = {.bytes = g_byte_array_new(),
                          .ends = g_array_new(FALSE, FALSE, sizeof(gsize))};
    write_all(cookie, &batch);
    g_byte_array_free(batch.bytes, TRUE);
    g_array_free(batch.ends, TRUE);
    return NULL;
}

/* ------------------------------------------------------------------------
 * The loop
 */

static void take_notice(struct client_output *output)
{
    g_mutex_lock(&output->mutex);
    const size_t num = output->num_written;
    const int error = output->error;
    output->num_written = 0;
    g_mutex_unlock(&output->mutex);
    output->written(output->cookie, num, error);
}

static void on_async(uv_async_t *async)
{
    take_notice(async->data);
}

void client_output_take_notice(struct client_output *output)
{
    /* A write that stands still all the same is not waited for. */
    bool is_at_rest = false;
    for (int i = 0; i < REST_TRIES && !is_at_rest; i++) {
        if (i > 0)
            g_usleep(REST_US);
        is_at_rest = g_mutex_trylock(&output->step);
    }
    take_notice(output);
    if (is_at_rest)
        g_mutex_unlock(&output->step);
}

struct client_output *client_output_start(uv_loop_t *loop, int fd, client_output_written *written,
                                          void *cookie)
{
    struct client_output *output = g_new0(struct client_output, 1);
    output->written = written;
    output->cookie = cookie;
    output->fd = fd;
    g_mutex_init(&output->step);
    g_mutex_init(&output->mutex);
    g_queue_init(&output->lines);
    if (!g_unix_open_pipe(output->wake_pipe, FD_CLOEXEC, NULL)) {
        g_free(output);
        return NULL;
    }
    /* When it is full there is enough in it to wake the thread up. */
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
    /* A thread that has not taken the others does not sleep. */
    const bool has_others = output->lines.length > 0;
    g_queue_push_tail(&output->lines, line);
    output->waiting += g_bytes_get_size(line);
    g_mutex_unlock(&output->mutex);
    while (!has_others && write(output->wake_pipe[1], "", 1) < 0 && errno == EINTR)
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
    g_mutex_clear(&output->step);
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
