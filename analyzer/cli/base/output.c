/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/say.h"

#define FLUSH_AT (1u << 16)

struct output {
    char *name;
    const char *what;
    GString *text;
    int fd;
    int error; /* of the first write that failed */
};

struct output *output_open(const char *name, const char *option, const char *what)
{
    const gboolean is_stdout = name == NULL || strcmp(name, "-") == 0;
    const int fd = is_stdout ? STDOUT_FILENO : open(name, O_WRONLY | O_CREAT | O_TRUNC, 0666);

    if (fd < 0) {
        say("%s %s cannot be written: %s", option, name, g_strerror(errno));
        return NULL;
    }
    struct output *output = g_new0(struct output, 1);
    output->name = g_strdup(is_stdout ? "standard output" : name);
    output->text = g_string_sized_new(FLUSH_AT + 4096);
    output->fd = fd;
    output->what = what;
    return output;
}

GString *output_text(struct output *output)
{
    return output->text;
}

gboolean output_write(int fd, const void *bytes, gsize len)
{
    const char *at = bytes;

    while (len > 0) {
        const gssize done = write(fd, at, len);
        if (done < 0 && errno != EINTR)
            return FALSE;
        if (done > 0) {
            at += done;
            len -= (gsize)done;
        }
    }
    return TRUE;
}

static void write_all(struct output *output)
{
    if (output->error == 0 && !output_write(output->fd, output->text->str, output->text->len))
        output->error = errno;
    g_string_truncate(output->text, 0);
}

void output_flush(struct output *output)
{
    if (output->text->len >= FLUSH_AT)
        write_all(output);
}

gboolean output_has_failed(const struct output *output)
{
    return output->error != 0;
}

gboolean output_close(struct output *output)
{
    write_all(output);
    /* What a full disk or a file server has to say of the last write it may say here. */
    if (close(output->fd) != 0 && output->error == 0)
        output->error = errno;
    const int error = output->error;
    if (error != 0 && error != EPIPE)
        say("%s could not be written to %s: %s", output->what, output->name, g_strerror(error));
    g_string_free(output->text, TRUE);
    g_free(output->name);
    g_free(output);
    return error == 0;
}
