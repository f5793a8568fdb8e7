/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shrink/child.h"

#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/output.h"

static void read_all(int fd, GByteArray *answer)
{
    guint8 bytes[4096];
    gssize len;

    while ((len = read(fd, bytes, sizeof bytes)) > 0 || (len < 0 && errno == EINTR))
        if (len > 0)
            g_byte_array_append(answer, bytes, (guint)len);
}

static gboolean has_ended_well(pid_t child)
{
    int status = 0;

    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return FALSE;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

GByteArray *child_ask(void (*work)(void *cookie, GByteArray *answer), void *cookie)
{
    GByteArray *answer = g_byte_array_new();
    int ends[2];

    if (pipe(ends) != 0) {
        g_byte_array_unref(answer);
        return NULL;
    }
    fflush(NULL); /* or both processes would write what is buffered */
    const pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        work(cookie, answer);
        _exit(output_write(ends[1], answer->data, answer->len) ? 0 : 1);
    }
    close(ends[1]);
    if (child > 0)
        read_all(ends[0], answer);
    close(ends[0]);
    if (child > 0 && has_ended_well(child))
        return answer;
    g_byte_array_unref(answer);
    return NULL;
}
