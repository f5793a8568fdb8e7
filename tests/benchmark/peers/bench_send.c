/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench_send: what loopback itself takes: each message written to each receiver's socket
 * by a system call of its own, and a process that reads them all.  Nobody checks,
 * answers or acknowledges anything.
 *
 * It makes the sockets itself: --port does not matter.
 */
#include "load.h"

#include "fail.h"
#include "load_options.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READ_AT_ONCE = 128 * 1024, EVENTS_AT_ONCE = 256 };

/* The other process: reads until all has come. */
static void read_all(const int *sockets, uint32_t num, uint64_t num_bytes)
{
    static uint8_t bytes[READ_AT_ONCE];
    struct epoll_event events[EVENTS_AT_ONCE];
    const int epoll = epoll_create1(0);
    for (uint32_t i = 0; i < num; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = sockets[i]};
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, sockets[i], &event) != 0)
            _exit(1);
    }
    while (num_bytes > 0) {
        const int count = epoll_wait(epoll, events, EVENTS_AT_ONCE, -1);
        for (int i = 0; i < count; i++) {
            const ssize_t len = read(events[i].data.fd, bytes, sizeof bytes);
            if (len <= 0)
                _exit(1);
            num_bytes -= (uint64_t)len;
        }
    }
    _exit(0);
}

int main(int argc, char **argv)
{
    struct load load = {.num_messages = 10000, .size = 1024, .fanout = 1, .window = 1024};
    load_read_options(&load, argc, argv);
    if (load.is_offline || load.rate != 0)
        refuse("nothing is stored, and all is sent at once: no --offline, no --rate");
    uint16_t port;
    const int listener = link_listen(&port);
    struct link *links = calloc(load.fanout, sizeof *links);
    int *sockets = calloc(load.fanout, sizeof *sockets);
    uint8_t *message = malloc(load.size);
    if (links == NULL || sockets == NULL || message == NULL)
        fail("out of memory");
    memset(message, 'x', load.size);
    for (uint32_t i = 0; i < load.fanout; i++) {
        link_open(&links[i], port);
        sockets[i] = accept(listener, NULL, NULL);
        if (sockets[i] < 0)
            fail("no connection on loopback: %s", strerror(errno));
    }
    const pid_t reader = fork();
    if (reader < 0)
        fail("no process can be had: %s", strerror(errno));
    if (reader == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        read_all(sockets, load.fanout, (uint64_t)load.num_messages * load.fanout * load.size);
    }
    const int64_t start_us = load_now_us();
    for (uint32_t i = 0; i < load.num_messages; i++)
        for (uint32_t k = 0; k < load.fanout; k++)
            link_write_now(&links[k], message, load.size);
    int status;
    if (waitpid(reader, &status, 0) != reader || status != 0)
        fail("not everything that was sent has come");
    printf("{\"mode\":\"online\",\"messages\":%u,\"size\":%u,\"fanout\":%u,"
           "\"deliveries_per_second\":%.1f}\n",
           load.num_messages, load.size, load.fanout,
           (double)load.num_messages * load.fanout / ((double)(load_now_us() - start_us) / 1e6));
    free(links);
    free(sockets);
    free(message);
    return 0;
}
