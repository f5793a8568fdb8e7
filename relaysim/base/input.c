/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#define PIECE_SIZE (64u << 10)

/* Whether reading is to be tried again, after a while: whoever shares the descriptor may have
 * made it O_NONBLOCK. */
static bool is_to_wait(int fd, int error)
{
    struct pollfd wanted = {.fd = fd, .events = POLLIN};
    if (error == EAGAIN)
        (void)poll(&wanted, 1, -1);
    return error == EINTR || error == EAGAIN;
}

GBytes *input_read_fd(int fd, gsize max)
{
    GByteArray *bytes = g_byte_array_new();
    ssize_t num = 1;
    while (num > 0 && bytes->len <= max) {
        const guint len = bytes->len;
        const gsize wanted = MIN(PIECE_SIZE, max + 1 - len);
        g_byte_array_set_size(bytes, len + (guint)wanted);
        do {
            num = read(fd, bytes->data + len, wanted);
        } while (num < 0 && is_to_wait(fd, errno));
        g_byte_array_set_size(bytes, len + (num > 0 ? (guint)num : 0));
    }
    if (num >= 0)
        return g_byte_array_free_to_bytes(bytes);
    const int error = errno;
    g_byte_array_free(bytes, TRUE);
    errno = error;
    return NULL;
}

GBytes *input_read(const char *path, gsize max)
{
    if (strcmp(path, "-") == 0)
        return input_read_fd(STDIN_FILENO, max);
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return NULL;
    GBytes *bytes = input_read_fd(fd, max);
    const int error = errno;
    close(fd);
    errno = error;
    return bytes;
}
