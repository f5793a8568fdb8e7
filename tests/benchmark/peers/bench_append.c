/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench_append: what the disk itself takes: records appended to a file, in groups, each
 * group with one write and one fdatasync.  No relay that has each message on the disk
 * before it acknowledges it is faster; a window's messages are the largest group there
 * can be, so that is what --window says.
 *
 * The file is in the current folder, where nobody sees its name for long.  --port does not matter.
 */
#include "load.h"

#include "fail.h"
#include "load_options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void append(int file, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        const ssize_t num = write(file, bytes, len);
        if (num < 0)
            fail("the current folder cannot be written: %s", strerror(errno));
        bytes += num;
        len -= (size_t)num;
    }
    if (fdatasync(file) != 0)
        fail("fdatasync: %s", strerror(errno));
}

int main(int argc, char **argv)
{
    struct load load = {.num_messages = 10000, .size = 1024, .fanout = 1, .window = 1024};
    load_read_options(&load, argc, argv);
    if (load.fanout != 1 || load.is_offline || load.rate != 0)
        refuse("records are appended for nobody: no --fanout, no --offline, no --rate");
    char name[] = "bench_append-XXXXXX";
    const int file = mkstemp(name);
    uint8_t *group = malloc((size_t)load.window * load.size);
    if (file < 0)
        fail("no file can be made in the current folder: %s", strerror(errno));
    (void)unlink(name);
    if (group == NULL)
        fail("out of memory");
    memset(group, 'x', (size_t)load.window * load.size);
    const int64_t start_us = load_now_us();
    for (uint32_t done = 0, count; done < load.num_messages; done += count) {
        count = load.num_messages - done < load.window ? load.num_messages - done : load.window;
        append(file, group, (size_t)count * load.size);
    }
    printf("{\"mode\":\"online\",\"messages\":%u,\"size\":%u,\"fanout\":1,"
           "\"deliveries_per_second\":%.1f}\n",
           load.num_messages, load.size,
           load.num_messages / ((double)(load_now_us() - start_us) / 1e6));
    free(group);
    close(file);
    return 0;
}
