/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client_content.h"

#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define PIECE_SIZE (64u << 10)

/* Appends what there is, up to one byte more than may be; returns errno, or 0. */
static int read_all(int fd, GByteArray *bytes)
{
    ssize_t num = 1;
    while (num > 0 && bytes->len <= CLIENT_CONTENT_MAX) {
        const guint len = bytes->len;
        g_byte_array_set_size(bytes, len + PIECE_SIZE);
        do {
            num = read(fd, bytes->data + len, PIECE_SIZE);
        } while (num < 0 && errno == EINTR);
        g_byte_array_set_size(bytes, len + (num > 0 ? (guint)num : 0));
    }
    return num < 0 ? errno : 0;
}

GBytes *client_content_read(const char *path)
{
    const gboolean is_stdin = strcmp(path, "-") == 0;
    const char *name = is_stdin ? "standard input" : path;
    const int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    GByteArray *bytes = g_byte_array_new();
    const int error = fd < 0 ? errno : read_all(fd, bytes);
    const gboolean is_too_long = bytes->len > CLIENT_CONTENT_MAX;

    if (fd >= 0 && !is_stdin)
        close(fd);
    if (error == 0 && !is_too_long)
        return g_byte_array_free_to_bytes(bytes);
    if (error != 0)
        log_error("cannot read %s: %s", name, g_strerror(error));
    else
        log_error("%s is longer than the 16 MiB of a message", name);
    g_byte_array_free(bytes, TRUE);
    return NULL;
}

GBytes *client_content_letters(gsize len)
{
    char *data = g_malloc(len + 1);
    for (gsize i = 0; i < len; i++)
        data[i] = (char)('a' + i % 26);
    return g_bytes_new_take(data, len);
}
