/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/client_input.h"

#include <errno.h>
#include <glib-unix.h>
#include <poll.h>
#include <stdbool.h>
#include <unistd.h>

#define PIECE_SIZE (64u << 10)

struct client_input {
    uv_async_t async;
    client_input_came *came;
    void *cookie;
    GThread *thread;
    int stop_pipe[2]; /* closed when the thread shall end */
    bool is_told;     /* the loop has the piece, and may be done with it */

    GMutex mutex; /* of what follows */
    GCond is_taken;
    bool has_piece, is_stopped;
    ssize_t len; /* of the piece; 0 at the end, or -1 */
    int error;
    char piece[PIECE_SIZE];
};

/* ------------------------------------------------------------------------
 * The thread
 */

/* Waits until the last piece is dealt with; false when it is time to end. */
static bool wait_for_room(struct client_input *input)
{
    g_mutex_lock(&input->mutex);
    while (input->has_piece && !input->is_stopped)
        g_cond_wait(&input->is_taken, &input->mutex);
    const bool goes_on = !input->is_stopped;
    g_mutex_unlock(&input->mutex);
    return goes_on;
}

/* Waits for input, or lets read() do that where it cannot; false when it is time to end. */
static bool wait_for_input(const struct client_input *input)
{
    struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                           {.fd = input->stop_pipe[0], .events = POLLIN}};
    while (poll(fds, G_N_ELEMENTS(fds), -1) < 0)
        if (errno != EINTR && errno != EAGAIN)
            return true;
    return fds[1].revents == 0;
}

static void *run(void *cookie)
{
    struct client_input *input = cookie;
    ssize_t len = 1;
    while (len > 0 && wait_for_room(input) && wait_for_input(input)) {
        len = read(STDIN_FILENO, input->piece, sizeof input->piece);
        if (len < 0 && (errno == EINTR || errno == EAGAIN)) {
            len = 1; /* somebody else was faster */
            continue;
        }
        g_mutex_lock(&input->mutex);
        input->len = len;
        input->error = len < 0 ? errno : 0;
        input->has_piece = true;
        g_mutex_unlock(&input->mutex);
        uv_async_send(&input->async);
    }
    return NULL;
}

/* ------------------------------------------------------------------------
 * The loop
 */

static void on_async(uv_async_t *async)
{
    struct client_input *input = async->data;
    g_mutex_lock(&input->mutex);
    const bool has_piece = input->has_piece;
    const ssize_t len = input->len;
    const int error = input->error;
    g_mutex_unlock(&input->mutex);
    input->is_told = has_piece;
    if (has_piece)
        input->came(input->cookie, input->piece, len > 0 ? (size_t)len : 0, error);
}

struct client_input *client_input_start(uv_loop_t *loop, client_input_came *came, void *cookie)
{
    struct client_input *input = g_new0(struct client_input, 1);
    input->came = came;
    input->cookie = cookie;
    g_mutex_init(&input->mutex);
    g_cond_init(&input->is_taken);
    if (!g_unix_open_pipe(input->stop_pipe, FD_CLOEXEC, NULL)) {
        g_free(input);
        return NULL;
    }
    uv_async_init(loop, &input->async, on_async);
    input->async.data = input;
    input->thread = g_thread_try_new("input", run, input, NULL);
    if (input->thread == NULL) {
        client_input_stop(input);
        return NULL;
    }
    return input;
}

void client_input_more(struct client_input *input)
{
    if (!input->is_told)
        return; /* another piece may have come, which nobody has seen yet */
    input->is_told = false;
    g_mutex_lock(&input->mutex);
    input->has_piece = false;
    g_cond_signal(&input->is_taken);
    g_mutex_unlock(&input->mutex);
}

static void on_closed(uv_handle_t *handle)
{
    struct client_input *input = handle->data;
    g_mutex_clear(&input->mutex);
    g_cond_clear(&input->is_taken);
    g_free(input);
}

void client_input_stop(struct client_input *input)
{
    if (input == NULL)
        return;
    g_mutex_lock(&input->mutex);
    input->is_stopped = true;
    g_cond_signal(&input->is_taken);
    g_mutex_unlock(&input->mutex);
    close(input->stop_pipe[1]); /* which the thread sees as its end */
    if (input->thread != NULL)
        g_thread_join(input->thread);
    close(input->stop_pipe[0]);
    uv_close((uv_handle_t *)&input->async, on_closed);
}
