/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "recorded.h"

#include <glib/gstdio.h>

char *recorded_path(void)
{
    char *path;
    const int fd = g_file_open_tmp("relaysim-XXXXXX", &path, NULL);
    g_assert_cmpint(fd, >=, 0);
    g_close(fd, NULL);
    return path;
}

struct recording_file *recorded_open(const char *path)
{
    struct recording_file *file = recording_file_open(&(struct recording_file_config){
        .path = path, .name = "capture", .records = "packets", .waits = true});
    g_assert_nonnull(file);
    return file;
}

void recorded_remove(char *path)
{
    g_unlink(path);
    g_free(path);
}
