/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BENCHMARK_LINK_H
#define BENCHMARK_LINK_H

/*
 * link: one TCP connection to a server on loopback, with a buffer for each direction.
 *
 * It knows no protocol.  A connection begins blocking, for the few questions and
 * answers that set it up (link_write_now, link_read_exactly, link_read_line), and goes
 * on without blocking (link_start), in the loop of load.c:
 *
 *     link_append(&link, command, len);    as often as there is something to say
 *     link_flush(&link);                   one system call for all of it
 *     link_receive(&link);                 one system call for all that has arrived
 *     ... look at link.in, link.in_len ...
 *     link_consume(&link, used);
 *
 * A server that refuses or closes ends the program with a sentence: without it there is
 * nothing to measure.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct link {
    int fd;
    int epoll;
    uint32_t tag;
    bool waits_to_write;
    uint8_t *in; /* what has arrived and was not consumed */
    size_t in_len, in_capacity;
    size_t lacks; /* how many bytes more the next packet has at least, where known */
    uint8_t *out; /* out_done bytes of it have been written */
    size_t out_done, out_len, out_capacity;
};

/* Listens on a free port of 127.0.0.1, for a load program that is its own server: the socket, and
 * the port. */
int link_listen(uint16_t *port);

/* Connects to the port on 127.0.0.1, with Nagle's algorithm off. */
void link_open(struct link *link, uint16_t port);
void link_close(struct link *link);

/* Before link_start only. */
void link_write_now(struct link *link, const void *bytes, size_t len);
void link_read_exactly(struct link *link, void *bytes, size_t len);
/* A line without its CR and LF; fails where it is longer than `size` - 1. */
void link_read_line(struct link *link, char *line, size_t size);
/* Waits until the server has closed the connection; fails where it says something first. */
void link_await_end(struct link *link);

/* From here on nothing blocks.  Events of the link carry `tag`. */
void link_start(struct link *link, int epoll, uint32_t tag);

void link_append(struct link *link, const void *bytes, size_t len);
/* Room for `len` bytes after what is appended; the caller fills it and adds to out_len. */
uint8_t *link_room(struct link *link, size_t len);
/* Writes what there is; what the socket does not take is written when it can. */
void link_flush(struct link *link);
size_t link_num_unwritten(const struct link *link);

/* Reads once, as much as there is, and has room for what the next packet lacks.  False
 * where nothing has arrived. */
bool link_receive(struct link *link);
void link_consume(struct link *link, size_t len);

#endif
