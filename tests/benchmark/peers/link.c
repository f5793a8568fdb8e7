/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "link.h"

#include "fail.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* Large enough that a read costs little beside what it brings. */
#define READ_AT_ONCE ((size_t)128 * 1024)
#define BUFFER_MAX ((size_t)1 << 30)

int link_listen(uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof address;
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, len) != 0 ||
        listen(listener, 2) != 0 || getsockname(listener, (struct sockaddr *)&address, &len) != 0)
        fail("no port can be had on loopback: %s", strerror(errno));
    *port = ntohs(address.sin_port);
    return listener;
}

void link_open(struct link *link, uint16_t port)
{
    memset(link, 0, sizeof *link);
    link->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (link->fd < 0)
        fail("no socket: %s", strerror(errno));
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (connect(link->fd, (const struct sockaddr *)&address, sizeof address) != 0)
        fail("no connection to 127.0.0.1:%u: %s", port, strerror(errno));
    int on = 1;
    setsockopt(link->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void link_close(struct link *link)
{
    close(link->fd);
    free(link->in);
    free(link->out);
}

void link_write_now(struct link *link, const void *bytes, size_t len)
{
    const uint8_t *next = bytes;
    while (len > 0) {
        ssize_t written = send(link->fd, next, len, MSG_NOSIGNAL);
        if (written < 0)
            fail("the server does not take what is sent: %s", strerror(errno));
        next += written;
        len -= (size_t)written;
    }
}

void link_read_exactly(struct link *link, void *bytes, size_t len)
{
    ssize_t received = recv(link->fd, bytes, len, MSG_WAITALL);
    if (received < 0)
        fail("the server does not answer: %s", strerror(errno));
    if ((size_t)received != len)
        fail("the server closed the connection before it answered");
}

void link_read_line(struct link *link, char *line, size_t size)
{
    size_t len = 0;
    do {
        if (len + 1 >= size)
            fail("the server's answer is longer than %zu bytes", size);
        link_read_exactly(link, line + len, 1);
    } while (line[len++] != '\n');
    line[len] = '\0';
    line[strcspn(line, "\r\n")] = '\0';
}

void link_await_end(struct link *link)
{
    uint8_t more;
    if (recv(link->fd, &more, sizeof more, 0) > 0)
        fail("the server says something where an end is due");
}

static void watch(const struct link *link, int operation, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.u32 = link->tag};
    if (epoll_ctl(link->epoll, operation, link->fd, &event) != 0)
        fail("epoll_ctl: %s", strerror(errno));
}

void link_start(struct link *link, int epoll, uint32_t tag)
{
    if (fcntl(link->fd, F_SETFL, O_NONBLOCK) != 0)
        fail("fcntl: %s", strerror(errno));
    link->epoll = epoll;
    link->tag = tag;
    watch(link, EPOLL_CTL_ADD, EPOLLIN);
}

static void grow(uint8_t **buffer, size_t *capacity, size_t needed)
{
    if (needed <= *capacity)
        return;
    size_t larger = *capacity == 0 ? READ_AT_ONCE : *capacity;
    while (larger < needed)
        larger *= 2;
    if (larger > BUFFER_MAX)
        fail("more than %zu MiB wait to be written or read", BUFFER_MAX >> 20);
    *buffer = realloc(*buffer, larger);
    if (*buffer == NULL)
        fail("out of memory");
    *capacity = larger;
}

uint8_t *link_room(struct link *link, size_t len)
{
    if (link->out_done == link->out_len)
        link->out_done = link->out_len = 0;
    /* What has been written makes room first: the buffer would only grow otherwise. */
    if (link->out_done > 0 && link->out_len + len > link->out_capacity) {
        memmove(link->out, link->out + link->out_done, link->out_len - link->out_done);
        link->out_len -= link->out_done;
        link->out_done = 0;
    }
    grow(&link->out, &link->out_capacity, link->out_len + len);
    return link->out + link->out_len;
}

void link_append(struct link *link, const void *bytes, size_t len)
{
    memcpy(link_room(link, len), bytes, len);
    link->out_len += len;
}

void link_flush(struct link *link)
{
    while (link->out_done < link->out_len) {
        ssize_t written = send(link->fd, link->out + link->out_done, link->out_len - link->out_done,
                               MSG_NOSIGNAL);
        if (written < 0 && errno == EAGAIN)
            break;
        if (written < 0)
            fail("the server closed the connection: %s", strerror(errno));
        link->out_done += (size_t)written;
    }
    bool is_full = link->out_done < link->out_len;
    if (is_full != link->waits_to_write) {
        link->waits_to_write = is_full;
        watch(link, EPOLL_CTL_MOD, is_full ? EPOLLIN | EPOLLOUT : EPOLLIN);
    }
}

size_t link_num_unwritten(const struct link *link)
{
    return link->out_len - link->out_done;
}

bool link_receive(struct link *link)
{
    size_t at_least = link->lacks > READ_AT_ONCE ? link->lacks : READ_AT_ONCE;
    grow(&link->in, &link->in_capacity, link->in_len + at_least);
    ssize_t received = recv(link->fd, link->in + link->in_len, link->in_capacity - link->in_len, 0);
    if (received < 0 && errno == EAGAIN)
        return false;
    if (received < 0)
        fail("the server closed the connection: %s", strerror(errno));
    if (received == 0)
        fail("the server closed the connection");
    link->in_len += (size_t)received;
    return true;
}

void link_consume(struct link *link, size_t len)
{
    link->in_len -= len;
    if (link->in_len > 0)
        memmove(link->in, link->in + len, link->in_len);
}
