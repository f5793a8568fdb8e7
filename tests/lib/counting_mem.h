/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * counting_mem: a struct sstp_mem that counts what is allocated and fails on
 * request.
 *
 *     struct counting_mem counting;
 *     counting_mem_init(&counting);
 *     counting.fails_at = 3;
 *     sstp_stream_init(&stream, &counting.mem, SSTP_STREAM_ENDPOINT);
 */
#ifndef TESTS_LIB_COUNTING_MEM_H
#define TESTS_LIB_COUNTING_MEM_H

#include "mem.h"

struct counting_mem {
    struct sstp_mem mem;
    size_t num_requests; /* for a size above 0 */
    size_t fails_at;     /* the request, counted from 1, that gets nothing; 0 for none */
    size_t num_failed;
    size_t num_blocks; /* allocated now */
    size_t num_bytes;  /* in them */
    size_t max_blocks; /* the most there ever were at a time */
    size_t max_bytes;
};

/* The struct must not move while it is in use. */
void counting_mem_init(struct counting_mem *counting);

#endif
