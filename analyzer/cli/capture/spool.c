/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/output.h"
#include "base/say.h"

#define PIECE (1u << 16)

static GHashTable *kept; /* of names: paths; for the life of the process */

/* A file that goes with the process; -1 with errno set. */
static int open_nameless(void)
{
    char *path = g_build_filename(g_get_tmp_dir(), "grvsstp-analyze-XXXXXX", NULL);
    const int fd = g_mkstemp_full(path, O_RDWR | O_CLOEXEC, 0600);

    if (fd >= 0)
        g_unlink(path);
    g_free(path);
    return fd;
}

/* False with errno set where it cannot be written; what cannot be read any more has ended. */
static gboolean copy(int from, int to, gboolean (*go_on)(void))
{
    char *bytes = g_malloc(PIECE);
    gboolean is_good = TRUE;

    while (is_good && go_on()) {
        const gssize len = read(from, bytes, PIECE);
        if (len == 0 || (len < 0 && errno != EINTR))
            break;
        is_good = len < 0 || output_write(to, bytes, (gsize)len);
    }
    const int error = errno;
    g_free(bytes);
    errno = error;
    return is_good;
}

static gboolean is_pipe(const char *name)
{
    GStatBuf info;

    return strcmp(name, "-") == 0 ||
           (g_stat(name, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode));
}

gboolean spool_keep(const char *name, gboolean (*go_on)(void))
{
    if (!is_pipe(name) || spool_path(name) != name)
        return TRUE;
    const int from = strcmp(name, "-") == 0 ? STDIN_FILENO : g_open(name, O_RDONLY, 0);
    const int to = from >= 0 ? open_nameless() : -1;
    if (from < 0) {
        say("%s cannot be read: %s", name, g_strerror(errno));
        return FALSE;
    }
    const gboolean is_good = to >= 0 && copy(from, to, go_on);
    if (!is_good)
        say("%s has to be read twice, and cannot be kept in %s: %s", name, g_get_tmp_dir(),
            g_strerror(errno));
    if (from != STDIN_FILENO)
        close(from);
    if (is_good) {
        if (kept == NULL)
            kept = g_hash_table_new(g_str_hash, g_str_equal);
        g_hash_table_insert(kept, g_strdup(name), g_strdup_printf("/proc/self/fd/%d", to));
    } else if (to >= 0) {
        close(to);
    }
    return is_good;
}

const char *spool_path(const char *name)
{
    const char *path = kept != NULL ? g_hash_table_lookup(kept, name) : NULL;
    return path != NULL ? path : name;
}
